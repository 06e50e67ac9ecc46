"""Checkpoints: written whole, verified when read, few of them kept."""

import errno
import json
import os
import shutil

import jax.numpy as jnp
import numpy as np
import pytest
from orbax.checkpoint import v1 as ocp

from graphc.core.diagnostic import RunError
from graphc.runtime import checkpoint, events
from graphc.runtime.checkpoint import Damaged
from graphc.runtime.events import Position
from graphc.runtime.keeper import Keeper, Offer, checkpoints, load_best, load_last

ARRAYS = {
    "params/layer/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "params/layer/half": np.asarray(jnp.arange(3, dtype=jnp.bfloat16)),
    "params/none": np.zeros((0, 3), np.float32),
    "step": np.asarray(7, np.int32),
    "mask": np.array([True, False]),
}


def moment(step, value=None):
    return Offer(lambda: {"a": np.full(2, step, np.float32)}, Position(step), value, {})


def steps(folder):
    return [int(path.name) for path in checkpoints(folder)]


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


@pytest.fixture
def saved(tmp_path):
    """Two checkpoints in a folder."""
    for step in (5, 10):
        checkpoint.write(tmp_path / f"{step:08d}", ARRAYS, {"position": {"step": step}})
    return tmp_path


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_arrays_come_back_bit_for_bit(saved, equal):
    found = checkpoint.read(saved / "00000010")
    assert equal(found.arrays, ARRAYS)
    assert found.about == {"position": {"step": 10}}


def test_a_computer_that_slept_while_it_saved_saves_again(tmp_path, monkeypatch, equal):
    """orbax gives up after some minutes on the wall, and leaves what it has written."""
    name = "save" if hasattr(ocp, "save") else "save_pytree"
    save, asleep = getattr(ocp, name), [True]

    def saves(folder, arrays):
        save(folder, arrays)
        if asleep and asleep.pop():
            raise TimeoutError("Overall save timeout exceeded.")

    monkeypatch.setattr(ocp, name, saves)
    checkpoint.write(tmp_path / "00000005", ARRAYS, {})
    assert not asleep and equal(checkpoint.read(tmp_path / "00000005").arrays, ARRAYS)


def test_a_flipped_byte_in_any_file_is_found(saved):
    found = files(saved / "00000010")
    assert len(found) > 5
    for path in found:
        whole = path.read_bytes()
        for at in {0, len(whole) // 2, len(whole) - 1} if whole else ():
            flip(path, at)
            with pytest.raises(Damaged):
                checkpoint.read(saved / "00000010")
            path.write_bytes(whole)
    checkpoint.read(saved / "00000010")


def test_a_cut_missing_or_added_file_is_found(saved):
    folder = saved / "00000010"
    for path in files(folder):
        whole = path.read_bytes()
        if whole:
            path.write_bytes(whole[:-1])
            with pytest.raises(Damaged):
                checkpoint.read(folder)
        path.unlink()
        with pytest.raises(Damaged):
            checkpoint.read(folder)
        path.write_bytes(whole)
    (folder / "more").write_text("")
    with pytest.raises(Damaged, match="`more` does not belong to it"):
        checkpoint.read(folder)


def test_a_damaged_checkpoint_is_skipped_with_a_warning(saved):
    flip(saved / "00000010/about.json", 3)
    warnings = []
    found = load_last(saved, warnings.append)
    assert found.about["position"]["step"] == 5
    assert [(each.code, each.severity) for each in warnings] == [("GC611", "warning")]
    assert "`about.json` was changed or cut" in warnings[0].message


def test_it_is_an_error_if_none_is_left(saved):
    for folder in checkpoints(saved):
        flip(folder / "about.json", 3)
    with pytest.raises(RunError, match="GC602"):
        load_last(saved, lambda warning: None)


def test_no_checkpoint_at_all_is_no_error(tmp_path):
    assert load_last(tmp_path, pytest.fail) is None


def test_the_last_two_and_the_best_are_kept(tmp_path):
    keeper = Keeper(tmp_path)
    for step, value in enumerate([3.0, 1.0, 2.0, None, float("nan"), 5.0], 1):
        keeper.offer(moment(step, value))
    assert steps(tmp_path) == [2, 5, 6]
    best = load_best(tmp_path, False, pytest.fail)
    assert best.arrays["a"][0] == 2


def test_of_several_that_are_as_good_the_first_is_kept(tmp_path):
    keeper = Keeper(tmp_path, keep=1)
    for step in range(1, 5):
        keeper.offer(moment(step, 0.5))
    assert [path.name for path in checkpoints(tmp_path)] == ["00000001", "00000004"]


def test_the_best_can_be_the_largest_and_survives_a_restart(tmp_path):
    for step, value in enumerate([3.0, 4.0, 2.0, 1.0, 3.5], 1):
        Keeper(tmp_path, maximize=True).offer(moment(step, value))
    assert steps(tmp_path) == [2, 4, 5]


def test_the_best_between_two_writes_is_kept_in_memory(tmp_path):
    keeper = Keeper(tmp_path, every=1000.0)
    for step, value in enumerate([3.0, 1.0, 2.0], 1):
        assert keeper.offer(moment(step, value)) is None
    assert steps(tmp_path) == []
    keeper.offer(moment(4), now=True)
    assert steps(tmp_path) == [2, 4]
    assert load_best(tmp_path, False, pytest.fail).arrays["a"][0] == 2


def test_a_moment_keeps_the_metric_it_was_offered_with(tmp_path):
    keeper = Keeper(tmp_path, every=1000.0)
    for step, value in enumerate([3.0, 2.0, 1.0], 1):
        keeper.offer(moment(step, value))
    assert keeper.offer(moment(3), now=True) == tmp_path / "00000003"
    assert keeper.offer(moment(3), now=True) is None
    keeper.offer(moment(4), now=True)
    keeper.offer(moment(5), now=True)
    assert steps(tmp_path) == [3, 4, 5]


def test_a_resumed_run_clears_what_was_damaged_after_its_start(tmp_path):
    for step, value in enumerate([3.0, 2.0, 1.0], 1):
        Keeper(tmp_path).offer(moment(step, value))
    keeper = Keeper(tmp_path, start=Position(2))
    assert steps(tmp_path) == [2]
    assert keeper.best == 2.0
    assert keeper.offer(moment(2), now=True) is None


def test_what_a_killed_process_was_writing_is_cleared(tmp_path):
    (tmp_path / ".00000005.123.part").mkdir()
    Keeper(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["_save", "write_durably", "_sync"])
def test_a_full_disk_leaves_the_checkpoints_before_it(saved, monkeypatch, name):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint, name, full)
    for step in (10, 15):
        with pytest.raises(RunError, match="GC608") as error:
            checkpoint.write(saved / f"{step:08d}", ARRAYS, {})
        assert error.value.status == 1
    monkeypatch.undo()
    assert steps(saved) == [5, 10]
    assert [path.name for path in saved.iterdir() if path.name.startswith(".")] == []
    checkpoint.read(saved / "00000010")


