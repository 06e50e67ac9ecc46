"""`graphc evaluate`."""

from __future__ import annotations

import json

import click

from graphc.cli.common import format_option, plain_warnings
from graphc.cli.failures import Command


@click.command(cls=Command)
@click.argument("run")
@click.option("--split", default="test", show_default=True, help="train, validation or test.")
@format_option("text", "json")
def command(run: str, split: str, layout: str) -> None:
    """Evaluate a trained run.

    RUN is the directory that `graphc train` wrote. Prints the loss and the metrics over a split.
    """
    from graphc import api
    from graphc.insight.confusion import confusion_text
    from graphc.runtime.progress import numbers

    plain_warnings()
    loaded = api.load_run(run)
    metrics = loaded.evaluate(split)
    if layout == "json":
        click.echo(json.dumps({"split": split, **metrics}))
    else:
        click.echo(f"{split} {numbers(metrics)}")
        if "confusion_matrix" in metrics:
            names = loaded.dataset().class_names
            click.echo(confusion_text(metrics["confusion_matrix"], names), nl=False)
