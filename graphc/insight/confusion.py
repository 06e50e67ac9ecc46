"""A confusion matrix as text and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

Matrix = Sequence[Sequence[int]]
_CELL, _LETTER, _LINE = 48, 7, 16
_MOST_NUMBERS = 40
"""Classes of a picture that writes its counts down; with more, the cells are too small."""


def _names(matrix: Matrix, names: Sequence[str] | None) -> list[str]:
    fitting = names is not None and len(names) == len(matrix)
    return [str(each) for each in (names if fitting else range(len(matrix)))]  # type: ignore[arg-type]


def confusion_text(matrix: Matrix, names: Sequence[str] | None = None) -> str:
    """A table with a row for each class and a column for what it was taken for.

    Args:
        matrix: counts, rows of the right classes.
        names: of the classes; their numbers where they are None or too few.
    """
    words = _names(matrix, names)
    rows = [["", *words]]
    for word, row in zip(words, matrix, strict=True):
        rows.append([word, *(f"{count}" for count in row)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(["confusion (rows: right, columns: guessed)", *lines]) + "\n"


def confusion_svg(matrix: Matrix, names: Sequence[str] | None = None) -> str:
    """The same as a picture: the darker a cell, the larger the share of its class.

    Args:
        matrix: counts, rows of the right classes.
        names: of the classes; their numbers where they are None or too few.
    """
    words = _names(matrix, names)
    small = len(matrix) > _MOST_NUMBERS
    cell = 12 if small else max(_CELL, _LETTER * max(map(len, words)) + 8)
    height = 12 if small else _CELL
    left = _LETTER * max(map(len, words)) + 2 * _LINE + 12
    top = 3 * _LINE + 4
    width, whole = left + cell * len(matrix) + 8, top + height * len(matrix) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {whole}" width="{width}"'
        f' height="{whole}" font-family="Helvetica, Arial, sans-serif" font-size="12">',
        "<title>Confusion matrix: rows are the right classes, columns the guessed ones</title>",
        f'<rect width="{width}" height="{whole}" fill="white"/>',
        _label("guessed", left + cell * len(matrix) / 2, _LINE, "middle", "#666"),
        f'<g transform="translate({_LINE} {top + height * len(matrix) / 2}) rotate(-90)">'
        f"{_label('right', 0, 0, 'middle', '#666')}</g>",
        *_axes(words, left, top, cell, height, small),
        *_cells(matrix, words, left, top, cell, height, small),
    ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _axes(
    words: list[str], left: int, top: int, cell: int, height: int, small: bool
) -> Iterator[str]:
    for i, word in enumerate(words):
        if small and i % 10:
            continue
        yield _label(word, left + cell * (i + 0.5), top - 6, "middle")
        yield _label(word, left - 6, top + height * (i + 0.5) + 4, "end")


def _cells(
    matrix: Matrix, words: list[str], left: int, top: int, cell: int, height: int, small: bool
) -> Iterator[str]:
    for i, row in enumerate(matrix):
        whole = sum(row) or 1
        for j, count in enumerate(row):
            share, x, y = count / whole, left + cell * j, top + height * i
            colour = f"hsl({210 if i == j else 10} 70% {97 - 57 * share:.0f}%)"
            title = escape(f"{words[i]} taken for {words[j]}: {count} ({share:.1%})")
            yield (
                f'<rect x="{x}" y="{y}" width="{cell}" height="{height}" fill="{colour}"'
                f' stroke="white"><title>{title}</title></rect>'
            )
            if count and not small:
                ink = "white" if share > 0.5 else "#222"
                place = x + cell / 2, y + height / 2 + 4
                yield _label(f"{count}", *place, "middle", ink)


def _label(text: str, x: float, y: float, anchor: str, colour: str = "#222") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
