"""One network of a run that trained several, put to use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from graphc.core.diagnostic import listing, similar
from graphc.core.types import Type
from graphc.data.dataset import Dataset, Form
from graphc.runtime.errors import fail
from graphc.runtime.evaluation import predict_batches
from graphc.runtime.steps import Program
from graphc.runtime.use import prepared

_EXAMPLES = 16


def which(name: str | None, networks: Sequence[str], path: Path) -> str | None:
    """Which of the networks of a run is meant; None where it trained one on one loss.

    Raises:
        RunError: GC633 where that is not clear.
    """
    if name is None and len(networks) <= 1:
        return next(iter(networks), None)
    if name in networks:
        return name
    if not networks:
        message = f"the run in `{path}` trained one network, and has none called `{name}`"
        raise fail("GC633", message, "leave the name out")
    help = f"its networks are {listing(networks)}"
    if name is None:
        raise fail("GC633", f"the run in `{path}` trained several networks", f"say which: {help}")
    help = similar(name, networks, "network") or help
    raise fail("GC633", f"the run in `{path}` has no network `{name}`", help)


def form_of(form: Form, inputs: Mapping[str, Type]) -> Form:
    """What the inputs of one network must be like, of those that have the name of a field as it."""
    return replace(form, fields=dict(inputs), target="", reads_target=True)


def data_of(dataset: Dataset, inputs: Mapping[str, Type], name: str) -> Dataset:
    """Data like what one network reads: of its inputs the fields of the data, or noise.

    Raises:
        RunError: GC626 for an input over steps or nodes that is no field of the data.
    """
    own, noise = dataset.splits["train"], np.random.default_rng(0)
    arrays = {}
    for word, kind in inputs.items():
        if word in own:
            arrays[word] = own[word][:_EXAMPLES]
        elif len(kind.domain) == 1:
            drawn = noise.standard_normal((_EXAMPLES, *kind.shape))
            arrays[word] = drawn.astype(np.float32 if kind.dtype == "float" else np.int32)
        else:
            message = f"`{name}` cannot be exported: its input `{word}` is no field of the data"
            raise fail("GC626", message, "an input over an axis is called as the field it reads")
    form = {"fields": dict(inputs), "target": "", "reads_target": True}
    return replace(dataset, **form, splits={"train": arrays})


def call_of(module: ModuleType, weights: tuple[Any, Any]) -> Callable[[Any], Any]:
    """What gives the outputs of a module for inference for a batch of prepared values."""
    return lambda batch: module.forward(*weights, batch)


def predict_of(
    module: ModuleType,
    weights: tuple[Any, Any],
    form: Form,
    inputs: np.ndarray | Mapping[str, Any],
    batch_size: int,
) -> Any:
    """The outputs of a module for inference for examples [n, ...]; RunError GC614 as `prepared`."""
    arrays = prepared(form, inputs)
    return predict_batches(Program(module.forward), *weights, arrays, batch_size)
