"""`graphc doctor`."""

from __future__ import annotations

import click

from graphc.cli.common import python_option, settings_option, spec_argument, spec_source
from graphc.cli.failures import Command, show


@click.command(cls=Command)
@spec_argument
@settings_option
@python_option
def command(spec: str, settings: tuple[str, ...], no_python: bool) -> int:
    """Look at a network before it is trained.

    Measures the loss, the values and the gradients with fresh weights on a few examples, compares
    the gradients with numeric ones in float64, and trains on a single batch. The exit status is 1
    where something was found that will keep the network from being trained.
    """
    from graphc import api
    from graphc.runtime.doctor.texts import summary, table

    model = api.compile(spec_source(spec), settings, python=not no_python)
    show(model.compiled.checked.warnings)
    found = model.doctor()
    click.echo(table(found))
    show(found.findings)
    click.echo(summary(found.findings))
    return 1 if found.findings else 0
