"""`graphc help`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from graphc.cli.colour import painted
from graphc.cli.common import put
from graphc.cli.failures import Command
from graphc.core.diagnostic import listing

CODES = Path(__file__).resolve().parent.parent / "core" / "codes"


@click.command(cls=Command)
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain the code of an error.

    Without CODE, list all codes with their titles.
    """
    titles = {path.stem: _title(path) for path in sorted(CODES.glob("GC*.md"))}
    if code is None:
        put("".join(f"{name}  {title}\n" for name, title in titles.items()), None)
        return
    name = _normal(code)
    if name not in titles:
        near = _near(name, list(titles))
        hint = f"near it are {listing(near)}" if near else "`graphc help` lists the codes"
        raise click.UsageError(f"there is no code `{code}`; {hint}")
    put(plainly((CODES / f"{name}.md").read_text(encoding="utf-8")), None)


def _normal(code: str) -> str:
    """`203`, `gc203` and `error[GC203]` mean GC203."""
    digits = re.search(r"\d{3}", code)
    return f"GC{digits.group()}" if digits else code.upper()


def _near(name: str, known: list[str]) -> list[str]:
    """The codes of the same hundred, the nearest ones first."""
    if not re.fullmatch(r"GC\d{3}", name):
        return []
    number = int(name[2:])
    same = [each for each in known if each[2] == name[2]]
    return sorted(same, key=lambda each: abs(int(each[2:]) - number))[:3]


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().strip().removeprefix("# ").partition(": ")[2]


def plainly(markdown: str) -> str:
    """Markdown for a terminal: headings without marks, code indented without fences."""
    lines, inside = [], False
    for line in markdown.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            lines.append(f"    {line}".rstrip())
        else:
            heading = re.match(r"#+ (.*)", line)
            lines.append(painted(heading[1], err=False, bold=True) if heading else line)
    return "\n".join(lines) + "\n"
