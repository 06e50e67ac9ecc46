"""Pictures of the graph that the data is."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

from graphc.core.types import Type
from graphc.data.graph_picture import graph_picture, is_one_graph, require_one_graph
from graphc.data.graphs import DataGraph, both_ways, one_way
from graphc.data.layout import layout
from graphc.data.load import load
from graphc.data.picture import picture
from graphc.ops.sources import Cora, Iris, Karate, LesMiserables

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def club():
    return load(Karate(), "")


def nodes(drawn):
    """The groups of nodes by their titles, and the texts of the legend."""
    tree = ElementTree.fromstring(drawn)
    found = {
        each.find(f"{SVG}title").text: each
        for each in tree.iter(f"{SVG}g")
        if len(each) > 1 and each.find(f"{SVG}title") is not None
    }
    return found, [each.text for each in tree.findall(f"{SVG}text")]


def path(count, source=None, directed=False, **changes):
    """A path of nodes, of which the first two are learned from."""
    pairs = np.stack([np.arange(count - 1), np.arange(1, count)])
    edges, _ = one_way(pairs) if directed else both_ways(pairs)
    order = np.arange(count)
    given = {"train": order < 2, "test": order == count - 1}
    graph = DataGraph(
        np.ones((count, 1), np.float32), order.astype(np.int32) % 2, edges, given, directed=directed
    )
    return replace(graph, **changes).dataset(Karate(), "")


def test_classes_are_colours_and_what_is_learned_from_is_square(club):
    found, legend = nodes(picture(club))
    assert len(found) == 34
    assert legend == ["Mr. Hi", "Officer", "learned from"]
    assert [name for name, each in found.items() if each.find(f"{SVG}rect") is not None] == [
        "node 0, is Mr. Hi",
        "node 33, is Officer",
    ]
    colours = {
        each.find(f"{SVG}circle").get("fill")
        for name, each in found.items()
        if "Mr. Hi" in name and each.find(f"{SVG}circle") is not None
    }
    assert len(colours) == 1


def test_what_a_network_says_is_the_colour_and_what_is_wrong_has_a_ring(club):
    guesses = np.array(club.splits["train"]["label"][0])
    guesses[5] = 1 - guesses[5]
    found, legend = nodes(graph_picture(club, guesses))
    assert legend[-1] == "wrong: 1"
    rings = [name for name, each in found.items() if each.findall(f"{SVG}circle[@class='ring']")]
    assert rings == ["node 5, is Mr. Hi, says Officer"]


def test_nodes_have_their_names():
    found, _ = nodes(picture(load(LesMiserables(), "")))
    assert "node Cosette, is Valjean" in found


def test_nodes_in_no_split_are_told_apart():
    found, legend = nodes(graph_picture(path(5)))
    assert legend == ["in no split", "0", "1", "learned from"]
    assert list(found)[2:4] == ["node 2", "node 3"]


def test_a_large_graph_is_drawn_around_what_is_learned_from():
    found, legend = nodes(graph_picture(path(1000)))
    assert legend[-1] == "300 of 1,000 nodes"
    assert len(found) == 300
    assert "node 299" in found and "node 300" not in found


def test_papers_are_drawn_in_part(real_sets):
    found, legend = nodes(graph_picture(load(Cora(), "")))
    assert legend[-1] == "300 of 2,708 nodes" and len(found) == 300


def test_a_quantity_at_nodes_has_no_classes():
    dataset = path(4)
    fields = {**dataset.fields, "label": Type((), domain=dataset.fields["label"].domain)}
    _, legend = nodes(graph_picture(replace(dataset, fields=fields)))
    assert legend == ["learned from"]


def test_directed_edges_have_heads():
    assert 'class="head"' in graph_picture(path(4, directed=True))
    assert 'class="head"' not in graph_picture(path(4))


@pytest.mark.parametrize("count", [2, 3])
def test_small_graphs_and_graphs_without_edges_are_drawn(count):
    for edges in (np.zeros((2, 0), np.int32), path(count).splits["train"]["edges:senders"]):
        dataset = path(count) if len(edges) == 1 else path(count, edges=edges)
        found, _ = nodes(graph_picture(dataset))
        assert len(found) == count


def test_other_data_has_no_graph(problem):
    dataset = load(Iris(), "")
    assert not is_one_graph(dataset)
    with problem("GC629"):
        require_one_graph(dataset)


def test_a_layout_is_the_same_again_and_keeps_nodes_and_parts_apart():
    pairs = np.array([[0, 1, 2, 4, 5], [1, 2, 3, 5, 6]])
    places = layout(8, pairs)
    np.testing.assert_array_equal(places, layout(8, pairs))
    apart = np.linalg.norm(places[:, None] - places, axis=-1)[~np.eye(8, dtype=bool)]
    assert apart.min() > 0.5
    assert places.min() >= 0
