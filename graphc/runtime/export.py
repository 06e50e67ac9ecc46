"""A trained network for programs that know nothing of graphc."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphc.core.types import DIRECTED, DRAWN, NODES_DRAWN
from graphc.data.dataset import Dataset
from graphc.ops.sources.graphs import COUNTED
from graphc.runtime.errors import fail
from graphc.runtime.inference import averaged
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.use import Warn, chosen_checkpoint, trained

_MISSING = "`pip install graphc[export]`"
PLATFORMS = ("cpu", "cuda", "tpu")
Call = Callable[[Any], Any]


def require_finished(run: RunDirectory) -> None:
    """Raise RunError GC625 where a run has no result."""
    if not (run.path / "result.json").exists():
        message = f"the run in `{run.path}` has not ended"
        raise fail("GC625", message, "let it end, or go on with it by `--resume`")


def network(run: RunDirectory, warn: Warn) -> Call:
    """What gives the outputs for a batch of prepared values; raises RunError GC602 and GC603."""
    programs, state = trained(run, warn)
    forward = programs.module.forward

    def call(batch: Any) -> Any:
        return forward(state["params"], state["statistics"], batch)[0]

    return call


def stablehlo(call: Call, dataset: Dataset, batch_size: int | None) -> bytes:
    """The network as one program with its weights in it, as `jax.export` writes it.

    It takes what `predict` takes: raw values, one array [n, ...] or for several fields a dict of
    them; the scaling of the training data is part of the program.

    Args:
        call: what gives the outputs for a batch of prepared values.
        batch_size: how many examples it takes at a time; None for any number.

    Raises:
        RunError: GC623 where flatbuffers is not installed, GC626 where the network cannot take any
            number of examples.
    """
    from jax import export

    try:
        import flatbuffers  # noqa: F401
    except ImportError as error:
        raise fail("GC623", "`jax.export` needs the package flatbuffers", _MISSING) from error
    function, names = for_raw_values(call, dataset), inputs(dataset)

    def predict(values: Any) -> Any:
        return function(*(values[name] for name in names) if len(names) > 1 else (values,))

    with for_any_number(batch_size):
        given = shapes(dataset, batch_size)
        arguments = given if len(given) > 1 else given[names[0]]
        made = export.export(jax.jit(predict), platforms=PLATFORMS)(arguments)
    return bytes(made.serialize())


@contextmanager
def for_any_number(batch_size: int | None) -> Iterator[None]:
    """Make what goes wrong for want of a number of examples RunError GC626."""
    try:
        yield
    except Exception as error:
        if batch_size is not None:
            raise
        message = "the network cannot be exported for any number of examples"
        raise fail(
            "GC626", message, "give their number: `--batch-size 1`", (first_line(error),)
        ) from error


def first_line(error: Exception) -> str:
    """What an error says, in short."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def for_raw_values(call: Call, dataset: Dataset) -> Callable[..., Any]:
    """The outputs for raw values, an array for each of `inputs`."""
    names = inputs(dataset)
    moments = {
        name: [np.asarray(values, np.float32) for values in (each.mean, each.deviation)]
        for name, each in dataset.scaling.moments.items()
        if name in names
    }

    def predict(*arrays: Any) -> Any:
        batch = dict(zip(names, arrays, strict=True))
        for name, (mean, deviation) in moments.items():
            array = batch[name]
            mean, deviation = (jnp.broadcast_to(m, array.shape[1:]) for m in (mean, deviation))
            batch[name] = (array - mean[None]) / deviation[None]
        return call(batch)

    return predict


def inputs(dataset: Dataset) -> list[str]:
    """The fields that the network reads, with lengths of sequences and edges of graphs."""
    unread = {COUNTED, DRAWN, NODES_DRAWN, DIRECTED, *dataset.compared}
    unread |= set() if dataset.reads_target else {dataset.target}
    return [name for name in dataset.fields if name not in unread]


def shapes(dataset: Dataset, batch_size: int | None) -> dict[str, jax.ShapeDtypeStruct]:
    """Those of the inputs, for a number of examples or for any."""
    from jax import export

    count = export.symbolic_shape("n")[0] if batch_size is None else batch_size
    return {
        name: jax.ShapeDtypeStruct(
            (count, *dataset.splits["train"][name].shape[1:]),
            np.int32 if dataset.fields[name].dtype == "int" else np.float32,
        )
        for name in inputs(dataset)
    }


def safetensors(run: RunDirectory, warn: Warn) -> bytes:
    """The weights and statistics by the spec's paths, `dense/kernel`.

    Raises:
        RunError: GC602 for checkpoints, GC623 where safetensors is not installed.
    """
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise fail("GC623", "this format needs the package safetensors", _MISSING) from error
    return save(weights(run, warn), {"format": "graphc", "spec": run.blueprint.name})


def weights(run: RunDirectory, warn: Warn) -> dict[str, np.ndarray]:
    """The weights and statistics by the spec's paths; raises RunError GC602 for checkpoints."""
    found = averaged(chosen_checkpoint(run, warn).arrays)
    return {
        name.split("/", 1)[1]: np.ascontiguousarray(array)
        for name, array in found.items()
        if name.startswith(("params/", "statistics/"))
    }
