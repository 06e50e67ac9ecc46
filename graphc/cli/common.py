"""What several commands share: the spec they are given, their options, and files they write."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import click

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.core.span import Source
from graphc.spec.bundled import named

settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PATH=VALUE",
    help="Replace a value of the spec: a parameter (`units=64`) or any path (`train.epochs=5`).",
)
without_option = click.option(
    "--no-pass", "without", multiple=True, metavar="NAME", help="Leave out a pass of the compiler."
)
python_option = click.option(
    "--no-python", is_flag=True, help="Refuse `python` steps, which run code beside the spec."
)
device_option = click.option(
    "--device",
    type=click.Choice(["cpu", "gpu", "tpu"]),
    default="cpu",
    show_default=True,
    help="The device to choose forms for.",
)
inference_option = click.option(
    "--inference",
    is_flag=True,
    help="For evaluation alone: no training functions, batch norms folded into layers.",
)
output_option = click.option(
    "-o", "--output", metavar="FILE", help="Write to a file instead of standard output."
)
cache_option = click.option(
    "--no-cache", is_flag=True, help="Keep no compiled programs for the next start."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
spec_argument = click.argument("spec")
_MOST_SEEDS = 1000


def run_option(what: str):
    """`--run`, the directory of the run or of the trials."""
    help = f"The directory of the {what}; default: runs/NAME, numbered."
    return click.option("--run", metavar="DIR", help=help)


def resume_option(what: str):
    """`--resume`, for the run or the search."""
    return click.option("--resume", is_flag=True, help=f"Go on with the {what} in that directory.")


def require_directory(spec: str, run: str | None) -> None:
    """Refuse a spec without a name where no directory is given."""
    if spec == "-" and run is None:
        raise click.UsageError("a spec from standard input has no name: say where with `--run DIR`")


class Seeds(click.ParamType):
    """Whole numbers: `0..9`, `0,3,7`, or both mixed."""

    name = "seeds"

    def convert(self, value, param, ctx):
        if isinstance(value, list):
            return value
        seeds = []
        for part in value.split(","):
            found = re.fullmatch(r"\s*([0-9]{1,9})(?:\.\.([0-9]{1,9}))?\s*", part)
            first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
            if not 0 <= last - first < _MOST_SEEDS:
                self.fail(f"`{value}` is no list of seeds: write `0..9` or `0,3,7`", param, ctx)
            seeds += range(first, last + 1)
        return list(dict.fromkeys(seeds))


def format_option(*formats: str, into: str = "layout"):
    """`--format`, the first of `formats` by default.

    A command that takes it as `layout` also shows its errors in that form.
    """
    return click.option(
        "--format",
        into,
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="The form of the output.",
    )


def spec_source(spec: str) -> str | Source:
    """A spec by path; `-` is standard input, `zoo/NAME` and `specs/NAME` ship with graphc."""
    if spec == "-":
        return _standard_input()
    return named(spec)


def _standard_input() -> Source:
    from graphc.spec.files import MOST_BYTES, decode

    return decode(sys.stdin.buffer.read(MOST_BYTES + 1), "<stdin>")


def plain_warnings() -> None:
    """Show warnings as their text, without the line of Python that they came from."""
    import warnings

    warnings.showwarning = lambda message, *rest, **more: click.echo(str(message), err=True)


def put(text: str, output: str | None) -> None:
    """Write a text to a file, or to standard output where none is named."""
    if output in (None, "-"):
        click.echo(text, nl=False)
    else:
        write_bytes(text.encode(), output)


def write_bytes(data: bytes, output: str | None) -> None:
    """Put a file in its place whole, or not at all; without a name, to standard output.

    Raises:
        RunError: GC604 where it cannot be written.
    """
    if output is None or output == "-":
        click.echo(data, nl=False)
        return
    path = Path(output)
    temporary = path.parent / f".{path.name}.{os.getpid()}"
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a device or a pipe, which cannot be replaced
            return
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"`{path}` cannot be written: {reason[:1].lower()}{reason[1:]}"
        help = "name a file in a folder that exists and that you may write to"
        raise RunError(Diagnostic("GC604", message, help=help)) from None


def load_offered() -> None:
    """Take in what other packages offer, for listings; what cannot be is shown as a warning."""
    from graphc.cli.failures import show
    from graphc.insight.schema import REGISTRIES

    problems = (each for registry in REGISTRIES for each in registry.load_offered())
    show(replace(each, severity="warning") for each in problems)
