"""What `graphc compile` prints is what runs, and it stands alone."""

import ast
import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from click.testing import CliRunner

import graphc as gc
from graphc.cli.compile import command
from graphc.core.importing import importing
from graphc.core.types import (
    EDGES,
    ENDS,
    NODES,
    PAIRS,
    RECEIVERS,
    SENDERS,
    counted_over,
    lengths_over,
    nodes_axis,
    uneven_axes,
)
from graphc.data.neighbours import SEEDS, by_node

ROOT = Path(__file__).parents[2]
SPECS = sorted(path.stem for path in (ROOT / "specs").glob("*.yaml"))
BESIDE = {path.stem for path in (ROOT / "specs").glob("*.py")} - {"omniglot_one_shot"}
ROWS, STEPS, JOINED = 4, 3, 5


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Every spec as a file that `graphc compile -o` wrote, beside the code of `python` steps."""
    folder = tmp_path_factory.mktemp("printed")
    for word in BESIDE:
        shutil.copy(ROOT / f"specs/{word}.py", folder)
    for name in SPECS:
        path = str(folder / f"{name}.py")
        with contextlib.chdir(ROOT):  # the module names its spec by the path that is given
            done = CliRunner().invoke(command, [f"specs/{name}.yaml", "-o", path])
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def models():
    return {name: gc.compile(ROOT / f"specs/{name}.yaml", device="cpu") for name in SPECS}


def imported(path: Path):
    """The file as Python imports it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    with importing([str(path.parent)], [each.name for each in path.parent.glob("*.py")]):
        spec.loader.exec_module(module)
    return module


def shape_of(kind):
    """The shape of a batch of values, over steps, nodes and edges or not."""
    return (ROWS, *(JOINED if axis == EDGES else STEPS for axis in kind.domain[1:]), *kind.shape)


def values(draw, kind):
    """Random values of an input."""
    shape = shape_of(kind)
    if kind.dtype == "int":
        return draw.integers(0, kind.below, shape).astype(np.int32)
    return draw.normal(size=shape).astype(np.float32)


def graphs(draw):
    """Edges of graphs, and the nodes that count."""
    ends = draw.integers(0, STEPS, (2, ROWS, JOINED)).astype(np.int32)
    ends[1].sort(axis=-1)
    counted = draw.integers(0, 2, (ROWS, STEPS)) > 0
    return {SENDERS: ends[0], RECEIVERS: ends[1], counted_over(NODES.name): counted}


def numbers(model, module):
    """A state of random numbers and a batch for a module."""
    draw = np.random.default_rng(0)
    shapes = jax.eval_shape(module.init, jax.random.key(0))
    state = jax.tree.map(lambda each: 0.1 * draw.normal(size=each.shape), shapes)
    state |= {name: jax.tree.map(np.abs, state[name]) for name in state if name != "params"}
    state = jax.tree.map(lambda each, shape: np.asarray(each, shape.dtype), state, shapes)
    loss = model.compiled.checked.plan.objectives[0].loss
    batch = {name: values(draw, kind) for name, kind in model.graph.inputs}
    for axis in dict.fromkeys(a for _, kind in model.graph.inputs for a in uneven_axes(kind)):
        batch[lengths_over(axis.name)] = draw.integers(1, STEPS + 1, ROWS).astype(np.int32)
    if loss.target_type is not None:
        batch[loss.target] = labels(draw, loss.target_type)
    if loss.target_type is not None and PAIRS in loss.target_type.domain:
        batch[ENDS] = draw.integers(0, STEPS, (ROWS, STEPS, 2)).astype(np.int32)
    if any(nodes_axis(kind) for _, kind in model.graph.inputs):
        batch |= graphs(draw)
    batch |= {"mask": np.arange(ROWS) < ROWS - 1}
    turns = model.compiled.checked.plan.round
    several = turns.batches if turns is not None else 1
    return state, {name: np.concatenate([array] * several) for name, array in batch.items()}


def learned(model, batch):
    """What a training step takes of a batch: of one graph nodes, whose neighbours it draws."""
    drawn = model.compiled.program.neighbours
    if drawn is None:
        return batch
    graph = {name: array[:1] for name, array in batch.items()}
    found = by_node(graph, [*dict(model.graph.inputs), "label"])
    return found | {SEEDS: np.zeros(2, np.int32), "mask": np.ones(2, bool)}


