"""A trained network for programs that know nothing of graphc."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphc.data.dataset import Dataset
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


def stablehlo(run: RunDirectory, dataset: Dataset, batch_size: int | None, warn: Warn) -> bytes:
    """The network as one program with its weights in it, as `jax.export` writes it.

    It takes what `predict` takes: raw values, one array [n, ...] or for several fields a dict of
    them; the scaling of the training data is part of the program.

    Args:
        batch_size: how many examples it takes at a time; None for any number.

    Raises:
        RunError: GC602 and GC603 for checkpoints, and as `stablehlo_of`.
    """
    programs, state = trained(run, warn)
    forward = programs.module.forward

    def call(batch: Any) -> Any:
        return forward(state["params"], state["statistics"], batch)[0]

    return stablehlo_of(call, dataset, batch_size)


def stablehlo_of(call: Call, dataset: Dataset, batch_size: int | None) -> bytes:
    """`stablehlo` of what gives the outputs for a batch of prepared values.

    Raises:
        RunError: GC623 where flatbuffers is not installed, GC626 where the network cannot take any
            number of examples.
    """
    from jax import export

    try:
        import flatbuffers  # noqa: F401
    except ImportError as error:
        raise fail("GC623", "`jax.export` needs the package flatbuffers", _MISSING) from error
    function = _function(call, dataset)
    try:
        arguments = _arguments(dataset, batch_size)
        made = export.export(jax.jit(function), platforms=PLATFORMS)(arguments)
    except Exception as error:
        if batch_size is not None:
            raise
        message = "the network cannot be exported for any number of examples"
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise fail("GC626", message, "give their number: `--batch-size 1`", (first,)) from error
    return bytes(made.serialize())


def _function(call: Call, dataset: Dataset) -> Call:
    """The outputs for raw values."""
    names = _inputs(dataset)
    moments = {
        name: [np.asarray(values, np.float32) for values in (each.mean, each.deviation)]
        for name, each in dataset.scaling.moments.items()
        if name in names
    }

    def predict(values: Any) -> Any:
        batch = dict(values) if isinstance(values, Mapping) else {names[0]: values}
        for name, (mean, deviation) in moments.items():
            array = batch[name]
            mean, deviation = (jnp.broadcast_to(m, array.shape[1:]) for m in (mean, deviation))
            batch[name] = (array - mean[None]) / deviation[None]
        return call(batch)

    return predict


def _inputs(dataset: Dataset) -> list[str]:
    fields, read = dataset.fields, dataset.reads_target
    return [name for name in fields if read or name != dataset.target]


def _arguments(dataset: Dataset, batch_size: int | None) -> Any:
    """Shapes of the inputs: one, or by field where there are several."""
    from jax import export

    count = export.symbolic_shape("n")[0] if batch_size is None else batch_size
    shapes = {}
    for name in _inputs(dataset):
        dtype = np.int32 if dataset.fields[name].dtype == "int" else np.float32
        shape = dataset.splits["train"][name].shape[1:]
        shapes[name] = jax.ShapeDtypeStruct((count, *shape), dtype)
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes


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