def test_a_full_disk_is_known_in_the_words_of_orbax(saved, monkeypatch):
    def full(*_):
        raise ValueError("RESOURCE_EXHAUSTED: [tensorstore] No space left on device")

    monkeypatch.setattr(checkpoint, "_save", full)
    with pytest.raises(RunError, match="GC608"):
        checkpoint.write(saved / "00000015", ARRAYS, {})


def test_a_run_with_a_damaged_checkpoint_resumes_from_the_one_before(runner, reference):
    shutil.copytree(reference.folder / "run", runner.folder / "run")
    folder = runner.folder / "run/checkpoints"
    for path in files(checkpoints(folder)[-1]):
        if path.name == "about.json":
            flip(path, 0)
    runner(resume=True)
    assert [event.diagnostic.code for event in runner.of(events.Warned)] == ["GC611"]
    assert runner.of(events.Started)[0].position.step == 14


def test_a_checkpoint_of_another_network_is_refused(runner, reference):
    shutil.copytree(reference.folder / "run", runner.folder / "run")
    folder = runner.folder / "run/checkpoints"
    path = checkpoints(folder)[-1]
    found = checkpoint.read(path)
    arrays = {name: each for name, each in found.arrays.items() if name != "params/logits/bias"}
    arrays["params/highways/1/h/kernel"] = np.zeros((8, 4), np.float32)
    arrays["params/extra/kernel"] = np.zeros(3, np.float32)
    checkpoint.write(path, arrays, found.about)
    with pytest.raises(RunError, match="GC603") as error:
        runner(resume=True)
    assert [note.text for note in error.value.diagnostics[0].notes] == [
        "`extra/kernel` is only in the checkpoint",
        "`highways/1/h/kernel` is [8, 8] here and [8, 4] in the checkpoint",
        "`logits/bias` is not in the checkpoint",
    ]


def test_about_says_what_the_arrays_are(saved):
    about = json.loads((saved / "00000005/about.json").read_text())
    assert ["params/layer/half", "bfloat16", [3]] in about["arrays"]
    shutil.rmtree(saved / "00000005/arrays")
    with pytest.raises(Damaged, match="is missing"):
        checkpoint.read(saved / "00000005")


def test_a_kill_while_a_checkpoint_is_cleared_leaves_no_part_of_it(tmp_path, monkeypatch):
    keeper = Keeper(tmp_path, keep=1)
    keeper.offer(moment(1, 1.0))

    def killed(path, **_):
        if path.name.endswith(".removed"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("graphc.runtime.keeper.shutil.rmtree", killed)
        keeper.offer(moment(2, 0.5))
    assert [path.name for path in checkpoints(tmp_path)] == ["00000002"]
    Keeper(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["00000002"]
