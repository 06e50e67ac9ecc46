"""Early stopping: a run ends where its validation metric has not become better for long.

What counts is in `metrics.jsonl`, so a resumed run is as patient as one that was never stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from graphc.runtime import events
from graphc.runtime.events import Event, Snapshot
from graphc.runtime.settings import Settings


class Patience:
    """Counts the epochs since the last better value.

    A value is better by more than `minimum_change`; one that is not finite never is.

    Example:
        >>> patience = Patience(Settings(monitor="loss", patience=2))
        >>> [patience.over_after({"loss": each}) for each in (1.0, 0.5, 0.5, 0.6)]
        [False, False, False, True]
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._best: float | None = None
        self._since = 0

    @classmethod
    def of(cls, settings: Settings, history: Iterable[Mapping[str, Any]]) -> Self:
        """As it stands after the epochs of a history."""
        patience = cls(settings)
        for line in history:
            if line["event"] == "epoch":
                patience.over_after(line.get("validation"))
        return patience

    @property
    def over(self) -> bool:
        """Whether the run is to end."""
        return self._settings.patience is not None and self._since >= self._settings.patience

    def over_after(self, validation: Mapping[str, Any] | None) -> bool:
        """Take in an epoch; whether the run is to end after it."""
        value = (validation or {}).get(self._settings.monitor)
        self._since += 1
        if self._better(value):
            self._best, self._since = value, 0
        return self.over

    def _better(self, value: Any) -> bool:
        if not isinstance(value, (int, float)) or abs(value) == float("inf") or value != value:
            return False
        if self._best is None:
            return True
        gain = value - self._best if self._settings.maximize else self._best - value
        return gain > self._settings.minimum_change


def until_over(several: Iterable[Event], patience: Patience, start: Snapshot) -> Iterator[Event]:
    """The events of a run up to where the patience is over, and then `Ended`."""
    if patience.over:
        yield events.Ended(start)
        return
    for event in several:
        yield event
        if isinstance(event, events.EpochEnded) and patience.over_after(event.validation):
            yield events.Ended(event.snapshot)
            return
