"""What specs of transfer, of teachers and of layers one after another say of themselves is so."""

import runpy
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc as gc

SPECS = Path(__file__).parents[2] / "specs"


def module_of(name, *settings):
    """The module of a spec in which an epoch is a step."""
    settings = ("train.epoch_steps=1", *settings)
    return gc.compile(SPECS / f"{name}.yaml", settings, device="cpu").module()


def movers(before, after):
    """The branches of weights in which something has moved."""
    same = jax.tree.map(np.array_equal, before, after)
    return {name for name, each in same.items() if not all(jax.tree.leaves(each))}


def test_a_body_that_was_learnt_elsewhere_moves_after_thirty_epochs():
    module = module_of("usps_transfer")
    rule, params = module.optimizer(), module.init(jax.random.key(0))["params"]
    gradients, memory, update = (
        jax.tree.map(jnp.ones_like, params),
        rule.init(params),
        jax.jit(rule.update),
    )
    for epoch in range(31):
        updates, memory = update(gradients, memory, params)
        after = jax.tree.map(jnp.add, params, updates)
        assert movers(params, after) == (set(params) if epoch == 30 else {"answer"})


def test_the_body_there_and_the_body_here_are_one():
    there = gc.compile(SPECS / "mnist_lenet5.yaml").compiled.weights
    for name in ("usps_transfer", "usps_few"):
        here = gc.compile(SPECS / f"{name}.yaml").compiled.weights
        shapes = {each.path: each.weight.shape for each in here.entries}
        taken = [each for each in there.entries if not each.path.startswith("logits/")]
        assert all(shapes[f"body/{each.path}"] == each.weight.shape for each in taken)
        assert len(shapes) == len(taken) + 2


@pytest.fixture(scope="module")
def taught():
    """The training step of the teacher and the taught, a state before it, and a batch."""
    module = module_of("digits_distillation", "networks.teacher.layers=[flatten, {dense: 10}]")
    draw = np.random.default_rng(0)
    batch = {
        "image": draw.uniform(size=(4, 8, 8, 1)).astype(np.float32),
        "label": draw.integers(0, 10, 4).astype(np.int32),
        "labelled": np.array([1, 1, 0, 0], np.float32),
    }
    return jax.jit(module.train_step), module.init(jax.random.key(0)), batch


def test_a_teacher_is_first_and_is_what_the_student_reads(taught):
    step, state, batch = taught
    after = step(state, batch, jax.random.key(1))[0]["params"]
    assert movers(state["params"], after) == {"teacher", "taught"}
    jax.tree.map(np.testing.assert_array_equal, after["taught"], after["teacher"])


def test_a_student_needs_no_labels_and_another_one_those_there_are(taught):
    step, state, batch = taught
    state = state | {"step": jnp.array(100, jnp.int32)}
    after = step(state, batch, jax.random.key(1))[0]["params"]
    assert movers(state["params"], after) == {"student", "alone"}
    for row, expected in ((0, {"alone"}), (3, set())):
        label = np.where(np.arange(4) == row, (batch["label"] + 1) % 10, batch["label"])
        other = step(state, batch | {"label": label}, jax.random.key(1))[0]["params"]
        assert movers(after, other) == expected


def test_ten_of_each_digit_have_a_label():
    splits = runpy.run_path(str(SPECS / "few_labels.py"))["digits"](10)
    train = splits["train"]
    counted = train["label"][train["labelled"] > 0]
    assert np.array_equal(np.bincount(counted), np.full(10, 10))
    assert sum(len(each["label"]) for each in splits.values()) == 1797


def test_layers_learn_one_after_another_and_then_together():
    module = module_of("digits_stacked")
    for epoch, layers in ((0, "1"), (19, "1"), (20, "2"), (79, "4"), (80, "1234")):
        moving = [name for name in module.OWNED if module.due(name, epoch)]
        owned = [network for name in moving for network in module.OWNED[name]]
        expected = [f"{kind}_{layer}" for kind in ("encoder", "decoder") for layer in layers]
        assert sorted(owned) == sorted([*expected, "plain"])
