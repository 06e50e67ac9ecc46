"""Forms of one function, compared forward and back, interleaved in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp

from benchmarks.measure import Sample, interleaved
from benchmarks.report import Result, Table

SECONDS = 0.05
FASTER = 1.1
"""How many times as fast a form must be for the noise of a shared machine not to be the reason."""

Programs = Mapping[str, Callable[[], object]]
"""What runs forward, and what runs forward and back."""
Ratios = Mapping[str, Mapping[str, Sample]]
"""Of one form to others, by the form and the way."""


def programs_of(
    forward: Callable,
    given: object,
    times: int = 1,
    options: Mapping[str, str] | None = None,
) -> Programs:
    """Both programs; each does it so many times, because a call of a small one is mostly a call.

    Args:
        options: what XLA is told.
    """

    def loss(given: object) -> jax.Array:
        return jnp.sum(forward(given) ** 2)

    arrays = jax.device_put(given)
    slope = jax.value_and_grad(loss)
    if times > 1:
        loss, slope = _repeated(loss, times), _descending(slope, times)
    ways = {"forward": loss, "training": slope}
    programs = {way: jax.jit(each, compiler_options=options) for way, each in ways.items()}
    return {way: lambda each=each: each(arrays) for way, each in programs.items()}


def _repeated(loss: Callable, times: int) -> Callable:
    """The loss again and again, of numbers that hang a little on the loss before."""

    def again(given: object) -> jax.Array:
        def once(_: int, last: jax.Array) -> jax.Array:
            return loss(jax.tree.map(lambda each: each + 1e-20 * last, given))

        return jax.lax.fori_loop(0, times, once, jnp.zeros(()))

    return again


def _descending(slope: Callable, times: int) -> Callable:
    """Short steps down, each from where the one before ended."""

    def down(given: object) -> object:
        def once(_: int, at: object) -> object:
            return jax.tree.map(lambda each, by: each - 1e-9 * by, at, slope(at)[1])

        return jax.lax.fori_loop(0, times, once, given)

    return down


def ratios_of(
    programs: Mapping[str, Programs], first: str, rounds: int
) -> dict[str, dict[str, Sample]]:
    """The time of the first form over that of each other, forward and forward and back."""
    actions = {
        (word, way): _timed(each) for word, ways in programs.items() for way, each in ways.items()
    }
    times = interleaved({"\n".join(key): each for key, each in actions.items()}, rounds)
    return {
        word: {way: times[f"{first}\n{way}"].over(times[f"{word}\n{way}"]) for way in ways}
        for word, ways in programs.items()
        if word != first
    }


def wrong(row: str, taken: str, ratios: Ratios, first: str | None = None) -> list[str]:
    """Which forms train faster than the one that is taken, by all of the middle half of the rounds.

    Args:
        ratios: the time of one form over that of each other.
        first: which one, where it might be taken as well.
    """
    training = {form: ways["training"] for form, ways in ratios.items()}
    if first is not None:
        rounds = len(next(iter(training.values())).values)
        training[first] = Sample((1.0,) * rounds)
    own = training.pop(taken)
    times = {form: each.over(own) for form, each in training.items()}
    return [
        f"{row}: {form} trains {each.text('{:.2f}')} times as fast as {taken}, which is taken"
        for form, each in times.items()
        if each.quartiles[0] > FASTER
    ]


def verdict(found: list[str]) -> list[str]:
    """Where tables are wrong on this machine, or that they are not."""
    return found or [f"nowhere is a form more than {FASTER} times as fast as the one that is taken"]


def columns(ratios: Ratios, name: str = "{}, {}") -> dict[str, Sample]:
    """Ratios by the names of columns, of forms and ways."""
    return {
        name.format(form, way): each for form, ways in ratios.items() for way, each in ways.items()
    }


@dataclass
class Compared:
    """A table of ratios, and where other forms are faster than the one that is taken."""

    title: str
    rows: dict[str, dict[str, Sample | str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def table(self) -> Table:
        first = next(iter(self.rows.values()))
        rows = [[name, *map(_text, row.values())] for name, row in self.rows.items()]
        return Table([self.title, *first], rows)

    @property
    def numbers(self) -> dict[str, dict[str, tuple[float, ...]]]:
        return {
            name: {word: each.values for word, each in row.items() if isinstance(each, Sample)}
            for name, row in self.rows.items()
        }


def together(found: Mapping[str, Compared]) -> Result:
    """Several tables as one result."""
    notes = [f"{name}, {note}" for name, each in found.items() for note in each.notes]
    numbers = {name: each.numbers for name, each in found.items()}
    return Result([each.table for each in found.values()], verdict(notes), numbers)


def _text(cell: Sample | str) -> str:
    return cell if isinstance(cell, str) else cell.text("{:.2f}")


def _timed(action: Callable[[], object]) -> Callable[[], float]:
    """Says how long the action takes, by as many as fit into a moment."""
    jax.block_until_ready(action())

    def measure() -> float:
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < SECONDS:
            jax.block_until_ready(action())
            count += 1
        return (time.perf_counter() - started) / count

    return measure
