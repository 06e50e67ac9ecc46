"""The event files of a run say what its metrics say."""

import sys

import pytest
from tensorboardX.proto.event_pb2 import Event

from graphc.core.diagnostic import RunError
from graphc.runtime.tensorboard import FOLDER, tensorboard


def scalars(folder):
    """Value by tag and step, read record by record: length, its checksum, data, its checksum."""
    found = []
    for path in (folder / FOLDER).iterdir():
        data = path.read_bytes()
        while data:
            length = int.from_bytes(data[:8], "little")
            event = Event.FromString(data[12 : 12 + length])
            found += [((each.tag, event.step), each.simple_value) for each in event.summary.value]
            data = data[16 + length :]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_every_number_of_an_epoch_is_there_once_after_a_resume(runner):
    folder = runner.folder / "run"
    runner(epochs=2, report=tensorboard(folder))
    runner(epochs=3, resume=True, report=tensorboard(folder))
    found = scalars(folder)
    tags = {tag for tag, _ in found}
    assert tags == {"loss/train", "loss/validation", "accuracy/train", "accuracy/validation"}
    assert sorted(step for tag, step in found if tag == "loss/train") == [7, 14, 21]


def test_the_package_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(RunError, match=r"pip install graphc\[tensorboard\]"):
        tensorboard(tmp_path)
