"""The same seed is the same run, bit for bit, however often it is interrupted."""

import os
import random
import signal
import subprocess
import sys

import jax
import pytest
import small_runs
from oracle import same

from graphc.core.diagnostic import RunError
from graphc.runtime import events

STEPS = 21
LENGTHS = (1, 7)
KILLED = random.Random(5).sample(range(1, STEPS), 2)


pytestmark = pytest.mark.usefixtures("compilation_cache")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, compilation_cache):
    """For each number of steps per dispatch, a run that nothing interrupts, and its result."""
    folder = tmp_path_factory.mktemp("whole")
    found = {}
    with jax.numpy_dtype_promotion("standard"):
        for length in LENGTHS:
            result = small_runs.run(folder / str(length), length)
            assert result["steps"] == STEPS
            found[length] = folder / str(length), result
    return found


class Interrupted(Exception):
    """Stands for whatever may end a process."""


def interrupt_after(step):
    def report(event):
        if isinstance(event, events.Progress) and event.position.step >= step:
            raise Interrupted

    return report


def require_same_run(folder, other):
    (arrays, epochs), (others, other_epochs) = (
        small_runs.what_is_left(folder),
        small_runs.what_is_left(other),
    )
    same(arrays, others, "the last checkpoint")
    assert epochs == other_epochs
    assert len(epochs) == 3


@pytest.mark.parametrize("length", LENGTHS)
def test_two_runs_of_one_seed_are_equal(length, whole, tmp_path):
    folder, result = whole[length]
    again = small_runs.run(tmp_path / "again", length)
    require_same_run(folder, tmp_path / "again")
    assert again["test"] == result["test"]


def test_another_seed_is_another_run(whole, tmp_path):
    _, result = whole[1]
    other = small_runs.run(tmp_path / "other", spec=small_runs.SPEC.replace("seed: 7", "seed: 8"))
    assert other["test"] != result["test"]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("step", KILLED)
def test_a_run_that_broke_off_is_resumed_as_if_it_had_not(step, length, whole, tmp_path):
    folder, result = whole[length]
    with pytest.raises(Interrupted):
        small_runs.run(tmp_path / "run", length, report=interrupt_after(step))
    resumed = small_runs.run(tmp_path / "run", length, resume=True)
    require_same_run(folder, tmp_path / "run")
    assert resumed["test"] == result["test"]


def test_a_run_that_was_asked_to_stop_is_resumed_as_if_it_had_not(whole, tmp_path):
    def report(event):
        if isinstance(event, events.Progress) and event.position.step == 11:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(RunError, match="GC612"):
        small_runs.run(tmp_path / "run", report=report)
    small_runs.run(tmp_path / "run", resume=True)
    require_same_run(whole[1][0], tmp_path / "run")


def test_a_killed_process_leaves_a_run_that_can_be_resumed(whole, tmp_path, compilation_cache):
    environment = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": compilation_cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.05",
    }
    command = [sys.executable, small_runs.__file__, str(tmp_path / "run"), "1", str(KILLED[0])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    small_runs.run(tmp_path / "run", resume=True)
    require_same_run(whole[1][0], tmp_path / "run")


def test_a_run_without_checkpoints_on_the_way_is_the_same_run(whole, tmp_path):
    small_runs.run(tmp_path / "run", checkpoint_steps=None, checkpoint_seconds=1000.0)
    require_same_run(whole[1][0], tmp_path / "run")


def test_the_number_of_steps_per_dispatch_does_not_matter(whole):
    # XLA promises no bits across programs, so a run keeps the number that it began with; where
    # a compiler breaks this, what has to hold is `oracle.close`.
    require_same_run(whole[1][0], whole[7][0])
