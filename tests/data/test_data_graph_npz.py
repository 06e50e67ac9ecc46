"""Graphs in npz files, and those of networkx as such."""

import networkx
import numpy as np
import pytest

import graphc as gc
from graphc.core.types import RECEIVERS, SENDERS
from graphc.data.load import load
from graphc.data.pickled import dense
from graphc.data.summary import as_text, summary
from graphc.ops.sources import GraphNpz, LesMiserables
from graphc.ops.sources.graphs import COUNTED

PATH = {
    "features": np.array([[1.0, 0.0], [2.0, 2.0], [0.0, 4.0], [1.0, 3.0]]),
    "edges": np.array([[0, 1, 2], [1, 2, 3]]),
    "kind": np.array([0, 1, -1, 1]),
    "train_mask": np.array([True, True, False, False]),
    "test_mask": np.array([False, False, False, True]),
}


@pytest.fixture
def graph(tmp_path):
    def load_it(attributes=None, **changes):
        arrays = {name: each for name, each in {**PATH, **changes}.items() if each is not None}
        np.savez(tmp_path / "graph.npz", **arrays)
        source = GraphNpz(path="graph.npz", target="kind", **(attributes or {}))
        return load(source, str(tmp_path))

    return load_it


def pairs(dataset):
    arrays = dataset.splits["train"]
    return list(zip(arrays[SENDERS][0].tolist(), arrays[RECEIVERS][0].tolist(), strict=True))


def test_arrays_are_read_by_their_names(graph):
    dataset = graph()
    arrays = dataset.splits["train"]
    assert arrays["features"].tolist() == [PATH["features"].tolist()]
    assert arrays["kind"].tolist() == [[0, 1, 0, 1]]
    assert pairs(dataset) == [(1, 0), (0, 1), (2, 1), (1, 2), (3, 2), (2, 3)]
    assert {
        name: np.flatnonzero(each[COUNTED]).tolist() for name, each in dataset.splits.items()
    } == {
        "train": [0, 1],
        "test": [3],
    }
    assert dataset.fields["kind"].below == 2


def test_masks_may_do_without_the_word(graph):
    masks = {"train": PATH["train_mask"], "test": PATH["test_mask"]}
    dataset = graph(train_mask=None, test_mask=None, **masks)
    assert dataset.splits["train"][COUNTED].tolist() == [[True, True, False, False]]
    assert dataset.splits["test"][COUNTED].tolist() == [[False, False, False, True]]
    with pytest.raises(gc.RunError, match="the mask `train`"):
        graph(train_mask=None, test_mask=None, train=np.array([0, 1]))


def test_features_may_be_sparse_and_have_other_names(graph, tmp_path):
    parts = {
        "x_data": np.array([1, 2, 2, 4, 1, 3]),
        "x_indices": np.array([0, 0, 1, 1, 0, 1]),
        "x_indptr": np.array([0, 1, 3, 4, 6]),
        "x_shape": np.array([4, 2]),
    }
    arrays = graph({"features": "x"}, features=None, **parts).splits["train"]
    assert arrays["features"].tolist() == [PATH["features"].tolist()]
    source = GraphNpz(path="graph.npz", target="kind", features="x")
    assert source.shares(str(tmp_path)) == {"features": 6 / 8}


@pytest.mark.parametrize("said", [True, None])
def test_edges_lead_one_way_where_the_spec_or_the_file_says_so(graph, said):
    dataset = graph({"directed": said}, directed=np.array(True))
    assert dataset.directed
    assert pairs(dataset) == [(0, 1), (1, 2), (2, 3)]
    assert not graph({"directed": False}, directed=np.array(True)).directed


def test_edges_that_are_all_there_both_ways_are_not_repeated(graph):
    edges = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
    assert graph(edges=edges).left_out == {"repeated": 0, "loops": 0}
    more = np.concatenate([edges, [[0, 3], [1, 3]]], axis=1)
    dataset = graph(edges=more)
    assert dataset.left_out == {"repeated": 1, "loops": 1}
    text = as_text(summary(GraphNpz(path="g", target="kind"), dataset))
    assert "left out, edges that were there already: 1" in text
    assert "nodes without any: 1" in text


