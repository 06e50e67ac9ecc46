"""A finished run, evaluated and applied."""

import json

import numpy as np
import pytest

from graphc.core.diagnostic import RunError
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.use import evaluate_run, predict_run


@pytest.fixture(scope="module")
def finished(reference):
    run = RunDirectory.open(reference.folder / "run")
    return run, json.loads((run.path / "result.json").read_text())


def test_a_run_measures_what_its_result_says(finished, dataset):
    run, result = finished
    assert evaluate_run(run, dataset, "test", pytest.fail) == result["test"]
    assert evaluate_run(run, dataset, "validation", pytest.fail) == result["validation"]


def test_a_run_predicts_what_it_was_trained_for(finished, dataset):
    run, result = finished
    test = dataset.splits["test"]
    logits = predict_run(run, dataset, test["features"], pytest.fail)
    assert logits.shape == (20, 3)
    right = np.mean(np.argmax(logits, axis=-1) == test["label"])
    assert right == pytest.approx(result["test"]["accuracy"])


def test_a_split_that_is_not_there_is_an_error(finished, dataset):
    with pytest.raises(RunError, match="GC613"):
        evaluate_run(finished[0], dataset, "tset", pytest.fail)
