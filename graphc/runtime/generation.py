"""What a trained network goes on with: symbol after symbol, each drawn from its scores.

The step form of the emitted module gives the scores of the next symbol and what is carried. One
compiled loop goes through `CHUNK` symbols per dispatch: those of the prompt, which are given, and
those behind it, each of which is the next input.
"""

from __future__ import annotations

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
        if not self.temperature >= 0:
            raise ValueError(f"a temperature is 0 or more, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"`top_k` is 1 or more, not {self.top_k}")

    def draw(self, scores: jax.Array, key: jax.Array) -> jax.Array:
        """The number of a symbol: scores [symbols] -> []."""
        if self.top_k is not None and self.top_k < len(scores):
            least = jax.lax.top_k(scores, self.top_k)[0][-1]
            scores = jnp.where(scores < least, -jnp.inf, scores)
        if self.temperature == 0:
            return jnp.argmax(scores)
        return jax.random.categorical(key, (scores - jnp.max(scores)) / self.temperature)


@dataclass(frozen=True)
class Stepping:
    """A trained network that goes step by step.

    Args:
        module: the emitted module.
        params: its parameters.
        statistics: its running statistics.
        field: what the data calls the symbols.
        drawn: the numbers of the symbols that may be drawn.
    """

    module: ModuleType
    params: Any
    statistics: Any
    field: str
    drawn: tuple[int, ...]

    def continued(
        self, prompt: np.ndarray, length: int, sampling: Sampling
    ) -> Iterator[np.ndarray]:
        """The symbols behind a prompt [symbols] of one or more, in pieces as they are drawn.

        Raises:
            RunError: GC632 where the network does not give a score for each symbol.
        """
        run = jax.jit(partial(self._chunk, sampling))
        state = jax.jit(self._begin)(self.params, self.statistics)
        self._require_scores(state)
        given = np.append(prompt[1:], np.full(length, FREE)).astype(np.int32)
        symbol = jnp.int32(prompt[0])
        for start in range(0, len(given), CHUNK):
            part = given[start : start + CHUNK]
            padded = np.append(part, np.full(CHUNK - len(part), FREE)).astype(np.int32)
            place = start - len(prompt) + 1  # of the first one, counted from the end of the prompt
            carried = state, symbol
            state, symbol, found = run(self.params, self.statistics, carried, padded, place)
            yield np.asarray(found)[: len(part)][part == FREE]

    def _begin(self, params: Any, statistics: Any) -> Any:
        return self.module.begin(self._model(params, statistics), 1)

    def _chunk(
        self,
        sampling: Sampling,
        params: Any,
        statistics: Any,
        carried: tuple[Any, jax.Array],
        given: jax.Array,
        place: jax.Array,
    ) -> tuple[Any, jax.Array, jax.Array]:
        """What is carried behind further symbols, the last of them, and all [CHUNK]."""
        key = jax.random.key(sampling.seed)

        def one(carried: tuple[Any, jax.Array], now: tuple[jax.Array, jax.Array]) -> Any:
            (state, symbol), (given, place) = carried, now
            scores, state = self._scores(params, statistics, state, symbol)
            there = jnp.zeros(len(scores), bool).at[jnp.array(self.drawn)].set(True)
            scores = jnp.where(there, scores.astype(jnp.float32), -jnp.inf)
            drawn = sampling.draw(scores, jax.random.fold_in(key, jnp.maximum(place, 0)))
            symbol = jnp.where(given == FREE, drawn, given).astype(jnp.int32)
            return (state, symbol), symbol

        (state, symbol), found = jax.lax.scan(one, carried, (given, place + jnp.arange(CHUNK)))
        return state, symbol, found

    def _scores(
        self, params: Any, statistics: Any, state: Any, symbol: jax.Array
    ) -> tuple[jax.Array, Any]:
        """The scores [symbols] of what follows a symbol."""
        batch = {self.field: symbol[None, None]}
        outputs, state = self.module.step(self._model(params, statistics), state, batch)
        return outputs[0, 0], state

    def _model(self, params: Any, statistics: Any) -> Any:
        return nnx.merge(self.module.graphdef(), params, statistics)

    def _require_scores(self, state: Any) -> None:
        batch = {self.field: jnp.zeros((1, 1), jnp.int32)}

        def outputs(params: Any, statistics: Any, state: Any) -> Any:
            return self.module.step(self._model(params, statistics), state, batch)[0]

        shapes = jax.tree.leaves(jax.eval_shape(outputs, self.params, self.statistics, state))
        kinds = [list(each.shape[2:]) for each in shapes]
        if len(kinds) != 1 or len(kinds[0]) != 1 or kinds[0][0] <= max(self.drawn):
            given = " and ".join(map(str, kinds))
            message = f"this network gives {given} at every step, not a score for each symbol"
            help = f"let it end in `dense: ${self.field}.below`"
            raise fail("GC632", message, help)
