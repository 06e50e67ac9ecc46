"""What is wrong with what was measured, in words and with a place in the spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graphc.core.diagnostic import Diagnostic, Note
from graphc.core.span import Span
from graphc.runtime.doctor.activations import Activations
from graphc.runtime.doctor.gradients import Gradient, Mismatch

# Shares of a weight's own size; an ordinary gradient is between 1e-5 and 10 of it.
VANISHING, EXPLODING = 1e-6, 100.0
ALIKE = 1e-3
DEAD = 0.5
OVERFITTED = 0.5
_FAR = 0.5


def about_loss(loss: float, expected: tuple[float, str] | None, span: Span) -> Iterator[Diagnostic]:
    """GC640: far from what a network that knows nothing gives."""
    if expected is None:
        return
    value, why = expected
    if not loss - value <= max(1.0, _FAR * value):  # NaN is far from anything
        message = f"the loss before training is {loss:.4g}, and {value:.4g} is expected"
        notes = (Note(f"{value:.4g} is {why}"),)
        help = (
            "scale the data (`scale: standard`), or let the last layer start with smaller weights"
        )
        yield _finding("GC640", message, span, notes, help)


def about_values(rows: Sequence[Activations]) -> Iterator[Diagnostic]:
    """GC641: nodes most of whose units are 0 for all examples; GC642: examples become alike."""
    dead = [row for row in rows if row.dead > DEAD]
    if dead:
        row = max(dead, key=lambda each: each.dead)
        message = f"{row.dead:.0%} of the units of `{row.path}` are 0 for every example"
        help = "use an activation with a slope below 0 (`leaky_relu`, `gelu`), or `he_normal`"
        yield _finding("GC641", message, row.span, _others(dead, row.path), help)
    first = rows[0].varies if rows else 0.0
    alike = [row for row in rows if row.size > 0 and row.varies <= ALIKE * first]
    if first > 0 and alike:
        row = alike[0]
        message = f"from `{row.path}` on, all examples look alike"
        notes = (
            Note(f"examples differ by {row.varies:.2g} there, and by {first:.2g} in the beginning"),
        )
        help = "initialise with `he_normal` before relu, add norms, or shortcuts (`residual`)"
        yield _finding("GC642", message, row.span, notes, help)


def about_slopes(rows: Sequence[Gradient]) -> Iterator[Diagnostic]:
    """GC643: gradients vanish; GC644: they explode."""
    shares = {row: row.share for row in rows if row.share is not None}
    small = [row for row, share in shares.items() if share < VANISHING]
    if small and len(small) * 2 >= len(rows):
        row = min(small, key=lambda each: shares[each])
        message = f"the gradient vanishes: at `{row.path}` it is {shares[row]:.2g} of the weights"
        help = "use shortcuts (`residual`, `highway`), norms, or `he_normal` before relu"
        yield _finding("GC643", message, row.span, _others(small, row.path), help)
    large = [row for row, share in shares.items() if not share <= EXPLODING]
    if large:
        row = max(large, key=lambda each: shares[each])
        times = f"{shares[row]:.2g} times the weights"
        message = f"the gradient explodes: at `{row.path}` it is {times}"
        help = "scale the data, start with smaller weights, or add norms"
        yield _finding("GC644", message, row.span, _others(large, row.path), help)


def about_mismatches(rows: Iterable[Mismatch]) -> Iterator[Diagnostic]:
    """GC645: the gradient of an array is not what the loss does."""
    for row in rows:
        message = (
            f"the gradient along `{row.path}` is {row.analytic:.6g}, measured {row.numeric:.6g}"
        )
        help = "look for code that stops or replaces gradients: a `python` step, or a kernel norm"
        yield _finding("GC645", message, row.span, (), help)


def about_overfitting(
    before: float, after: Mapping[str, float], steps: int, wanted: int, span: Span
) -> Iterator[Diagnostic]:
    """GC646: a single batch cannot be learned by heart."""
    if steps < wanted:
        message = f"training on one batch fails at step {steps}: the numbers are not finite"
        yield _finding("GC646", message, span, (), "lower the learning rate")
    elif after["loss"] > OVERFITTED * before and after.get("accuracy", 0.0) < 1.0:
        message = (
            f"{steps} steps on one batch bring its loss from {before:.4g} to {after['loss']:.4g}"
        )
        notes = (Note("a network that can learn its data at all learns one batch by heart"),)
        help = "see the findings above, raise the learning rate, or make the network larger"
        yield _finding("GC646", message, span, notes, help)


def _others(rows: Sequence[Activations | Gradient], path: str) -> tuple[Note, ...]:
    others = [f"`{row.path}`" for row in rows if row.path != path]
    if not others:
        return ()
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return (Note(f"so are {', '.join(others[:3])}{more}"),)


def _finding(
    code: str, message: str, span: Span | None, notes: tuple[Note, ...], help: str
) -> Diagnostic:
    return Diagnostic(code, message, span, notes, help, severity="warning")
