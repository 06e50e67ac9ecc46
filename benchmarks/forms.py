"""Forms of one function, compared forward and back, interleaved in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp

from benchmarks.measure import Sample, interleaved

SECONDS = 0.05

Programs = Mapping[str, Callable[[], object]]
"""What runs forward, and what runs forward and back."""


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
