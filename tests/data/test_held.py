"""The forms in which arrays are handed to programs."""

import numpy as np
import pytest

from graphc.core.forms import FORMS, Prices
from graphc.data.edge_forms import matrices, shared_edges, table, table_length
from graphc.data.held import held

CPU = FORMS["cpu"].prices


@pytest.mark.parametrize("most", [0, 1, 3, 50])
def test_a_table_and_what_is_left_over_are_all_edges(most):
    draw = np.random.default_rng(1)
    start, end = draw.integers(0, 30, (2, 200))
    parts = table(start, end, 30, most)
    first = [
        (neighbour, node)
        for row in parts["first"]
        for node, neighbour in enumerate(row)
        if neighbour < 30
    ]
    rest = [*zip(parts["senders"], parts["receivers"], strict=True)]
    assert sorted(first + rest) == sorted(zip(start, end, strict=True))
    assert (np.diff(parts["receivers"]) >= 0).all()


@pytest.mark.parametrize(
    ("degrees", "length"),
    [([3, 3, 3, 3], 3), ([0, 0, 0, 0, 0, 0, 9], 0), ([], 0), ([1, 1, 1, 1, 40], 1)],
)
def test_a_table_is_as_long_as_makes_it_cheapest(degrees, length):
    assert table_length(np.array(degrees, int), CPU) == length


def test_edges_that_all_examples_have_are_held_once():
    edges = {
        "edges:senders": np.tile([1, 0, 2], (4, 1)),
        "edges:receivers": np.tile([0, 1, 1], (4, 1)),
    }
    found = held({"train": {"x": np.ones((4, 5, 2)), **edges}}, (), 5)["train"]
    assert "edges:senders" not in found
    assert found["graph:senders"].tolist() == [1, 0, 2]
    assert found["graph:into:first"].shape[1] == 5
    edges["edges:senders"][2, 0] = 2
    assert "edges:senders" in held({"train": edges}, (), 5)["train"]


def test_edges_that_pad_a_graph_are_not_shared():
    edges = {
        "edges:senders": np.array([[1, 0, 3], [1, 0, 3]]),
        "edges:receivers": np.array([[0, 1, 3], [0, 1, 3]]),
    }
    assert "edges:senders" in held({"train": edges}, (), 3)["train"]


def test_a_graph_of_which_many_pairs_are_joined_has_a_matrix():
    senders, receivers = np.array([1, 2, 0, 0, 2, 1]), np.array([0, 0, 1, 2, 2, 2])
    found = shared_edges(senders, receivers, 3, CPU)
    assert found["graph:matrix"].tolist() == [[0, 1, 1], [1, 0, 0], [1, 1, 1]]
    assert "graph:into:first" not in found
    assert "graph:matrix" not in shared_edges(senders, receivers, 6, CPU)


def test_several_graphs_have_a_matrix_each_without_the_edges_that_pad_them():
    edges = {
        "edges:senders": np.array([[1, 1, 0], [0, 3, 3]]),
        "edges:receivers": np.array([[0, 0, 2], [1, 3, 3]]),
    }
    found = held({"train": edges}, (), 3)["train"]
    assert found["edges:matrix"].tolist() == [
        [[0, 2, 0], [0, 0, 0], [1, 0, 0]],
        [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
    ]
    assert "edges:senders" in found
    assert "edges:matrix" not in held({"train": edges}, (), 6)["train"]


def test_a_pair_that_is_joined_more_often_than_a_byte_holds_has_no_matrix():
    ends = np.zeros((1, 128), int)
    assert matrices(ends, ends, 2) is None
    assert matrices(ends[:, 1:], ends[:, 1:], 2)[0, 0, 0] == 127


def test_where_nothing_was_measured_edges_go_one_by_one():
    ends = np.array([1, 2, 0, 0, 2, 1]), np.array([0, 0, 1, 2, 2, 2])
    found = held(
        {"train": {"edges:senders": ends[0][None], "edges:receivers": ends[1][None]}}, (), 3, "gpu"
    )
    assert found["train"]["graph:into:first"].shape == (0, 3)
    assert "graph:matrix" not in found["train"]


def test_what_splits_have_in_common_is_made_once():
    x = np.eye(50, dtype=np.float32)
    found = held({"train": {"x": x}, "test": {"x": x}}, ["x"], None)
    assert found["train"]["x:values"] is found["test"]["x:values"]


def test_both_directions_of_edges_have_a_table():
    found = shared_edges(np.array([0, 1, 2, 3]), np.array([1, 1, 1, 1]), 4, Prices(CPU.tables))
    assert found["graph:out_of:first"].tolist() == [[1, 1, 1, 1]]
    assert found["graph:into:first"].shape == (0, 4)
    assert found["graph:into:senders"].tolist() == [0, 1, 2, 3]