def labels(draw, target):
    """Random targets of a loss."""
    shape = shape_of(target)
    if target.dtype == "float":
        return draw.normal(size=shape).astype(np.float32)
    label = draw.integers(0, min(target.below or 3, 3), shape).astype(np.int32)
    return label > 0 if target.dtype == "bool" else label


def program(module, state, batch, own):
    """What is compiled for outputs, gradients and one step of training on the batch `own`."""

    def run(state, batch, own):
        key = module.at(jax.random.key(1), 2) if hasattr(module, "at") else jax.random.key(1)

        def total(params):
            outputs, _ = module.forward(params, state["statistics"], batch, train=True, key=key)
            return sum(jnp.sum(jnp.sin(each)) for each in jax.tree.leaves(outputs)), outputs

        gradients, outputs = jax.grad(total, has_aux=True)(state["params"])
        # The schedules of optax mix whole numbers and floats.
        with jax.numpy_dtype_promotion("standard"):
            return outputs, gradients, module.train_step(state, own, key)

    return jax.jit(run).lower(state, batch, own).as_text()


@pytest.mark.parametrize("name", SPECS)
def test_the_printed_file_computes_what_the_module_in_memory_does(name, files, models):
    model = models[name]
    state, batch = numbers(model, model.module())
    given = state, batch, learned(model, batch)
    assert program(model.module(), *given) == program(imported(files / f"{name}.py"), *given)


@pytest.mark.parametrize("name", SPECS)
def test_the_printed_file_is_the_source_of_the_run(name, files, models):
    printed = (files / f"{name}.py").read_text()
    assert _without_origin(printed) == _without_origin(models[name].source)


def _without_origin(source):
    """The source without the path of the spec, which each names as it was given."""
    return re.sub(r"\S*\.yaml(:\d+)?", "SPEC", " ".join(source.split()))


@pytest.mark.parametrize("name", SPECS)
def test_the_printed_file_imports_nothing_of_graphc(name, files):
    tree = ast.parse((files / f"{name}.py").read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name.split(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    assert found - set(sys.stdlib_module_names) <= {"jax", "flax", "optax", *BESIDE}


@pytest.mark.parametrize(
    "arguments",
    [["format", "--check"], ["check", "--select", "E,F,I"]],
    ids=["formatter", "linter"],
)
def test_a_formatter_and_a_linter_accept_every_printed_file(arguments, files, tmp_path):
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed")
    if arguments[0] == "check":  # a formatter cannot break the two paths of a line of the table
        files = shutil.copytree(files, tmp_path / "printed")
        for path in files.glob("*.py"):
            path.write_text(re.sub(r'^    "[^" ]+": "[^" ]+",\n', "", path.read_text(), flags=re.M))
    command = [ruff, *arguments, "--isolated", "--line-length", "100", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=files)
    assert done.returncode == 0, done.stdout + done.stderr


WITHOUT_GRAPHC = """
import runpy, sys
sys.modules["graphc"] = None  # an import of it fails
for path in sys.argv[1:]:
    print("file", path)
    runpy.run_path(path, run_name="__main__")
"""


def test_every_printed_file_runs_where_graphc_cannot_be_imported(files, models):
    paths = [str(files / f"{name}.py") for name in SPECS]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_GRAPHC, *paths],
        capture_output=True,
        text=True,
        cwd=files,
        env=_environment(),
    )
    assert done.returncode == 0, done.stderr
    tables = done.stdout.split("file ")[1:]
    assert [_total(table) for table in tables] == [
        models[name].compiled.weights.parameters for name in SPECS
    ]


def test_python_prints_the_table_with_the_total(files, models):
    path = files / "mnist_highway50.py"
    done = subprocess.run(
        [sys.executable, path.name], capture_output=True, text=True, cwd=files, env=_environment()
    )
    assert done.returncode == 0, done.stderr
    assert _total(done.stdout) == models["mnist_highway50"].compiled.weights.parameters
    assert re.search(
        r"^highways/gate_h/kernel +\[50, 50, 100\] +250,000$", done.stdout, re.MULTILINE
    )


def _total(table: str) -> int:
    label, number = table.splitlines()[-1].split()
    assert label == "total"
    return int(number.replace(",", ""))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
