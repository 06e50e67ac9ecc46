"""The weight map: lenses are exact inverses, alone, within one another, and through a file."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphc.compiler import compile
from graphc.core.span import Source
from graphc.graph.lenses import Columns, Index, joined, lens
from graphc.graph.weights import WeightMap

few = settings(max_examples=60)


@st.composite
def stored(draw, depth=3):
    """An array, and the lenses that lead to all of its parts, nested up to `depth`."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    views = [()]
    for _ in range(draw(st.integers(0, depth))):
        if draw(st.booleans()):  # a leading axis goes around all that is there
            count = draw(st.integers(1, 3))
            shape = [count, *shape]
            views = [(Index(i), *view) for i in range(count) for view in views]
        elif not any(isinstance(each, Columns) for view in views for each in view):
            cuts = draw(st.sets(st.integers(1, 5), max_size=2))
            edges = [0, *sorted(cuts), 6]
            shape = [*shape[:-1], 6]
            parts = [Columns(a, b) for a, b in pairwise(edges)]
            views = [(*view, part) for view in views for part in parts]
    numbers = np.random.default_rng(draw(st.integers(0, 9)))
    return numbers.normal(size=shape).astype(np.float32), views


@few
@given(stored())
def test_what_is_split_and_joined_is_what_it_was(case):
    array, views = case
    parts = []
    for view in views:
        part = array
        for each in view:
            part = each.get(part)
        parts.append((view, part))
    again = joined(parts, np)
    assert again.dtype == array.dtype and again.shape == array.shape
    assert again.tobytes() == array.tobytes()
    assert joined(parts[::-1], np).tobytes() == array.tobytes()


@pytest.mark.parametrize("each", [Index(3), Columns(2, 7)])
def test_lenses_are_written_and_read(each):
    assert lens(json.loads(json.dumps(each.as_list()))) == each


SPEC = """
network:
  inputs: {x: [4]}
  layers: [{repeat: {times: 4, layers: [gated]}}, {dense: 3}]
blocks:
  gated:
    nodes:
      h: {dense: {features: 4, activation: tanh}, from: x}
      gate: {dense: {features: 4, activation: sigmoid}, from: x}
      y: gate * h + (1 - gate) * x
    output: y
"""


@pytest.fixture(scope="module")
def weights():
    return compile(Source("gated.yaml", SPEC)).weights


def test_a_rolled_and_joined_layer_is_seen_through_both_lenses(weights):
    entry = next(each for each in weights.entries if each.path == "repeat/2/h/kernel")
    assert entry.stored == "repeat/gate_h/kernel"
    assert entry.view == (Index(2), Columns(4, 8))
    assert "".join(map(str, entry.view)) == "[2][..., 4:8]"


def test_a_map_splits_and_joins_bit_for_bit_and_survives_a_file(weights):
    numbers = np.random.default_rng(0)
    shapes = {
        "repeat/gate_h/kernel": (4, 4, 8),
        "repeat/gate_h/bias": (4, 8),
        "dense/kernel": (4, 3),
        "dense/bias": (3,),
    }
    arrays = {name: numbers.normal(size=shape) for name, shape in shapes.items()}
    read = WeightMap.from_list(json.loads(json.dumps(weights.as_list())))
    for each in (weights, read):
        split = each.split(arrays)
        assert {path: array.shape for path, array in split.items()} == {
            entry.path: entry.weight.shape for entry in weights.entries
        }
        again = each.join(split, np)
        assert again.keys() == arrays.keys()
        assert all(again[name].tobytes() == array.tobytes() for name, array in arrays.items())
