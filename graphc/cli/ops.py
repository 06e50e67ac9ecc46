"""`graphc ops`."""

from __future__ import annotations

import click

from graphc.cli.common import load_offered, put
from graphc.cli.failures import Command
from graphc.insight.reference import listing_of_all, page_of


@click.command(cls=Command)
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List what a spec can name, or explain one.

    Operations by family, blocks, initializers, losses, metrics, optimizers, schedules and data
    sources. With NAME: its text, attributes, inputs and weights, an example, and its form in Flax.
    """
    if name is None:
        load_offered()
    put(listing_of_all() if name is None else page_of(name), None)
