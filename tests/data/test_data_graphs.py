"""Graphs as data: the club, the papers, and files of the user's."""

import json

import networkx
import numpy as np
import pytest

import graphc as gc
from graphc.core.types import RECEIVERS, SENDERS
from graphc.data.dataset import Form
from graphc.data.graphs import alike, both_ways, one_way
from graphc.data.load import load
from graphc.data.summary import as_text, summary
from graphc.ops.sources import Cora, GraphFiles, Karate
from graphc.ops.sources.graphs import COUNTED

NODES = "name,side,age\nann,left,31\nbob,right,40\ncid,,25\ndan,left,19\neve,right,50\nfay,left,6\n"
EDGES = "a,b\nann,bob\nbob,ann\nann,cid\ndan,dan\neve,bob\n"


@pytest.fixture
def graph(table):
    def load_it(nodes=NODES, edges=EDGES, **attributes):
        table(nodes, "nodes.csv")
        folder = table(edges, "edges.csv")
        given = {"validation": 0, "test": 0, **attributes}
        source = GraphFiles(nodes="nodes.csv", edges="edges.csv", target="side", **given)
        return load(source, folder)

    return load_it


def pairs(arrays):
    return list(zip(arrays[SENDERS][0].tolist(), arrays[RECEIVERS][0].tolist(), strict=True))


def test_the_club_has_two_known_members():
    dataset = load(Karate(), "")
    train, test = dataset.splits["train"], dataset.splits["test"]
    assert train["features"].shape == (1, 34, 34)
    assert np.flatnonzero(train[COUNTED]).tolist() == [0, 33]
    assert (train[COUNTED] ^ test[COUNTED]).all()
    assert dataset.class_counts == [1, 1]
    assert train["features"] is test["features"]


def test_edges_lead_both_ways_and_come_by_receiver():
    arrays = load(Karate(), "").splits["train"]
    edges = set(pairs(arrays))
    assert len(edges) == arrays[SENDERS].size == 156
    assert all((receiver, sender) in edges for sender, receiver in edges)
    assert (np.diff(arrays[RECEIVERS][0]) >= 0).all()


def test_papers_have_the_public_splits(real_sets):
    dataset = load(Cora(), "")
    counts = {split: int(arrays[COUNTED].sum()) for split, arrays in dataset.splits.items()}
    assert counts == {"train": 140, "validation": 500, "test": 1000}
    train = dataset.splits["train"]
    assert train[SENDERS].shape == (1, 10556)
    np.testing.assert_allclose(train["features"].sum(axis=-1), 1, rtol=1e-5)
    assert set(np.unique(load(Cora(normalize="none"), "").splits["train"]["features"])) == {0, 1}


def test_a_file_that_is_nowhere_is_told_with_where_it_was_looked_for(nowhere, problem):
    with problem("GC502") as found:
        load(Cora(download=False), "")
    assert "planetoid/ind.cora.*" in found[0].help
    assert "download: true" in found[0].help


def test_files_are_read_by_the_names_of_nodes(graph):
    dataset = graph()
    arrays = dataset.splits["train"]
    assert arrays["features"].tolist() == [[[31], [40], [25], [19], [50], [6]]]
    assert pairs(arrays) == [(1, 0), (2, 0), (0, 1), (4, 1), (0, 2), (1, 4)]
    assert dataset.left_out == {"repeated": 1, "loops": 1}
    assert dataset.class_names == ("left", "right")


def test_nodes_without_a_target_count_nowhere(graph):
    arrays = graph().splits["train"]
    assert arrays[COUNTED].tolist() == [[True, True, False, True, True, True]]


def test_directed_edges_lead_one_way(graph):
    dataset = graph(directed=True)
    assert pairs(dataset.splits["train"]) == [(1, 0), (0, 1), (4, 1), (0, 2)]
    assert dataset.left_out == {"repeated": 0, "loops": 1}


