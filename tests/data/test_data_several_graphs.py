"""Data sets of several graphs: those that are generated, and files of the user's."""

import hashlib
import json

import numpy as np
import pytest

from graphc.core.types import BATCH, NODES, RECEIVERS, SENDERS, Type
from graphc.data.dataset import Form
from graphc.data.load import load
from graphc.data.picture import picture
from graphc.data.several_graphs import InARow, apart, with_edges
from graphc.data.summary import as_text, summary
from graphc.ops.sources import GraphsNpz, RandomGraphs

SMALL = {"count": 60, "validation": 12, "test": 12}
WHOLE = {"validation": 0, "test": 0}
# A path of three nodes, a pair, and a triangle with a node of its own; their nodes are mixed up.
GRAPH = np.array([0, 1, 2, 0, 1, 2, 0, 2, 2])
EDGES = np.array([[0, 3, 1, 2, 5, 7, 4], [3, 6, 4, 5, 7, 2, 4]])


def of(dataset, split="train"):
    """Nodes and edges, as a set, of each graph of a split."""
    arrays = dataset.splits[split]
    several = zip(*(arrays[each] for each in ("nodes:length", SENDERS, RECEIVERS)), strict=True)
    return [
        (
            int(nodes),
            {(int(s), int(r)) for s, r in zip(senders, receivers, strict=True) if r < nodes},
        )
        for nodes, senders, receivers in several
    ]


@pytest.fixture
def graphs(tmp_path):
    def load_it(changes=(), **attributes):
        arrays = {
            "features": np.arange(18.0).reshape(9, 2),
            "graph": GRAPH,
            "edges": EDGES,
            "label": np.array([0, 1, 1]),
        } | dict(changes)
        np.savez(tmp_path / "g.npz", **{name: a for name, a in arrays.items() if a is not None})
        source = GraphsNpz(path="g.npz", target="label", **{**WHOLE, **attributes})
        return load(source, str(tmp_path))

    return load_it


def test_random_graphs_are_the_same_on_every_machine():
    train = load(RandomGraphs(count=60, **WHOLE), ".").splits["train"]
    numbers = [train[name].astype("<i4").tobytes() for name in (SENDERS, RECEIVERS, "nodes:length")]
    assert hashlib.sha256(b"".join(numbers)).hexdigest()[:16] == "89d3a903943970f6"


def test_another_seed_draws_other_graphs_and_more_of_them_are_more_of_the_same():
    few, more = (load(RandomGraphs(count=count, **WHOLE), ".") for count in (12, 30))
    assert of(few) == of(more)[:12]
    assert not any(
        a == b
        for a, b in zip(
            of(few), of(load(RandomGraphs(count=12, seed=1, **WHOLE), ".")), strict=True
        )
    )


def test_every_kind_has_as_many_edges_for_as_many_nodes():
    dataset = load(RandomGraphs(count=120, smallest=20, largest=21, **WHOLE), ".")
    labels = dataset.splits["train"]["label"]
    counts = {}
    for (nodes, edges), label in zip(of(dataset), labels, strict=True):
        counts.setdefault(int(label), set()).add((nodes, len(edges)))
    assert all(each <= {(20, 64), (20, 92), (21, 68), (21, 98)} for each in counts.values())
    assert len(counts) == 6


def test_arrays_are_as_declared_and_padded_alike_in_all_splits():
    source = RandomGraphs(**SMALL, smallest=10, largest=14)
    dataset = load(source, ".")
    assert {name: kind for name, kind in dataset.fields.items() if name != "nodes:length"} == dict(
        source.fields(".")
    )
    shapes = {
        tuple((name, each.shape[1:]) for name, each in arrays.items())
        for arrays in dataset.splits.values()
    }
    assert len(shapes) == 1
    assert [dataset.count(split) for split in ("train", "validation", "test")] == [36, 12, 12]
    assert dataset.class_counts == [6] * 6
    assert source.training_examples() == 36


def test_degrees_are_told_one_hot():
    dataset = load(RandomGraphs(count=6, features="degree", **WHOLE), ".")
    features = dataset.splits["train"]["features"]
    for place, (nodes, edges) in enumerate(of(dataset)):
        degrees = np.bincount([receiver for _, receiver in edges], minlength=nodes)
        assert features[place, :nodes].argmax(axis=-1).tolist() == np.minimum(degrees, 15).tolist()


