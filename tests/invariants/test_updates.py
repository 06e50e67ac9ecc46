"""Whatever turns gradients into updates: the passes do not matter, and a run can be interrupted."""

import functools
import shutil

import jax
import numpy as np
import pytest
import small_runs
from oracle import close, quick_jit, same

import graphc as gc
from graphc.core.span import Source
from graphc.data.load import load
from graphc.runtime import events
from graphc.runtime.state import to_canonical
from graphc.runtime.steps import batch_at

pytestmark = pytest.mark.usefixtures("compilation_cache")
SPEC = """
network:
  inputs: {features: [4]}
  nodes:
    stem: {dense: 8, from: features}
    tower: {repeat: {times: 3, layers: [{dense: 8}, tanh]}, from: stem}
    left: {dense: 3, from: tower}
    right: {dense: 3, from: tower}
    y: left * sigmoid(right)
  output: y
data: iris
train:
  loss: cross_entropy
  epochs: 2
  batch_size: 10
  UPDATES
"""
UPDATES = {
    "lbfgs": "optimizer: lbfgs",
    "by path": """optimizer: {lamb: 1e-2}
  groups:
    "tower/1/*": frozen
    "left/*": {learning_rate: {cosine: {rate: 1e-3, warmup: 1}}}
    "right/*": {learning_rate: {reduce_on_plateau: {rate: 1e-2, patience: 1, threshold: 0.5}}}
  clip: {norm: 0.5}
  accumulate: 5
  average: 0.9
  regularize: {"*/kernel": {l2: 1e-3}}
  mixup: 0.4""",
}
SMALL = """
  layers: [{dense: 3}]
data: iris
"""
BY_PATH = """optimizer: {lars: {learning_rate: 1.0, weight_decay: 0.1}}
  groups:
    "tower/1/*": frozen
    "left/*": {optimizer: {adamw: {learning_rate: 0.01, decays: "*/kernel"}}}
    "*/bias": {optimizer: {sgd: 0.1}}
  regularize: {"tower/2/*": {l1: 0.1}, "right/kernel": {l2: 0.1}}
  clip: {norm: 0.5, value: 0.2}
  average: 0.5"""


@pytest.fixture(autouse=True)
def lenient(strict):
    """optax (0.2.8) mixes dtypes, so strict promotion ends where it begins."""
    with jax.numpy_dtype_promotion("standard"):
        yield


def spec_with(lines):
    """The spec, updated so."""
    return SPEC.replace("UPDATES", lines)


def small_spec_with(lines):
    """That of a small network, over all examples at once."""
    start, end = SPEC.index("  nodes:"), SPEC.index("train:")
    text = SPEC[:start] + SMALL.lstrip("\n") + SPEC[end:]
    text = text.replace("batch_size: 10", "batch_size: full").replace("epochs: 2", "epochs: 8")
    return text.replace("UPDATES", lines)


@pytest.mark.parametrize("name", UPDATES)
def test_a_run_that_broke_off_is_resumed_as_if_it_had_not(name, tmp_path):
    def copy(event):
        if isinstance(event, events.Saved) and event.step == 5:
            shutil.copytree(tmp_path / "whole", tmp_path / "run")

    spec = (spec_with if name == "by path" else small_spec_with)(UPDATES[name])
    whole = small_runs.run(tmp_path / "whole", 7, spec=spec, report=copy)
    resumed = small_runs.run(tmp_path / "run", 7, spec=spec, resume=True)
    (arrays, epochs), (others, other_epochs) = map(
        small_runs.what_is_left, (tmp_path / "whole", tmp_path / "run")
    )
    same(arrays, others, "the last checkpoint")
    assert epochs == other_epochs and resumed["test"] == whole["test"]


def stepped(lines, without=(), steps=3, absent=0, spec=small_spec_with):
    """The state after some steps of ten rows, by the spec's paths."""
    model = gc.compile(Source("it.yaml", spec(lines)), without=without, device="cpu")
    module, weights = model.module(), model.compiled.weights
    data = load(model.compiled.checked.document.data, ".").splits["train"]
    step = quick_jit(module.train_step)
    state = quick_jit(module.init)(jax.random.key(0))
    for i in range(steps):
        rows = jax.numpy.arange(10 * i, 10 * i + 10).at[10 - absent :].set(-1)
        state, _ = step(state, batch_at(data, rows), jax.random.key(i))
    return to_canonical(state, weights)


