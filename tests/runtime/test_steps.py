"""The compiled programs: loops and single steps are the same steps."""

import jax
import numpy as np
import pytest

from graphc.data.batches import epoch_order
from graphc.runtime.evaluation import Batches, evaluate_batches, predict_batches
from graphc.runtime.module import module_from_source
from graphc.runtime.state import make_state, to_canonical
from graphc.runtime.steps import Programs, no_totals

NOTHING = {name: np.zeros((), np.float32) for name in ("accuracy", "count", "loss")}
KEY = jax.random.key(3)


@pytest.fixture(scope="module")
def module(rolled):
    return module_from_source(rolled.source, "<steps>")


@pytest.fixture(scope="module")
def train(dataset):
    return dataset.splits["train"]


def steps(module, data, length, lengths, order):
    """State and totals after dispatches of these lengths."""
    programs = Programs(module, length)
    state, totals, at = make_state(module, 0), no_totals(NOTHING), 0
    for count in lengths:
        arguments = (data, order, np.int32(at), np.int32(count), KEY)
        state, totals, done, finite = programs.train(state, totals, *arguments)
        at += int(done)
    return state, totals, at, bool(finite)


@pytest.mark.parametrize("lengths", [[7], [4, 3], [1, 2, 4]], ids=str)
def test_a_loop_is_its_steps_bit_for_bit(module, train, equal, lengths):
    order = epoch_order(100, 16, 0, 0)
    single = steps(module, train, 1, [1] * 7, order)
    looped = steps(module, train, 4, lengths, order)
    assert equal(looped, single)


@pytest.mark.parametrize("length", [1, 4])
def test_a_step_that_is_not_finite_leaves_the_state_before_it(module, train, equal, length):
    order = epoch_order(100, 16, 0, 0)
    bad = {name: np.array(array) for name, array in train.items()}
    bad["features"][order[3][0]] = np.nan
    lengths = [1] * 4 if length == 1 else [7]
    state, totals, done, finite = steps(module, bad, length, lengths, order)
    good = steps(module, train, 1, [1] * 3, order)
    assert (done, finite) == (3, False)
    assert equal((state, totals), good[:2])


def test_a_padded_row_counts_for_nothing(module, train, equal):
    order = epoch_order(100, 16, 0, 0)
    padded = order[-1:]
    assert (padded < 0).any()
    changed = {name: np.array(array) for name, array in train.items()}
    changed["features"][-1] = 7.0
    if 99 in padded:
        pytest.skip("the last example is in this batch")
    one = steps(module, train, 1, [1], padded)
    two = steps(module, changed, 1, [1], padded)
    assert equal(one, two)


def test_a_program_refuses_other_shapes(module, train):
    programs = Programs(module, 4)
    order = epoch_order(100, 16, 0, 0)
    rest = (np.int32(0), np.int32(1), KEY)
    programs.train(make_state(module, 0), no_totals(NOTHING), train, order, *rest)
    with pytest.raises(TypeError):
        programs.train(make_state(module, 0), no_totals(NOTHING), train, order[:, :8], *rest)


def test_evaluation_does_not_depend_on_the_batch_size(module, train):
    state = make_state(module, 0)
    whole, parts = (
        evaluate_batches(Programs(module, 1), state, Batches(train, size)) for size in (100, 16)
    )
    assert whole == pytest.approx(parts, rel=1e-5)


def test_outputs_come_in_order_without_padding(module, train):
    state = make_state(module, 0)
    features = {"features": train["features"]}
    programs = Programs(module, 1)
    found = predict_batches(programs.predict, state["params"], state["statistics"], features, 16)
    wanted, _ = module.forward(state["params"], state["statistics"], features)
    assert found.shape == (100, 3)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_no_examples_have_no_outputs(module):
    state = make_state(module, 0)
    none = {"features": np.zeros((0, 4), np.float32)}
    predict = Programs(module, 1).predict
    assert predict_batches(predict, state["params"], state["statistics"], none, 16).shape == (0, 3)


def test_donated_state_is_used_up(module, train, rolled, monkeypatch):
    monkeypatch.setattr("graphc.runtime.steps.SPARED", 0)  # this one is small
    state = make_state(module, 0)
    kept = to_canonical(state, rolled.weights)
    copies = {name: array.copy() for name, array in kept.items()}
    order = epoch_order(100, 16, 0, 0)
    rest = (np.int32(0), np.int32(7), KEY)
    Programs(module, 4).train(state, no_totals(NOTHING), train, order, *rest)
    assert all(each.is_deleted() for each in jax.tree.leaves(state["params"]))
    assert all(np.array_equal(kept[name], copies[name]) for name in kept)
