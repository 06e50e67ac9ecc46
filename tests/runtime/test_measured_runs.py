"""Runs that measure more than a mean: counts, curves and a confusion matrix."""

import json
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
import sklearn.metrics as reference
from click.testing import CliRunner

import graphc as gc
from graphc.cli.evaluate import command as evaluate
from graphc.core.span import Source
from graphc.insight.confusion import confusion_svg, confusion_text

SPEC = """
graphc: 1
network:
  inputs: {{features: [{width}]}}
  layers: [dense: {outputs}]
data: {data}
train: {{loss: {loss}, metrics: {metrics}, optimizer: {{adam: 0.1}}, epochs: 3}}
"""


def trained(folder, **values):
    """A run, and the outputs and targets of its test split."""
    source = Source(str(folder / "spec.yaml"), SPEC.format(**values), str(folder))
    run = gc.compile(source).train(folder / "run")
    test = run.dataset().splits["test"]
    return run, run.predict(test["features"]), test["state"]


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("binary")
    draw = np.random.default_rng(0)
    features = draw.normal(size=(130, 2))
    sick = features[:, 0] + 0.5 * draw.normal(size=130) > 0.8
    words = np.where(sick, "sick", "<healthy>")
    rows = [f"{a},{b},{word}" for (a, b), word in zip(features, words, strict=True)]
    (folder / "people.csv").write_text("\n".join(["a,b,state", *rows]))
    return trained(
        folder,
        width=2,
        outputs=1,
        data="{csv: {path: people.csv, target: state, normalize: none}}",
        loss="{binary_cross_entropy: {positive_weight: 3}}",
        metrics="[confusion_matrix, recall, roc_auc, {f1: macro}, {f1: micro}]",
    )


def test_a_run_is_measured_as_by_scikit_learn(binary):
    run, outputs, right = binary
    scores, found = outputs[:, 0], run.result["test"]
    guess = scores > 0
    assert found["confusion_matrix"] == reference.confusion_matrix(right, guess).tolist()
    assert found["recall"] == pytest.approx(reference.recall_score(right, guess))
    assert found["f1_macro"] == pytest.approx(reference.f1_score(right, guess, average="macro"))
    assert found["f1_micro"] == pytest.approx(reference.f1_score(right, guess, average="micro"))
    assert found["roc_auc"] == pytest.approx(reference.roc_auc_score(right, scores), abs=0.02)
    assert run.evaluate("test") == found


def test_an_array_is_in_the_files_and_not_in_the_line(binary):
    run = binary[0]
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if line["event"] == "epoch"]
    assert [np.sum(line["train"]["confusion_matrix"]) for line in epochs] == [94, 94, 94]
    said = CliRunner().invoke(evaluate, [str(run.path)]).output.splitlines()
    assert said[0].startswith("test loss ") and "confusion_matrix" not in said[0]
    assert said[2].split() == ["<healthy>", "sick"]
    plain = CliRunner().invoke(evaluate, [str(run.path), "--format", "json"]).output
    assert json.loads(plain)["confusion_matrix"] == run.result["test"]["confusion_matrix"]


def test_the_best_checkpoint_is_that_of_the_first_number(binary):
    settings = json.loads((binary[0].path / "model.json").read_text())["settings"]
    assert (settings["monitor"], settings["maximize"]) == ("recall", True)


def test_the_confusion_matrix_is_drawn_with_the_names_of_the_classes(binary):
    run = binary[0]
    picture = ElementTree.parse(run.path / "confusion.svg").getroot()
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("<healthy>") == texts.count("sick") == 2
    [[found, _], _] = run.result["test"]["confusion_matrix"]
    assert str(found) in texts


@pytest.mark.parametrize("count", [3, 60])
def test_a_picture_of_many_classes_has_no_numbers(count):
    matrix = np.arange(count**2).reshape(count, count).tolist()
    picture = ElementTree.fromstring(confusion_svg(matrix))
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert (str(count**2 - 1) in texts) == (count == 3)
    widths = [len(line) for line in confusion_text(matrix).splitlines()[1:]]
    assert all(one == other for one, other in pairwise(widths))


def test_several_labels_are_learned_and_measured_one_by_one(tmp_path):
    draw = np.random.default_rng(0)
    features = draw.normal(size=(200, 3)).astype(np.float32)
    np.savez(tmp_path / "notes.npz", features=features, state=features > 0.3)
    run, outputs, right = trained(
        tmp_path,
        width=3,
        outputs=3,
        data="{npz: {path: notes.npz, inputs: [features], target: state}}",
        loss="binary_cross_entropy",
        metrics="[accuracy, precision, roc_auc]",
    )
    found = run.result["test"]
    assert found["accuracy"] == pytest.approx(np.mean((outputs > 0) == right))
    expected = reference.precision_score(right, outputs > 0, average="macro", zero_division=0)
    assert found["precision"] == pytest.approx(expected)
    assert found["roc_auc"] > 0.9