def test_splits_are_shares_of_the_nodes_with_a_target(graph):
    several = [(f"n{i}", ("left", "right")[i % 2]) for i in range(40)]
    nodes = "name,side,one\n" + "".join(f"{name},{side},1\n" for name, side in several)
    dataset = graph(nodes, "a,b\nn0,n1\n", validation=0.25, test=0.2)
    counts = {split: int(arrays[COUNTED].sum()) for split, arrays in dataset.splits.items()}
    assert counts == {"train": 24, "validation": 8, "test": 8}
    assert sum(arrays[COUNTED].astype(int) for arrays in dataset.splits.values()).max() == 1


def test_a_column_says_the_splits(graph):
    nodes = "name,side,one,part\na,left,1,train\nb,right,1,train\nc,left,1,test\nd,left,1,\n"
    dataset = graph(nodes, "x,y\na,b\n", split="part")
    assert {name: each[COUNTED][0].tolist() for name, each in dataset.splits.items()} == {
        "train": [True, True, False, False],
        "test": [False, False, True, False],
    }


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"edges": "a,b\nann,bo\n"}, "GC515", "line 2 names the node `bo`"),
        ({"edges": "a\nann\n"}, "GC516", "has one column"),
        ({"edges": "a,b\n"}, "GC516", "has a header but no rows"),
        ({"nodes": NODES.replace("bob,", ",")}, "GC513", "line 3 does not name its node"),
        ({"nodes": NODES.replace("40", "")}, "GC513", "line 3 has no value in column `age`"),
        ({"nodes": NODES.replace("40", "old"), "features": ("age",)}, "GC513", "has `old`"),
        ({"nodes": NODES.replace("40", "inf")}, "GC514", "line 3 has `inf` in column `age`"),
        ({"edges": "a,b\nann,\n"}, "GC513", "line 2 names no node in column `b`"),
        ({"nodes": NODES.replace("40", "old")}, "GC512", "has no column of numbers"),
        ({"nodes": NODES, "split": "side", "features": ("age",)}, "GC515", "is no split"),
        ({"test": 5}, "GC518", "no node is left"),
    ],
)
def test_what_is_wrong_with_files_is_told(graph, problem, changes, code, words):
    with problem(code) as found:
        graph(**changes)
    assert words in found[0].message


def test_a_split_of_a_node_without_a_target_is_told(graph, problem):
    nodes = "name,side,one,part\na,left,1,train\nb,right,1,train\nc,,1,test\n"
    with problem("GC513") as found:
        graph(nodes, "x,y\na,b\n", split="part")
    assert "line 4 is for the test split, but has no `side`" in found[0].message


def test_the_summary_says_what_the_graph_is(graph):
    dataset = graph()
    found = summary(GraphFiles(nodes="n", edges="e", target="side"), dataset)
    assert json.loads(json.dumps(found))["graph"] == {
        "nodes": 6,
        "edges": 6,
        "most_edges": 2,
        "isolated": 2,
        "directed": False,
        "left_out": {"repeated": 1, "loops": 1},
        "counted": {"train": 5},
        "in_no_split": 1,
    }
    text = as_text(found)
    assert text.startswith("graph, a graph of 6 nodes, train 5\n")
    assert SENDERS not in text


def test_a_run_keeps_the_form_of_a_graph():
    form = load(Karate(), "")
    found = Form.from_dict(json.loads(json.dumps(form.as_dict())))
    assert found.fields == form.fields
    assert list(found.inputs) == ["features"]


def test_edges_of_several_graphs_are_padded_with_edges_to_no_node():
    first, _ = both_ways(np.array([[0, 1], [1, 2]]))
    second, _ = one_way(np.array([[0], [1]]))
    found = alike([first, second], 3)
    assert found.tolist() == [[[1, 0, 2, 1], [0, 1, 1, 2]], [[0, 3, 3, 3], [1, 3, 3, 3]]]


