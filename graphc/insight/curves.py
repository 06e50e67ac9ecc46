"""The learning curves of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphc.insight.chart import Line, Panel, chart

Epochs = Sequence[Mapping[str, Any]]
SPLITS = ("train", "validation")


def epochs_of(history: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The lines of `metrics.jsonl` that close an epoch."""
    return [line for line in history if line.get("event") == "epoch"]


def curves(
    runs: Mapping[str, Epochs], best: int | None = None, objectives: Sequence[str] = ()
) -> str:
    """A panel for the loss and for each metric, over epochs; validation is dashed.

    Args:
        runs: the epochs of each run by its name.
        best: an epoch that is pointed out.
        objectives: those of a single run, which share the first panel.
    """
    mark = (float(best), "best") if best is not None else None
    if len(runs) == 1 and len(objectives) > 1:
        return _of_objectives(next(iter(runs.values())), mark, objectives)
    panels = [
        Panel(metric, "epoch", tuple(_lines(runs, metric)), mark) for metric in metrics_of(runs)
    ]
    return chart(panels, _legend(runs))


def _of_objectives(
    epochs: Epochs, mark: tuple[float, str] | None, objectives: Sequence[str]
) -> str:
    """The objectives in one panel, each in a colour of its own; then a panel for each value."""
    first = [each for i, name in enumerate(objectives) for each in _split(epochs, name, i)]
    other = len(objectives)
    panels = [Panel("objectives", "epoch", tuple(first), mark)]
    for metric in metrics_of({"": epochs}):
        if metric not in objectives:
            lines = tuple(_split(epochs, metric, other))
            panels.append(Panel(metric, "epoch", lines, mark))
    legend = [Line(name, (), i) for i, name in enumerate(objectives)]
    if any(SPLITS[1] in line for line in epochs):
        legend.append(Line(SPLITS[1], (), other, True))
    return chart(panels, legend)


def _split(epochs: Epochs, metric: str, colour: int) -> Iterable[Line]:
    """A line for each split."""
    for split in SPLITS:
        if points := _points(epochs, metric, split):
            yield Line(f"{metric}, {split}", points, colour, split != SPLITS[0])


def _points(epochs: Epochs, metric: str, split: str) -> tuple[tuple[float, float], ...]:
    return tuple(
        (float(line["epoch"]), value)
        for line in epochs
        if (value := _number(line.get(split, {}).get(metric))) is not None
    )


def metrics_of(runs: Mapping[str, Epochs]) -> list[str]:
    """What was measured in any of the runs and is a number: the loss first."""
    names = {
        name: None
        for epochs in runs.values()
        for line in epochs
        for split in SPLITS
        for name, value in line.get(split, {}).items()
        if _number(value) is not None
    }
    return sorted(names, key=lambda name: name != "loss")


def _lines(runs: Mapping[str, Epochs], metric: str) -> Iterable[Line]:
    for i, (run, epochs) in enumerate(runs.items()):
        for split in SPLITS:
            if points := _points(epochs, metric, split):
                name = f"{run}, {split}" if len(runs) > 1 else split
                yield Line(name, points, _colour(runs, i, split), split != SPLITS[0])


def _legend(runs: Mapping[str, Epochs]) -> list[Line]:
    """The runs, and what broken lines are; for a single run its splits."""
    splits = [
        split for split in SPLITS if any(split in line for each in runs.values() for line in each)
    ]
    if len(runs) == 1:
        return [Line(each, (), _colour(runs, 0, each), each != SPLITS[0]) for each in splits]
    named = [Line(name, (), i) for i, name in enumerate(runs)]
    return [*named, *(Line("validation", (), 0, True) for each in splits if each != SPLITS[0])]


def _colour(runs: Mapping[str, Epochs], index: int, split: str) -> int:
    return index if len(runs) > 1 else SPLITS.index(split)


def _number(value: Any) -> float | None:
    """A number as a run keeps it; what was not finite is a word there."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)