def test_nodes_are_drawn_where_there_are_no_masks(graph):
    kinds = np.arange(40) % 2
    arrays = {"features": np.ones((40, 1)), "kind": kinds, "edges": np.zeros((2, 0), int)}
    dataset = graph({"validation": 8, "test": 0.2}, **arrays, train_mask=None, test_mask=None)
    counts = {name: int(each[COUNTED].sum()) for name, each in dataset.splits.items()}
    assert counts == {"train": 24, "validation": 8, "test": 8}


def test_classes_may_have_names(graph):
    dataset = graph(class_names=np.array(["low", "high", "none so far"]))
    assert dataset.class_names == ("low", "high", "none so far")
    assert dataset.fields["kind"].below == 3


def test_features_are_prepared_as_the_spec_says(graph):
    rows = graph({"normalize": "rows"}).splits["train"]["features"][0]
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    scaled = graph({"normalize": "standard"})
    np.testing.assert_allclose(scaled.splits["train"]["features"][0].std(axis=0), 1, rtol=1e-6)


BAD = np.array([[1.0, 0.0], [2.0, np.nan], [0.0, 4.0], [1.0, 3.0]])


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"features": BAD}, "GC514", "holds nan at node 1, column 1"),
        ({"features": np.ones(4)}, "GC516", "has shape [4], and features are [nodes, columns]"),
        ({"features": np.ones((4, 0))}, "GC516", "has shape [4, 0]"),
        ({"features": None}, "GC512", "has no array `features`"),
        ({"features": np.array([["a"]] * 4)}, "GC516", "not numbers"),
        ({"features": np.ones((3, 2))}, "GC516", "has shape [4], and there are 3 nodes"),
        ({"kind": np.array([0, 1])}, "GC516", "has shape [2], and there are 4 nodes"),
        ({"kind": np.array([0, 1, 0.5, 1])}, "GC516", "holds float64, and classes are integers"),
        ({"kind": np.array([1, 1, -1, 1])}, "GC517", "holds the class 1 alone"),
        ({"kind": np.array([-1, -1, -1, -1])}, "GC517", "holds no class at all"),
        ({"edges": np.array([[0, 4], [1, 1]])}, "GC515", "edge 1 of `edges`"),
        ({"edges": np.array([[0, 0], [1, -2]])}, "GC515", "names the node -2, and there are 4"),
        ({"edges": np.array([[0, 1.5], [1, 2]])}, "GC516", "holds float64"),
        ({"edges": np.array([[0, 1], [1, 2], [2, 3]])}, "GC516", "has shape [3, 2]"),
        ({"edges": np.array([0, 1])}, "GC516", "edges are [2, edges]"),
        ({"train_mask": None}, "GC512", "no `train_mask`"),
        ({"train_mask": np.arange(4) == 0}, "GC517", "every node to learn from has the class `0`"),
        ({"train_mask": np.zeros(4, bool)}, "GC518", "`train_mask` of"),
        ({"test_mask": np.zeros(4, bool)}, "GC518", "holds no node"),
        ({"test_mask": np.array([True, True, False, True])}, "GC515", "node 0 is in `train_mask`"),
        ({"test_mask": np.array([False, False, True, True])}, "GC513", "node 2 is in the mask"),
        ({"test_mask": np.array([0, 0, 0, 1])}, "GC516", "holds [4] of int64"),
        ({"test_mask": np.zeros(3, bool)}, "GC516", "holds [3] of bool"),
        ({"attributes": {"test": 0.5}}, "GC518", "`test` draws nodes"),
        ({"attributes": {"target": "side"}}, "GC512", "has no array `side`"),
        ({"node_names": np.array(["a", "b"])}, "GC516", "not a text for each of 4 nodes"),
        ({"class_names": np.array(["one"])}, "GC516", "not a text for each of 2 classes"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path, problem, changes, code, words):
    given = {**PATH, **changes}
    attributes = given.pop("attributes", {})
    arrays = {name: each for name, each in given.items() if each is not None}
    np.savez(tmp_path / "graph.npz", **arrays)
    source = GraphNpz(**{"path": "graph.npz", "target": "kind", **attributes})
    with problem(code) as found:
        load(source, str(tmp_path))
    assert words in found[0].message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_indptr": np.array([0, 1, 3, 9])}, "do not end"),
        ({"x_indices": np.array([0, 0, 7])}, "is none of 2"),
        ({"x_shape": np.array([3])}, "do not belong together"),
        ({"x_indices": np.array([0.0, 0.0, 1.0])}, "do not belong together"),
    ],
)
def test_sparse_features_that_cannot_be_are_told(graph, problem, changes, words):
    parts = {
        "x_data": np.array([1, 2, 2]),
        "x_indices": np.array([0, 0, 1]),
        "x_indptr": np.array([0, 1, 3, 3, 3]),
        "x_shape": np.array([4, 2]),
    }
    with problem("GC516") as found:
        graph({"features": "x"}, features=None, **parts | changes)
    assert words in found[0].message


