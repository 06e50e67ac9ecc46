"""`graphc compile`."""

from __future__ import annotations

import click

from graphc.cli.common import (
    device_option,
    inference_option,
    output_option,
    put,
    python_option,
    settings_option,
    spec_argument,
    spec_source,
    without_option,
)
from graphc.cli.failures import Command, show
from graphc.compiler import compile


@click.command(cls=Command)
@spec_argument
@output_option
@settings_option
@without_option
@device_option
@python_option
@inference_option
def command(
    spec: str,
    output: str | None,
    settings: tuple[str, ...],
    without: tuple[str, ...],
    device: str,
    no_python: bool,
    inference: bool,
) -> None:
    """Print the Flax source of a spec.

    The module needs jax, flax and optax, and nothing of graphc; it is the one that `graphc train`
    runs. With `--inference` it has no training functions, and its batch norms are folded into the
    layers before them: `graphc.load_run(RUN).inference()` gives it with the weights of a run.
    """
    compiled = compile(spec_source(spec), settings, without, device, not no_python, inference)
    show(compiled.checked.warnings)
    put(compiled.source, output)