def test_rolled_and_joined_arrays_are_updated_as_the_spec_has_them():
    rolled, plain = (
        stepped(BY_PATH, without, spec=spec_with) for without in ((), ("roll", "merge"))
    )
    close(rolled, plain, "arrays of groups")


def test_what_is_frozen_does_not_move_and_has_no_state():
    before = stepped("optimizer: {adam: 1e-2}", steps=0, spec=spec_with)
    after = stepped(
        'optimizer: {adam: 1e-2}\n  groups: {"tower/1/*": frozen, "left/*": frozen}', spec=spec_with
    )
    weights = [name for name in before if name.startswith("params/")]
    resting = {name for name in weights if (before[name] == after[name]).all()}
    assert resting == {
        f"params/{node}/{array}"
        for node in ("tower/1/dense", "left")
        for array in ("kernel", "bias")
    }
    state = [name for name in after if name.startswith("optimizer/")]
    assert any("tower/0/dense/kernel" in name for name in state)
    assert not any("tower/1/" in name or "left/" in name for name in state)


def test_a_batch_in_parts_is_the_same_step():
    lines = 'optimizer: {sgd: 0.1}\n  regularize: {"*/kernel": {l2: 0.1}}'
    close(stepped(lines), stepped(f"{lines}\n  accumulate: 5"), "a step in five parts")


def test_a_batch_in_parts_is_a_mean_over_the_rows_that_are_there():
    whole, parts = (stepped(lines, absent=3) for lines in ("", "accumulate: 5"))
    close(whole, parts, "a step of seven rows")


def test_a_part_without_rows_adds_nothing():
    def normed(lines):
        return small_spec_with(lines).replace("[{dense: 3}]", "[batch_norm, {dense: 3}]")

    after = stepped("optimizer: {sgd: 0.1}\n  accumulate: 5", steps=1, absent=7, spec=normed)
    assert after["step"] == 1 and all(np.isfinite(each).all() for each in after.values())


def test_the_average_follows_the_weights():
    found = {step: stepped("optimizer: {sgd: 0.5}\n  average: 0.75", steps=step) for step in (0, 1)}
    first, moved = (found[step]["params/dense/kernel"] for step in (0, 1))
    average = found[1]["average/dense/kernel"]
    assert (found[0]["average/dense/kernel"] == first).all()
    np.testing.assert_allclose(average, 0.75 * first + 0.25 * moved, rtol=1e-5)


def test_gradients_are_clipped_by_value_and_by_norm():
    before = stepped("optimizer: {sgd: 1.0}", steps=0)
    for clip, order in (("0.01", 2), ("{value: 0.01}", np.inf)):
        after = stepped(f"optimizer: {{sgd: 1.0}}\n  clip: {clip}", steps=1)
        names = [name for name in before if name.startswith("params/")]
        step = np.concatenate([(after[name] - before[name]).ravel() for name in names])
        assert np.linalg.norm(step, order) == pytest.approx(0.01, rel=1e-3)


def test_what_weights_add_is_minimised_and_not_reported():
    made = gc.compile(
        Source("it.yaml", small_spec_with('regularize: {"*/kernel": {l2: 1.0}}'))
    ).module()
    plain = gc.compile(Source("it.yaml", small_spec_with(""))).module()
    state, plainly = (quick_jit(each.init)(jax.random.key(0)) for each in (made, plain))
    batch = {"features": jax.numpy.ones((2, 4)), "label": jax.numpy.zeros(2, int)}
    (_, totals), (_, others) = (
        quick_jit(each.train_step)(of, batch, jax.random.key(0))
        for each, of in ((made, state), (plain, plainly))
    )
    assert totals["loss"] == others["loss"]
    kernels = [
        array
        for path, array in jax.tree.leaves_with_path(state["params"])
        if path[-1].key == "kernel"
    ]
    expected = sum(float((array**2).sum()) for array in kernels)
    assert made.penalty(state["params"]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("size", "steps"), [("full", 3), ("1", 3 * 108)])
def test_gradient_descent_on_all_examples_and_on_each(size, steps, tmp_path):
    spec = small_spec_with("").replace("full", size).replace("epochs: 8", "epochs: 3")
    assert small_runs.run(tmp_path / "run", 100, spec=spec, checkpoint_steps=None)["steps"] == steps


