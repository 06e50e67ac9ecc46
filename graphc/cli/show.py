"""`graphc show`."""

from __future__ import annotations

from pathlib import Path

import click

from graphc.checker import Checked, check
from graphc.cli.common import (
    format_option,
    output_option,
    plain_warnings,
    put,
    python_option,
    settings_option,
    spec_argument,
    spec_source,
)
from graphc.cli.failures import Command, show


@click.command(cls=Command)
@spec_argument
@settings_option
@python_option
@format_option("text", "html", "dot", "mermaid", "json", "graph", "svg")
@click.option(
    "--training", is_flag=True, help="Show who moves what, of a spec with several objectives."
)
@click.option(
    "--compiled",
    is_flag=True,
    help="Show the memory and the work of the compiled training step (`text`, `json`).",
)
@output_option
def command(
    spec: str,
    settings: tuple[str, ...],
    no_python: bool,
    layout: str,
    training: bool,
    compiled: bool,
    output: str | None,
) -> None:
    """Show a spec as a table or a drawing.

    The table has a row for every node, with its output's shape, its parameters and the floating
    point operations that it takes for one example; what stands inside a block is indented below
    its totals. `html` is a page to open in a browser, with everything in one file: blocks that
    fold, shapes on the edges, the spec beside it. `dot` is for Graphviz, `mermaid` for Markdown,
    `json` for programs. `graph` is an SVG of the graph that the data is; of a run, whose directory
    stands in place of SPEC, with the classes that it says as colours.

    With `--training`, `text` and `svg` show the training of a spec with several objectives: its
    values, what each objective makes small or large, and what it moves.

    With `--compiled`, the training step is compiled for the device at hand. `text` and `json` show
    its memory, operations and bytes by XLA's own analysis, and for each node which of the two,
    products or memory, bounds its time.
    """
    if compiled:
        _require_alone(spec, layout, training)
        put(_compiled(spec, settings, no_python, layout), output)
        return
    if training != (layout == "svg") and (layout != "text"):
        wanted = (
            "`--training` is shown as `text` or `svg`" if training else "`svg` is for `--training`"
        )
        raise click.UsageError(wanted)
    if layout == "graph" and output not in (None, "-") and Path(output).suffix.lower() != ".svg":
        raise click.UsageError(
            f"the picture is an SVG file: `-o {Path(output).with_suffix('.svg')}`"
        )
    if layout == "graph" and Path(spec).is_dir():
        if settings:
            raise click.UsageError("`--set` changes a spec, and a run has what it learnt with")
        put(_of_run(spec), output)
        return
    checked = check(spec_source(spec), settings, python=not no_python)
    show(checked.warnings)
    if layout == "graph":
        put(_data_graph(checked), output)
        return
    put(_training(checked, layout) if training else _drawn(checked, layout), output)


def _require_alone(spec: str, layout: str, training: bool) -> None:
    """Refuse what does not go with `--compiled`."""
    if training:
        raise click.UsageError("`--compiled` and `--training` are two tables: ask for one of them")
    if layout not in ("text", "json"):
        raise click.UsageError("`--compiled` is shown as `text` or `json`")
    if Path(spec).is_dir():
        raise click.UsageError(f"`--compiled` is of a spec: `{Path(spec) / 'spec.yaml'}`")


def _compiled(spec: str, settings: tuple[str, ...], no_python: bool, layout: str) -> str:
    import json

    from graphc import api
    from graphc.insight.compiled import compiled_dict, compiled_text

    plain_warnings()
    model = api.compile(spec_source(spec), settings, python=not no_python)
    checked = model.compiled.checked
    show(checked.warnings)
    found = model.analyse()
    if layout == "json":
        return json.dumps(compiled_dict(found), indent=2) + "\n"
    return compiled_text(found, checked.document.source)


def _of_run(run: str) -> str:
    from graphc import api

    plain_warnings()
    return api.load_run(run).graph_picture()


def _data_graph(checked: Checked) -> str:
    from graphc.cli.data import loaded
    from graphc.data.graph_picture import graph_picture, require_one_graph

    dataset = loaded(checked)
    require_one_graph(dataset, checked.document.place("data"))
    return graph_picture(dataset)


def _training(checked: Checked, layout: str) -> str:
    from graphc.insight.players.scene import scene_of
    from graphc.insight.players.svg import training_svg
    from graphc.insight.players.text import training_text

    scene = scene_of(checked)
    return training_svg(scene) if layout == "svg" else training_text(scene)


def _drawn(checked: Checked, layout: str) -> str:
    if layout == "text":
        from graphc.insight.table import network_table

        return network_table(checked.networks, checked.document.source)
    if layout == "html":
        from graphc.insight.page.page import page

        return page(checked)
    from graphc.insight.drawing import DRAWINGS
    from graphc.insight.painting import picture_of

    return DRAWINGS[layout](picture_of(checked.networks), checked.name)
