"""A check-up as text: a table and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence

from graphc.core.diagnostic import Diagnostic
from graphc.insight.table import aligned
from graphc.runtime.doctor.activations import Activations
from graphc.runtime.doctor.checkup import Checkup
from graphc.runtime.doctor.gradients import Gradient

_MOST, _ENDS = 24, 6
_VALUES = ("value", "size", "examples differ by", "dead units", "line")
_SLOPES = ("kernel", "gradient", "share of the weights", "", "line")


def table(found: Checkup) -> str:
    """What was measured: values of the nodes, gradients of the kernels, and the loss."""
    values = [_value(row) for row in found.values]
    slopes = [_slope(row) for row in found.slopes]
    lines = []
    for header, rows in ((_VALUES, values), (_SLOPES, slopes)):
        if rows:
            lines += [*aligned([header, *_few(rows)], right=(1, 2, 3, 4)), ""]
    expected = f" ({found.expected[0]:.4g} expected: {found.expected[1]})" if found.expected else ""
    lines.append(f"loss before training: {found.loss:.4g}{expected}")
    lines.append(
        f"loss on one batch: {found.before:.4g}, after {found.steps} steps on it {found.after:.4g}"
    )
    return "\n".join(lines) + "\n"


def summary(several: Sequence[Diagnostic]) -> str:
    """One line for all findings."""
    if not several:
        return "sound: nothing was found that keeps it from being trained"
    return "1 finding" if len(several) == 1 else f"{len(several)} findings"


def _value(row: Activations) -> tuple[str, ...]:
    dead = f"{row.dead:.0%}" if row.dead else ""
    return row.path, f"{row.size:.3g}", f"{row.varies:.3g}", dead, _line(row)


def _slope(row: Gradient) -> tuple[str, ...]:
    share = "" if row.share is None else f"{row.share:.2g}"
    return row.path, f"{row.size:.3g}", share, "", _line(row)


def _line(row: Activations | Gradient) -> str:
    return str(row.span.line) if row.span is not None and row.span.line else ""


def _few(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """All rows, or the first and the last ones of many."""
    if len(rows) <= _MOST:
        return rows
    left = f"... {len(rows) - 2 * _ENDS} more"
    return [*rows[:_ENDS], (left, "", "", "", ""), *rows[-_ENDS:]]
