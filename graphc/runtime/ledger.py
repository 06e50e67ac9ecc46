"""`sweep.json`: what a search tries and what came of it so far; a killed search goes on from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from graphc.plan.sampling import Draw
from graphc.runtime.errors import fail
from graphc.runtime.files import write_json

NAME = "sweep.json"


@dataclass
class Trial:
    """A trial and how it did.

    Attributes:
        number: from 0.
        draw: what it tries, see `graphc.plan.sampling`.
        scores: what it was judged by after each round that it took part in.
        losses: its validation losses then, which decide where scores are equal.
        epochs: how many it was trained for.
        validation: all that was measured after the last of these rounds.
        failed: why it could not be trained; it then counts as worse than any other.
    """

    number: int
    draw: Draw
    scores: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    epochs: int = 0
    validation: dict[str, Any] = field(default_factory=dict)
    failed: str | None = None

    @property
    def name(self) -> str:
        """That of its run."""
        return f"trial-{self.number:03}"

    def over_after(self, turn: int) -> bool:
        """Whether nothing is left to do for it up to the end of a round."""
        return self.failed is not None or len(self.scores) > turn


class Ledger:
    """The trials of a search, kept in its directory.

    Args:
        directory: of the search.
        about: what must be the same to go on with it: the spec and how it is searched.
    """

    def __init__(self, directory: Path, about: Mapping[str, Any]) -> None:
        self._path, self._about = directory / NAME, json.loads(json.dumps(about))
        self.trials: dict[int, Trial] = {}

    def exists(self) -> bool:
        """Whether there is a search to go on with."""
        return self._path.is_file()

    def resume(self) -> None:
        """Take in what was written before.

        Raises:
            RunError: GC607 where that was another search.
        """
        try:
            found = json.loads(self._path.read_bytes())
            trials = [Trial(**each) for each in found["trials"]]
            about = {name: found[name] for name in self._about}
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"`{self._path}` was changed since the search was made"
            raise fail("GC607", message, "restore it, or search in another directory") from error
        for name, before in about.items():
            if before != self._about[name]:
                message = f"`{self._path.parent}` is a search with another `{name}`"
                help = "restore the spec and its settings, or search in another directory"
                raise fail("GC607", message, help)
        self.trials = {each.number: each for each in trials}
        for each in trials:
            each.draw = tuple(each.draw)

    def keep(self, *trials: Trial) -> None:
        """Put trials down as they stand."""
        self.trials |= {each.number: each for each in trials}
        rows = [asdict(self.trials[number]) for number in sorted(self.trials)]
        write_json(self._path, {**self._about, "trials": rows})


def ranked(trials: Iterable[Trial], maximize: bool) -> list[Trial]:
    """The best first: those that took part in more rounds, then by their score; failures last.

    Where scores are equal the loss decides, and then the number.
    """

    def place(trial: Trial) -> tuple:
        rounds = len(trial.scores)
        return trial.failed is not None, -rounds, _standing(trial, rounds - 1, maximize)

    return sorted(trials, key=place)


def best_of_round(trials: Iterable[Trial], turn: int, maximize: bool) -> list[Trial]:
    """Those that came to the end of a round, the best at that time first."""
    there = (each for each in trials if len(each.scores) > turn)
    return sorted(there, key=lambda trial: _standing(trial, turn, maximize))


def _standing(trial: Trial, turn: int, maximize: bool) -> tuple:
    """Small where a trial was good after a round; -1 is that of one that came to no end."""
    if turn < 0:
        return 0.0, 0.0, trial.number
    score = trial.scores[turn]
    return -score if maximize else score, trial.losses[turn], trial.number
