"""The run directory: what may be written where, and what a run may be resumed with."""

import errno
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from graphc.core.diagnostic import RunError
from graphc.runtime import files
from graphc.runtime.keeper import checkpoints
from graphc.runtime.lock import Lock
from graphc.runtime.rundir import RunDirectory


def create(path, blueprint):
    with RunDirectory.create(path, blueprint, {"epochs": 3}) as run:
        return run


def refused(code, action, *arguments, **more):
    with pytest.raises(RunError) as error:
        action(*arguments, **more)
    problem = error.value.diagnostics[0]
    assert problem.code == code
    assert error.value.status == 1
    return problem


def raising(number):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    return fail


def test_a_run_is_read_back_as_it_was_made(tmp_path, rolled):
    blueprint = replace(
        rolled,
        spec=rolled.spec.replace("\n", "\r\n"),
        lines={7: ("stem", "specs/x.yaml", 3, 5, 9)},
        choices={"device": "cpu"},
        folder="/somewhere",
    )
    create(tmp_path / "new/run", blueprint)
    found = RunDirectory.open(tmp_path / "new/run")
    assert found.blueprint.weights.as_list() == blueprint.weights.as_list()
    assert replace(found.blueprint, weights=blueprint.weights) == blueprint
    assert found.settings == {"epochs": 3}


def test_an_empty_directory_may_be_used(tmp_path, rolled):
    create(tmp_path, rolled)


def test_a_directory_with_a_run_is_not_overwritten(tmp_path, rolled):
    create(tmp_path, rolled)
    problem = refused("GC605", create, tmp_path, rolled)
    assert "holds a run already" in problem.message and "--resume" in problem.help


def test_a_directory_with_other_things_is_not_touched(tmp_path, rolled):
    (tmp_path / "thesis.tex").write_text("x")
    refused("GC605", create, tmp_path, rolled)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_no_directory(tmp_path, rolled):
    (tmp_path / "run").write_text("")
    refused("GC605", create, tmp_path / "run", rolled)
    refused("GC604", create, tmp_path / "run/below", rolled)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_directory_that_cannot_be_written_is_an_error(tmp_path, rolled, monkeypatch, number):
    monkeypatch.setattr(Path, "mkdir", raising(number))
    problem = refused("GC604", create, tmp_path / "run", rolled)
    assert str(tmp_path / "run") in problem.message


def test_a_full_disk_takes_back_what_was_begun(tmp_path, rolled, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(files, "write_durably", raising(errno.ENOSPC))
        refused("GC608", create, tmp_path / "run", rolled)
    create(tmp_path / "run", rolled)


@pytest.mark.parametrize("name", ["append_line", "write_json"])
def test_a_full_disk_ends_a_run_with_its_checkpoints_intact(runner, monkeypatch, name):
    def fail(path, value):
        if name == "write_json" or (value["event"], value["epoch"]) == ("epoch", 3):
            with files.writing(path):
                raising(errno.ENOSPC)()
        files.append_line(path, value)

    with monkeypatch.context() as patch:
        patch.setattr(f"graphc.runtime.rundir.{name}", fail)
        if name == "write_json":
            patch.setattr("graphc.runtime.rundir._as_json", lambda *_: {})
            refused("GC608", runner)
            return
        refused("GC608", runner)
    assert [int(path.name) for path in checkpoints(runner.folder / "run/checkpoints")] == [7, 14]
    assert runner(resume=True)["steps"] == 21


def test_what_is_no_run_cannot_be_resumed(runner):
    assert "is no directory" in refused("GC606", runner, "none", resume=True).message
    (runner.folder / "empty").mkdir()
    assert "is no run" in refused("GC606", runner, "empty", resume=True).message
    assert list((runner.folder / "empty").iterdir()) == []


def test_a_damaged_record_is_no_run(tmp_path, rolled):
    create(tmp_path, rolled)
    (tmp_path / "model.json").write_text("{}")
    refused("GC606", RunDirectory.open, tmp_path)


@pytest.mark.parametrize("name", ["spec.yaml", "model.py"])
def test_a_changed_file_is_found(tmp_path, rolled, name):
    create(tmp_path, rolled)
    with (tmp_path / name).open("a") as file:
        file.write("# more\n")
    problem = refused("GC607", RunDirectory.open, tmp_path)
    assert f"`{tmp_path / name}` was changed" in problem.message


def test_another_spec_cannot_resume_a_run(tmp_path, rolled):
    run = create(tmp_path, rolled)
    spec = "a: 1\nlayers:\n  - dense: 8\n  - dense: 16\n  - dense: 8\n"
    swapped = spec.replace("dense: 16\n  - dense: 8", "dense: 8\n  - dense: 16")
    run.blueprint = replace(rolled, spec=spec)
    problem = refused("GC607", run.require_same, replace(rolled, spec=swapped))
    assert [note.text for note in problem.notes] == [
        "the first difference: `- dense: 16` is `- dense: 8` now"
    ]
    refused("GC607", run.require_same, replace(rolled, spec=spec + "b: 2\n"))


def test_origins_and_epochs_may_differ_on_resume(tmp_path, rolled):
    run = create(tmp_path, rolled)
    run.blueprint = replace(rolled, spec="a: 1  # x.yaml:1\nepochs: 3  # x.yaml:2\n")
    run.require_same(replace(rolled, spec="a: 1  # y.yaml:9\nepochs: 9  # --set\n"))


@pytest.mark.parametrize("change", [{"seed": 6}, {"batch_size": 8}, {"steps_per_dispatch": 1}])
def test_other_settings_cannot_resume_a_run(runner, settings, change):
    with RunDirectory.create(runner.folder / "run", runner.blueprint, settings.as_dict()):
        pass
    problem = refused("GC607", runner, resume=True, **change)
    assert f"`{next(iter(change))}`" in problem.message


def test_two_processes_cannot_use_one_directory(runner, settings):
    path = runner.folder / "run"
    with RunDirectory.create(path, runner.blueprint, settings.as_dict()):
        problem = refused("GC609", runner, resume=True)
        assert str(os.getpid()) in problem.message
        RunDirectory.open(path)  # to read it is allowed
    Lock(path).release()


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path):
    script = """
        import os, sys
        from pathlib import Path
        from graphc.runtime.lock import Lock
        lock = Lock(Path(sys.argv[1]))
        os.kill(os.getpid(), 9)
    """
    arguments = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    root = str(Path(__file__).parents[2])
    subprocess.run(arguments, env={**os.environ, "PYTHONPATH": root}, timeout=20)
    assert (tmp_path / "lock").read_text().strip().isdigit()
    Lock(tmp_path).release()


def test_a_line_that_was_cut_off_is_dropped(tmp_path, rolled):
    run = create(tmp_path, rolled)
    for epoch in (1, 2, 3):
        run.log({"event": "epoch", "epoch": epoch, "loss": float("nan")})
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text()[:-5])
    assert [line["epoch"] for line in run.history()] == [1, 2]
    assert run.history()[0]["loss"] == "nan"
    run.rewind(1)
    assert [line["epoch"] for line in run.history()] == [1]
