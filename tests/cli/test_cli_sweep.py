"""Searches: trials with other values, the best of them, and going on after a kill."""

import json
import os
import shutil
import signal
import sys

import pytest

import graphc as gc
from graphc.checker import check
from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import Source
from graphc.plan.sampling import drawn, grid, rounds
from graphc.runtime import events
from graphc.runtime.lifted import can_be_lifted, lifted, likeness
from graphc.runtime.signals import stop_on_signals
from graphc.spec.searching import as_search

pytestmark = pytest.mark.usefixtures("compilation_cache")
SPEC = """\
graphc: 1
params: {units: 8}
network:
  inputs: {features: [4]}
  layers: [{dense: {features: $units, activation: relu}}, {dense: 3}]
data: {iris: {validation: 0.3}}
train: {loss: cross_entropy, optimizer: {momentum: 0.1}, epochs: 3}
"""
SEARCH = """\
search:
  trials: 4
  halving: {epochs: 1, factor: 2}
  over:
    train.optimizer.momentum.learning_rate: {log: [1e-2, 1]}
    units: [8, 16]
"""


def compiled(*settings, search=SEARCH):
    return gc.compile(Source("iris.yaml", SPEC + search), settings)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A search that nothing disturbed."""
    return compiled().sweep(tmp_path_factory.mktemp("whole") / "run", cache=False)


class Killed(BaseException):
    """What ends a process in the middle of something."""


def killed_after(count, kind):
    """A listener that ends the process with the last of so many events."""
    seen = []

    def report(event):
        if isinstance(event, kind):
            seen.append(event)
            if len(seen) == count:
                raise Killed

    return report


def test_trials_are_runs_and_the_best_of_each_round_go_on(whole):
    names = [f"trial-{i:03}" for i in range(4)]
    assert sorted(each.name for each in whole.path.glob("trial-*")) == names
    trials = whole.summary["trials"]
    assert sorted(each["name"] for each in trials) == names
    assert [each["epochs"] for each in trials] == [3, 2, 1, 1]
    first = json.loads((whole.path / "sweep.json").read_text())["trials"]
    scores = {each["number"]: each["scores"][0] for each in first}
    chosen = {number for number, each in enumerate(first) if each["epochs"] > 1}
    assert min(scores[number] for number in chosen) >= max(
        score for number, score in scores.items() if number not in chosen
    )


def test_the_test_split_is_looked_at_with_the_best_trial_alone(whole):
    best, *others = (whole.path / each["name"] for each in whole.summary["trials"])
    result = json.loads((best / "result.json").read_text())
    assert result["test"] == whole.summary["test"] == whole.best.evaluate("test")
    assert (best / "report.html").exists()
    assert not any("test" in json.loads((each / "result.json").read_text()) for each in others)


def test_the_best_can_be_trained_from_its_spec_and_gives_the_same(whole, tmp_path):
    again = gc.compile(whole.path / "best.yaml").train(tmp_path / "run", cache=False)
    assert again.result["test"] == pytest.approx(whole.summary["test"], rel=1e-4)
    words = whole.summary["settings"].split()[1::2]
    assert set(words) == {f"{path}={each}" for path, each in best_values(whole).items()}


def best_values(sweep):
    return sweep.summary["trials"][0]["values"]


@pytest.mark.parametrize(("count", "kind"), [(2, events.Tried), (4, events.EpochEnded)])
def test_a_killed_search_ends_as_one_that_was_not(whole, tmp_path, count, kind):
    with pytest.raises(Killed):
        compiled().sweep(tmp_path / "run", cache=False, report=killed_after(count, kind))
    before = {
        path: path.stat().st_mtime_ns
        for path in tmp_path.glob("run/trial-*/result.json")
        if json.loads(path.read_text())["epochs"] == 1
    }
    resumed = compiled().sweep(tmp_path / "run", resume=True, cache=False)
    assert resumed.table() == whole.table() and resumed.summary == whole.summary
    for name in ("summary.json", "sweep.json", "sweep.svg", "best.yaml"):
        assert (resumed.path / name).read_bytes() == (whole.path / name).read_bytes()
    given_up = {each["name"] for each in whole.summary["trials"] if each["epochs"] == 1}
    assert all(
        path.stat().st_mtime_ns == time
        for path, time in before.items()
        if path.parent.name in given_up
    )


def test_a_search_goes_on_only_as_it_was(whole, tmp_path):
    shutil.copytree(whole.path, tmp_path / "run")
    for settings, word in ((["train.batch_size=16"], "spec"), (["search.seed=1"], "seed")):
        with pytest.raises(RunError, match=f"another `{word}`"):
            compiled(*settings).sweep(tmp_path / "run", resume=True)
    with pytest.raises(RunError, match="GC605"):
        compiled().sweep(tmp_path / "run")


def test_a_trial_whose_numbers_go_wrong_is_the_worst(tmp_path):
    told = []
    settings = ["search.over.train.optimizer.momentum=[1e30, 0.1]", "train.epochs=1"]
    model = compiled(*settings, search="search: {over: {train.seed: [0]}}\n")
    found = model.sweep(tmp_path / "run", cache=False, report=told.append)
    best, worst = found.summary["trials"]
    assert (best["values"]["train.optimizer.momentum"], worst["score"]) == (0.1, None)
    assert "GC601" in worst["failed"] and "failed" in found.table()
    assert [each.failed is None for each in told if isinstance(each, events.Tried)] == [False, True]


def test_a_search_of_which_nothing_comes_says_so(tmp_path):
    model = compiled(search="search: {over: {train.optimizer.momentum: [1e30]}}\n")
    with pytest.raises(RunError, match=r"GC627.*\n.*`trial-000` failed: GC601"):
        model.sweep(tmp_path / "run", cache=False)


@pytest.mark.parametrize(
    ("settings", "search", "code"),
    [
        (["data.iris.validation=0"], SEARCH, "GC431"),
        ([], "", "GC440"),
        (["data.iris={folds: 3}"], SEARCH, "GC521"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_written(
    tmp_path, settings, search, code
):
    with pytest.raises(SpecError, match=code):
        compiled(*settings, search=search).sweep(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_bayesian_search_learns_from_its_trials_and_goes_on(tmp_path):
    pytest.importorskip("optuna")
    settings = ["search.method=bayesian", "search.trials=3", "train.epochs=1"]
    search = SEARCH.replace("  halving: {epochs: 1, factor: 2}\n", "")
    model = compiled(*settings, search=search)
    undisturbed = model.sweep(tmp_path / "a", cache=False)
    with pytest.raises(Killed):
        model.sweep(tmp_path / "b", cache=False, report=killed_after(2, events.Tried))
    assert model.sweep(tmp_path / "b", resume=True, cache=False).summary == undisturbed.summary


def test_optuna_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(RunError, match=r"pip install graphc\[optuna\]"):
        compiled("search.method=bayesian").sweep(tmp_path / "run")


def test_values_are_named_on_the_command_line(graphc, tmp_path):
    (tmp_path / "a.yaml").write_text(SPEC)
    arguments = ("--set", "units=4,8", "--set", "train.epochs=1", "--run", tmp_path / "run")
    done = graphc("sweep", tmp_path / "a.yaml", *arguments, "--no-cache")
    assert done.status == 0, done.err
    assert done.out.startswith("trial      units  accuracy    loss\n")
    assert "graphc train" in done.out and "--set units=" in done.out
    assert "trial-001  units 8  accuracy" in done.err
    assert graphc("evaluate", tmp_path / "run").status == 1
    assert graphc("plot", tmp_path / "run").out.startswith("<svg")


def test_a_single_value_for_what_is_searched_is_refused(graphc, tmp_path):
    (tmp_path / "a.yaml").write_text(SPEC + SEARCH)
    done = graphc("sweep", tmp_path / "a.yaml", "--set", "units=8")
    assert done.status == 2 and "--set search.over.units=[8]" in done.err


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("units=16,32", "search.over.units=[16,32]"),
        ("a.b=[1, 2], [3]", "search.over.a.b=[[1, 2], [3]]"),
        ("a=1..5", "search.over.a={range: [1, 5]}"),
        ("a=log:1e-4..1e-1", "search.over.a={log: [1e-4, 1e-1]}"),
        ('a="1,2"', 'a="1,2"'),
        ("a={b: 1, c: 2}", "a={b: 1, c: 2}"),
        ("search.over.a=[1]", "search.over.a=[1]"),
        ("a", "a"),
    ],
)
def test_commas_and_dots_make_a_setting_part_of_the_search(written, meant):
    assert as_search([written]) == [meant]


ONLY_NUMBERS = """\
search:
  over:
    train.optimizer.momentum.learning_rate: [0.02, 0.1, 1e30]
    train.loss.cross_entropy.label_smoothing: [0.1]