def test_a_run_is_evaluated_and_used_with_the_average(tmp_path):
    spec = small_spec_with("optimizer: {sgd: 0.5}\n  average: 0.9")
    result = small_runs.run(tmp_path / "run", 7, spec=spec)
    run = gc.load_run(tmp_path / "run")
    assert run.evaluate("test") == result["test"]
    data = run.dataset()
    features = data.splits["test"]["features"]
    trained = run.inference()
    logits = trained.model.module().forward(trained.params, {}, {"features": features})
    arrays, _ = small_runs.what_is_left(tmp_path / "run")
    np.testing.assert_array_equal(trained.params["dense"]["kernel"], arrays["average/dense/kernel"])
    assert np.mean(np.argmax(logits, -1) == data.splits["test"]["label"]) == pytest.approx(
        result["test"]["accuracy"]
    )


MIXED = """
network:
  inputs: {features: [4]}
  layers: [{dense: 3}]
data: iris
train: {loss: cross_entropy, mixup: 0.5, accumulate: PARTS}
"""


@functools.cache
def mixing(parts=1):
    """The emitted module of a small network that learns from mixtures."""
    return gc.compile(Source("it.yaml", MIXED.replace("PARTS", str(parts))), device="cpu").module()


def batch_of(count, absent):
    """Rows of which each feature is the row's number; the first of them are absent."""
    numbers = jax.numpy.arange(count, dtype=jax.numpy.float32)
    features = jax.numpy.broadcast_to(numbers[:, None], (count, 4))
    there = jax.numpy.arange(count) >= absent
    return {"features": features, "label": jax.numpy.arange(count) % 3, "mask": there}


def same_trees(one, other):
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("absent", [0, 3])
def test_examples_are_mixed_with_others_that_are_there(absent):
    batch, shares, mix = batch_of(8, absent), [], quick_jit(mixing().mixed_examples)
    for seed in range(20):
        mixed, others, share = mix(batch, jax.random.key(seed))
        partners = np.asarray(others["features"])[:, 0]
        assert sorted(partners[absent:]) == list(range(absent, 8))
        assert list(partners[:absent]) == list(range(absent))
        assert (others["label"] == partners % 3).all()
        expected = share * batch["features"] + (1 - share) * others["features"]
        np.testing.assert_allclose(mixed["features"], expected, rtol=1e-6)
        assert (mixed["label"] == batch["label"]).all()
        shares.append(float(share))
    assert 0.2 < np.mean(shares) < 0.8 and np.std(shares) > 0.2  # 0.35 for Beta(0.5, 0.5)


def test_the_loss_of_a_mixture_is_that_of_both_targets_and_metrics_are_those_of_one():
    module, batch, key = mixing(), batch_of(8, 2), jax.random.key(4)
    state = quick_jit(module.init)(jax.random.key(0))
    mixed, others, share = quick_jit(module.mixed_examples)(batch, key)
    outputs, _ = quick_jit(module.forward)(state["params"], state["statistics"], mixed)
    one, other = (quick_jit(module.sums)(outputs, each) for each in (batch, others))
    _, totals = quick_jit(module.train_step)(state, batch, key)
    loss = float(share * one["loss"] + (1 - share) * other["loss"])
    assert totals["loss"] == pytest.approx(loss, rel=1e-5)
    assert totals["accuracy"] == one["accuracy"] and totals["count"] == 6


def test_rows_that_pad_a_batch_change_nothing_of_a_mixture():
    module, key = mixing(parts=2), jax.random.key(4)
    state, batch = quick_jit(module.init)(jax.random.key(0)), batch_of(8, 5)
    other = batch | {"features": batch["features"].at[:5].set(100.0)}
    step = quick_jit(module.train_step)
    same_trees(*(step(state, each, key)[0] for each in (batch, other)))


def test_evaluation_mixes_nothing():
    text = MIXED.replace("PARTS", "1").replace("mixup: 0.5, ", "")
    plain = gc.compile(Source("it.yaml", text), device="cpu").module()
    state, batch = quick_jit(plain.init)(jax.random.key(0)), batch_of(8, 2)
    same_trees(*(quick_jit(each.evaluate_step)(state, batch) for each in (plain, mixing())))
