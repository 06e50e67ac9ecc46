"""A pass changes speed and never meaning: the emission without passes is the oracle of each.

Compared are initial weights bit for bit, outputs in training (the same units dropped) and in
evaluation, gradients, running statistics after a step, and checkpoints that load both ways.
"""

import re
from pathlib import Path

import jax
import pytest
from oracle import OPTIONAL, close, graphs, make, quick_jit, require_same_meaning, same
from strategies import document, text

from graphc.graph.calls import Call, Repeat, Stack
from graphc.graph.needed import with_called
from graphc.graph.weights import WeightMap
from graphc.passes.manager import FOR_INFERENCE, PASSES, REQUIRED
from graphc.runtime.state import to_canonical

ROOT = Path(__file__).parents[2]
CHANGED = (4, 12, 46)
"""Seeds of documents in which the passes find much to do."""
SHALLOW = {
    "specs/cifar_resnet20.yaml": (("trunk: 3", "trunk: 2"), ("[32, 32, 3]", "[8, 8, 3]")),
    "specs/shakespeare_lstm.yaml": ((512, 8),),
    "specs/cifar_densenet_small.yaml": (("times: 3", "times: 2"), ("[32, 32, 3]", "[8, 8, 3]")),
    "specs/fashion_resnet.yaml": ((28, 12),),
    "specs/fashion_separable.yaml": ((28, 12), (128, 12), (64, 8)),
    "specs/mnist_allconv.yaml": ((28, 12), ("kernel: 7", "kernel: 3"), (64, 8)),
    "specs/moving_conv3d.yaml": (("[8, 32, 32, 1]", "[4, 8, 8, 1]"),),
    "specs/scenes_unet.yaml": ((48, 16), ("times: 2", "times: 1")),
    "specs/digits_mixer.yaml": (("depth: 4", "depth: 2"),),
    "specs/signals_conv1d.yaml": ((128, 32),),
    "specs/usps_vit_tiny.yaml": (("[16, 16, 1]", "[8, 8, 1]"), ("depth: 4", "depth: 2")),
    "specs/mnist_highway50.yaml": (("times: 50", "times: 4"), (28, 6)),
    "specs/mnist_plain50.yaml": (("times: 50", "times: 4"), (28, 6)),
    "specs/mnist_lenet5.yaml": ((28, 20),),
    "specs/mnist_mlp.yaml": ((28, 6), (512, 12), (256, 8)),
    "specs/usps_mlp.yaml": ((16, 6), (256, 12), (128, 8)),
    "zoo/densenet.yaml": (
        ("layers: 12", "layers: 2"),
        ("layers: 16", "layers: 2"),
        ("[32, 32, 3]", "[8, 8, 3]"),
    ),
    "zoo/highway.yaml": (("depth: 50", "depth: 5"), (784, 8)),
    "zoo/lenet5.yaml": ((28, 20),),
    "zoo/mixer.yaml": (
        *((224, 8), ("patch: 16", "patch: 4"), (512, 6), (768, 6), (2048, 8), (3072, 8)),
        *((256, 3), (384, 3), ("depth: 8", "depth: 4"), ("depth: 12", "depth: 4"), (1000, 3)),
    ),
    "zoo/unet.yaml": ((64, 2), ("[256, 256, 1]", "[16, 16, 1]")),
    "zoo/mlp.yaml": ((784, 8), (512, 12), (256, 8)),
    "zoo/resnet.yaml": (("trunk: 3", "trunk: 2"), ("[32, 32, 3]", "[8, 8, 3]")),
    "zoo/vit.yaml": (
        *((224, 8), ("patch: 16", "patch: 4"), (192, 6), (384, 12), (768, 12), (1000, 3)),
        ("depth: 12", "depth: 4"),
    ),
}
"""What makes a file small: equal layers are fewer and images smaller."""


_WORDS = "adam|strength|temperature|wanted|content"
OF_TRAINING = re.compile(rf"\nparams: {{({_WORDS}): .*}}\n|, adam: {{[^}}]*}}")
"""Parameters that `train` alone uses."""


