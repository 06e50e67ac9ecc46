"""Nothing is lost between a graph and its text, and the order of keys means nothing."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Drawn, Seeded, document, documents, shuffled, text

from graphc.checker import check
from graphc.compiler import compile
from graphc.core.span import Source
from graphc.core.tree import plain
from graphc.spec.dump import dump
from graphc.spec.reader import read_file
from graphc.spec.writer import write

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("specs", "zoo", "graphc/cli/starters")
    for path in (ROOT / folder).glob("*.yaml")
)


some = settings(max_examples=50)


def graphs(written, folder="."):
    return check(Source("written.yaml", written, str(folder))).networks


def without_lines(source):
    """The source without the lines of the spec that its docstrings name."""
    return re.sub(r"\.yaml:\d+", ".yaml", source)


def free(path):
    """Whether the keys of the mapping at a path may change places.

    Those of `inputs` may not: a formula hands over values in their order.
    """
    return path[-1:] != ("inputs",)


@pytest.mark.parametrize("path", FILES)
def test_every_file_is_the_same_after_a_round_trip(path):
    checked = check(str(ROOT / path))
    # The values and objectives of `train` are a graph too, which is no network of the spec.
    networks = {name: checked.networks[name] for name in checked.players or checked.networks}
    written, folder = dump(networks), (ROOT / path).parent
    assert graphs(written, folder) == networks
    assert dump(graphs(written, folder)) == written


@some
@given(documents(depth=3))
def test_random_documents_are_the_same_after_a_round_trip(document):
    networks = graphs(text(document))
    written = dump(networks)
    assert graphs(written) == networks
    assert dump(graphs(written)) == written


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(20))
def test_many_random_documents_are_the_same_after_a_round_trip(hundred):
    for seed in range(100 * hundred, 100 * hundred + 100):
        networks = graphs(text(document(seed, depth=3)))
        written = dump(networks)
        assert graphs(written) == networks, seed
        assert dump(graphs(written)) == written, seed


@some
@given(st.data())
def test_the_order_of_keys_never_matters(data):
    document = data.draw(documents())
    one = compile(Source("written.yaml", text(document)))
    again = shuffled(document, Drawn(data.draw), free)
    other = compile(Source("written.yaml", text(again)))
    assert other.checked.networks == one.checked.networks
    assert list(other.checked.networks) == list(one.checked.networks)
    assert without_lines(other.source) == without_lines(one.source)


@pytest.mark.parametrize("path", FILES)
def test_the_order_of_keys_of_a_file_never_matters(path):
    tree = plain(read_file(str(ROOT / path)))
    one = compile(Source(path, text(tree), str((ROOT / path).parent)))
    again = text(shuffled(tree, Seeded(3), free))
    other = compile(Source(path, again, str((ROOT / path).parent)))
    assert other.checked.networks == one.checked.networks
    assert without_lines(other.source) == without_lines(one.source)


def test_a_parameter_may_use_one_that_is_written_below():
    written = """
        params: {wide: 2 * $narrow, narrow: 3}
        blocks:
          pair:
            params: {second: $first + 1, first: int}
            layers: [{dense: $first}, {dense: $second}]
        network: {inputs: {x: [4]}, layers: [{dense: $wide}, {pair: {first: 3}}]}
    """
    plainly = "network: {inputs: {x: [4]}, layers: [{dense: 6}, {pair: {}}]}"
    block = "blocks: {pair: {layers: [{dense: 3}, {dense: 4}]}}"
    assert graphs(written) == graphs(f"{plainly}\n{block}")


@some
@given(documents())
def test_equality_ignores_places(document):
    plainly = graphs(write(document))
    moved = graphs("# a line above\n" + write(document, open_levels=9))
    assert moved == plainly
    assert list(map(hash, moved.values())) == list(map(hash, plainly.values()))


CHAIN = "network: {{inputs: {{x: [4], z: [4]}}, nodes: {{{}}}, output: y}}"
HARD = {
    "a body inside a body of the same block": "y: {residual: [tanh, {residual: [tanh]}], from: x}",
    "values from around named like nodes of the block": """
        body: tanh(x), skip: tanh(z), h: {dense: 4, from: x},
        y: {residual: [{dense: 4, name: a}, {add: {}, from: [a, body, skip]}], from: h}""",
    "a value from around named like a step": """
        dense: {dense: 4, from: z},
        y: {repeat: {times: 2, layers: [{tanh: , name: h}, {dense: 4, from: [h, dense]}]},
            from: x}""",
    "steps named like nodes of the block": """
        y: {residual: [{dense: 4, name: y}, {dense: 4, name: skip}, {add: {}, from: [skip, y]}],
            from: x}""",
    "a step that hides the value it reads": """
        h: tanh(x),
        y: {layers: [tanh, {multiply: {}, from: [h, h]}, {tanh: {}, name: h}], from: z}""",
    "layers that read different values from around": """
        h: tanh(z), y: {repeat: {each: [[{tanh: , name: a}, {add: {}, from: [a, h]}], [{dense: 4}],
            [{tanh: , name: a}, {add: {}, from: [z, a]}]]}, from: x}""",
    "a layer whose input is read by name": """
        y: {repeat: {times: 4, input: b, layers: [{add: {}, from: [b, b, z]}]}, from: x}""",
    "a layer named like its input": """
        y: {repeat: {times: 2, layers: [{dense: 4, name: x}, tanh]}, from: x}""",
    "an input that is told by name behind the step before": """
        y: {layers: [tanh, {power: {}, from: {exponent: z}},
            {power: , from: {base: z, exponent: x}}], from: x}""",
    "arrays of nodes, in braces and under from": """
        a: {dense: 4, from: x},
        b: {dense: {features: 4, kernel: a.kernel, transpose: true}, from: a},
        c: {dense: {features: 4, kernel: a.kernel, bias: b.bias}, from: b},
        y: {dense: {features: 3, bias: false}, from: {x: [c, b], kernel: [k, k2]}},
        k: {weight: [8, 2]}, k2: {weight: {shape: [8, 1], init: 0.5}}""",
    "arrays of steps, inside a chain and outside": """
        h: {layers: [{dense: 4, name: one}, {dense: {features: 4, kernel: one.kernel}}], from: x},
        y: {dense: {features: 4, bias: h.bias}, from: h}""",
    "an array from around a body and a repeat": """
        h: {dense: 4, from: x},
        r: {residual: [{dense: {features: 4, kernel: h.kernel, transpose: true}}], from: h},
        y: {repeat: {times: 4, layers: [{dense: {features: 4, kernel: h.kernel}}]}, from: r}""",
    "formulas of arrays": """
        w: {weight: []}, h: {dense: 4, from: x}, k: w * h.kernel / sum(h.kernel ** 2),
        y: {dense: {features: 4, kernel: k}, from: h}""",
    "a learned array in a body that hides what another step reads": """
        y: {residual: [{tanh: , name: y_1}, {weight: [4], name: x}, {add: {}, from: [y_1, x]}],
            from: x}""",
    "a step that reads from around what is named like the step before": """
        tanh: {dense: 4, from: x}, y: {layers: [tanh, {dense: 3, from: tanh}], from: z}""",
}


@pytest.mark.parametrize("case", HARD)
def test_a_round_trip_keeps(case):
    networks = graphs(CHAIN.format(HARD[case]))
    written = dump(networks)
    assert graphs(written) == networks
    assert dump(graphs(written)) == written


def test_a_round_trip_keeps_networks_that_are_called_before_they_are_written():
    networks = graphs("""
        networks:
          main: {inputs: {x: [4]}, nodes: {a: encoder(x), y: encoder(a) + a}, output: y}
          encoder: {inputs: {x: [4]}, layers: [{dense: 4}, tanh]}
    """)
    assert list(networks) == ["encoder", "main"]
    assert graphs(dump(networks)) == networks


def test_a_round_trip_keeps_inputs_that_are_left_out():
    networks = graphs("""
        blocks:
          cell:
            inputs: {x: any, h: zeros, s: 2}
            nodes: {a: {dense: 4, from: x}, y: s * a + h}
            output: y
        network: {inputs: {x: [4]}, layers: [{cell: , name: one}, {cell: , from: {x: one, h: one}}]}
    """)
    assert graphs(dump(networks)) == networks


def test_graphs_that_differ_are_not_equal():
    chain = "network: {{inputs: {{x: [4]}}, layers: [{{dense: {}}}]}}\n"
    assert graphs(chain.format(3)) != graphs(chain.format(2))
    assert graphs(chain.format(3)) == graphs(chain.format("{features: 3}"))