def test_objects_are_never_read(tmp_path, problem):
    np.savez(tmp_path / "graph.npz", **{**PATH, "features": np.array([[{}]] * 4)})
    with problem("GC516"):
        load(GraphNpz(path="graph.npz", target="kind"), str(tmp_path))


@pytest.fixture
def town():
    graph = networkx.MultiGraph()
    graph.add_node("ann", age=31, place=(1, 2), side="left", part="train")
    graph.add_node("bob", age=40, place=(0, 2), side="right", part="train")
    graph.add_node("cid", age=25, place=(5, 1), side=None)
    graph.add_node("dan", age=19, place=(3, 3), side="left", part="test")
    graph.add_edges_from([("ann", "bob"), ("bob", "ann"), ("cid", "dan"), ("dan", "dan")])
    return graph


def test_graphs_of_networkx_become_arrays(town, tmp_path):
    arrays = gc.from_networkx(town, ["age", "place"], target="side", split="part")
    assert arrays["features"].tolist() == [[31, 1, 2], [40, 0, 2], [25, 5, 1], [19, 3, 3]]
    assert arrays["side"].tolist() == [0, 1, -1, 0]
    np.savez(tmp_path / "town.npz", **arrays)
    dataset = load(GraphNpz(path="town.npz", target="side"), str(tmp_path))
    assert pairs(dataset) == [(1, 0), (0, 1), (3, 2), (2, 3)]
    assert dataset.left_out == {"repeated": 1, "loops": 1}
    assert dataset.class_names == ("left", "right")
    assert dataset.node_names == ("ann", "bob", "cid", "dan")
    assert dataset.splits["test"][COUNTED].tolist() == [[False, False, False, True]]


def test_a_directed_graph_of_networkx_stays_directed(town):
    assert gc.from_networkx(networkx.DiGraph([("a", "b")]))["directed"]
    assert not gc.from_networkx(town)["directed"]


def test_nodes_without_features_are_told_apart():
    arrays = gc.from_networkx(networkx.path_graph(3))
    np.testing.assert_array_equal(arrays["features"], np.eye(3))


def changed(node, **attributes):
    return lambda graph: graph.nodes[node].update(attributes)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (changed("bob", age=None), "GC513", "the node 'bob' has no `age`"),
        (changed("bob", age="old"), "GC513", "which is no number"),
        (changed("bob", place=(1,)), "GC516", "has 1 numbers, and that of others 2"),
        (changed("bob", age=float("nan")), "GC514", "the node 'bob' holds nan"),
        (changed("bob", part="exam"), "GC515", "'exam', which is no split"),
        (lambda graph: graph.clear(), "GC516", "has no nodes"),
        (lambda graph: [graph.nodes[each].pop("side") for each in graph], "GC513", "no node has"),
    ],
)
def test_attributes_that_do_not_fit_are_told(town, problem, change, code, words):
    change(town)
    with problem(code) as found:
        gc.from_networkx(town, ["age", "place"], target="side", split="part")
    assert words in found[0].message


def test_the_circles_of_a_novel_hold_together():
    dataset = load(LesMiserables(), "")
    arrays = dataset.splits["train"]
    assert arrays[SENDERS].shape == (1, 508)
    assert dataset.class_counts == [1] * 6
    graph = networkx.les_miserables_graph()
    names = list(graph)
    circles = [
        {names[node] for node in np.flatnonzero(arrays["label"][0] == circle)}
        for circle in range(6)
    ]
    assert networkx.community.modularity(graph, circles) > 0.56
    for node in np.flatnonzero(arrays[COUNTED][0]):
        assert dataset.class_names[arrays["label"][0, node]] == names[node]


def test_sparse_rows_become_an_array():
    found = dense(np.array([2, 3]), np.array([1, 0]), np.array([0, 1, 1, 2]), (3, 2))
    assert found.tolist() == [[0, 2], [0, 0], [3, 0]]
