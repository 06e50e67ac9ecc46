"""What is exported gives the same outputs without graphc and flax."""

import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

import graphc as gc
from graphc.cli.main import main
from graphc.core.span import Source

SPEC = """
network:
  inputs: {features: [4]}
  layers: [{dense: {features: 16, activation: relu}}, batch_norm, {dropout: 0.2}, {dense: 3}]
data: iris
train: {loss: cross_entropy, epochs: 3}
"""
ALONE = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("flax", "graphc", "optax", "orbax"):
            raise ImportError(name)

sys.meta_path.insert(0, Blocked())
import numpy as np
from jax import export

program = export.deserialize(bytearray(open(sys.argv[1], "rb").read()))
inputs = np.load(sys.argv[2])
np.save(sys.argv[3], np.concatenate([program.call(inputs[:5]), program.call(inputs[5:])]))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    return gc.compile(Source("flowers.yaml", SPEC)).train(folder / "run", cache=False)


def test_a_process_with_jax_alone_gives_the_same(run, tmp_path):
    assert main(["export", str(run.path), "-o", str(tmp_path / "a.stablehlo")]) == 0
    inputs = np.random.default_rng(0).normal(4, 2, size=(12, 4)).astype(np.float32)
    np.save(tmp_path / "in.npy", inputs)
    names = ("a.stablehlo", "in.npy", "out.npy")
    files = [str(tmp_path / name) for name in names]
    subprocess.run([sys.executable, "-c", ALONE, *files], check=True)
    found = np.load(tmp_path / "out.npy")
    np.testing.assert_allclose(found, run.predict(inputs), atol=1e-6, rtol=1e-6)


def test_weights_have_the_paths_of_the_spec(run, capsys):
    assert main(["export", str(run.path), "--format", "safetensors"]) == 0
    assert capsys.readouterr().out.endswith("flowers.safetensors\n")
    found = load_file(run.path / "flowers.safetensors")
    assert {"dense/kernel", "dense_2/bias", "batch_norm/scale", "batch_norm/mean"} <= set(found)
    assert found["dense/kernel"].shape == (4, 16)


def test_the_number_of_examples_can_be_fixed(run):
    from jax import export

    program = export.deserialize(bytearray(run.export(batch_size=2)))
    assert program.in_avals[0].shape == (2, 4)


def test_what_cannot_be_exported_is_said(run, tmp_path, capsys):
    assert main(["export", str(run.path), "--format", "pickle"]) == 2
    assert main(["export", str(tmp_path / "nowhere")]) == 1
    (run.path / "result.json").rename(run.path / "kept.json")
    assert main(["export", str(run.path)]) == 1
    (run.path / "kept.json").rename(run.path / "result.json")
    said = capsys.readouterr().err
    assert "GC606" in said and "GC625" in said


@pytest.mark.parametrize("package", ["flatbuffers", "safetensors.numpy"])
def test_the_package_that_is_missing_is_named(run, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(gc.RunError, match=r"pip install graphc\[export\]"):
        run.export("safetensors" if package.startswith("safe") else "stablehlo")


def test_the_weights_of_a_run_with_an_average_are_that(tmp_path):
    spec = SPEC.replace("epochs: 3", "epochs: 1, average: 0.5")
    run = gc.compile(Source("flowers.yaml", spec)).train(tmp_path / "run", cache=False)
    assert main(["export", str(run.path), "--format", "safetensors"]) == 0
    found = load_file(run.path / "flowers.safetensors")
    np.testing.assert_array_equal(
        found["dense_2/kernel"], run.inference().params["dense_2"]["kernel"]
    )
