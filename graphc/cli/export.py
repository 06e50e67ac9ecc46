"""`graphc export`."""

from __future__ import annotations

import os

import click

from graphc.cli.common import format_option, output_option, plain_warnings, write_bytes
from graphc.cli.failures import Command


@click.command(cls=Command)
@click.argument("run")
@format_option("stablehlo", "onnx", "safetensors", into="form")
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    metavar="N",
    help="Examples that the program takes at a time; default: any number.",
)
@click.option("--network", metavar="NAME", help="Which network, of a run that trained several.")
@output_option
def command(
    run: str, form: str, batch_size: int | None, network: str | None, output: str | None
) -> None:
    """Write a trained network for other programs.

    `stablehlo` is a program with the weights in it, which a process with only jax loads by
    `jax.export.deserialize(data).call(images)`; it takes raw values as `predict` does. `onnx` is
    one for onnxruntime and others. `safetensors` has the weights alone, by their paths in the
    spec. Without `-o` the file is put into the directory of the run.
    """
    from graphc import api

    plain_warnings()
    trained = api.load_run(run)
    data = trained.export(form, batch_size, network)
    path = output or str(trained.path / f"{trained.name}.{form}")
    write_bytes(data, path)
    if path != "-":
        click.echo(os.path.relpath(path))
