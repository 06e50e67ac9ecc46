"""`graphc predict`."""

from __future__ import annotations

import click

from graphc.cli.common import format_option, output_option, plain_warnings
from graphc.cli.failures import Command


@click.command(cls=Command)
@click.argument("run")
@click.argument("file")
@click.option("--edges", metavar="FILE", help="The edges of a graph whose nodes FILE holds.")
@click.option("--network", metavar="NAME", help="Which network, of a run that trained several.")
@format_option("json", "csv", "npz", "png", into="form")
@output_option
def command(
    run: str, file: str, edges: str | None, network: str | None, form: str, output: str | None
) -> None:
    """Predict with a trained run.

    FILE holds examples with raw values as in the data: `.npz` with an array for each field, `.npy`
    with the only field, `.json` with a list of examples or a mapping of fields to lists, or `.csv`
    with a header (`.parquet` likewise); or it is an image, a folder of images, or, for a run that
    learnt from a text, a `.txt`. `-` reads JSON from standard input. Prints what the network gives
    for each example; with `--format png`, or into a file `.png`, the images that it gives as one
    picture. Of a graph it is one `.npz` with `features` and `edges`, or for a run that
    learnt from csv files the one of the nodes, with `--edges`. The data that the run was trained on
    is not read again.

    A run that learnt links takes a `.csv` of pairs of nodes, and prints the pairs and their scores
    in the graph that it learnt from, which is read again.
    """
    from graphc import api
    from graphc.cli.pairs import is_pairs, read_pairs, write_scores
    from graphc.cli.predictions import given_lengths, read_inputs, write_outputs

    plain_warnings()
    trained = api.load_run(run)
    if is_pairs(file, trained):
        pairs = read_pairs(file, trained)
        outputs = trained.predict({"pairs": pairs.ends})
        (scores,) = outputs[0] if isinstance(outputs, tuple) else outputs
        write_scores(pairs, scores, form, output)
        return
    inputs = read_inputs(file, trained, edges)
    lengths = given_lengths(inputs, trained)
    write_outputs(trained.predict(inputs, network), trained, form, output, lengths)
