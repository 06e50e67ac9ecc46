"""`graphc explain-compile`."""

from __future__ import annotations

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
from graphc.compiler import compile
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
    put(explanation(compiled), None)
