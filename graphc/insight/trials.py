"""The trials of a search: a table, and a picture with a panel for each value that was searched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from graphc.core.span import nowhere
from graphc.core.tree import from_plain
from graphc.insight.chart import Axis, Dot, Panel, chart, texts, ticks
from graphc.insight.table import aligned
from graphc.ops.search import Range, Search, Setting
from graphc.spec.writer import flow

_BEST, _OTHER, _GIVEN_UP = 1, 0, 7
_LEGEND = {_BEST: "the best", _OTHER: "trained to the end", _GIVEN_UP: "given up early"}
_FEWEST_MARKS, _MOST_MARKS = 3, 8
_WIDE = 30.0
"""Scores that differ by this factor are drawn by their logarithm."""
_LONGEST = 16


def short_names(paths: Iterable[str]) -> list[str]:
    """The last word of each path, or as many as tell them apart.

    Example:
        >>> short_names(["train.optimizer.adam.learning_rate", "train.batch_size"])
        ['learning_rate', 'batch_size']
        >>> short_names(["train.clip.norm", "train.loss.norm"])
        ['clip.norm', 'loss.norm']
    """
    parts = [path.split(".") for path in paths]
    for count in range(1, max(map(len, parts))):
        names = [".".join(each[-count:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    return [".".join(each) for each in parts]


def trials_table(summary: Mapping[str, Any]) -> str:
    """The trials, the best first: their values, what was measured, and what failed.

    Args:
        summary: see `graphc.api.sweep.Sweep`.
    """
    trials, monitor = summary["trials"], summary["monitor"]
    paths = list(trials[0]["values"])
    others = [name for name in _measured(trials) if name != monitor]
    rounds = len({each["epochs"] for each in trials if not each["failed"]}) > 1
    head = ["trial", *short_names(paths), monitor, *others, *["epochs"] * rounds]
    rows = [head]
    for each in trials:
        values = [value_text(each["values"][path]) for path in paths]
        numbers = [_number(each["validation"].get(name)) for name in (monitor, *others)]
        if each["failed"]:
            numbers = ["failed", *[""] * len(others)]
        rows.append([each["name"], *values, *numbers, *[str(each["epochs"])] * rounds])
    lines = aligned(rows, range(1, len(head)))
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]]) + "\n"


def value_text(value: object) -> str:
    """A value as it stands in a spec."""
    return flow(from_plain(value, nowhere()))


def _measured(trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is a single number: the loss first."""
    names = {
        name: None
        for each in trials
        for name, value in each["validation"].items()
        if isinstance(value, (int, float))
    }
    return sorted(names, key=lambda name: name != "loss")


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, (int, float)) else str(value or "")


def trials_chart(summary: Mapping[str, Any], search: Search) -> str:
    """A panel for each value that was searched, with the score of each trial above its value.

    Trials that failed are left out. The best trial has a colour of its own, and so have those that
    were given up early, whose scores are those of the time.
    """
    trials = [each for each in summary["trials"] if each["score"] is not None]
    longest = max(each["epochs"] for each in trials) if search.halving is not None else 0
    colours = [
        _BEST if not i else _GIVEN_UP if each["epochs"] < longest else _OTHER
        for i, each in enumerate(trials)
    ]
    names = short_names(each.path.text for each in search.over)
    high, up = _scores([each["score"] for each in trials])
    panels = []
    for setting, name in zip(search.over, names, strict=True):
        place, across = _across(setting)
        dots = []
        for each, colour in zip(trials, colours, strict=True):
            value, score = each["values"][setting.path.text], each["score"]
            text = f"{each['name']}, {name} {value_text(value)}: {score:.4g}"
            dots.append(Dot(place(value), high(score), text, colour))
        title = f"{summary['monitor']}, validation"
        panels.append(Panel(title, name, dots=tuple(reversed(dots)), across=across, up=up))
    legend = [Dot(0, 0, name, colour) for colour, name in _LEGEND.items() if colour in colours]
    return chart(panels, legend)


def _scores(scores: Sequence[float]) -> tuple[Callable[[float], float], Axis | None]:
    """How high each score is drawn, and the axis where that is not the score itself."""
    low, high = min(scores), max(scores)
    if low <= 0 or high / low < _WIDE:
        return float, None
    return math.log10, _logarithmic(low, high)


def _across(setting: Setting) -> tuple[Callable[[Any], float], Axis]:
    """Where the values of a setting are drawn, and the axis below them."""
    values = setting.values
    if not isinstance(values, Range):
        written = [flow(each) for each in values]
        marks = tuple((float(i), _cut(text)) for i, text in enumerate(written))
        axis = Axis(-0.5, len(written) - 0.5, marks)
        return lambda value: float(written.index(value_text(value))), axis
    low, high = values.bounds
    if values.log is not None:
        return math.log10, _logarithmic(low, high)
    found = ticks(low, high, 6)
    return float, Axis(low, high, tuple(zip(found, texts(found), strict=True)))


def _logarithmic(low: float, high: float) -> Axis:
    """With powers of ten as marks, or where these are few, some of their multiples too."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    found: list[float] = []
    for steps in ((1,), (1, 3), (1, 2, 5), tuple(range(1, 10))):
        several = (step * 10.0**power for power in range(first, last + 1) for step in steps)
        found = [each for each in several if low * 0.999 <= each <= high * 1.001]
        if len(found) >= _FEWEST_MARKS:
            break
    found = found[:: -(-len(found) // _MOST_MARKS) or 1]
    marks = tuple((math.log10(each), f"{each:g}") for each in found)
    return Axis(math.log10(low * 0.999), math.log10(high * 1.001), marks)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
