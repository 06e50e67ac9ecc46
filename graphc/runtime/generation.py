"""What a trained network goes on with: symbol after symbol, each drawn from its scores.

The step form of the emitted module gives the scores of the next symbol and what is carried. One
compiled loop goes through `CHUNK` symbols per dispatch: those of the prompt, which are given, and
those behind it, each of which is the next input.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from graphc.runtime.errors import fail

CHUNK = 64
Weights = tuple[Any, Any]
"""The parameters and the running statistics."""
FREE = -1
"""In the place of a given symbol: it is drawn."""


@dataclass(frozen=True)
class Sampling:
    """How symbols are drawn.

    Args:
        temperature: what scores are divided by: below 1 likely symbols become likelier; 0 takes
            the likeliest one.
        top_k: of how many symbols, the likeliest ones; None for all.
        seed: of the draws: the same seed gives the same text.
    """

    temperature: float = 1.0
    top_k: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise ValueError(f"a temperature is 0 or more, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"`top_k` is 1 or more, not {self.top_k}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"a seed is 0 to {2**32 - 1}, not {self.seed}")

    @property
    def among(self) -> int:
        """Of how many symbols one is drawn."""
        return 1 if self.temperature == 0 else self.top_k or sys.maxsize


def draw(scores: jax.Array, key: jax.Array, temperature: jax.Array, top_k: int) -> jax.Array:
    """The number of a symbol: scores [symbols] -> []; with `top_k` of 1 the likeliest."""
    if top_k == 1:
        return jnp.argmax(scores)
    if top_k < len(scores):
        least = jax.lax.top_k(scores, top_k)[0][-1]
        scores = jnp.where(scores < least, -jnp.inf, scores)
    return jax.random.categorical(key, (scores - jnp.max(scores)) / temperature)


@dataclass(frozen=True)
class Stepping:
    """A network that goes step by step; equal ones share what is compiled.

    Args:
        module: the emitted module.
        field: what the data calls the symbols.
        drawn: the numbers of the symbols that may be drawn.
    """

    module: ModuleType
    field: str
    drawn: tuple[int, ...]

    def continued(
        self, weights: Weights, prompt: np.ndarray, length: int, sampling: Sampling
    ) -> Iterator[np.ndarray]:
        """The symbols behind a prompt [symbols] of one or more, in pieces as they are drawn.

        Raises:
            RunError: GC632 where the network does not give a score for each symbol.
        """
        state, symbol = self.begin(weights), jnp.int32(prompt[0])
        self._require_scores(weights, state)
        given = np.append(prompt[1:], np.full(length, FREE)).astype(np.int32)
        place = 1 - len(prompt)  # of the next symbol, counted from the end of the prompt
        temperature, seed = jnp.float32(sampling.temperature), jnp.uint32(sampling.seed)
        for start in range(0, len(given), CHUNK):
            part = given[start : start + CHUNK]
            padded = np.append(part, np.full(CHUNK - len(part), FREE)).astype(np.int32)
            options = temperature, seed, jnp.int32(place + start)
            state, found = self.go_on(sampling.among, weights, state, symbol, padded, options)
            symbol = found[-1]
            yield np.asarray(found)[: len(part)][part == FREE]

    @partial(jax.jit, static_argnums=0)
    def begin(self, weights: Weights) -> Any:
        """What is carried before the first symbol."""
        return self.module.begin(self._model(weights), 1)

    @partial(jax.jit, static_argnums=(0, 1))
    def go_on(
        self,
        among: int,
        weights: Weights,
        state: Any,
        symbol: jax.Array,
        given: jax.Array,
        options: tuple[jax.Array, jax.Array, jax.Array],
    ) -> tuple[Any, jax.Array]:
        """What is carried behind `CHUNK` further symbols, and these: drawn where they are FREE."""
        temperature, seed, place = options
        key = jax.random.key(seed)

        def one(carried: tuple[Any, jax.Array], now: tuple[jax.Array, jax.Array]) -> Any:
            (state, symbol), (given, place) = carried, now
            scores, state = self._step(weights, state, symbol)
            there = jnp.zeros(len(scores), bool).at[jnp.array(self.drawn)].set(True)
            scores = jnp.where(there, scores.astype(jnp.float32), -jnp.inf)
            key_now = jax.random.fold_in(key, jnp.maximum(place, 0))
            drawn = draw(scores, key_now, temperature, among)
            symbol = jnp.where(given == FREE, drawn, given).astype(jnp.int32)
            return (state, symbol), symbol

        steps = given, place + jnp.arange(CHUNK, dtype=jnp.int32)
        (state, _), found = jax.lax.scan(one, (state, symbol), steps)
        return state, found

    def _step(self, weights: Weights, state: Any, symbol: jax.Array) -> tuple[jax.Array, Any]:
        """The scores [symbols] of what follows a symbol."""
        batch = {self.field: symbol[None, None]}
        outputs, state = self.module.step(self._model(weights), state, batch)
        return jax.tree.leaves(outputs)[0][0, 0], state

    def _model(self, weights: Weights) -> Any:
        return nnx.merge(self.module.graphdef(), *weights)

    def _require_scores(self, weights: Weights, state: Any) -> None:
        batch = {self.field: jnp.zeros((1, 1), jnp.int32)}
        step = jax.eval_shape(
            lambda weights, state: self.module.step(self._model(weights), state, batch)[0],
            *(weights, state),
        )
        shapes = [list(each.shape[2:]) for each in jax.tree.leaves(step)]
        if len(shapes) != 1 or len(shapes[0]) != 1 or shapes[0][0] <= max(self.drawn):
            given = " and ".join(map(str, shapes))
            message = f"this network gives {given} at every step, not a score for each symbol"
            raise fail("GC632", message, f"let it end in `dense: ${self.field}.below`")
