"""A run that was killed and resumed is the run that was not, bit for bit."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from graphc.core.diagnostic import RunError
from graphc.runtime import checkpoint, events, steps
from graphc.runtime.keeper import checkpoints, load_best
from graphc.runtime.rundir import RunDirectory


def end_of(path: Path):
    """The last checkpoint and the epochs of a run, without times."""
    last = checkpoint.read(checkpoints(path / "checkpoints")[-1])
    lines = [line for line in RunDirectory.open(path).history() if line["event"] == "epoch"]
    epochs = [(line["epoch"], line["step"], line["train"], line["validation"]) for line in lines]
    return last.arrays, last.about["position"], epochs


def test_a_run_killed_at_any_checkpoint_resumes_bit_for_bit(runner, equal):
    copies = []

    def copy(event):
        if isinstance(event, events.Saved):
            target = runner.folder / f"killed-{len(copies)}"
            shutil.copytree(runner.folder / "run", target)
            copies.append((target.name, event.step))

    whole = runner(report=copy, checkpoint_steps=5, epochs=2)
    assert [step for _, step in copies] == [5, 7, 10, 14]
    for name, _ in copies:
        result = runner(name, resume=True, checkpoint_steps=5, epochs=2)
        assert equal(end_of(runner.folder / name), end_of(runner.folder / "run")), name
        assert result["test"] == whole["test"]


def test_a_run_killed_before_its_first_checkpoint_starts_again(runner, reference, equal):
    class Killed(Exception):
        pass

    def kill(event):
        if isinstance(event, events.Progress):
            raise Killed

    with pytest.raises(Killed):
        runner(report=kill)
    runner(resume=True)
    assert equal(end_of(runner.folder / "run"), end_of(reference.folder / "run"))


def test_checkpoints_do_not_change_the_run(runner, reference, equal):
    runner("seldom", checkpoint_seconds=1000.0)
    assert equal(end_of(runner.folder / "seldom"), end_of(reference.folder / "run"))
    names = [path.name for path in checkpoints(runner.folder / "seldom/checkpoints")]
    assert names == ["00000021"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_stops_after_the_dispatch(runner, reference, equal, number):
    def ask(event):
        if isinstance(event, events.Progress) and event.position.step == 11:
            os.kill(os.getpid(), number)

    handlers = signal.getsignal(number)
    with pytest.raises(RunError, match="GC612") as stopped:
        runner("stopped", report=ask, checkpoint_seconds=1000.0)
    assert signal.getsignal(number) is handlers
    assert stopped.value.status == 1
    problem = stopped.value.diagnostics[0]
    assert problem.message == f"stopped by {number.name} in epoch 2 after step 11"
    assert "--resume" in problem.help and str(runner.folder / "stopped") in problem.help
    assert runner.of(events.Saved)[-1].step == 11
    runner("stopped", resume=True)
    assert equal(end_of(runner.folder / "stopped"), end_of(reference.folder / "run"))


def test_a_signal_while_the_step_is_compiled_does_not_wait_for_it(
    runner, reference, monkeypatch, equal
):
    started = []

    class Slow(steps.Background):
        """The second one, that of the training step, takes 2 seconds."""

        def __init__(self, function):
            started.append(self)
            super().__init__(function if len(started) < 2 else lambda: time.sleep(2))

        def wait(self, stop):
            if self is not started[0]:
                os.kill(os.getpid(), signal.SIGINT)
            return super().wait(stop)

    with monkeypatch.context() as patch:
        patch.setattr(steps, "Background", Slow)
        with pytest.raises(RunError, match="stopped by SIGINT in epoch 1 after step 0"):
            runner("stopped")
    runner("stopped", resume=True)
    assert equal(end_of(runner.folder / "stopped"), end_of(reference.folder / "run"))


def test_the_training_step_is_begun_before_the_initial_weights_are_waited_for(runner, monkeypatch):
    happened = []

    class Watched(steps.Background):
        def __init__(self, function):
            happened.append("begun")
            super().__init__(function)

        def wait(self, stop):
            happened.append("waited for")
            return super().wait(stop)

    monkeypatch.setattr(steps, "Background", Watched)
    runner("watched", epochs=1)
    assert happened[:4] == ["begun", "begun", "waited for", "waited for"]


def test_a_process_ends_with_status_1_and_says_how_to_resume(tmp_path):
    # The signal comes during a compilation, which XLA cannot interrupt.
    script = """
        import os, signal, sys, threading, time
        sys.path[:0] = [sys.argv[1]]
        import conftest
        from graphc.core.diagnostic import RunError
        from graphc.runtime import events, steps

        class Slow(steps.Background):
            def __init__(self, function):
                super().__init__(lambda: time.sleep(30))

            def wait(self, stop):
                threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
                return super().wait(stop)

        steps.Background = Slow
        blueprint = conftest.Blueprint(
            "x", conftest.SPEC, conftest.rolled_source(), conftest.weight_map(True)
        )
        run = conftest.Runner(blueprint, conftest.make_dataset(), conftest.Path(sys.argv[2]))
        try:
            run()
        except RunError as error:
            print(error, file=sys.stderr)
            sys.exit(error.status)
    """
    arguments = [sys.executable, "-c", textwrap.dedent(script)]
    folder = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": str(folder.parents[1])}
    done = subprocess.run(
        [*arguments, str(folder), str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=25,
    )
    assert done.returncode == 1, done.stderr
    assert "stopped by SIGINT before the first step" in done.stderr
    assert "--resume" in done.stderr


def test_a_finished_run_can_be_resumed_for_more_epochs(runner, reference, equal):
    runner("short", epochs=1)
    runner("short", resume=True, epochs=3)
    assert equal(end_of(runner.folder / "short"), end_of(reference.folder / "run"))


def test_resuming_a_finished_run_gives_its_result(runner, reference):
    shutil.copytree(reference.folder / "run", runner.folder / "run")
    first = json.loads((runner.folder / "run/result.json").read_text())
    again = runner(resume=True)
    assert (
        load_best(runner.folder / "run/checkpoints", False, pytest.fail).about["value"] is not None
    )
    same = ("train", "validation", "test", "epochs", "steps", "parameters")
    assert {name: again[name] for name in same} == {name: first[name] for name in same}


def test_the_other_form_of_the_network_goes_on_from_a_checkpoint(
    runner, reference, unrolled, settings
):
    with RunDirectory.create(runner.folder / "other", unrolled, settings.as_dict()):
        name = "checkpoints/00000021"
        shutil.copytree(reference.folder / "run" / name, runner.folder / "other" / name)
    runner.blueprint = unrolled
    other = runner("other", resume=True, epochs=4)
    assert runner.of(events.Started)[0].position.step == 21
    assert other["steps"] == 28
    assert other["train"]["loss"] < 0.7


@pytest.mark.parametrize("epochs, said", [(3, None), (2, "does not get so far"), (4, "stays")])
def test_a_schedule_keeps_the_length_that_it_was_made_with(runner, epochs, said):
    runner(epochs=1, schedule_epochs=3)
    runner(resume=True, epochs=epochs, schedule_epochs=epochs)
    warned = [str(each.diagnostic) for each in runner.of(events.Warned)]
    assert [said in each for each in warned] == ([] if said is None else [True])