def test_nodes_in_any_order_are_brought_to_their_graphs(graphs):
    dataset = graphs()
    train = dataset.splits["train"]
    assert of(dataset) == [
        (3, {(0, 1), (1, 0), (1, 2), (2, 1)}),
        (2, {(0, 1), (1, 0)}),
        (4, {(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)}),
    ]
    assert train["features"][0, :3].tolist() == [[0, 1], [6, 7], [12, 13]]
    assert train["features"][1, :2].tolist() == [[2, 3], [8, 9]]
    assert train["features"][1, 2:].tolist() == [[8, 9], [8, 9]]
    assert (train[RECEIVERS][1, 2:] == 4).all()
    assert dataset.left_out == {"repeated": 0, "loops": 1}


def test_directed_edges_lead_one_way_in_several_graphs(graphs):
    dataset = graphs(directed=True)
    assert of(dataset)[0] == (3, {(0, 1), (1, 2)})
    assert Form.from_dict(json.loads(json.dumps(dataset.as_dict()))).directed


def test_targets_and_inputs_are_of_nodes_or_of_graphs_by_their_number(graphs):
    changes = {
        "label": np.array([0, 0, 1, 1, 0, 1, 0, 0, 1]),
        "atom": np.array([0, 1, 2, 3, 4, 0, 1, 2, 6]),
        "size": np.ones((3, 1)),
    }
    dataset = graphs(changes, inputs=("features", "atom", "size"), below=(("atom", "data"),))
    over_nodes = {"domain": (BATCH, NODES), "presence": frozenset({"batch", "nodes"})}
    assert dataset.fields["label"] == Type((), "int", 2, **over_nodes)
    assert dataset.fields["atom"] == Type((), "int", 7, **over_nodes)
    assert dataset.fields["size"] == Type((1,))
    assert dataset.splits["train"]["label"][2].tolist() == [1, 1, 0, 1]


def test_further_files_are_padded_as_all_are(graphs, tmp_path):
    big = {"features": np.ones((12, 2)), "graph": np.repeat([0, 1], 6)}
    big |= {"edges": np.array([[0, 1, 2], [3, 4, 5]]), "label": np.array([0, 1])}
    np.savez(tmp_path / "test.npz", **big)
    dataset = graphs(test_path="test.npz", test=0.2)
    for split in ("train", "test"):
        arrays = dataset.splits[split]
        assert arrays["features"].shape[1:] == (6, 2) and arrays[SENDERS].shape[1:] == (6,)
    assert (dataset.splits["train"][RECEIVERS][1, 2:] == 6).all()
    assert len(of(dataset, "test")[1][1]) == 0


