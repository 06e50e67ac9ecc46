"""From checkpoints back to states, if they are of the same network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from graphc.graph.weights import WeightMap
from graphc.runtime.checkpoint import Checkpoint
from graphc.runtime.errors import fail
from graphc.runtime.events import Position, Snapshot
from graphc.runtime.state import Arrays, canonical_shapes, from_canonical, to_canonical

_SHOWN = 3
_TOTALS = "totals/"


def snapshot_arrays(snapshot: Snapshot, weights: WeightMap) -> Arrays:
    """A snapshot as arrays for a checkpoint, by the spec's paths."""
    totals = {f"{_TOTALS}{name}": each for name, each in snapshot.totals.items()}
    return to_canonical(snapshot.state, weights) | to_canonical(totals, weights)


def restore(
    checkpoint: Checkpoint, template: Any, totals: Any, weights: WeightMap, path: Path
) -> Snapshot:
    """The snapshot that a checkpoint holds, on the device.

    Args:
        template: the state's structure, see `state_shapes`.
        totals: the names of the sums.
        path: of the run, for messages.

    Raises:
        RunError: GC603.
    """
    state = restore_state(checkpoint, template, weights, path)
    position = Position(**checkpoint.about["position"])
    sums = {name: jnp.array(checkpoint.arrays[f"{_TOTALS}{name}"]) for name in totals}
    return Snapshot(position, state, sums)


def restore_state(checkpoint: Checkpoint, template: Any, weights: WeightMap, path: Path) -> Any:
    """The state, or the part of it that `template` is; raises RunError GC603."""
    expected = canonical_shapes(template, weights)
    parts = {name.split("/")[0] for name in expected}
    found = {
        name: array for name, array in checkpoint.arrays.items() if name.split("/")[0] in parts
    }
    if differences := _differences(expected, found):
        message = f"the checkpoint in `{path}` is of another network"
        more = len(differences) - _SHOWN
        notes = differences[:_SHOWN] + ([f"{more} more differ"] if more > 0 else [])
        raise fail("GC603", message, "train the spec into another directory", tuple(notes))
    return from_canonical(checkpoint.arrays, template, weights)


def _differences(
    expected: Mapping[str, jax.ShapeDtypeStruct], found: Mapping[str, Any]
) -> list[str]:
    """Sentences, those about parameters first."""
    texts = []
    for name in sorted(expected.keys() | found.keys(), key=_rank):
        path = name.split("/", 1)[1] if name.startswith(("params/", "statistics/")) else name
        if name not in found:
            texts.append(f"`{path}` is not in the checkpoint")
        elif name not in expected:
            texts.append(f"`{path}` is only in the checkpoint")
        elif _kind(found[name]) != _kind(expected[name]):
            here, there = _kind(expected[name]), _kind(found[name])
            texts.append(f"`{path}` is {here} here and {there} in the checkpoint")
    return texts


def _rank(name: str) -> tuple[int, str]:
    order = ("params", "statistics")
    part = name.split("/")[0]
    return (order.index(part) if part in order else len(order), name)


def _kind(array: Any) -> str:
    dtype = "" if array.dtype == jnp.float32 else f"{array.dtype} "
    return f"{dtype}{list(array.shape)}"
