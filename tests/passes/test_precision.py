"""Products in bfloat16, rule by rule and in the program that is compiled."""

import re
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from printed_graphs import after

import graphc as gc
from graphc.checker import check
from graphc.compiler import compile, for_checkup
from graphc.core.span import Source
from graphc.spec.dump import dump

PRODUCT = re.compile(
    r"stablehlo\.(dot_general|convolution)\b.*: "
    r"\(tensor<(?:\d+x)*(\w+)>, tensor<(?:\d+x)*(\w+)>\) -> tensor<(?:\d+x)*(\w+)>"
)
NARROW, WIDE = ("bf16", "bf16", "f32"), ("f32", "f32", "f32")
ROWS = 8


def network(lines, section="", inputs="{x: [4]}"):
    layers = textwrap.indent(textwrap.dedent(lines).strip("\n"), "    ")
    return f"network:\n  inputs: {inputs}\n{section}  layers:\n{layers}\n"


def images(lines, precision="bfloat16", train="{loss: cross_entropy}"):
    """A network on the digits."""
    section = f"  precision: {precision}\n"
    text = network(lines, section, "{image: [8, 8, 1]}")
    return f"{text}data: digits\ntrain: {train}\n"


def compiled(text, **options):
    return gc.compile(Source("given.yaml", text), device="cpu", **options)


def step(model):
    """The training step of a model, its state and a batch."""
    module = model.module()
    state = module.init(jax.random.key(0))
    image = jax.random.normal(jax.random.key(1), (ROWS, 8, 8, 1))
    batch = {"image": image, "label": jnp.arange(ROWS, dtype=jnp.int32)}
    return module, state, batch | {"mask": jnp.ones(ROWS, bool)}


def products(model):
    """What each product of the training step takes and gives."""
    module, state, batch = step(model)
    lowered = jax.jit(module.train_step).lower(state, batch, jax.random.key(2)).as_text()
    return [kinds for _, *kinds in map(tuple, PRODUCT.findall(lowered))]


LENET = """
- conv: {features: 4, kernel: 3, activation: relu}
- max_pool: 2
- conv: {features: 4, kernel: 3, padding: valid, stride: 2, activation: relu}
- flatten
- dense: {features: 16, activation: relu}
- batch_norm
- dense: 10
"""


def test_all_products_of_a_step_take_bfloat16_and_give_float32():
    library = {"without": ("bands",)}  # a band is made of its kernel by a product too
    found = products(compiled(images(LENET), **library))
    assert len(found) == 3 * 4 - 1  # nothing is needed for the image
    assert {tuple(each) for each in found} == {NARROW}
    assert {tuple(each) for each in products(compiled(images(LENET, "float32"), **library))} == {
        WIDE
    }


def test_what_is_kept_is_float32():
    module, state, batch = step(compiled(images(LENET)))
    state, totals = module.train_step(state, batch, jax.random.key(2))
    kinds = {leaf.dtype.name for leaf in jax.tree.leaves((state, totals))}
    assert kinds == {"float32", "int32", "bool"}


def test_a_step_decides_for_itself_and_for_the_steps_in_it():
    text = """
    - flatten
    - dense: 16
    - residual: [{dense: 16}, relu, {dense: 16, precision: bfloat16}]
      precision: float32
    - dense: 10
      precision: float32
    """
    narrow = [tuple(each) for each in products(compiled(images(text)))].count(NARROW)
    assert narrow == 2 + 3  # nothing is needed for the image


def test_the_spec_asks_and_the_pass_answers():
    text = network(
        """
        - expand_dims
        - attention: 1
        - dense: {features: 4, axis: 0}
          precision: float32
        - {locally_connected: {features: 2, kernel: 2}}
        - tanh
        - repeat: {times: 4, layers: [{dense: {features: 2, axis: -1}}]}
        """,
        "  precision: bfloat16\n",
    )
    _, remarks = after(text, "precision")
    assert remarks == [
        "did 1: `attention` multiplies in bfloat16",
        "left 2: products of tokens with one another in `attention` stay in float32",
        "left 2: `locally_connected` multiplies in float32: `locally_connected` has no other form",
        "did 1: `repeat` multiplies in bfloat16",
    ]


MIXED = """
graphc: 1
network:
  precision: bfloat16
  inputs: {x: [4]}
  nodes:
    one: {dense: {features: 4, activation: tanh}, from: x}
    two: {dense: {features: 4, activation: tanh}, from: x}
    wide: {dense: {features: 4, activation: tanh}, from: x, precision: float32}
    sum: one + two + wide
    deep: {repeat: {times: 4, layers: [{dense: {features: 4, activation: tanh}}]}, from: sum}
    deeper:
      layers:
        - repeat: {times: 4, layers: [{dense: {features: 4, activation: tanh}, precision: float32}]}
      from: deep
    out: {dense: 4, from: deeper}
    y: {dense: {features: 4, kernel: out.kernel, bias: out.bias}, from: out}
  output: y
"""


