"""Nothing is lost between a graph and its text, and the order of keys means nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import Drawn, Seeded, document, documents, shuffled, text

from graphc.compiler import check, compile
from graphc.core.span import Source
from graphc.core.tree import plain
from graphc.spec.dump import dump
from graphc.spec.reader import read_file

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("specs", "zoo", "graphc/cli/starters")
    for path in (ROOT / folder).glob("*.yaml")
)


def graphs(written):
    return check(Source("written.yaml", written)).networks


def free(path):
    """Whether the keys of the mapping at a path may change places.

    Those of `inputs` are the order in which a formula hands over values, and a parameter's default
    may name those above it.
    """
    return path[-1:] not in (("inputs",), ("params",))


@pytest.mark.parametrize("path", FILES)
def test_every_file_is_the_same_after_a_round_trip(path):
    networks = check(str(ROOT / path)).networks
    written = dump(networks)
    assert graphs(written) == networks
    assert dump(graphs(written)) == written


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


@given(st.data())
def test_the_order_of_keys_never_matters(data):
    document = data.draw(documents())
    one = compile(Source("written.yaml", text(document)))
    again = shuffled(document, Drawn(data.draw), free)
    other = compile(Source("written.yaml", text(again)))
    assert other.checked.networks == one.checked.networks
    assert list(other.checked.networks) == list(one.checked.networks)
    assert other.source == one.source


@pytest.mark.parametrize("path", FILES)
def test_the_order_of_keys_of_a_file_never_matters(path):
    tree = plain(read_file(str(ROOT / path)))
    one = compile(Source(path, text(tree), str((ROOT / path).parent)))
    again = text(shuffled(tree, Seeded(3), free))
    other = compile(Source(path, again, str((ROOT / path).parent)))
    assert other.checked.networks == one.checked.networks
    assert other.source == one.source


@given(documents())
def test_equality_ignores_places(document):
    written = text(document)
    moved = "# a line above\n" + written.replace("- ", "-   ")
    assert graphs(moved) == graphs(written)
    assert {hash(graph) for graph in graphs(moved).values()} == {
        hash(graph) for graph in graphs(written).values()
    }


def test_graphs_that_differ_are_not_equal():
    chain = "network:\n  inputs: {{x: [4]}}\n  layers: [{{dense: {}}}]\n"
    assert graphs(chain.format(3)) != graphs(chain.format(2))
    assert graphs(chain.format(3)) == graphs(chain.format("{features: 3}"))