@pytest.mark.parametrize(
    ("changes", "attributes", "code", "words"),
    [
        ({"edges": np.array([[0, 9], [3, 3]])}, {}, "GC515", "edge 2 of `"),
        ({"edges": np.array([[0, 9], [3, 3]])}, {}, "GC515", "names the node 9, and there are 9,"),
        ({"edges": np.array([[0], [-1]])}, {}, "GC515", "names the node -1"),
        ({"edges": np.array([[3], [1]])}, {}, "GC515", "the nodes 3 and 1, of the graphs 0 and 1"),
        ({"edges": EDGES.T}, {}, "GC516", "is [2, edges] of integers, not [7, 2] of int64"),
        ({"edges": EDGES * 1.0}, {}, "GC516", "of integers, not [2, 7] of float64"),
        ({"graph": GRAPH * 2}, {}, "GC516", "has 3 rows, and there are 9 nodes of 5 graphs"),
        ({"graph": GRAPH * 2, "label": np.arange(5)}, {}, "GC515", "belongs to the graph 1,"),
        ({"label": np.arange(4)}, {}, "GC516", "has 4 rows, and there are 9 nodes of 3 graphs"),
        ({"graph": GRAPH - 1}, {}, "GC515", "holds the graph -1"),
        ({"graph": GRAPH * 1.0}, {}, "GC516", "is [nodes] of integers"),
        ({"features": np.ones((8, 2))}, {}, "GC516", "`features` of"),
        ({"features": np.ones((3, 2))}, {}, "GC516", "has a row for each of the 9 nodes"),
        ({"features": np.full((9, 2), np.nan)}, {}, "GC514", "`features` of"),
        ({"label": np.array([0, -1, 1])}, {}, "GC515", "holds the class -1"),
        ({"label": np.array([0, np.nan, 1])}, {}, "GC516", "of float64"),
        ({"label": np.array([0, np.nan, 1])}, {"kind": "number"}, "GC514", "`label` of"),
        ({"label": np.array([1, 1, 1])}, {}, "GC517", "every target"),
        ({"label": None}, {}, "GC512", "has no array `label`"),
        ({}, {"below": (("features", 4),)}, "GC516", "`below` is for integers"),
        ({}, {"below": (("feature", 4),)}, "GC512", "`below` names `feature`"),
        ({}, {"test": 3}, "GC518", "no example is left"),
    ],
)
def test_what_is_wrong_with_several_graphs_is_told(
    graphs, problem, changes, attributes, code, words
):
    with problem(code) as found:
        graphs(changes, **attributes)
    assert words in found[0].message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"features": np.ones((4, 3))}, "holds [3] of float64, but for training [2] of float64"),
        (
            {"label": np.array([0, 1, 0, 1])},
            "has 4 rows, and it has 2 graphs",
        ),
    ],
)
def test_a_further_file_is_like_that_of_the_training(graphs, tmp_path, problem, changes, words):
    other = {"features": np.ones((4, 2)), "graph": np.array([0, 0, 1, 1])}
    other |= {"edges": np.array([[0], [1]]), "label": np.array([0, 1])}
    np.savez(tmp_path / "test.npz", **other | changes)
    with problem("GC516") as found:
        graphs(test_path="test.npz", test=0.2)
    assert words in found[0].message


def test_the_summary_says_how_large_graphs_are(graphs):
    dataset = graphs()
    source = GraphsNpz(path="g.npz", target="label")
    found = json.loads(json.dumps(summary(source, dataset)))["graphs"]
    assert found == {
        "nodes": {"least": 2, "most": 4, "mean": 3.0},
        "edges": {"least": 2, "most": 6, "mean": 4.0},
        "most_edges": 2,
        "isolated": 1,
        "left_out": {"repeated": 0, "loops": 1},
    }
    text = as_text(summary(source, dataset))
    assert "graphs of 2 to 4 nodes, 3 on average\n2 to 6 edges, 4 on average" in text
    assert "left out, edges of a node with itself: 1" in text
    assert SENDERS not in text


def test_values_in_a_row_are_padded_behind_the_last_of_each():
    found = apart(np.array([[1], [2], [3]]), np.array([0, 2, 2]), np.array([1, 0, 2]), 2, 0)
    assert found.tolist() == [[[1], [0]], [[0], [0]], [[2], [3]]]


def test_graphs_without_any_edges_have_none():
    whole = InARow(np.array([0, 0, 1]), np.zeros((2, 0), np.int32))
    arrays = with_edges({"training": (whole, {})})["training"]
    assert arrays[SENDERS].shape == (2, 0)


def test_graphs_of_one_node_each_have_values_at_nodes(graphs):
    changes = {"graph": np.arange(3), "features": np.ones((3, 2)), "edges": np.zeros((2, 0), int)}
    fields = graphs(changes).fields
    assert NODES in fields["features"].domain and NODES not in fields["label"].domain


def test_a_graph_far_behind_the_others_is_told(graphs, problem):
    changes = {"graph": np.where(GRAPH == 2, 10**12, GRAPH), "label": GRAPH % 2}
    with problem("GC515") as found:
        graphs(changes)
    assert "belongs to the graph 2, counted from 0" in found[0].message


def test_the_picture_of_several_graphs_draws_their_nodes_and_edges(graphs):
    drawn = picture(graphs())
    assert drawn.count("<circle") == 9 and drawn.count("M") == 2 + 1 + 3
    assert picture(graphs()) == drawn
