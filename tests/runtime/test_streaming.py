"""A run whose data is streamed is the run whose data lies in memory, bit for bit."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from graphc.data.rows import Rows
from graphc.runtime import checkpoint, events
from graphc.runtime.evaluation import Batches
from graphc.runtime.feed import prefetched
from graphc.runtime.keeper import checkpoints
from graphc.runtime.rundir import RunDirectory


def end_of(path):
    """The last checkpoint and the epochs of a run, without times."""
    last = checkpoint.read(checkpoints(path / "checkpoints")[-1])
    lines = [line for line in RunDirectory.open(path).history() if line["event"] == "epoch"]
    return last.arrays, [(line["step"], line["train"], line["validation"]) for line in lines]


def streamed(dataset):
    splits = {
        split: {name: Rows(each) if each.ndim > 1 else each for name, each in arrays.items()}
        for split, arrays in dataset.splits.items()
    }
    return replace(dataset, splits=splits)


@pytest.fixture
def streaming(runner):
    return replace(runner, data=streamed(runner.data))


def test_it_ends_with_the_same_weights_and_says_that_it_streams(streaming, reference, equal):
    streaming()
    assert equal(end_of(streaming.folder / "run"), end_of(reference.folder / "run"))
    (event,) = streaming.of(events.Streaming)
    assert event.size == 150 * (4 + 1) * 4 and event.memory > 0


def test_dispatches_of_few_steps_make_no_difference(streaming, reference, equal, monkeypatch):
    monkeypatch.setattr("graphc.runtime.feed._MOST", 16 * 5 * 4 * 3)
    streaming()
    assert [each.position.done for each in streaming.of(events.Progress)][:3] == [3, 6, 7]
    assert equal(end_of(streaming.folder / "run"), end_of(reference.folder / "run"))


def test_killed_at_any_checkpoint_it_resumes_bit_for_bit(streaming, reference, equal):
    copies = []

    def copy(event):
        if isinstance(event, events.Saved):
            name = f"killed-{len(copies)}"
            copies.append(name)
            shutil.copytree(streaming.folder / "run", streaming.folder / name)

    streaming(report=copy, checkpoint_steps=5)
    for name in copies[:1]:
        streaming(name, resume=True, checkpoint_steps=5)
        assert equal(end_of(streaming.folder / name), end_of(reference.folder / "run")), name


def test_batches_can_be_gone_through_again(dataset):
    arrays = streamed(dataset).splits["test"]
    several = Batches(arrays, 16)
    first, second = list(several), list(several)
    assert len(several) == len(first) == 2
    for one, two in zip(first, second, strict=True):
        assert all(np.array_equal(one[name], two[name]) for name in one)
    assert first[1]["mask"].tolist() == [True] * 4 + [False] * 12


def test_what_goes_wrong_ahead_of_time_is_raised_in_its_turn():
    several = prefetched(made for made in [lambda: 1, lambda: 1 // 0, lambda: 3])
    assert next(several) == 1
    with pytest.raises(ZeroDivisionError):
        next(several)
