"""Classes that the data weighs."""

import json

import jax
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

import graphc as gc
from graphc.compiler import with_examples
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source

SPEC = """
network:
  inputs: {features: [2]}
  layers: [{dense: 3}]
data: {csv: {path: it.csv, target: kind, validation: 0.2}}
train: {loss: {cross_entropy: {class_weights: balanced}}, epochs: 2, batch_size: 20}
"""


@pytest.fixture
def made(tmp_path):
    """What the spec compiles to, over sixty rows of classes that are not alike."""

    def make(text=SPEC, kinds="aaabab" * 9 + "cabcab"):
        rows = [f"{i},{i % 7},{kind}" for i, kind in enumerate(kinds)]
        (tmp_path / "it.csv").write_text("\n".join(["x,y,kind", *rows]) + "\n")
        return gc.compile(Source("it.yaml", text, str(tmp_path)), device="cpu")

    with jax.numpy_dtype_promotion("standard"):
        yield make


def test_balanced_classes_weigh_as_in_scikit_learn(made, tmp_path):
    model = made()
    assert "CLASS_WEIGHTS = (1.0, 1.0, 1.0)\n" in model.source
    assert "`graphc train` puts in" in model.source
    run = model.train(tmp_path / "run", cache=False)
    dataset, _ = model.with_data()
    labels = dataset.splits["train"]["kind"]
    assert dataset.class_counts == np.bincount(labels).tolist()
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    kept = json.loads((tmp_path / "run/model.json").read_text())["choices"]["class_weights"]
    np.testing.assert_allclose(kept, expected, rtol=1e-5)
    source = (tmp_path / "run/model.py").read_text()
    assert f"CLASS_WEIGHTS = ({', '.join(map(repr, kept))})\n" in source
    written = SPEC.replace("balanced", str(kept))
    other = made(written).train(tmp_path / "other", cache=False)
    assert other.result["test"] == run.result["test"]
    assert model.train(tmp_path / "run", resume=True, cache=False).result["epochs"] == 2


def test_they_weigh_as_much_among_values(made, tmp_path):
    train = """train:
  values: {scores: net(features), own: "cross_entropy(scores, kind, class_weights=balanced)"}
  objectives: {one: {minimize: own, update: net}}
  epochs: 2
"""
    text = SPEC[: SPEC.index("train:")].replace("network:\n", "networks:\n net:\n") + train
    model = made(text)
    assert "CLASS_WEIGHTS = (1.0, 1.0, 1.0)\n" in model.source
    model.train(tmp_path / "several", cache=False)
    made().train(tmp_path / "one", cache=False)
    lines = [
        [line for line in (tmp_path / name / "model.py").read_text().splitlines() if "= (" in line]
        for name in ("several", "one")
    ]
    assert next(each for each in lines[0] if "CLASS_WEIGHTS" in each) in lines[1]
    with pytest.raises(SpecError, match="GC425"):
        with_examples(made(text).compiled, 60, [40, 20, 0])


def test_a_class_without_examples_has_no_weight(made):
    with pytest.raises(SpecError) as found:
        with_examples(made().compiled, 60, [40, 20, 0])
    (problem,) = found.value.diagnostics
    assert problem.code == "GC425" and problem.span.line == 6
    assert "class 2 has no examples to train on" in problem.message


def test_streamed_classes_are_counted(made):
    model = made(SPEC.replace("kind,", "kind, stream: true,"))
    dataset, compiled = model.with_data()
    assert dataset.streamed and sum(dataset.class_counts) == dataset.count("train")
    assert compiled.choices.class_weights == made().with_data()[1].choices.class_weights
