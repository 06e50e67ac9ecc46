"""What `verify-resume` compares, and what it says where runs differ."""

import json
import shutil

import pytest

from graphc.core.diagnostic import RunError
from graphc.runtime.verification import _compare, verify_resume


def test_a_resumed_run_compares_as_equal(runner, reference):
    runner("run", epochs=1)
    runner("run", resume=True)
    arrays, epochs = _compare(reference.folder / "run", runner.folder / "run")
    assert arrays > 20 and epochs == 3


def test_what_differs_is_named(runner, reference):
    runner("other", seed=6)
    with pytest.raises(RunError, match="GC620") as error:
        _compare(reference.folder / "run", runner.folder / "other")
    assert "the array `optimizer/" in str(error.value)


def test_a_changed_number_of_the_metrics_is_found(reference, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(reference.folder / "run", copy)
    lines = [json.loads(line) for line in (copy / "metrics.jsonl").read_text().splitlines()]
    lines[2]["train"]["loss"] += 1e-9
    (copy / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(RunError, match="the metrics of epoch 2 differ"):
        _compare(reference.folder / "run", copy)


def test_a_child_that_fails_is_reported_with_what_it_said(tmp_path):
    with pytest.raises(RunError, match="GC621") as error:
        verify_resume(["nowhere.yaml"], tmp_path, 1, 0)
    assert "nowhere.yaml" in str(error.value)
