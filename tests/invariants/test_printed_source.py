"""What is printed is what runs, and it needs nothing of graphc."""

import ast
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import graphc as gc
from graphc.runtime.module import import_module, module_from_source

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
SMALL = ("digits_mlp", "digits_logistic", "iris_mlp", "mnist_lenet5", "mnist_highway50")


def batch_of(model, rows=6):
    plan = model.compiled.checked.plan
    random = np.random.default_rng(0)
    types = dict(model.graph.inputs)
    fields = {
        field: random.random((rows, *types[name].shape), np.float32) for name, field in plan.inputs
    }
    target = plan.objectives[0].loss.target
    labels = random.integers(0, 3, rows).astype(np.int32)
    return fields | {target: labels, "mask": np.arange(rows) < rows - 1}


def everything(module, batch):
    """Outputs, gradients and a step, each by one jitted program."""
    key = jax.random.key(7)
    state = jax.jit(module.init)(jax.random.key(0))

    def loss(params):
        outputs, _ = module.forward(params, state["statistics"], batch, train=True, key=key)
        return module.losses(outputs, batch).sum()

    outputs = jax.jit(module.forward)(state["params"], state["statistics"], batch)[0]
    gradients = jax.jit(jax.grad(loss))(state["params"])
    return outputs, gradients, jax.jit(module.train_step)(state, batch, key)


@pytest.mark.parametrize("name", SMALL)
def test_the_printed_file_computes_the_same_bits(name, tmp_path):
    model = gc.compile(ROOT / "specs" / f"{name}.yaml", device="cpu")
    path = tmp_path / "model.py"
    path.write_text(model.source)
    batch = batch_of(model)
    printed = everything(import_module(path), batch)
    held = everything(module_from_source(model.source, "<held>"), batch)
    pairs = zip(jax.tree.leaves(printed), jax.tree.leaves(held), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_source_imports_jax_flax_and_optax_only(path):
    tree = ast.parse(gc.compile(path, device="cpu").source)
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(node.module.split(".")[0])
    assert roots <= {"functools", "zlib", "jax", "flax", "optax"}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_formatter_and_a_linter_leave_the_source_as_it_is(path, tmp_path):
    file = tmp_path / "model.py"
    file.write_text(gc.compile(path, device="cpu").source)
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--no-cache", "--line-length", "100"]
    for command in (["format", "--check"], ["check", "--select", "E,F,I"]):
        done = subprocess.run([*ruff, *command, *options, file], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_source_alone_prints_its_parameters(tmp_path):
    model = gc.compile(ROOT / "specs" / "digits_mlp.yaml", device="cpu")
    (tmp_path / "model.py").write_text(model.source)
    blocked = "import sys; sys.modules['graphc'] = None; import runpy; "
    command = f"{blocked}runpy.run_path('model.py', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    total = done.stdout.splitlines()[-1].split()
    assert total == ["total", f"{model.compiled.weights.parameters:,}"]
