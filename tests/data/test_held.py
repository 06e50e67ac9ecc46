"""The forms in which arrays are handed to programs."""

import numpy as np
import pytest

from graphc.data.held import by_column, held, shared_edges, table, table_length


def test_a_sparse_array_is_its_numbers_and_their_columns():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2, 5, 40)) * (draw.uniform(size=(2, 5, 40)) < 0.1)
    found = by_column("x", x)
    columns, values = found["x:columns"], found["x:values"]
    assert columns.shape == values.shape == (2, 5, (x != 0).sum(-1).max())
    again = np.zeros_like(x)
    for place in np.ndindex(columns.shape):
        again[(*place[:2], columns[place])] += values[place]
    np.testing.assert_array_equal(again, x)


def test_an_array_of_zeros_keeps_a_place():
    assert by_column("x", np.zeros((2, 3)))["x:values"].tolist() == [[0], [0]]


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
    assert table_length(np.array(degrees, int)) == length


def test_edges_that_all_examples_have_are_held_once():
    edges = {
        "edges:senders": np.tile([1, 0, 2], (4, 1)),
        "edges:receivers": np.tile([0, 1, 1], (4, 1)),
    }
    found = held({"train": {"x": np.ones((4, 3, 2)), **edges}}, (), 3)["train"]
    assert "edges:senders" not in found
    assert found["graph:senders"].tolist() == [1, 0, 2]
    assert found["graph:into:first"].shape[1] == 3
    edges["edges:senders"][2, 0] = 2
    assert "edges:senders" in held({"train": edges}, (), 3)["train"]


def test_what_splits_have_in_common_is_made_once():
    x = np.eye(50, dtype=np.float32)
    found = held({"train": {"x": x}, "test": {"x": x}}, ["x"], None)
    assert found["train"]["x:values"] is found["test"]["x:values"]


def test_both_directions_of_edges_have_a_table():
    found = shared_edges(np.array([0, 1, 2, 3]), np.array([1, 1, 1, 1]), 4)
    assert found["graph:out_of:first"].tolist() == [[1, 1, 1, 1]]
    assert found["graph:into:first"].shape == (0, 4)
    assert found["graph:into:senders"].tolist() == [0, 1, 2, 3]
