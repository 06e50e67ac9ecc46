"""The training of several objectives as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphc.insight.players.scene import Scene


def training_text(scene: Scene) -> str:
    """The objectives with what they move, the values with what reads them, and the schedule."""
    names = {each.id: each.name for each in (*scene.values, *scene.objectives)}
    moves = {
        each.id: [other.name for other in scene.moved if each.name in other.owners]
        for each in scene.objectives
    }
    readers = {
        each.id: [names[reader] for source, reader in scene.wires if source == each.id]
        for each in scene.values
    }
    tables = (
        ("objective", scene.objectives, moves, "moves", "by"),
        ("value", scene.values, readers, "read by", "type"),
    )
    lines = [scene.schedule]
    for word, several, others, other, more in tables:
        rows = [(each.name, each.text, ", ".join(others[each.id]), each.more) for each in several]
        lines += ["", *_columns([(word, "what it is", other, more), *rows])]
    still = [each.name for each in scene.moved if not each.owners]
    if still:
        lines += ["", f"moved by none: {', '.join(still)}"]
    return "\n".join(lines) + "\n"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows with a line below the first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        if number == 0:
            yield "-" * (sum(widths) + 2 * (len(widths) - 1))
