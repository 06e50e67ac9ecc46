"""A model in ONNX gives what the run gives; `test` does without jax2onnx, which is an extra."""

import sys

import numpy as np
import pytest

import graphc as gc
from graphc.cli.main import main
from graphc.core.span import Source

IRIS = """
network:
  inputs: {features: [4]}
  layers: [{dense: {features: 16, activation: relu}}, batch_norm, {dropout: 0.2}, {dense: 3}]
data: {iris: {normalize: standard}}
train: {loss: cross_entropy, epochs: 1}
"""
IMAGES = """
network:
  inputs: {image: [8, 8, 1]}
  layers: [LAYERS, {dense: 10}]
data: digits
train: {loss: cross_entropy, epochs: 1, batch_size: 256}
"""
LAYERS = {
    "convolutions": "{conv: {features: 4, kernel: 3}}, relu, {max_pool: 2}, batch_norm, flatten",
    "average": "{conv: {features: 4, kernel: 3, stride: 2}}, gelu, {average_pool: 2}, flatten",
    "recurrent": "{reshape: [8, 8]}, stream, {gru: 8}, last",
}


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    return gc.compile(Source("flowers.yaml", IRIS)).train(folder / "run", cache=False)


def answers(model: bytes, **inputs: np.ndarray):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return dict(
        zip([each.name for each in session.get_outputs()], session.run(None, inputs), strict=True)
    )


def require_same(run, **inputs):
    """For several numbers of examples; outputs of float32, which are apart in the last digits."""
    model = run.export("onnx")
    for count in (1, 5, 12):
        part = {name: array[:count] for name, array in inputs.items()}
        (found,) = answers(model, **part).values()
        wanted = run.predict(part)
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=2e-6 * abs(wanted).max())


def test_a_model_takes_raw_values_and_any_number_of_examples(iris):
    pytest.importorskip("jax2onnx")
    features = np.random.default_rng(0).normal(4, 2, (12, 4)).astype(np.float32)
    require_same(iris, features=features)


@pytest.mark.parametrize("kind", LAYERS)
def test_the_network_may_be_of_any_kind(kind, tmp_path):
    pytest.importorskip("jax2onnx")
    spec = IMAGES.replace("LAYERS", LAYERS[kind])
    run = gc.compile(Source("digits.yaml", spec)).train(tmp_path / "run", cache=False)
    require_same(run, image=np.random.default_rng(0).random((12, 8, 8, 1), np.float32))


def test_an_ensemble_is_one_model(tmp_path):
    pytest.importorskip("jax2onnx")
    spec = Source("flowers.yaml", IRIS.replace("epochs: 1", "epochs: 1, ensemble: 2"))
    run = gc.compile(spec).train_ensemble(tmp_path / "both", cache=False)
    features = np.random.default_rng(0).normal(4, 2, (12, 4)).astype(np.float32)
    require_same(run, features=features)


def test_the_number_of_examples_can_be_fixed(iris, capsys):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("jax2onnx")
    assert main(["export", str(iris.path), "--format", "onnx", "--batch-size", "2"]) == 0
    assert capsys.readouterr().out.endswith("flowers.onnx\n")
    model = onnx.load(iris.path / "flowers.onnx")
    (features,), (output,) = model.graph.input, model.graph.output
    assert (features.name, output.name) == ("features", "output")
    assert [each.dim_value for each in features.type.tensor_type.shape.dim] == [2, 4]


def test_what_has_no_form_in_onnx_is_said(iris, monkeypatch):
    jax2onnx = pytest.importorskip("jax2onnx")

    def refuse(*arguments, **options):
        raise NotImplementedError("no plugin for `fft`\nsecond line")

    monkeypatch.setattr(jax2onnx, "to_onnx", refuse)
    with pytest.raises(gc.RunError, match="GC628") as caught:
        iris.export("onnx")
    assert "= note: no plugin for `fft`\n" in str(caught.value)


def test_a_model_that_differs_is_never_written(iris, monkeypatch):
    pytest.importorskip("jax2onnx")
    monkeypatch.setattr("graphc.runtime.onnx._run", lambda model, examples: [np.zeros((3, 3))])
    with pytest.raises(gc.RunError, match=r"GC628.*differs from the network"):
        iris.export("onnx")


def test_the_package_that_is_missing_is_named(iris, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jax2onnx", None)
    assert main(["export", str(iris.path), "--format", "onnx"]) == 1
    said = capsys.readouterr().err
    assert "GC623" in said and "pip install 'graphc[onnx]'" in said
