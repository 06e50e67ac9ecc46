"""Whatever turns gradients into updates: the passes do not matter, and a run can be interrupted."""

import jax
import pytest
import runs
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
    tower: {repeat: {times: 4, layers: [{dense: 8}, tanh]}, from: stem}
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
PLATEAU = "{reduce_on_plateau: {rate: 1e-2, patience: 1, threshold: 0.5}}"
UPDATES = {
    "warm-up and cosine": "optimizer: {lamb: {learning_rate: {cosine: {rate: 1e-2, warmup: 1}}}}",
    "plateau": f"optimizer: {{momentum: {{learning_rate: {PLATEAU}}}}}",
}
BY_PATH = {
    "norms of arrays": "optimizer: {lars: {learning_rate: 1.0, weight_decay: 0.1}}",
}


@pytest.fixture(autouse=True)
def lenient(strict):
    """optax (0.2.8) mixes dtypes, so strict promotion ends where it begins."""
    with jax.numpy_dtype_promotion("standard"):
        yield


def spec_with(lines):
    """The spec, updated so."""
    return SPEC.replace("UPDATES", lines)


class Interrupted(Exception):
    """Stands for whatever may end a process."""


def interrupt(event):
    if isinstance(event, events.Progress) and event.position.step >= 8:
        raise Interrupted


@pytest.mark.parametrize("name", UPDATES)
def test_a_run_that_broke_off_is_resumed_as_if_it_had_not(name, tmp_path):
    spec = spec_with(UPDATES[name])
    whole = runs.run(tmp_path / "whole", 7, spec=spec)
    with pytest.raises(Interrupted):
        runs.run(tmp_path / "run", 7, spec=spec, report=interrupt)
    resumed = runs.run(tmp_path / "run", 7, spec=spec, resume=True)
    (arrays, epochs), (others, other_epochs) = map(
        runs.what_is_left, (tmp_path / "whole", tmp_path / "run")
    )
    same(arrays, others, "the last checkpoint")
    assert epochs == other_epochs and resumed["test"] == whole["test"]


def stepped(lines, without=()):
    """The state after three steps, by the spec's paths."""
    model = gc.compile(Source("it.yaml", spec_with(lines)), without=without, device="cpu")
    module, weights = model.module(), model.compiled.weights
    data = load(model.compiled.checked.document.data, ".").splits["train"]
    step = quick_jit(module.train_step)
    state = quick_jit(module.init)(jax.random.key(0))
    for i in range(3):
        rows = jax.numpy.arange(10 * i, 10 * i + 10)
        state, _ = step(state, batch_at(data, rows), jax.random.key(i))
    return to_canonical(state, weights)


@pytest.mark.parametrize("name", BY_PATH)
def test_rolled_and_joined_arrays_are_updated_as_the_spec_has_them(name):
    rolled, plain = stepped(BY_PATH[name]), stepped(BY_PATH[name], ("roll", "merge"))
    close(rolled, plain, name)
