"""The order of examples: a permutation for each epoch, padded to whole batches."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphc.data.batches import epoch_order, plain_order, take


@given(st.integers(0, 50), st.integers(1, 12), st.integers(0, 2**40), st.integers(0, 1000))
def test_an_epoch_is_every_example_once(count, batch_size, seed, epoch):
    order = epoch_order(count, batch_size, seed, epoch)
    assert order.dtype == np.int32
    assert order.shape == (-(-count // batch_size), batch_size)
    assert sorted(order[order >= 0]) == list(range(count))


@given(st.integers(1, 50), st.integers(1, 12))
def test_only_the_end_is_padded(count, batch_size):
    flat = epoch_order(count, batch_size, 0, 0).ravel()
    assert (flat[:count] >= 0).all()
    assert (flat[count:] == -1).all()
    assert len(flat) - count < batch_size


def test_the_same_seed_and_epoch_give_the_same_order():
    assert (epoch_order(100, 8, 3, 5) == epoch_order(100, 8, 3, 5)).all()


def test_epochs_and_seeds_differ():
    orders = [epoch_order(100, 10, *key).tobytes() for key in ((0, 0), (0, 1), (1, 0), (1, 1))]
    assert len(set(orders)) == 4


def test_the_order_is_the_same_in_every_release():
    # A resumed run depends on it.
    assert epoch_order(8, 4, seed=0, epoch=0).tolist() == [[3, 6, 4, 0], [7, 5, 2, 1]]


def test_evaluation_keeps_the_order():
    assert plain_order(5, 2).tolist() == [[0, 1], [2, 3], [4, -1]]


def test_absent_rows_are_finite_and_masked():
    batch = take({"x": np.array([1.0, 2.0, 3.0])}, np.array([2, -1]))
    assert batch["x"].tolist() == [3.0, 3.0]
    assert batch["mask"].tolist() == [True, False]


def test_no_examples_are_no_steps():
    assert plain_order(0, 4).shape == (0, 4)


def test_a_balanced_epoch_has_every_class_equally_often():
    classes = np.repeat([0, 1, 2], [90, 8, 2])
    order = epoch_order(100, 10, seed=1, epoch=4, classes=classes)
    assert (order == epoch_order(100, 10, seed=1, epoch=4, classes=classes)).all()
    assert sorted(np.bincount(classes[order.ravel()])) == [33, 33, 34]
    times = np.bincount(order.ravel(), minlength=100)
    assert times[:90].max() == 1 and set(times[90:98]) <= {4, 5} and set(times[98:]) <= {16, 17}
    again = epoch_order(100, 10, seed=1, epoch=5, classes=classes)
    assert set(order.ravel()) != set(again.ravel())
