"""`graphc verify-resume`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from graphc.cli.common import python_option, settings_option, spec_argument, spec_source
from graphc.cli.failures import Command


@click.command(cls=Command)
@spec_argument
@settings_option
@python_option
@click.option("--kills", type=click.IntRange(min=1), default=5, show_default=True, help="How many.")
@click.option(
    "--epochs", type=click.IntRange(min=1), default=3, show_default=True, help="Of each run."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draws the moments."
)
def command(
    spec: str, settings: tuple[str, ...], no_python: bool, kills: int, epochs: int, seed: int
) -> None:
    """Prove that a killed run goes on as if never stopped.

    Trains SPEC for a few epochs without a stop, and again in processes that are killed (SIGKILL)
    at random moments and resumed, in a temporary folder. The weights, the state of the optimiser,
    the metrics and the results are compared bit for bit. The exit status is 1 where anything
    differs. Of an ensemble it is the first member.
    """
    from graphc import api
    from graphc.runtime.verification import verify_resume

    if spec == "-":
        raise click.UsageError("several processes read the spec: name a file")
    settings = (*settings, f"train.epochs={epochs}")
    model = api.compile(spec_source(spec), settings, python=not no_python)
    if model.folds:
        help = "choose one with `--set data.SOURCE.fold=0`"
        raise click.UsageError(f"the data has folds, which are a run each: {help}")
    settings += tuple(each.setting("ensemble") for each in model.members[:1])
    options = [word for each in settings for word in ("--set", each)]
    options += ["--no-python"] if no_python else []

    def say(text: str) -> None:
        click.echo(text, err=True)

    with tempfile.TemporaryDirectory(prefix="graphc-") as folder:
        verdict = verify_resume([spec, *options], Path(folder), kills, seed, say)
    times = "kill" if verdict.kills == 1 else "kills"
    click.echo(
        f"the same bit for bit after {verdict.kills} {times}: {verdict.arrays} arrays and the"
        f" metrics of {verdict.epochs} epochs"
    )
