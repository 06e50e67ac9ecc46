"""`graphc explain-compile`."""

from __future__ import annotations

from dataclasses import replace

import click

from graphc.cli.common import (
    device_option,
    inference_option,
    put,
    python_option,
    settings_option,
    spec_argument,
    spec_source,
    without_option,
)
from graphc.cli.failures import Command, show
from graphc.compiler import Compiled, compile
from graphc.core.diagnostic import RunError
from graphc.core.types import SENDERS
from graphc.insight.explanation import explanation


@click.command(cls=Command)
@spec_argument
@settings_option
@without_option
@device_option
@python_option
@inference_option
def command(
    spec: str,
    settings: tuple[str, ...],
    without: tuple[str, ...],
    device: str,
    no_python: bool,
    inference: bool,
) -> None:
    """Say what the compiler did, and why.

    For each pass: what it did, at which line, and what it left alone for which reason. Then what
    was chosen by table, and where each array of the spec is stored.
    """
    compiled = compile(spec_source(spec), settings, without, device, not no_python, inference)
    show(compiled.checked.warnings)
    put(explanation(compiled, _edges(compiled)), None)


def _edges(compiled: Compiled) -> str | None:
    """How the edges of a data set are held, which is decided by how many they are.

    So the data is loaded, if it is a graph; where it cannot be, nothing is said.
    """
    document = compiled.checked.document
    if document.data is None or SENDERS not in document.data.fields(document.folder):
        return None
    from graphc.data.edge_forms import sums_over_edges
    from graphc.data.load import load

    try:
        dataset = load(document.data, document.folder)
    except RunError:
        return None
    held = replace(dataset, device=compiled.choices.device).held
    return sums_over_edges(held["train"])