def shallow(path: str) -> dict:
    """The networks of a file at a size that compiles unrolled in seconds."""
    written = (ROOT / path).read_text().partition("\ndata:")[0]
    written = OF_TRAINING.sub("", written)
    for before, after in SHALLOW.get(path, ()):
        written = written.replace(str(before), str(after))
    written = written.replace("dense: 10}", "dense: 3}").replace("dense: 10\n", "dense: 3\n")
    return graphs(written.replace("below: data", "below: 11"))


FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("specs", "zoo")
    for path in (ROOT / folder).glob("*.yaml")
    if "python:" not in path.read_text(encoding="utf-8")  # its code is not beside the small text
)


def stacks(networks: dict) -> list[Stack]:
    """Every stack at every level, each distinct one once."""
    found, waiting = [], [node.operation for graph in networks.values() for node in graph.nodes]
    while waiting:
        operation = waiting.pop()
        if isinstance(operation, Stack):
            found.append(operation)
            waiting.append(operation.layer)
        elif isinstance(operation, Repeat):
            waiting += operation.copies
        elif isinstance(operation, Call):
            waiting += [node.operation for node in operation.graph.nodes]
    return list(dict.fromkeys(found))


def rolled(written: str, device: str = "cpu") -> list[int]:
    """How many layers each stack has."""
    return sorted(len(stack.paths) for stack in stacks(make(graphs(written), (), device).networks))


@pytest.mark.parametrize("path", FILES)
def test_passes_keep_the_meaning_of_every_file(path):
    networks = shallow(path)
    each = [with_called(networks, name) for name in networks]
    require_same_meaning(min(each, key=lambda whole: len(WeightMap.of(whole).entries)))


@pytest.mark.parametrize("seed", CHANGED)
def test_passes_keep_the_meaning_of_random_documents(seed):
    require_same_meaning(graphs(text(document(seed, depth=1, images=False))))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_passes_keep_the_meaning_of_many_random_documents(seed):
    require_same_meaning(graphs(text(document(seed, depth=2))))


