"""Runs side by side in one program are the runs that they are alone, and end one by one."""

import json

import numpy as np
import pytest

import graphc as gc
from graphc.core.diagnostic import RunError
from graphc.runtime import events
from graphc.runtime.checkpoint import read
from graphc.runtime.keeper import checkpoints
from graphc.runtime.lock import Lock

SPEC = """\
graphc: 1
network:
  inputs: {features: [4]}
  layers: [{dense: {features: 8, activation: relu}}, {dropout: 0.2}, {dense: 3}]
data: {iris: {validation: 0.2}}
train:
  loss: cross_entropy
  optimizer: {adam: 1e-2}
  epochs: 4
  batch_size: 16
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lockstep")


@pytest.fixture(scope="module")
def model(folder):
    (folder / "a.yaml").write_text(SPEC)
    return gc.compile(str(folder / "a.yaml"))


@pytest.fixture(scope="module")
def together(model, folder):
    """Three runs that were never stopped."""
    return model.train_seeds(range(3), folder / "together", checkpoint_seconds=0)


def arrays(run):
    return read(checkpoints(run / "checkpoints")[-1]).arrays


def measured(run):
    """What was measured, without the times that it took."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [
        {name: line.get(name) for name in ("epoch", "step", "train", "validation")}
        for line in lines
        if line["event"] == "epoch"
    ]


def assert_same(one, other):
    assert measured(one) == measured(other)
    expected = arrays(one)
    assert set(arrays(other)) == set(expected)
    for name, array in arrays(other).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_a_run_side_by_side_agrees_with_the_run_alone(model, together, folder):
    alone = model._with_training({"seed": 1}).train(folder / "alone", checkpoint_seconds=0)
    run = together.path / "seed-1"
    for found, expected in zip(measured(run), measured(alone.path), strict=True):
        for split in ("train", "validation"):
            assert found[split] == pytest.approx(expected[split], rel=1e-4)
    expected = arrays(alone.path)
    for name, array in arrays(run).items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-3, atol=1e-5, err_msg=name)
    result = gc.load_run(run).result
    assert result["test"] == pytest.approx(alone.result["test"], rel=1e-4)
    assert sorted(each.name for each in run.iterdir()) == sorted(
        each.name for each in alone.path.iterdir()
    )
    assert gc.load_run(run).evaluate("test") == result["test"]


@pytest.mark.parametrize(("number", "left"), [(1, (0, 1, 2)), (5, (0, 2))])
def test_runs_are_the_same_after_a_stop_at_any_checkpoint(model, together, tmp_path, number, left):
    # Of the checkpoints of all runs: some are ahead of the others. What is finished keeps its slot.
    saved = []

    def stop(event):
        saved.extend([event] * isinstance(event, events.Saved))
        if len(saved) == number:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.train_seeds(range(3), tmp_path / "run", checkpoint_seconds=0, report=stop)
    for seed in {0, 1, 2} - set(left):
        (tmp_path / "run" / f"seed-{seed}" / "result.json").write_text('{"epochs": 4}')
    model.train_seeds(range(3), tmp_path / "run", checkpoint_seconds=0, resume=True)
    for seed in left:
        assert_same(together.path / f"seed-{seed}", tmp_path / "run" / f"seed-{seed}")


def test_every_run_stops_early_by_itself(folder, model):
    settings = ["train.epochs=40", "train.early_stopping=1", "train.optimizer.adam=0.1"]
    patient = gc.compile(str(folder / "a.yaml"), settings)
    done = patient.train_seeds(range(4), folder / "early")
    ends = [each.result["epochs"] for each in done.runs]
    assert len(set(ends)) > 1 and max(ends) < 40
    alone = patient.train(folder / "early-0").result
    for number in ("epochs", "best_epoch"):
        assert alone[number] == done.runs[0].result[number]


