"""`graphc generate`."""

from __future__ import annotations

import math

import click

from graphc.cli.common import plain_warnings
from graphc.cli.failures import Command


@click.command(cls=Command)
@click.argument("run")
@click.option("--prompt", default="", help="The text to go on with; default: a fresh line.")
@click.option(
    "--length",
    type=click.IntRange(min=0),
    default=500,
    show_default=True,
    help="How many symbols: characters, bytes or words, as the run learnt.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Below 1, likely symbols become likelier; 0 takes the likeliest.",
)
@click.option(
    "--top-k",
    type=click.IntRange(min=1),
    help="Draw only among so many symbols, the likeliest ones.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    help="Of the draws: the same seed gives the same text.",
)
@click.option("--network", metavar="NAME", help="Which network, of a run that trained several.")
def command(
    run: str,
    prompt: str,
    length: int,
    temperature: float,
    top_k: int | None,
    seed: int,
    network: str | None,
) -> None:
    """Let a trained run write text.

    RUN learnt to say what follows in a text. Prints the prompt and, as it is drawn, what the
    network goes on with. Ctrl-C ends it.
    """
    from graphc import api

    if not math.isfinite(temperature):
        raise click.BadParameter("it is a finite number", param_hint="--temperature")
    plain_warnings()
    pieces = api.load_run(run).generated(
        prompt, length=length, temperature=temperature, top_k=top_k, seed=seed, network=network
    )
    first = next(pieces, "")  # what is wrong is said before the prompt is shown
    click.echo(prompt + first, nl=False)
    try:
        for piece in pieces:
            click.echo(piece, nl=False)
    finally:
        click.echo()
