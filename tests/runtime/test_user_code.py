"""Code of the user's in a run: tried before it, imported for it alone, kept with it."""

import gc as garbage
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import graphc as gc
from graphc.core.diagnostic import RunError, SpecError
from graphc.core.importing import importing
from graphc.runtime.checkpoint import read
from graphc.runtime.events import Warned
from graphc.runtime.keeper import checkpoints

SPEC = """
network:
  inputs: {features: [4]}
  layers:
    - {dense: 8, name: h}
    - %s
    - dense: 3
data: iris
train: {loss: cross_entropy, epochs: 2, optimizer: {adam: 1e-2}}
"""
HEAD = "import jax\nimport jax.numpy as jnp\nfrom flax import nnx\nimport numpy as np\n"
LAYERS = """
from helpers.rates import RATE

class Noisy(nnx.Module):
    \"\"\"A layer with parameters, a statistic, dropout and the mask.\"\"\"

    def __init__(self, features, *, rngs):
        self.layers = nnx.List([nnx.Linear(features, features, rngs=rngs) for _ in range(2)])
        self.mean = nnx.Variable(jnp.zeros(features))
        self.dropout = nnx.Dropout(RATE)

    def __call__(self, x, *, train, key, mask):
        if train:
            count = jnp.maximum(jnp.sum(mask, dtype=x.dtype), 1)
            self.mean[...] += jnp.sum(jnp.where(mask[:, None], x, 0), axis=0) / count
        x = self.dropout(x, deterministic=not train, rngs=key)
        for layer in self.layers:
            x = layer(x)
        return x
"""
NOISY = "python: {definition: layers:Noisy, arguments: {features: 8}}"


