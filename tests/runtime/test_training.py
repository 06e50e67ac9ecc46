"""A whole run, from a blueprint to its directory."""

import json
from dataclasses import replace

import numpy as np
import pytest

from graphc.core.diagnostic import RunError
from graphc.runtime import events
from graphc.runtime.keeper import checkpoints
from graphc.runtime.module import module_from_source
from graphc.runtime.rundir import RunDirectory

FIELDS = {
    *("train", "validation", "test", "epochs", "steps", "seconds", "compile_seconds"),
    *("examples_per_second", "parameters"),
}


def test_a_run_leaves_its_directory_and_result(reference):
    path = reference.folder / "run"
    result = reference.of(events.Finished)[0].result
    files = {each.name for each in path.iterdir()}
    assert files == {
        *("spec.yaml", "model.py", "model.json", "metrics.jsonl", "result.json"),
        *("checkpoints", "data.json", "lock"),
    }
    assert json.loads((path / "result.json").read_text()) == result
    assert set(result) == FIELDS
    assert set(result["test"]) == {"loss", "accuracy"}
    assert (result["epochs"], result["steps"], result["parameters"]) == (3, 21, 547)
    assert result["test"]["accuracy"] > 0.5


def test_metrics_has_a_line_for_each_epoch(reference):
    lines = RunDirectory.open(reference.folder / "run").history()
    assert lines[0] == {"event": "started", "epoch": 0, "step": 0}
    epochs = [line for line in lines if line["event"] == "epoch"]
    assert [(line["epoch"], line["step"]) for line in epochs] == [(1, 7), (2, 14), (3, 21)]
    assert set(epochs[0]["validation"]) == {"loss", "accuracy"}


def test_each_program_is_traced_once(runner, monkeypatch):
    counts = {}
    module = module_from_source(runner.blueprint.source, "<counted>")
    monkeypatch.setattr("graphc.runtime.train.import_module", lambda *where: module)
    for name in ("init", "train_step", "evaluate_step"):
        monkeypatch.setattr(module, name, _counted(getattr(module, name), name, counts))
    runner(epochs=3, checkpoint_steps=3)
    # `init` is also asked for its shapes, which compiles nothing.
    assert counts == {"init": 2, "train_step": 1, "evaluate_step": 1}
    compiled = [event.what for event in runner.of(events.Compiled)]
    assert compiled == ["the initial weights", "the training step", "the evaluation step"]


def _counted(function, name, counts):
    def counted(*arguments):
        counts[name] = counts.get(name, 0) + 1
        return function(*arguments)

    return counted


def test_two_runs_of_one_seed_are_one_run(runner, reference):
    first = reference.of(events.Finished)[0].result
    assert runner("same")["test"] == first["test"]
    assert runner("other", seed=6)["test"] != first["test"]


def test_a_run_needs_neither_validation_nor_test(runner):
    splits = {"train": runner.data.splits["train"]}
    runner.data = replace(runner.data, splits=splits)
    result = runner()
    assert set(result) == FIELDS - {"validation", "test"}
    assert [int(each.name) for each in checkpoints(runner.folder / "run/checkpoints")] == [14, 21]


def test_a_module_without_training_is_refused(runner):
    source = runner.blueprint.source.replace("def train_step", "def other_step")
    runner.blueprint = type(runner.blueprint)("x", "", source, runner.blueprint.weights)
    with pytest.raises(RunError, match="GC610"):
        runner()


def test_events_come_in_their_order(reference):
    epoch = ("EpochStarted", "Progress", "Progress", "EpochEnded", "Saved")
    assert [type(event).__name__ for event in reference.events] == [
        *("Compiling", "Compiled", "Started", "EpochStarted", "Compiling", "Compiled"),
        *("Progress", "Progress", "Compiling", "Compiled", "EpochEnded", "Saved"),
        *epoch,
        *epoch,
        *("Ended", "Finished"),
    ]


def test_metrics_of_progress_are_means_of_the_epoch_so_far(reference):
    last, ended = reference.of(events.Progress)[-1], reference.of(events.EpochEnded)[-1]
    assert last.metrics == ended.train
    assert last.position == events.Position(21, 2, 7)
    assert np.isfinite(list(ended.train.values())).all()
