"""One network of a run that trained several, put to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from graphc.core.diagnostic import listing, similar
from graphc.core.types import Type
from graphc.data.dataset import Form
from graphc.runtime.errors import fail
from graphc.runtime.evaluation import predict_batches
from graphc.runtime.steps import Program
from graphc.runtime.use import prepared


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
