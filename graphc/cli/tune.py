"""`graphc tune`."""

from __future__ import annotations

import click

from graphc.cli.common import (
    plain_warnings,
    python_option,
    settings_option,
    spec_argument,
    spec_source,
    write_bytes,
)
from graphc.cli.failures import Command, show


@click.command(cls=Command)
@spec_argument
@settings_option
@python_option
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    help="After how long no further form is tried.",
)
def command(spec: str, settings: tuple[str, ...], no_python: bool, seconds: float) -> None:
    """Measure which forms are faster on this machine.

    Each form in which the compiler could have written the training step otherwise takes turns with
    what is fastest so far, and is kept where it is faster. What was found goes into a file beside
    the spec, NAME.tuned.yaml: it is used wherever the spec is compiled on this machine, until the
    networks change. `graphc explain-compile` says so. Weights and results stay the same but for
    rounding.
    """
    from graphc import api
    from graphc.runtime.tuning import Fastest
    from graphc.spec.tuned import tuned_path

    plain_warnings()
    model = api.compile(spec_source(spec), settings, python=not no_python)
    source = model.compiled.checked.document.source
    path = tuned_path(source)
    if path is None:
        raise click.UsageError("what is found goes beside the spec: name a file")
    show(model.compiled.checked.warnings)
    for found in model.tune(seconds):
        if isinstance(found, Fastest):
            write_bytes(model.tuned(found).encode(), str(path))
            click.echo(f"{found.examples:,.0f} examples/s")
        else:
            click.echo(_line(found))
    click.echo(path)


def _line(tried) -> str:
    if tried.why:
        return f"{tried.words}: not measured, {tried.why}"
    low, middle, high = tried.quartiles
    verdict = "kept" if tried.kept else "not faster"
    predicted = "" if tried.predicted is None else f", predicted {tried.predicted:.2f}"
    return (
        f"{tried.words}: {middle:.2f} times as fast ({low:.2f} to {high:.2f}){predicted}, {verdict}"
    )
