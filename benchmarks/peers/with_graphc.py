"""graphc: the loop that `graphc train` runs, without its files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import numpy as np
import optax  # noqa: F401
from flax import nnx  # noqa: F401 (sources import both; the time of imports counts for no form)

from benchmarks import other_specs, specs
from benchmarks.characters import BLOCKS, Characters
from benchmarks.citations import Citations, rows_of
from benchmarks.emitted import Emitted, emitted
from benchmarks.players import Players
from benchmarks.transformers import Transformer
from benchmarks.workloads import Workload
from graphc.core.forms import Forms
from graphc.core.span import Source
from graphc.data.batches import epoch_order
from graphc.data.held import held
from graphc.runtime import events
from graphc.runtime.course import Course, training_key
from graphc.runtime.evaluation import evaluated
from graphc.runtime.events import Position, Snapshot
from graphc.runtime.loop import fit, foresee
from graphc.runtime.state import state_shapes, to_canonical
from graphc.runtime.steps import batch_shapes, no_totals

WITHOUT_END = 10**9
Trained = Workload | Characters | Citations | Players | Transformer


def source(workload: Trained) -> Source:
    """The spec."""
    if isinstance(workload, Characters):
        return _characters(workload)
    if isinstance(workload, Citations):
        return other_specs.citations(workload.features, workload.classes, _file(workload))
    if isinstance(workload, Players):
        return other_specs.players(workload)
    if isinstance(workload, Transformer):
        return other_specs.transformer(workload)
    if workload.kind == "lenet":
        return specs.lenet()
    if workload.kind == "highway":
        return specs.highway(
            workload.depth, workload.widths[0], workload.batch, workload.learning_rate
        )
    if workload.kind == "residual":
        return specs.residual(workload.depth, workload.batch)
    if workload.kind == "bottleneck":
        return specs.bottlenecks(workload)
    return specs.dense(workload.shape, workload.widths, workload.batch)


def settings_of(workload: Trained) -> tuple[str, ...]:
    """What its spec says otherwise."""
    precision = getattr(workload, "precision", "float32")
    return () if precision == "float32" else (f"train.precision={precision}",)


def _file(workload: Citations) -> str | None:
    """A graph with fields like those of one that is made up, which is only compiled for."""
    if not workload.nodes:
        return None
    path = str(Path(tempfile.mkdtemp()) / "graph.npz")
    label = np.arange(workload.nodes) % workload.classes
    if workload.share == 1:
        features = {"features": np.ones((workload.nodes, workload.features), np.float32)}
    else:  # only of a sparse matrix it is known beforehand how many are not 0
        few, shape = round(workload.share * workload.features), (workload.nodes, workload.features)
        features = {
            "features_data": np.ones(workload.nodes * few, np.float32),
            "features_indices": np.tile(np.arange(few), workload.nodes),
            "features_indptr": np.arange(workload.nodes + 1) * few,
            "features_shape": np.array(shape),
        }
    np.savez(path, **features, edges=np.zeros((2, 1), np.int32), label=label)
    return path


def _characters(workload: Characters) -> Source:
    cell = f"{BLOCKS[workload.cell]}: {workload.width}"
    cells = f"    - {cell}\n" * workload.layers
    if workload.both_ways:
        cells = f"    - bidirectional: [{{{cell}}}]\n"
    at_most = workload.steps if workload.both_ways else None
    return other_specs.characters(cells, at_most, workload.batch, workload.steps)


def start(
    workload: Trained,
    arrays: dict,
    weights: str,
    forms: Forms | None = None,
    settings: tuple[str, ...] = (),
) -> Callable[[int], float]:
    """Write the initial weights to the file `weights`, for the others.

    Args:
        forms: by which it is compiled, if not by those of the device.
        settings: what the spec says otherwise.
    """
    sequences = None
    if isinstance(workload, Characters | Transformer):
        sequences = workload.examples, workload.steps
    settings = (*settings_of(workload), *settings)
    each = emitted(source(workload), forms=forms, settings=settings, sequences=sequences)
    first, course = _foreseen(each, workload, arrays)
    canonical = to_canonical(first.state, each.compiled.weights)
    mine = [path for path in canonical if path.startswith("params/")]
    np.savez(weights, **{path.removeprefix("params/"): canonical[path] for path in mine})
    epochs = _epochs(each, course, first)
    return lambda number: next(epochs)


def settle() -> None:
    """Wait for the epoch that has begun ahead: it is not to run in the turn of another form."""
    jax.block_until_ready(jax.live_arrays())


def _foreseen(each: Emitted, workload: Trained, arrays: dict) -> tuple[Snapshot, Course]:
    """Where training starts, while its step is compiled, and what it goes through."""
    programs, key = each.programs, jax.random.key(0)
    programs.init.begin_compiling(key)
    order = partial(epoch_order, workload.examples, workload.batch, 0)
    if isinstance(workload, Citations):
        order = rows_of(workload)
        arrays = _held(each, arrays)
    course = Course(
        data=jax.device_put(arrays),
        order=order,
        validation=(),
        epochs=WITHOUT_END,
        steps_per_dispatch=each.compiled.choices.steps_per_dispatch,
        key=training_key(0),
    )
    template = state_shapes(each.module)
    totals = programs.evaluate.shapes(evaluated(template), batch_shapes(arrays, workload.batch))
    foreseen = Snapshot(Position(), template, no_totals(totals))
    foresee(programs, course, foreseen)
    return replace(foreseen, state=programs.init(key)), course


def _epochs(each: Emitted, course: Course, first: Snapshot) -> Iterator[float]:
    plan = each.compiled.checked.plan
    assert plan is not None
    objectives = [objective.loss.name for objective in plan.objectives]
    for event in fit(each.programs, course, first):
        if isinstance(event, events.EpochEnded):
            yield float(np.mean([event.train[name] for name in objectives]))


def _held(each: Emitted, arrays: dict) -> dict:
    """The arrays of a graph as the program takes them."""
    nodes = arrays["label"].shape[1]
    return held({"train": arrays}, each.compiled.program.sparse, nodes)["train"]
