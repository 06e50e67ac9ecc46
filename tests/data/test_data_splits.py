"""Drawing splits from counts and classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphc.core.registry import sources
from graphc.data.examples import require_finite, require_integers
from graphc.data.load import load
from graphc.data.splits import split_indices


@given(st.integers(1, 40), st.integers(0, 15), st.integers(0, 15), st.integers(0, 2**40))
def test_every_example_is_in_one_split(train, validation, test, seed):
    count = train + validation + test
    sizes = {"train": train, "validation": validation, "test": test}
    splits = split_indices(count, sizes, None, seed)
    assert sorted(np.concatenate(list(splits.values()))) == list(range(count))
    assert {name: len(index) for name, index in splits.items()} == {
        name: size for name, size in sizes.items() if size
    }
    assert all((np.diff(index) > 0).all() for index in splits.values())


def test_a_class_that_is_too_rare_is_named(problem):
    labels = np.array([0] * 10 + [1] * 10 + [2])
    with problem("GC517") as found:
        split_indices(21, {"train": 14, "validation": 3, "test": 4}, labels, 0, ("a", "b", "c"))
    assert found[0].message == "only one example of class `c` is left to share with the test split"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[0.0, np.nan]]), "`x` holds a number that is NaN: example 1, column 2"),
        (np.array([1.0, -np.inf]), "`x` holds a number that is infinite: example 2"),
        (np.array([[1e300]]), "`x` holds a number that is beyond float32: example 1, column 1"),
        (
            np.full((2, 2, 2, 1), np.nan),
            "`x` holds a number that is NaN: example 1, entry [1, 1, 1]",
        ),
    ],
)
def test_numbers_that_are_not_finite_are_located(problem, array, message):
    with problem("GC514") as found:
        require_finite("`x`", array)
    assert found[0].message == message


@pytest.mark.parametrize(
    ("array", "below", "message"),
    [
        (np.array([0, 3]), 3, "`y` holds 3, example 2, but its values are 0 to 2"),
        (np.array([-1]), 3, "`y` holds -1, example 1, but its values are 0 to 2"),
        (
            np.array([[2**40]]),
            None,
            "`y` holds 1099511627776, example 1, column 1, but its values are"
            " -2147483648 to 2147483647",
        ),
    ],
)
def test_integers_out_of_range_are_located(problem, array, below, message):
    with problem("GC515") as found:
        require_integers("`y`", array, below)
    assert found[0].message == message


def test_some_of_the_examples_to_train_on_are_taken_class_by_class():
    whole, part = load(sources["digits"](), "."), load(sources["digits"](train=100), ".")
    assert part.count("train") == 100 and part.count("validation") == whole.count("validation")
    counts = np.bincount(part.splits["train"]["label"])
    assert counts.min() >= 9 and counts.max() <= 11
    known = {each.tobytes() for each in whole.splits["train"]["image"]}
    assert {each.tobytes() for each in part.splits["train"]["image"]} <= known


def test_a_fraction_is_one_of_what_is_left_in_every_fold():
    whole = load(sources["iris"](folds=4, fold=1), ".")
    part = load(sources["iris"](folds=4, fold=1, train=0.5), ".")
    assert part.count("train") == whole.count("train") // 2
    assert part.count("validation") == whole.count("validation")