def test_layers_of_two_precisions_are_neither_joined_nor_rolled_together():
    _, remarks = after(MIXED, "roll", "merge")
    assert remarks == [
        "did 1: `deep` is rolled: 4 layers, one scan",
        "did 1: `deeper/repeat` is rolled: 4 layers, one scan",
        "did 2: `one` and `two` are one product of 4 + 4 features",
    ]
    run = network("- {dense: 4}\n" * 2 + "- {dense: 4, precision: bfloat16}\n" * 3)
    assert after(run, "roll")[1] == []


def test_rolled_joined_and_tied_products_are_those_of_the_plain_program():
    x = {"x": jax.random.normal(jax.random.key(3), (5, 4))}
    values = []
    for without in ((), ("roll", "merge", "prune")):
        module = compiled(MIXED, without=without).module()
        model = module.build(jax.random.key(0))
        values.append(module.call(model, x))
    np.testing.assert_allclose(*values, rtol=1e-6, atol=1e-6)
    source = compiled(MIXED).source
    assert "linear(out, self.out.kernel[...], self.out.bias[...], dot_general=dot_bfloat16)" in (
        source
    )


def test_a_dumped_graph_keeps_its_precisions():
    networks = check(Source("given.yaml", MIXED)).networks
    text = dump(networks)
    assert check(Source("dumped.yaml", text)).networks == networks
    assert text.count("precision: bfloat16") == 5


def test_the_builder_takes_a_precision_beside_every_step():
    g = gc.Graph(x=(4,))
    h = g.residual("x", body=lambda g, x: g.dense(x, 4), precision="bfloat16")
    g.output(y=g.dense(h, 4, precision="bfloat16", name="y"))
    text = network(
        """
        - residual: [{dense: 4}]
          precision: bfloat16
        - dense: 4
          name: "y"
          precision: bfloat16
        """
    )
    (written,) = check(Source("given.yaml", text)).networks.values()
    assert g.graph == written


def test_networks_have_precisions_of_their_own():
    text = """
    networks:
      encoder:
        precision: bfloat16
        inputs: {x: [4]}
        layers: [{dense: 3}]
      decoder:
        inputs: {x: [4]}
        layers: [encoder, {dense: 4}]
    """
    graphs = check(Source("given.yaml", textwrap.dedent(text))).networks
    precisions = {
        name: [getattr(node.operation, "precision", None) for node in graph.nodes]
        for name, graph in graphs.items()
    }
    assert precisions == {"decoder": [None, "float32"], "encoder": ["bfloat16"]}


@pytest.mark.parametrize("word", ["network.precision=bfloat16", "params.kind=bfloat16"])
def test_a_precision_may_be_set_from_outside(word):
    text = "params: {kind: float32}\n" + images(LENET, "$kind")
    if "network" in word:
        text = images(LENET, "float32")
    model = compiled(text, settings=[word])
    assert model.source.count("dot_general=dot_bfloat16, rngs") == 2
    assert model.source.count("=by_rows_bfloat16") == 2


def test_gradients_are_checked_in_float32():
    made = compile(Source("given.yaml", images(LENET)))
    assert "bfloat16" in made.source
    assert "bfloat16" not in for_checkup(made).source


def test_products_of_a_program_for_inference_are_those_of_training():
    text = images("[flatten, {dense: 4}, batch_norm, {dense: 10}]")
    model = compiled(text, inference=True)
    assert "BatchNorm" not in model.source
    assert model.source.count("=dot_bfloat16") == 2 + 1  # and one in a docstring


def test_train_says_the_precision_by_the_paths_of_nodes():
    layers = "- repeat: {times: 2, layers: [{dense: 4}, relu]}\n- dense: 3\n"
    train = 'train: {loss: cross_entropy, precision: {"dense": float32, "*": mixed}}\n'
    text = network(layers, inputs="{features: [4]}") + f"data: iris\n{train}"
    said = network(layers.replace("3\n", "3\n  precision: float32\n"), "  precision: bfloat16\n")
    said = (
        said.replace("{x: [4]}", "{features: [4]}") + "data: iris\ntrain: {loss: cross_entropy}\n"
    )
    first, second = (compiled(each).compiled.checked.networks for each in (text, said))
    assert first == second


def test_train_says_one_precision_for_all_nodes():
    layers = "- repeat: {times: 2, layers: [{dense: 4}, relu]}\n- dense: 3\n"
    text = (
        network(layers, inputs="{features: [4]}")
        + "data: iris\ntrain: {loss: cross_entropy, PRECISION}\n"
    )
    said = ("precision: mixed", 'precision: {"*": bfloat16}')
    first, second = (compiled(text.replace("PRECISION", each)).source for each in said)
    assert first == second and "dot_bfloat16" in first


def test_mixed_is_another_word_for_bfloat16():
    texts = (network("- dense: 4", f"  precision: {each}\n") for each in ("mixed", "bfloat16"))
    first, second = (compiled(each).source for each in texts)
    assert first == second and "dot_bfloat16" in first
