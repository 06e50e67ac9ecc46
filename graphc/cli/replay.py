"""`graphc replay`."""

from __future__ import annotations

import click

from graphc.cli.common import plain_warnings
from graphc.cli.failures import Command, show


@click.command(cls=Command)
@click.argument("run")
def command(run: str) -> None:
    """Say again where the numbers of a stopped run went wrong.

    RUN is the directory of a run that stopped because a loss or a gradient was not finite. The
    step is run again from the last checkpoint, value by value, and then backwards.
    """
    from graphc import api

    plain_warnings()
    show([api.load_run(run).replay()])
