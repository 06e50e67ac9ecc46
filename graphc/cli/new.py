"""`graphc new`."""

from __future__ import annotations

from pathlib import Path

import click

from graphc.cli.common import write_bytes
from graphc.cli.failures import Command

STARTERS = Path(__file__).resolve().parent / "starters"
KINDS = ("mlp", "cnn", "residual", "highway")
SCHEMA = "graphc.json"


@click.command(cls=Command)
@click.argument("file")
@click.option(
    "--kind", type=click.Choice(KINDS), default="mlp", show_default=True, help="What it starts as."
)
def command(file: str, kind: str) -> None:
    """Write a starter spec that trains at once.

    It is commented, and learns handwritten digits that are bundled. Where `graphc.json` lies beside
    it (`graphc schema -o graphc.json`), its first line names that to editors.
    """
    path = Path(file)
    if path.suffix not in (".yaml", ".yml"):
        path = path.with_name(f"{path.name}.yaml")
    if path.exists() or path.is_symlink():
        raise click.UsageError(f"`{path}` exists already, and is left as it is")
    text = (STARTERS / f"{kind}.yaml").read_text(encoding="utf-8")
    if (path.parent / SCHEMA).is_file():
        text = f"# yaml-language-server: $schema={SCHEMA}\n{text}"
    write_bytes(text.replace("FILE", path.name).encode(), str(path))
    click.echo(f"wrote {path}; train it with `graphc train {path}`")
