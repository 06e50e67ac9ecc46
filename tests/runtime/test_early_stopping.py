"""A run ends where its validation metric gets no better, and is used with its best weights."""

import numpy as np
import pytest

import graphc as gc
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source
from graphc.runtime import events
from graphc.runtime.keeper import checkpoints
from graphc.runtime.settings import Settings
from graphc.runtime.stopping import Patience

SPEC = """
network:
  inputs: {features: [4]}
  layers: [{dense: {features: 32, activation: relu}}, {dense: 3}]
data: {iris: {validation: 0.3}}
train:
  loss: cross_entropy
  optimizer: {sgd: 0.5}
  epochs: 60
  early_stopping: {patience: 4, metric: loss}
"""


def epochs_of(run):
    return [line for line in run._directory.history() if line["event"] == "epoch"]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stopped")
    return gc.compile(Source("iris.yaml", SPEC)).train(folder / "run", cache=False)


def test_it_ends_after_the_patience_and_says_which_epoch_was_best(stopped):
    losses = [line["validation"]["loss"] for line in epochs_of(stopped)]
    best = int(np.argmin(losses))
    assert stopped.result["epochs"] == len(losses) == best + 1 + 4 < 60
    assert stopped.result["best_epoch"] == best + 1
    assert stopped.result["validation"]["loss"] == losses[best]


def test_the_best_weights_are_those_that_are_used(stopped):
    assert stopped.evaluate("validation") == pytest.approx(stopped.result["validation"])
    assert stopped.evaluate("test") == stopped.result["test"]


def test_a_run_that_is_over_ends_at_once_when_resumed(stopped):
    before = stopped.result
    model = gc.compile(Source("iris.yaml", SPEC), ["train.epochs=90"])
    after = model.train(stopped.path, resume=True, cache=False).result
    assert (after["epochs"], after["test"]) == (before["epochs"], before["test"])


def test_an_interrupted_run_is_as_patient_as_one_that_was_not(runner):
    limits = {"monitor": "loss", "patience": 2, "minimum_change": 0.02, "epochs": 30}
    whole = runner("whole", **limits)
    runner("parts", **limits | {"epochs": whole["epochs"] - 1})
    parts = runner("parts", resume=True, **limits)
    same = ("epochs", "best_epoch", "steps", "train", "validation", "test")
    assert [whole[name] for name in same] == [parts[name] for name in same]
    assert whole["epochs"] < 30


@pytest.mark.parametrize(
    "maximize, change, values, over",
    [
        (True, 0.0, [1, 2, 2, 2], [False, False, False, True]),
        (False, 0.5, [3.0, 2.6, 2.4, 2.4], [False, False, False, False]),
        (False, 0.0, ["nan", None, 1.0, float("nan")], [False, True, False, False]),
    ],
)
def test_what_counts_as_better(maximize, change, values, over):
    settings = Settings(maximize=maximize, patience=2, minimum_change=change)
    patience = Patience(settings)
    assert [patience.over_after({"loss": value}) for value in values] == over


def test_early_stopping_without_a_validation_split_is_refused(tmp_path):
    with pytest.raises(SpecError, match="GC431") as error:
        gc.compile(Source("iris.yaml", SPEC), ["data.iris.validation=0"])
    assert "early_stopping" in str(error.value)
    np.savez(tmp_path / "it.npz", features=np.ones((60, 4)), label=np.arange(60) % 3)
    text = SPEC.replace(
        "iris: {", "npz: {path: it.npz, inputs: [features], target: label, "
    ).replace("0.3", "0", 1)
    model = gc.compile(Source("iris.yaml", text, str(tmp_path)))
    with pytest.raises(SpecError, match="GC431"):
        model.train(tmp_path / "run", cache=False)


def test_as_many_checkpoints_stay_as_the_spec_says(runner):
    runner(keep=3, epochs=6, monitor="nothing")
    assert len(runner.of(events.Saved)) == 6
    assert len(checkpoints(runner.folder / "run" / "checkpoints")) == 3
