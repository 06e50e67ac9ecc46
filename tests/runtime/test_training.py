"""A whole run, from a blueprint to its directory."""

import json

import pytest


def test_a_run_leaves_its_directory_and_result(runner):
    result = runner()
    path = runner.folder / "run"
    names = {each.name for each in path.iterdir()}
    assert names == {
        *("spec.yaml", "model.py", "model.json", "metrics.jsonl", "result.json"),
        *("checkpoints", "lock"),
    }
    assert json.loads((path / "result.json").read_text()) == pytest.approx(result)
    assert set(result) == {
        *("train", "validation", "test", "epochs", "steps", "seconds", "compile_seconds"),
        *("examples_per_second", "parameters"),
    }
    assert set(result["test"]) == {"loss", "accuracy"}
    assert (result["epochs"], result["steps"]) == (3, 21)
    assert result["test"]["accuracy"] > 0.5