@pytest.fixture
def spec(tmp_path, monkeypatch):
    """Writes a spec with this step, and the file of its code, in the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(step="python: layers:f", code=LAYERS):
        Path("helpers").mkdir(exist_ok=True)
        Path("helpers/rates.py").write_text("RATE = 0.1\n")
        Path("layers.py").write_text(HEAD + code)
        Path("spec.yaml").write_text(SPEC % step)
        return "spec.yaml"

    return write


def train(spec, run="run", **options):
    return gc.compile(spec).train(run, cache=False, **options)


CLASS = "class f(nnx.Module):\n    def __init__(self%s): %s\n    def __call__(self, x): %s"


@pytest.mark.parametrize(
    "code, message, help",
    [
        (
            "def f(x): ...\nraise OSError('no\\nfile')",
            "importing `layers:f` raises OSError: no",
            None,
        ),
        (
            "import nowhere\ndef f(x): ...",
            "importing `layers:f` raises ModuleNotFoundError: No mod",
            None,
        ),
        ("def f(x): return x + jnp.zeros(3)", "calling `layers:f` raises ValueError: Incomp", None),
        ("def f(x, y): return x", "calling `layers:f` raises TypeError: f() missing 1", None),
        (
            "def f(x, key): return x * jax.random.normal(key, x.shape)",
            "calling `layers:f` in evaluation raises TypeError: ",
            None,
        ),
        (
            "def f(x, mask): return x * mask[:, None]",
            "calling `layers:f` in evaluation raises TypeError: 'NoneType' object is not",
            None,
        ),
        (CLASS % (", n", "0", "x"), "building `layers:f` raises TypeError: f.__init__", None),
        (
            "def f(x): return x[..., :3]",
            "`layers:f` gives float32 [batch, 3], not float32 [batch, 8]",
            "write `output: [3]`",
        ),
        (
            "def f(x): return jnp.argmax(x, -1)",
            "`layers:f` gives int32 [batch], not float32 [batch, 8]",
            "write `output: []` and `dtype: int`",
        ),
        (
            "def f(x): return x.astype(jnp.bfloat16)",
            "`layers:f` gives bfloat16 [batch, 8], not float32 [batch, 8]",
            "give float32: `.astype(jnp.float32)`",
        ),
        (
            "def f(x): return x.mean(0)",
            "`layers:f` gives float32 [8], not float32 [batch, 8]",
            "keep the axes before those of one example",
        ),
        (
            "def f(x): return x, x",
            "`layers:f` gives a `tuple`, which is no array",
            "return one array",
        ),
        ("def f(x): pass", "`layers:f` gives a `NoneType`, which is no array", "return one array"),
        (
            "class f(object):\n    def __call__(self, x): return x",
            "`layers:f` makes a `f`, which is no `nnx.Module`",
            "a class is a layer; write anything else as a function",
        ),
        (
            CLASS % (", *, rngs", "self.d = nnx.Dropout(0.1, rngs=rngs)", "return self.d(x)"),
            "`layers:f` keeps random state in `d/rngs/count`",
            "let its call take `key`, and hand that to the layer",
        ),
        (
            CLASS % ("", "self.w = nnx.Param(0.5)", "return x"),
            "the variable `w` of `layers:f` holds no array",
            "give it `jnp.array(...)`",
        ),
        (
            CLASS % ("", "pass", "self.w = nnx.Variable(x); return x"),
            "calling `layers:f` adds, removes or reshapes the variable `w`",
            "make every variable in the constructor",
        ),
        (
            "def f(x): return jax.lax.while_loop(lambda c: c.sum() < 9, lambda c: c * 2, x)",
            "tracing the training step raises ValueError: Reverse-mode differentiation does",
            None,
        ),
    ],
)
def test_what_is_wrong_with_it_is_an_error_at_the_step_before_the_run(spec, code, message, help):
    with pytest.raises(SpecError) as error:
        train(spec(code=code))
    (problem,) = error.value.diagnostics
    assert problem.message.startswith(message)
    assert problem.code == ("GC245" if " raises " in message else "GC246")
    assert (str(problem.span), problem.help) == ("spec.yaml:6:7", help)
    assert not Path("run").exists()


def test_the_lines_that_led_to_an_exception_are_notes(spec):
    code = "def f(x):\n    return g(x)\n\n\ndef g(x):\n    raise ValueError('no')\n"
    with pytest.raises(SpecError) as error:
        gc.compile(spec(code=code)).module()
    (problem,) = error.value.diagnostics
    assert [str(note) for note in problem.notes] == [
        "in `f` at layers.py:6:5",
        "in `g` at layers.py:10:5",
    ]


def test_a_run_keeps_the_files_and_stands_alone(spec):
    run = train(spec(NOISY))
    stored = json.loads((run.path / "model.json").read_text())
    assert set(stored["sha256"]) == {"spec.yaml", "model.py", "layers.py", "helpers/rates.py"}
    test = run.evaluate("test")
    assert test == run.result["test"]
    Path("layers.py").unlink()
    assert gc.load_run("run").evaluate("test") == test
    done = subprocess.run(
        [sys.executable, str(run.path / "model.py")], capture_output=True, text=True, check=True
    )
    assert "python/layers/1/kernel" in done.stdout
    assert done.stdout.split()[-1] == f"{run.result['parameters']}"


def test_arrays_have_the_names_that_the_module_gives_them(spec):
    run = train(spec(f"{{{NOISY}, name: noisy}}"))
    arrays = read(checkpoints(run.path / "checkpoints")[-1]).arrays
    assert {f"params/noisy/layers/{i}/{word}" for i in (0, 1) for word in ("kernel", "bias")} < set(
        arrays
    )
    assert np.any(arrays["statistics/noisy/mean"] != 0)
    assert "optimizer/0/mu/noisy/layers/0/kernel" in arrays
    assert run.result["parameters"] == 4 * 8 + 8 + 2 * (8 * 8 + 8) + 8 * 3 + 3


def test_a_program_for_inference_takes_the_copies_of_the_run(spec):
    run = train(spec(NOISY))
    Path("layers.py").unlink()
    trained = run.inference()
    x = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    batch = run.dataset().scaling.apply({"features": x})
    outputs = trained.model.module().forward(trained.params, trained.statistics, batch)
    np.testing.assert_allclose(outputs, run.predict(x), rtol=1e-5)


@pytest.mark.parametrize("change", [lambda path: path.write_text("x"), Path.unlink])
def test_a_copy_that_was_changed_is_refused(spec, change):
    run = train(spec(NOISY))
    change(run.path / "helpers" / "rates.py")
    for action in (lambda: gc.load_run("run"), lambda: train("spec.yaml", resume=True)):
        with pytest.raises(RunError, match=r"rates\.py` was changed since the run was made"):
            action()


def test_a_resumed_run_goes_on_with_its_copies(spec):
    path = spec(NOISY)
    whole = train(path, "whole").result["test"]
    settings = ["train.epochs=1"]
    gc.compile(path, settings).train("run", cache=False)
    Path("helpers/rates.py").write_text("RATE = 0.9\n")
    events = []
    resumed = train(path, resume=True, report=events.append)
    assert resumed.result["test"] == whole
    (warned,) = [event.diagnostic for event in events if isinstance(event, Warned)]
    assert warned.message == (
        "`helpers/rates.py` was changed since; the run goes on with its own copy"
    )


def test_modules_of_one_name_are_told_apart_and_forgotten(spec):
    path, names = list(sys.path), set(sys.modules)
    modules = []
    for factor in (2, 3):
        file = spec(code=f"def f(x): return {factor} * x")
        modules.append(gc.compile(file).module())
        assert gc.compile(file).module() is modules[-1]
    x = np.ones(1, np.float32)
    assert [float(each.f(x)[0]) for each in modules] == [2.0, 3.0]
    assert sys.path == path and not {"layers", "helpers"} & set(sys.modules)
    assert not list(Path().rglob("__pycache__"))
    del modules
    garbage.collect()
    assert {name for name in set(sys.modules) - names if "graphc_module" in name} == set()


def test_what_had_the_name_before_has_it_again(tmp_path):
    (tmp_path / "json.py").write_text("here = True\n")
    before = sys.modules["json"]
    with importing([str(tmp_path)], ["json.py"]):
        import json as other

        assert other.here
    assert sys.modules["json"] is before
    assert str(tmp_path) not in sys.path