def test_a_run_whose_numbers_go_wrong_ends_alone(folder):
    # Only the weights of one of the seeds are large enough for the root of a negative number.
    (folder / "root.yaml").write_text("""\
graphc: 1
network:
  inputs: {features: [4]}
  nodes:
    h: {dense: 3, from: features}
    size: {weight: {shape: [3], init: {normal: 1.0}}}
    y: h + sqrt(size + 1.0)
  output: y
data: {iris: {validation: 0.2}}
train: {loss: cross_entropy, epochs: 2}
""")
    model = gc.compile(str(folder / "root.yaml"))
    with pytest.raises(RunError, match="GC601") as caught:
        model.train_seeds(range(6), folder / "lost")
    ended = {each.parent.name for each in (folder / "lost").glob("*/result.json")}
    assert 0 < len(ended) < 6
    assert len(caught.value.diagnostics) == 6 - len(ended)
    summary = json.loads((folder / "lost" / "summary.json").read_text())
    assert set(summary["runs"]) == ended
    assert "in the run `seed-" in caught.value.diagnostics[0].notes[0].text
    lost = next(each for each in (folder / "lost").glob("seed-*") if each.name not in ended)
    assert "GC601" in str(gc.load_run(lost).replay())


def test_the_spec_says_whether_they_are_one_program(model, folder):
    alone = gc.compile(str(folder / "a.yaml"), ["train.lockstep=false", "train.epochs=1"])
    done = alone.train_seeds([3, 5], folder / "one_by_one")
    assert [each._directory.settings["slots"] for each in done.runs] == [1, 1]


def test_each_starts_from_the_weights_of_another_run(model, folder, together):
    settings = [f"train.init_from={together.runs[0].path}", "train.epochs=1", "train.lockstep=true"]
    said = []
    several = gc.compile(str(folder / "a.yaml"), settings).train_seeds(
        [5, 6], folder / "inherited", report=said.append
    )
    (text,) = [each.text for each in said if isinstance(each, events.Inherited)]
    assert text.startswith("took 4 of 4 weights")
    assert any(isinstance(each, events.SideBySide) for each in said)
    there = arrays(together.runs[0].path)
    for run in several.runs:
        assert json.loads((run.path / "init_from.json").read_text())["not_taken"] == {}
        begin = read(run.path / "checkpoints" / "00000000").arrays
        for name in (each for each in there if each.startswith("params/")):
            assert np.array_equal(begin[name], there[name])
    first, second = (arrays(run.path) for run in several.runs)
    assert not np.array_equal(first["params/dense/kernel"], second["params/dense/kernel"])


@pytest.mark.usefixtures("model")  # which writes the spec
def test_nothing_is_begun_where_there_is_nothing_to_start_from(folder):
    model = gc.compile(str(folder / "a.yaml"), ["train.init_from=nowhere", "train.lockstep=true"])
    with pytest.raises(RunError) as caught:
        model.train_seeds([0, 1], folder / "from-nowhere")
    assert caught.value.diagnostics[0].span is not None
    assert not (folder / "from-nowhere" / "seed-0").exists()


@pytest.mark.usefixtures("model")  # which writes the spec
@pytest.mark.parametrize("limit", ["stream", "memory"])
def test_streamed_data_has_them_one_after_the_other(folder, monkeypatch, limit):
    settings = ["train.epochs=1", "train.lockstep=true"]
    if limit == "stream":
        settings.append("data.iris.stream=true")
    else:
        monkeypatch.setattr("graphc.data.streaming.available", lambda: 1)
    model, said = gc.compile(str(folder / "a.yaml"), settings), []
    several = model.train_seeds([0, 1], folder / f"by-{limit}", report=said.append)
    assert [each.name for each in said if isinstance(each, events.OneOfSeveral)] == [
        "seed-0",
        "seed-1",
    ]
    assert sum(isinstance(each, events.Streaming) for each in said) == 2
    assert any(isinstance(each, events.OneByOne) for each in said) == (limit == "memory")
    assert [run.result["epochs"] for run in several.runs] == [1, 1]


def test_runs_side_by_side_begin_no_step_of_their_own(model, folder, monkeypatch):
    begun = []
    monkeypatch.setattr("graphc.runtime.session.foresee", lambda *given: begun.append(given))
    settings = ["train.epochs=1", "train.lockstep=true"]
    gc.compile(str(folder / "a.yaml"), settings).train_seeds([0, 1], folder / "side-by-side")
    assert not begun


def test_one_process_at_a_time_trains_the_runs_of_a_directory(model, folder, together):
    lock = Lock(together.path)
    with pytest.raises(RunError) as caught:
        model.train_seeds(range(3), together.path, resume=True)
    lock.release()
    assert [each.code for each in caught.value.diagnostics] == ["GC609"]
