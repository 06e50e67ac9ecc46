"""A trained network in ONNX, by jax2onnx, an extra of graphc.

What is converted is the traced program and not the modules: so it is the one that `predict` runs,
and it is run once by onnxruntime and compared, for a converter knows only some operations well.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax.extend.core import jaxpr_as_fun

from graphc.data.dataset import Dataset
from graphc.runtime import export
from graphc.runtime.errors import fail

_MISSING = "`pip install 'graphc[onnx]'`"
_HELP = "export it as `stablehlo`, or its weights as `safetensors`"
EXAMPLES = 3
TOLERANCE = 1e-4  # of the largest output; float32 is ten to a hundred times closer


def onnx(
    call: export.Call, dataset: Dataset, batch_size: int | None, name: str, ports: Sequence[str]
) -> bytes:
    """The network as one ONNX model with its weights in it.

    It takes raw values, an input [n, ...] for each field under its name.

    Args:
        call: what gives the outputs for a batch of prepared values.
        batch_size: how many examples it takes at a time; None for any number.
        name: of the network.
        ports: the names of its outputs.

    Raises:
        RunError: GC623 where jax2onnx is not installed, GC626 where the network cannot take any
            number of examples, GC628 where it has no form in ONNX.
    """
    try:
        with _hushed():
            from jax2onnx import to_onnx  # type: ignore[import-not-found]  # an extra
    except ImportError as error:
        raise fail("GC623", "this format needs the package jax2onnx", _MISSING) from error
    function, names = export.for_raw_values(call, dataset), export.inputs(dataset)
    with export.for_any_number(batch_size):
        shapes = list(export.shapes(dataset, batch_size).values())
        traced = jaxpr_as_fun(jax.make_jaxpr(function)(*shapes))
    try:
        with _hushed():
            outputs = {"input_names": names, "output_names": list(ports)}
            made = to_onnx(traced, shapes, model_name=name, **outputs).SerializeToString()
            examples = _examples(dataset, batch_size or EXAMPLES)
            found = _run(made, examples)
    except Exception as error:
        notes = (export.first_line(error),)
        raise fail("GC628", "the network cannot be written as ONNX", _HELP, notes) from error
    _require_same(found, function(*examples.values()))
    return made


def _examples(dataset: Dataset, count: int) -> dict[str, np.ndarray]:
    """A few examples with raw values."""
    split = dataset.splits["train"]
    rows = np.arange(count) % len(split[export.inputs(dataset)[0]])
    found = {}
    for name in export.inputs(dataset):
        array = np.asarray(split[name][rows])
        if (moments := dataset.scaling.moments.get(name)) is not None:
            array = array * moments.deviation + moments.mean
        found[name] = array.astype(np.int32 if dataset.fields[name].dtype == "int" else np.float32)
    return found


def _run(model: bytes, examples: dict[str, np.ndarray]) -> list[Any]:
    """What onnxruntime gives."""
    import onnxruntime  # type: ignore[import-not-found]  # comes with jax2onnx

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model, options, providers=providers)
    return session.run(None, examples)


def _require_same(found: Sequence[Any], wanted: Any) -> None:
    """Raise RunError GC628 where the outputs of the model are not those of the network."""
    for one, other in zip(found, jax.tree.leaves(wanted), strict=True):
        other = np.asarray(other, np.float32)
        apart = np.max(np.abs(one - other), initial=0)
        if not apart <= TOLERANCE * max(np.max(np.abs(other), initial=0), 1e-6):
            message = f"the ONNX model differs from the network by {apart:.2g}"
            raise fail("GC628", message, _HELP)


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep what is converted by from logging about shapes that it does not need."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
