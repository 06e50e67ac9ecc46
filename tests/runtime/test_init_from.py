"""A run starts from the weights of another one, by their paths in the spec."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import graphc as gc
from graphc.cli.main import main
from graphc.core.diagnostic import RunError
from graphc.core.span import Source
from graphc.ops.start import InitFrom
from graphc.runtime import checkpoint, events
from graphc.runtime.start import Origin, inherit
from graphc.runtime.state import make_state

SPEC = """
graphc: 1
network:
  inputs: {features: [4]}
  layers:
    - {dense: 8, name: stem}
    - {repeat: {times: 4, layers: [{dense: 8, name: inner}, batch_norm, relu]}, name: tower}
    - {dense: 3, name: head}
data: {iris: {validation: 0, test: 0}}
train: {loss: cross_entropy, optimizer: {sgd: 0.1}, epochs: 1, keep: 9}
"""


def train(path, *settings, spec=SPEC, folder=None, said=None, **options):
    source = Source("iris.yaml", spec, str(folder or path.parent))
    without = options.pop("without", ())
    report = (lambda event: None) if said is None else said.append
    model = gc.compile(source, settings, without=without)
    return model.train(path, cache=False, report=report, **options)


def inherited(spec, wanted):
    weights = gc.compile(Source("iris.yaml", spec)).compiled.weights
    return inherit(Origin(wanted, "."), weights, pytest.fail)


def arrays(run, step=5):
    return checkpoint.read(run.path / "checkpoints" / f"{step:08d}").arrays


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return train(tmp_path_factory.mktemp("first") / "iris")


def weights(found):
    return {name: each for name, each in found.items() if name.split("/")[0] in PARTS}


PARTS = ("params", "statistics")


@pytest.mark.parametrize("without", [(), ("roll",)], ids=["rolled", "unrolled"])
def test_all_weights_and_statistics_are_taken_however_they_are_stored(first, tmp_path, without):
    told = []
    model = f"train.init_from={first.path}"
    run = train(tmp_path / "run", model, "train.seed=3", said=told, without=without)
    before, after = weights(arrays(first)), weights(arrays(run, step=0))
    assert before.keys() == after.keys()
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    report = json.loads((run.path / "init_from.json").read_text())
    assert len(report["taken"]) == len(before)
    assert report["not_taken"] == {} and report["unused"] == []
    (text,) = (each.text for each in told if isinstance(each, events.Inherited))
    where = os.path.relpath(first.path)
    assert text == f"took {len(before)} of {len(before)} weights from `{where}`, step 5"


def test_a_frozen_body_keeps_what_it_took_and_the_head_learns(first, tmp_path):
    spec = SPEC.replace("name: tower", "name: trunk").replace("name: stem", "name: body")
    taking = f'{{run: {first.path}, take: {{"tower/*": "trunk/*", "stem/*": "body/*"}}}}'
    frozen = 'train.groups={"trunk/*": frozen, "body/*": frozen}'
    run = train(tmp_path / "run", f"train.init_from={taking}", frozen, spec=spec)
    before, after = arrays(first), arrays(run)
    assert np.array_equal(after["params/body/kernel"], before["params/stem/kernel"])
    inner = "params/trunk/2/inner/kernel"
    assert np.array_equal(after[inner], before[inner.replace("trunk", "tower")])
    assert not np.array_equal(after["params/head/kernel"], before["params/head/kernel"])
    report = json.loads((run.path / "init_from.json").read_text())
    assert report["not_taken"]["head/bias"] == "which `take` does not name"
    assert report["unused"] == ["head/bias", "head/kernel"]


def test_what_differs_in_shape_or_is_left_is_drawn_and_said(first, tmp_path):
    stem = "- {dense: 8, name: stem}"
    spec = SPEC.replace(stem, "- {dense: 5, name: extra}\n    " + stem)
    found = inherited(spec, InitFrom(run=str(first.path), leave=("head/*",)))
    assert found.left == {
        "extra/kernel": "which is not in that run",
        "extra/bias": "which is not in that run",
        "stem/kernel": "which is [5, 8] here and [4, 8] there",
        "head/kernel": "which `leave` names",
        "head/bias": "which `leave` names",
    }
    assert str(found).splitlines()[1:] == [
        "  drawn: `extra/kernel`, which is not in that run",
        "  drawn: `extra/bias`, which is not in that run",
        "  drawn: `stem/kernel`, which is [5, 8] here and [4, 8] there",
        "  drawn: `head/kernel`, which `leave` names",
        "  and 1 more",
    ]


def test_a_resumed_run_does_not_need_the_other_one(first, tmp_path):
    shutil.copytree(first.path, tmp_path / "other")
    settings = "train.init_from=other", "train.epochs=2"
    whole = train(tmp_path / "whole", *settings)
    halted = train(tmp_path / "halted", settings[0])
    (tmp_path / "other").rename(tmp_path / "gone")
    halted = train(halted.path, *settings, resume=True)
    one, two = arrays(whole, 10), arrays(halted, 10)
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)


def test_a_moving_average_there_is_what_is_taken_and_where_the_one_here_starts(tmp_path):
    spec = re.sub("repeat: .*]}", "dense: 8", SPEC)
    other = train(tmp_path / "other", "train.average=0.5", spec=spec)
    model = gc.compile(Source("iris.yaml", spec), ["train.average=0.9"])
    found = inherited(spec, InitFrom(run=str(other.path)))
    state = found.put_into(make_state(model.module(), 0), model.compiled.weights)
    there = arrays(other)["average/stem/kernel"]
    for part in ("params", "average"):
        assert np.array_equal(state[part]["stem"]["kernel"], there)


@pytest.mark.parametrize(
    ("settings", "code", "line"),
    [
        ("train.init_from=nowhere", "GC606", None),
        ('train.init_from={run: RUN, take: {"tree/*": "tower/*"}}', "GC650", "tree/*"),
        ('train.init_from={run: RUN, leave: "*"}', "GC650", "init_from"),
    ],
    ids=["no run", "a pattern of nothing", "nothing taken"],
)
def test_what_is_wrong_is_said_in_its_place_before_the_run_is_made(
    first, tmp_path, settings, code, line
):
    with pytest.raises(RunError) as caught:
        train(tmp_path / "run", settings.replace("RUN", str(first.path)))
    (problem,) = caught.value.diagnostics
    assert problem.code == code and problem.located
    if line is not None:
        text = problem.span.source.text.splitlines()[problem.span.line - 1]
        assert line in text[problem.span.column - 1 : problem.span.end_column]
    assert not (tmp_path / "run").exists()


def test_the_command_line_names_a_run_from_the_folder_at_hand(first, tmp_path, monkeypatch, capsys):
    spec = tmp_path / "specs" / "iris.yaml"
    spec.parent.mkdir()
    spec.write_text(SPEC)
    monkeypatch.chdir(first.path.parent)
    command = f"train {spec} --init-from {first.path.name} --run {tmp_path}/run --no-cache"
    assert main(command.split()) == 0
    assert Path(json.loads((tmp_path / "run/init_from.json").read_text())["run"]) == first.path
    assert "took 28 of 28 weights" in capsys.readouterr().err


def test_a_star_stands_for_the_same_on_both_sides():
    wanted = InitFrom(run="a", take=(("enc/*/w*", "body/*/kernel*"), ("head/*", "head/*")))
    assert wanted.origin("body/3/x/kernel") == "enc/3/x/w"
    assert wanted.origin("head/bias") == "head/bias"
    assert wanted.origin("tail/bias") is None
