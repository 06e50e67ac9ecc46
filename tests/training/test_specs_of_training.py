"""What specs of transfer, of teachers and of layers one after another say of themselves is so."""

import runpy
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc as gc

SPECS = Path(__file__).parents[2] / "specs"


def learner(name, *settings):
    """The training step of a spec, and its state before the first one."""
    module = gc.compile(SPECS / f"{name}.yaml", settings, device="cpu").module()
    return jax.jit(module.train_step), module.init(jax.random.key(0))


def moved(before, after):
    """By name, whether anything below a branch of the weights is another one now."""
    same = jax.tree.map(np.array_equal, before["params"], after["params"])
    return {name: not all(jax.tree.leaves(each)) for name, each in same.items()}


def movers(before, after):
    """The branches in which something has moved."""
    return {name for name, each in moved(before, after).items() if each}


def digits(size, rows=4, seed=0):
    draw = np.random.default_rng(seed)
    image = draw.uniform(size=(rows, size, size, 1)).astype(np.float32)
    return {"image": image, "label": draw.integers(0, 10, rows).astype(np.int32)}


def test_a_body_that_was_learnt_elsewhere_moves_after_thirty_epochs():
    step, state = learner("usps_transfer", "train.epoch_steps=1")
    found = []
    for number in range(31):
        after, _ = step(state, digits(16, seed=number), jax.random.key(number))
        found.append(moved(state, after))
        state = after
    assert all(each.pop("answer") for each in found)
    assert [set(each.values()) for each in found] == [{False}] * 30 + [{True}]


def test_the_body_there_and_the_body_here_are_one():
    there = gc.compile(SPECS / "mnist_lenet5.yaml").compiled.weights
    for name in ("usps_transfer", "usps_few"):
        here = gc.compile(SPECS / f"{name}.yaml").compiled.weights
        shapes = {each.path: each.weight.shape for each in here.entries}
        taken = [each for each in there.entries if not each.path.startswith("logits/")]
        assert all(shapes[f"body/{each.path}"] == each.weight.shape for each in taken)
        assert len(shapes) == len(taken) + 2


@pytest.fixture(scope="module")
def distillation():
    return learner("digits_distillation", "train.epoch_steps=1")


def test_a_student_needs_no_labels_and_another_one_only_those_there_are(distillation):
    step, state = distillation
    state = state | {"step": jnp.array(100, jnp.int32)}
    batch = digits(8) | {"labelled": np.array([1, 1, 0, 0], np.float32)}
    after, _ = step(state, batch, jax.random.key(1))
    assert movers(state, after) == {"teacher", "taught"}
    jax.tree.map(np.testing.assert_array_equal, *map(after["params"].get, ("taught", "teacher")))


def test_ten_of_each_digit_have_a_label():
    train = runpy.run_path(str(SPECS / "few_labels.py"))["digits"](10)["train"]
    counted = train["label"][train["labelled"] > 0]
    assert np.array_equal(np.bincount(counted), np.full(10, 10))


@pytest.mark.parametrize(("epoch", "layers"), [(0, {1}), (20, {2}), (60, {4}), (80, {1, 2, 3, 4})])
def test_layers_learn_one_after_another_and_then_together(stacked, epoch, layers):
    step, state = stacked
    state = state | {"step": jnp.array(epoch, jnp.int32)}
    after, _ = step(state, digits(8), jax.random.key(1))
    expected = {f"{kind}_{number}" for kind in ("encoder", "decoder") for number in layers}
    assert movers(state, after) == expected | {"plain"}


@pytest.fixture(scope="module")
def stacked():
    return learner("digits_stacked", "train.epoch_steps=1")