CASES = {}
HIGHWAY = """
blocks:
  gated:
    nodes:
      h: {dense: {features: $x.features, activation: tanh}, from: x}
      gate: {dense: {features: $x.features, activation: sigmoid, bias_init: -2.0}, from: x}
      y: gate * h + (1 - gate) * x
    output: y
"""
CASES["a repeat", 4] = f"""
network:
  inputs: {{x: [4]}}
  layers: [{{repeat: {{times: 4, layers: [gated]}}, name: highways}}, {{dense: 3}}]
{HIGHWAY}"""
CASES["an unmarked run", 5] = """
network:
  inputs: {x: [4]}
  layers:
    - {dense: {features: 4, activation: tanh}, name: first}
    - {dense: {features: 4, activation: tanh}}
    - {dense: {features: 4, activation: tanh}, name: odd}
    - {dense: {features: 4, activation: tanh}}
    - {dense: {features: 4, activation: tanh}, name: last}
    - dense: 3
"""
CASES["two runs, one after the other", 4, 4] = """
network:
  inputs: {x: [3]}
  layers:
    - dense: {features: 3, activation: tanh}
    - dense: {features: 3, activation: tanh}
    - dense: {features: 3, activation: tanh}
    - dense: {features: 3, activation: tanh}
    - dense: {features: 3, activation: sigmoid}
    - dense: {features: 3, activation: sigmoid}
    - dense: {features: 3, activation: sigmoid}
    - dense: {features: 3, activation: sigmoid}
"""
CASES["a run of calls of a block", 4] = f"""
network:
  inputs: {{x: [4]}}
  nodes:
    a: {{gated: {{}}, from: x}}
    d: {{gated: {{}}, from: a}}
    c: {{gated: {{}}, from: d}}
    b: {{gated: {{}}, from: c}}
    y: {{dense: 3, from: b}}
  output: y
{HIGHWAY}"""
CASES["nested rolls", 4, 4] = """
network:
  inputs: {x: [4]}
  layers:
    - repeat: {times: 4, layers: [{repeat: {times: 4, layers: [{dense: 4}]}}, {dropout: 0.5}]}
    - dense: 3
"""
CASES["batch_norm and dropout inside a roll", 4] = """
network:
  inputs: {x: [4]}
  layers:
    - repeat: {times: 4, layers: [{dense: 4}, batch_norm, tanh, {dropout: 0.5}]}
    - dense: 3
"""
CASES["captured outer values", 4] = """
network:
  inputs: {x: [4], y: [4]}
  nodes:
    scale: {dense: {features: 4, activation: sigmoid}, from: y}
    shift: tanh(x) - 0.5
    deep:
      repeat:
        times: 4
        input: before
        layers:
          - {dense: 4, name: a}
          - {multiply: {}, from: [a, scale]}
          - {dropout: 0.5, name: b}
          - {add: {}, from: [b, shift, before]}
      from: x
    z: {dense: 3, from: deep}
  output: z
"""
CASES["a roll inside a block called twice", 4] = """
network:
  inputs: {x: [4]}
  layers: [tower, {tower: {}, name: again}, {dense: 3}]
blocks:
  tower:
    layers:
      - repeat: {times: 4, layers: [{dense: 4}, tanh, {dropout: 0.5}, batch_norm]}
      - dense: 4
"""
CASES["tied networks inside a rolled block", 4] = """
networks:
  encoder: {inputs: {x: [4]}, layers: [{dense: 4}, tanh, {dropout: 0.5}]}
  main:
    inputs: {x: [4]}
    layers: [{repeat: {times: 4, layers: [pair]}}, {dense: 3}]
blocks:
  pair:
    nodes:
      one: {encoder: , from: x}
      two: encoder(one)
      own: {dense: 4, from: two}
      y: tanh(own) - one
    output: y
"""
CASES["a roll inside a network called twice", 4] = """
networks:
  encoder: {inputs: {x: [4]}, layers: [{repeat: {times: 4, layers: [{dense: 4}, batch_norm]}}]}
  main:
    inputs: {left: [4], right: [4]}
    nodes:
      both: encoder(left) * encoder(right)
      z: {dense: 3, from: both}
    output: z
"""
CASES["attention to a memory inside a roll", 4] = """
network:
  inputs: {x: [12]}
  nodes:
    tokens: {layers: [{reshape: [3, 4]}, position], from: x}
    h:
      repeat:
        times: 4
        input: before
        layers:
          - attention: {heads: 2, rotary: true, dropout: 0.3}
            from: {query: before, memory: tokens}
      from: tokens
    y: {layers: [{mean: 0}, {dense: 3}], from: h}
  output: y
"""
CASES["named parts inside a roll and outside", 5] = """
blocks:
  gated:
    nodes:
      both: {dense: 8}
      part: {split: [gate, value], from: both}
      y: sigmoid(part.gate) * part.value + x
    output: y
network:
  inputs: {x: [4]}
  nodes:
    h: {repeat: {times: 5, layers: [gated]}, from: x}
    part: {split: {into: [first, rest], sizes: [1, 3]}, from: h}
    y: {dense: 3, from: part.rest}
    z: 2 * part.first
  outputs: [y, z, part.first]
"""
CASES["dead nodes and nodes that change nothing",] = """
network:
  inputs: {x: [4]}
  nodes:
    a: {layers: [flatten, {dense: 4}, identity, {reshape: [-1]}], from: x}
    dead: {layers: [{dense: 5}, batch_norm], from: a}
    deader: tanh(dead) * 2
    z: {dense: 3, from: a}
  output: z
"""
CASES["products of one input, of several widths, in a block called twice",] = """
network:
  inputs: {x: [4]}
  layers: [gates, {gates: {}, name: again}, {dense: 3}]
blocks:
  gates:
    nodes:
      wide: {dense: {features: 6, activation: tanh, kernel_init: he_normal}, from: x}
      one: {dense: {features: 1, activation: sigmoid, bias_init: 1.0}, from: x}
      same: {dense: 4, from: x}
      noisy: {dropout: 0.5, from: wide}
      y: {dense: 4, from: [noisy]}
      z: (y + tanh(same)) * one - tanh(same)
    output: z
"""
CASES["products of one input along another axis",] = """
network:
  inputs: {x: [16]}
  nodes:
    tokens: {reshape: [4, 4], from: x}
    a: {dense: {features: 4, axis: 0, activation: tanh}, from: tokens}
    b: {dense: {features: 4, axis: 0, activation: sigmoid}, from: tokens}
    c: {dense: {features: 4, axis: -1, activation: tanh}, from: tokens}
    d: {dense: {features: 4, axis: -1, activation: sigmoid}, from: tokens}
    y: {layers: [{mean: 0}, {dense: 3}], from: both}
    both: a * b + c * d
  output: y
"""
CASES["products of one input without a bias, next to one with it",] = """
network:
  inputs: {x: [4]}
  nodes:
    a: {dense: {features: 3, activation: tanh, bias: false}, from: x}
    b: {dense: {features: 3, activation: silu, bias: false}, from: x}
    c: {dense: {features: 3, activation: sigmoid}, from: x}
    z: a * b + c
  output: z
"""
CASES["a rolled run of calls with products of one input", 4] = """
network:
  inputs: {x: [4]}
  layers: [glu, glu, glu, glu, {dense: 3}]
blocks:
  glu:
    nodes:
      value: {dense: 4, from: x}
      gate: {dense: {features: 4, activation: sigmoid}, from: x}
      y: value * gate + value
    output: y
"""
CASES["equal values, equal calls, and noise that only looks equal",] = """
networks:
  encoder: {inputs: {x: [4]}, layers: [{dense: 4}, tanh]}
  main:
    inputs: {x: [4]}
    nodes:
      twice: encoder(x) * encoder(x)
      swish: silly(twice) + silly(twice) / (1 + exp(-twice)) + 2 / (1 + exp(-twice))
      left: {dropout: 0.5, from: swish}
      right: {dropout: 0.5, from: swish}
      z: {dense: 3, from: [left, right]}
    output: z
blocks:
  silly: {nodes: {y: x * sigmoid(x) + sigmoid(x)}, output: y}
"""
CASES["layers that do nothing",] = """
network:
  inputs: {x: [4]}
  layers:
    - repeat: {times: 4, layers: [identity]}
    - repeat: {times: 2, layers: [identity, flatten]}
    - repeat: {times: 2, layers: [relu]}
    - dense: 3
"""
CASES["an array of a node outside, in every layer", 4] = """
network:
  inputs: {x: [4]}
  nodes:
    shared: {dense: {features: 4, activation: tanh}}
    shift: {weight: [4]}
    deep:
      repeat:
        times: 4
        layers:
          - {dense: {features: 4, kernel: shared.kernel, activation: tanh}, name: a}
          - {dense: {features: 4, bias: a.bias}, name: b}
          - {add: {}, from: [b, shift]}
          - {dropout: 0.5}
      from: shared
    y: {dense: 3, from: deep}
  output: y
"""
CASES["a run of layers with one kernel, beside one that is read", 4] = """
network:
  inputs: {x: [4]}
  nodes:
    a: {dense: {features: 4, activation: tanh}, from: x}
    b: {dense: {features: 4, activation: tanh}, from: a}
    c: {dense: {features: 4, activation: tanh, kernel: b.kernel}, from: b}
    d: {dense: {features: 4, activation: tanh, kernel: b.kernel}, from: c}
    e: {dense: {features: 4, activation: tanh, kernel: b.kernel}, from: d}
    f: {dense: {features: 4, activation: tanh, kernel: b.kernel}, from: e}
    y: {dense: 3, from: f}
  output: y
"""
CASES["layers beside one another, of one of which the kernel is read",] = """
network:
  inputs: {x: [4]}
  nodes:
    h: {dense: {features: 4, activation: tanh}, from: x}
    gate: {dense: {features: 4, activation: sigmoid}, from: x}
    again: {dense: {features: 4, kernel: h.kernel, bias: false}, from: x}
    once: {dense: {features: 4, kernel: h.kernel, bias: false}, from: x}
    y: {dense: 3, from: mixed}
    mixed: gate * h + again * once
  output: y
"""
CASES["arrays of what is not computed",] = """
network:
  inputs: {x: [4]}
  nodes:
    dead: {layers: [{dense: 5}, {dense: 4}], from: x}
    deader: {dense: 3, from: dead}
    y: {dense: {features: 3, kernel: deader.kernel}, from: x}
  output: y
"""
CASES["layers with several initial values are not equal",] = """
network:
  inputs: {x: [4]}
  layers:
    - repeat: {times: 4, index: i, layers: [{dense: {features: 4, bias_init: 0.1 * $i}}, tanh]}
    - dense: 3
"""
CASES["kernels that are changed before each product", 4] = """
network:
  inputs: {x: [4]}
  layers:
    - repeat:
        times: 4
        layers:
          - dense: {features: 5, kernel_norm: weight_norm, activation: tanh}
          - dense: {features: 4, kernel_norm: {spectral_norm: 2}, drop_connect: 0.2}
          - dense: {features: 4, kernel_norm: weight_standardization, activation: tanh}
          - dense: {features: 4, drop_connect: 0.2}
    - dense: {features: 3, kernel_norm: spectral_norm}
"""
CASES["kernels from elsewhere that are changed", 4] = """
network:
  inputs: {x: [4]}
  nodes:
    a: {dense: {features: 4, kernel_norm: weight_norm, activation: tanh}}
    deep:
      repeat:
        times: 4
        layers:
          - dense: {features: 4, kernel: a.kernel, kernel_norm: weight_norm, bias: a.scale}
          - dense: {features: 4, kernel: a.kernel, bias: a.bias, drop_connect: 0.2}
          - dense: {features: 4, kernel: a.kernel, kernel_norm: spectral_norm}
          - prelu
      from: a
    y: {dense: 3, from: deep}
  output: y
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_passes_keep_the_meaning_of(case):
    networks = graphs(CASES[case])
    assert rolled(CASES[case]) == list(case[1:])
    require_same_meaning(networks)


CONVOLUTIONS = """
network:
  inputs: {image: [4, 4, 2]}
  layers:
    - repeat: {times: 4, layers: [{conv: {features: 2, kernel: 3}}, batch_norm, tanh]}
    - flatten
    - dense: 3