"""


def test_trials_that_differ_in_numbers_alone_are_trained_side_by_side(tmp_path):
    sweeps = {}
    for lockstep in ("true", "false"):
        told = []
        model = compiled(f"train.lockstep={lockstep}", search=ONLY_NUMBERS)
        sweeps[lockstep] = model.sweep(tmp_path / lockstep, cache=False, report=told.append)
        together = [each.names for each in told if isinstance(each, events.SideBySide)]
        assert len(together) == (lockstep == "true")
    together, alone = (each.summary["trials"] for each in sweeps.values())
    assert [each["name"] for each in together] == [each["name"] for each in alone]
    for one, other in zip(together, alone, strict=True):
        assert one["values"] == other["values"] and one["failed"] == other["failed"]
        assert one["validation"] == pytest.approx(other["validation"], rel=1e-3)
    assert [each["failed"] is None for each in together] == [True, True, False]


def test_trials_side_by_side_go_on_after_a_kill(tmp_path):
    model = compiled("train.lockstep=true", search=ONLY_NUMBERS)
    undisturbed = model.sweep(tmp_path / "a", cache=False)
    with pytest.raises(Killed):
        report = killed_after(2, events.EpochEnded)
        model.sweep(tmp_path / "b", cache=False, checkpoint_seconds=0, report=report)
    assert model.sweep(tmp_path / "b", resume=True, cache=False).summary == undisturbed.summary


@pytest.mark.parametrize(
    ("settings", "alike"),
    [
        ([["train.optimizer={adam: 0.1}"], ["train.optimizer={adam: 0.2}"]], True),
        ([["train.average=0.9"], ["train.average=0.99"]], True),
        ([["train.optimizer={adam: 0.1}"], ["train.optimizer={nadam: 0.1}"]], False),
        ([["units=4"], ["units=8"]], False),
        ([["train.optimizer={adam: {learning_rate: {step: {rate: 0.1, every: 1}}}}"], []], False),
    ],
)
def test_sources_are_alike_where_numbers_of_training_are_all_that_differs(settings, alike):
    one, other = (compiled(*each, search="").source for each in settings)
    assert (likeness(one) == likeness(other)) == alike


def test_a_number_that_the_start_depends_on_is_no_argument():
    rule = "train.optimizer={{adagrad: {{learning_rate: 0.1, initial: {}}}}}"
    sources = [compiled(rule.format(each), search="").source for each in (0.2, 0.3)]
    model = compiled(search="")
    assert not can_be_lifted(lifted(sources), model.dataset(), 32)


def test_a_stop_inside_of_a_search_is_one_of_the_whole():
    with stop_on_signals() as whole:
        with stop_on_signals() as run:
            os.kill(os.getpid(), signal.SIGINT)
        assert whole() == run() == "SIGINT"
        with stop_on_signals() as following:
            assert following() == "SIGINT"
    with stop_on_signals() as another:
        assert another() is None


def searching(text):
    return check(Source("a.yaml", f"{SPEC}search: {text}\n")).document.search


def test_what_is_drawn_depends_on_the_seed_and_the_number_alone():
    over = "over: {train.batch_size: {log: [4, 64]}, train.average: {range: [0.5, 0.9]}}"
    few, many = (searching(f"{{trials: {count}, {over}}}") for count in (5, 50))
    assert [drawn(few, i) for i in range(5)] == [drawn(many, i) for i in range(5)]
    assert drawn(searching(f"{{seed: 1, {over}}}"), 0) != drawn(few, 0)
    sizes = [drawn(many, i)[0] for i in range(500)]
    assert {type(each) for each in sizes} == {int} and (min(sizes), max(sizes)) == (4, 64)
    assert sum(each <= 16 for each in sizes) == pytest.approx(250, abs=40)


def test_a_grid_has_points_of_ranges_and_every_combination():
    over = "{units: [4, 8], train.average: {log: [0.01, 0.1], points: 3}}"
    assert grid(searching(f"{{method: grid, over: {over}}}")) == [
        (unit, value) for unit in (0, 1) for value in (0.01, 0.03162, 0.1)
    ]


def test_rounds_end_with_a_whole_run_of_one_trial_at_least():
    search = searching("{trials: 5, halving: {epochs: 1, factor: 2}, over: {train.seed: [0, 1]}}")
    assert [(each.epochs, each.trials) for each in rounds(search, 16)] == [
        (1, 5),
        (2, 2),
        (4, 1),
        (8, 1),
        (None, 1),
    ]


@pytest.mark.parametrize("lockstep", ["true", "false"])
def test_trials_start_from_the_weights_of_another_run(tmp_path, lockstep):
    first = compiled("train.epochs=1", search="").train(tmp_path / "first", cache=False)
    settings = (f"train.init_from={first.path}", f"train.lockstep={lockstep}", "train.epochs=1")
    compiled(*settings, search=ONLY_NUMBERS).sweep(tmp_path / "run", cache=False)
    for number in range(2):
        text = (tmp_path / "run" / f"trial-{number:03}" / "init_from.json").read_text()
        assert json.loads(text)["not_taken"] == {}


def test_trials_with_streamed_data_are_trained_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr("graphc.data.streaming.available", lambda: 1)
    model, told = compiled("train.lockstep=true", "train.epochs=1", search=ONLY_NUMBERS), []
    model.sweep(tmp_path / "run", cache=False, report=told.append)
    assert not any(isinstance(each, events.SideBySide) for each in told)
    assert sum(isinstance(each, events.Streaming) for each in told) == 3
