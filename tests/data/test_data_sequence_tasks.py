"""Tasks made for recurrent networks: what they say they are."""

import numpy as np
import pytest

from graphc.data.load import load
from graphc.ops.sources import AddingProblem, Copying, Reversal

SMALL = {"count": 40, "validation": 8, "test": 8}
REVERSAL = Reversal(**SMALL, shortest=2, longest=6, alphabet=50)
SOURCES = [AddingProblem(**SMALL, length=20), Copying(**SMALL, delay=7, length=3)]


@pytest.mark.parametrize("source", [*SOURCES, REVERSAL], ids=lambda each: each.name)
def test_the_same_seed_draws_the_same_sequences_and_another_others(source):
    other = load(type(source)(**{**vars(source), "seed": 1}), ".").splits["train"]
    one, again = (load(source, ".").splits["train"] for _ in range(2))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not any(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("source", SOURCES, ids=lambda each: each.name)
def test_arrays_are_as_declared(source):
    data = load(source, ".")
    assert data.fields == source.fields(".")
    for name, arrays in data.splits.items():
        for field, array in arrays.items():
            kind = data.fields[field]
            steps = (source.steps,) if len(kind.domain) > 1 else ()
            assert array.shape == (data.count(name), *steps, *kind.shape)
    assert [data.count(each) for each in ("train", "validation", "test")] == [24, 8, 8]
    assert source.training_examples() == 24


@pytest.mark.parametrize("length", [2, 5, 20])
def test_the_sum_is_that_of_a_marked_number_in_each_half(length):
    data = load(AddingProblem(**SMALL, length=length), ".").splits["train"]
    numbers, marks = data["sequence"][..., 0], data["sequence"][..., 1]
    assert set(np.unique(marks)) <= {0, 1}
    half = length // 2
    assert (marks[:, :half].sum(axis=1) == 1).all() and (marks[:, half:].sum(axis=1) == 1).all()
    np.testing.assert_allclose(data["sum"][:, 0], (numbers * marks).sum(axis=1), rtol=1e-6)
    assert numbers.min() >= 0 and numbers.max() < 1


def test_who_says_one_is_wrong_by_a_sixth():
    total = load(AddingProblem(count=8000, length=2), ".").splits["train"]["sum"]
    assert ((total - 1) ** 2).mean() == pytest.approx(1 / 6, abs=0.01)


def test_what_came_first_is_to_be_said_after_the_sign():
    data = load(Copying(**SMALL, delay=7, length=3, alphabet=4), ".").splits["train"]
    symbols, copy = data["symbols"], data["copy"]
    assert symbols.shape == (24, 13)
    assert set(np.unique(symbols[:, :3])) == {0, 1, 2, 3}
    np.testing.assert_array_equal(copy[:, -3:], symbols[:, :3])
    assert (copy[:, :-3] == 4).all()
    assert (symbols[:, 3:9] == 4).all() and (symbols[:, 10:] == 4).all()
    assert (symbols[:, 9] == 5).all()  # seven steps behind the last symbol


def test_what_no_memory_holds_is_refused_before_it_is_made(problem):
    with problem("GC228"):
        AddingProblem(count=10**9, length=10**6).fields(".")


def test_words_are_said_from_the_last_to_the_first_with_a_sign_behind_them():
    data = load(REVERSAL, ".")
    for split in data.splits.values():
        lengths = split["source:length"]
        assert split["words"].shape[1:] == (6,) and split["reply"].shape[1:] == (7,)
        assert (split["target:length"] == lengths + 1).all()
        for words, reply, length in zip(split["words"], split["reply"], lengths, strict=True):
            assert reply[: length + 1].tolist() == [*words[:length][::-1], 50]
    assert set(data.splits["train"]["source:length"]) == {2, 3, 4, 5, 6}