"""


def test_a_library_convolution_is_rolled_on_the_gpu_and_not_on_the_cpu():
    assert stacks(make(graphs(CONVOLUTIONS), ("bands",)).networks) == []
    assert rolled(CONVOLUTIONS, "gpu") == [4]
    assert rolled(CONVOLUTIONS, "cpu") == [4], "it goes by rows there"
    require_same_meaning(graphs(CONVOLUTIONS), "gpu")


SIBLINGS = """
network:
  inputs: {image: [4, 4, 2]}
  nodes:
    a: {conv: {features: 2, kernel: 1}, from: image}
    b: {conv: {features: 3, kernel: 1, activation: tanh}, from: image}
    flat: {flatten: {}, from: both}
    both: {concat: {}, from: [a, b]}
    query: {dense: 70, from: flat}
    key: {dense: 70, from: flat}
    z: {dense: 3, from: [query, key]}
  output: z
"""


def test_convolutions_and_wide_products_are_joined_on_the_gpu():
    assert "beside" not in make(graphs(SIBLINGS)).source
    source = make(graphs(SIBLINGS), device="gpu").source
    assert source.count("= beside(") == 2
    require_same_meaning(graphs(SIBLINGS), "gpu")


NOISY = CASES["batch_norm and dropout inside a roll", 4]


def test_steps_of_training_are_the_same_after_passes():
    states = []
    for made in (make(graphs(NOISY), OPTIONAL), make(graphs(NOISY))):
        state, step = (
            quick_jit(made.module.init)(jax.random.key(1)),
            quick_jit(made.module.train_step),
        )
        for i in range(3):
            key = made.module.at(jax.random.key(2), i)
            state, totals = step(state, made.batch(i), key)
            assert totals["finite"]
        states.append(to_canonical(state, made.weights))
    close(*states, "the state after three steps")


def test_weights_drawn_by_the_optimised_program_are_those_of_the_spec():
    # Here the compiler may fuse what it likes, as in a run.
    oracle, other = make(graphs(NOISY), OPTIONAL), make(graphs(NOISY))
    states = [
        to_canonical(jax.jit(made.module.init)(jax.random.key(9)), made.weights)
        for made in (oracle, other)
    ]
    same(*states, "the initial state")


def test_every_pass_that_may_be_left_out_is_compared():
    assert set(OPTIONAL) == set(PASSES) - set(REQUIRED) - set(FOR_INFERENCE)
