"""Character models that are trained, and their text. Knows numpy only: the peers read it too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from benchmarks.transformers import Transformer

GATES = {"elman": ("h",), "gru": ("r", "z", "n"), "lstm": ("i", "f", "g", "o")}
"""The layers of each cell, in the order in which all peers but Keras keep them side by side."""
BLOCKS = {"elman": "elman", "gru": "gru_reset_after", "lstm": "lstm"}
"""The blocks of graphc that are these cells."""
SYMBOLS, EMBEDDED = 66, 64
"""The characters of Shakespeare and one for all others, and the numbers that stand for each."""


@dataclass(frozen=True)
class Characters:
    """From every character of a text, what comes next.

    Args:
        cell: elman, gru or lstm.
        layers: how many, one on the other.
        units: of each; of both directions together.
        both_ways: whether a second cell goes over the text from its end, which is then of another
            length in each example. What comes next is in sight: this is for the speed alone.
        batch: examples per step.
        examples: per epoch, a multiple of the batch.
    """

    name: str
    cell: str
    layers: int = 1
    units: int = 256
    both_ways: bool = False
    steps: int = 128
    batch: int = 32
    examples: int = 128

    forms: ClassVar[str] = "benchmarks.peers.recurrent"
    symbols: ClassVar[int] = SYMBOLS

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Of each layer, where the weights of its one or two cells are in the spec."""
        block = BLOCKS[self.cell]
        if self.both_ways:
            return (tuple(f"bidirectional/{way}/{block}" for way in ("forward", "backward")),)
        return tuple((block if i == 0 else f"{block}_{i + 1}",) for i in range(self.layers))

    @property
    def width(self) -> int:
        """The units of each cell."""
        return self.units // 2 if self.both_ways else self.units


CHARACTERS = {
    each.name: each
    for each in (
        Characters("elman", "elman"),
        Characters("elman2", "elman", 2),
        Characters("gru", "gru"),
        Characters("gru2", "gru", 2),
        Characters("lstm", "lstm"),
        Characters("lstm2", "lstm", 2),
        Characters("bilstm", "lstm", both_ways=True),
    )
}


@dataclass(frozen=True)
class Cell:
    """The weights of a cell, gates side by side: what reads the input, and what reads the state."""

    input: np.ndarray
    input_bias: np.ndarray
    state: np.ndarray
    state_bias: np.ndarray


def cells(workload: Characters, weights: dict[str, np.ndarray]) -> list[list[Cell]]:
    """Those of each layer."""
    return [[_cell(workload, path, weights) for path in paths] for paths in workload.paths]


def _cell(workload: Characters, path: str, weights: dict[str, np.ndarray]) -> Cell:
    units, parts = workload.width, []
    for gate in GATES[workload.cell]:
        if (workload.cell, gate) == ("gru", "n"):  # two layers, for the gate is behind the product
            parts.append([weights[f"{path}/{each}"] for each in _CANDIDATE])
        else:
            kernel, bias = weights[f"{path}/{gate}/kernel"], weights[f"{path}/{gate}/bias"]
            parts.append([kernel[:-units], bias, kernel[-units:], np.zeros_like(bias)])
    return Cell(*(np.concatenate(each, axis=-1) for each in zip(*parts, strict=True)))


_CANDIDATE = ("given/kernel", "given/bias", "seen/kernel", "seen/bias")


def arrays(workload: Characters | Transformer) -> dict[str, np.ndarray]:
    """`text` and `next`, of Shakespeare where GRAPHC_DATA holds it, otherwise made up."""
    count = workload.examples * workload.steps + 1
    real = workload.symbols == SYMBOLS and os.environ.get("GRAPHC_DATA")
    symbols = _shakespeare(count) if real else _made_up(count, workload.symbols)
    shape = workload.examples, workload.steps
    found = {"text": symbols[:-1].reshape(shape), "next": symbols[1:].reshape(shape)}
    if workload.both_ways:
        draw = np.random.default_rng(1)
        lengths = draw.integers(workload.steps // 4, workload.steps + 1, workload.examples)
        found["time:length"] = lengths.astype(np.int32)
    return found


def _shakespeare(count: int) -> np.ndarray:
    from graphc.data.load import load
    from graphc.ops.sources import Shakespeare

    train = load(Shakespeare(), ".").splits["train"]
    text = np.concatenate([train["text"].reshape(-1), train["next"].reshape(-1)[-1:]])
    return text[:count].astype(np.int32)


def _made_up(count: int, symbols: int) -> np.ndarray:
    """Symbols of which each mostly has the same successor."""
    draw = np.random.default_rng(0)
    usual, found = draw.permutation(symbols), draw.integers(0, symbols, count)
    for place in np.flatnonzero(draw.random(count - 1) < 0.7):
        found[place + 1] = usual[found[place]]
    return found.astype(np.int32)
