"""Which trials of a search one program can train side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from graphc.api.prepared import Prepared

if TYPE_CHECKING:
    from graphc.runtime.ledger import Trial
    from graphc.runtime.lifted import Lifted


@dataclass(frozen=True)
class Alike:
    """Trials that differ in seeds and in numbers of the optimiser and the loss alone.

    Attributes:
        trials: each with what its run is made from.
        lifted: the one module of all.
    """

    trials: tuple[tuple[Trial, Prepared], ...]
    lifted: Lifted


def alike(made: Iterable[tuple[Trial, Prepared]]) -> list[Alike]:
    """The groups of two or more; what is in none is trained alone, as where data is streamed."""
    from graphc.runtime.lifted import likeness

    groups: dict[Any, list[tuple[Trial, Prepared]]] = {}
    for trial, each in made:
        if each.dataset.streamed:
            continue
        key = likeness(each.blueprint.source), replace(each.settings, seed=0), id(each.dataset)
        groups.setdefault(key, []).append((trial, each))
    found = (_lifted(group) for group in groups.values() if len(group) > 1)
    return [each for each in found if each is not None]


def _lifted(group: list[tuple[Trial, Prepared]]) -> Alike | None:
    """None where a number decides how the program goes on, and cannot be an argument."""
    from graphc.runtime.lifted import can_be_lifted, lifted

    one = lifted([each.blueprint.source for _, each in group])
    made = group[0][1]
    if not can_be_lifted(one, made.dataset, made.settings.learned_size):
        return None
    return Alike(tuple(group), one)