HELD = (
    "a,b,weight,met,kind\nann,bob,2,true,x\nbob,cid,3,false,y\ndan,ann,4,true,\ndan,dan,9,true,x\n"
)


def by_pair(arrays, name):
    """The values of a field by the names of the nodes that edges join."""
    names = "abcdef"
    found = zip(pairs(arrays), arrays[name][0].tolist(), strict=True)
    return {names[one] + names[other]: value for (one, other), value in found}


def test_what_edges_hold_goes_with_them_in_both_directions(graph):
    arrays = graph(edges=HELD).splits["train"]
    assert by_pair(arrays, "weight") == {"ba": 2, "ab": 2, "cb": 3, "bc": 3, "da": 4, "ad": 4}
    assert by_pair(arrays, "met") == {"ba": 1, "ab": 1, "cb": 0, "bc": 0, "da": 1, "ad": 1}
    assert "kind" not in arrays


def test_directed_edges_hold_a_value_for_each_direction(graph):
    both = "a,b,weight\nann,bob,2\nbob,ann,5\ncid,ann,3\n"
    arrays = graph(edges=both, directed=True).splits["train"]
    assert by_pair(arrays, "weight") == {"ab": 2, "ba": 5, "ca": 3}


@pytest.mark.parametrize(("how", "value"), [("sum", 7), ("mean", 3.5), ("first", 2)])
def test_an_edge_with_two_values_holds_what_is_said(graph, how, value):
    both = "a,b,weight\nann,bob,2\nbob,ann,5\ncid,ann,3\n"
    dataset = graph(edges=both, repeated=how)
    assert by_pair(dataset.splits["train"], "weight")["ab"] == value
    assert dataset.left_out == {f"repeated_{how}": 1, "loops": 0}
    found = as_text(summary(GraphFiles(nodes="n", edges="e", target="side"), dataset))
    assert "edges that were there already" in found


def test_an_edge_with_one_value_twice_counts_once(graph):
    twice = "a,b,weight\nann,bob,2\nbob,ann,2\n"
    dataset = graph(edges=twice)
    assert by_pair(dataset.splits["train"], "weight") == {"ab": 2, "ba": 2}
    assert dataset.left_out == {"repeated": 1, "loops": 0}


@pytest.mark.parametrize(
    ("edges", "changes", "code", "words"),
    [
        ("a,b,w\nann,bob,2\nbob,ann,5\n", {}, "GC516", "line 3 has the `w` 5, and the same edge"),
        ("a,b,w\nann,bob,\n", {"edge_features": ("w",)}, "GC513", "no value in column `w`"),
        ("a,b,w\nann,bob,x\n", {"edge_features": ("w",)}, "GC513", "has `x` in column `w`"),
        ("a,b,w\nann,bob,inf\n", {}, "GC514", "`w`"),
        ("a,b,w\nann,bob,1\n", {"edge_features": ("v",)}, "GC512", "has no column `v`"),
        ("a,b,w\nann,bob,1\n", {"edge_features": ("a",)}, "GC512", "names an end of edges"),
        ("a,b,features\nann,bob,1\n", {}, "GC512", "would be a field called `features`"),
        ("a,b,side\nann,bob,1\n", {}, "GC512", "would be a field called `side`"),
    ],
)
def test_what_is_wrong_with_what_edges_hold_is_told(graph, problem, edges, changes, code, words):
    with problem(code) as found:
        graph(edges=edges, **changes)
    assert words in found[0].message


def test_the_meetings_of_a_novel_are_those_of_networkx():
    document = gc.check("specs/meetings.yaml").document
    dataset = load(document.data, document.folder)
    arrays, novel = dataset.splits["train"], networkx.les_miserables_graph()
    names = list(novel)
    found = {
        (names[one], names[other]): value
        for (one, other), value in zip(pairs(arrays), arrays["chapters"][0].tolist(), strict=True)
    }
    assert len(found) == 2 * novel.number_of_edges()
    assert all(novel.edges[pair]["weight"] == value for pair, value in found.items())
