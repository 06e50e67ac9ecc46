"""What came of a run as one page of HTML that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from graphc.checker import Checked
from graphc.insight.confusion import Matrix, confusion_svg
from graphc.insight.curves import SPLITS, Epochs, curves, epochs_of
from graphc.insight.page.page import page

_HERE = Path(__file__).parent
_PLACE = re.compile(r"<!-- ([A-Z]+) -->")


@dataclass(frozen=True)
class WorstError:
    """An example with a high loss.

    Attributes:
        number: its place in the split.
        loss: of it.
        target: what is right, in words, "" where it is no single answer.
        prediction: what the network says.
        right: whether both are the same class; None where there are no classes.
        picture: a data URI, "" where no field is an image.
        values: of its fields, in words, where there is no picture.
    """

    number: int
    loss: float
    target: str = ""
    prediction: str = ""
    right: bool | None = None
    picture: str = ""
    values: str = ""


def report_page(
    checked: Checked,
    spec: str,
    history: Sequence[Mapping[str, Any]],
    result: Mapping[str, Any],
    split: str = "",
    worst: Sequence[WorstError] = (),
    confusion: Matrix | None = None,
    names: Sequence[str] | None = None,
    graph: str = "",
    samples: Mapping[str, str] | None = None,
) -> str:
    """The page of a run.

    Args:
        checked: its spec.
        spec: the resolved text of it.
        history: the lines of `metrics.jsonl`.
        result: what `result.json` holds.
        split: where the worst errors and the confusion matrix are from.
        worst: the examples with the highest loss, the highest first.
        confusion: counts [classes, classes], rows of the right ones; None without classes.
        names: of the classes.
        graph: a picture of the graph that it learnt from, "" where that is none.
        samples: pictures of values after the last epoch, data URIs by name.
    """
    epochs = epochs_of(history)
    parts = {
        "TITLE": escape(checked.name),
        "FACTS": " · ".join(map(escape, _facts(result))),
        "RESULTS": _results(result),
        "CURVES": _curves(checked, epochs, result) if epochs else "",
        "CONFUSION": "" if confusion is None else _confusion(split, confusion, names),
        "SAMPLES": _samples(samples) if samples else "",
        "GRAPH": _graph(graph) if graph else "",
        "WORST": _section(split, worst) if worst else "",
        "NETWORK": escape(page(checked), quote=True),
        "SPEC": escape(spec),
        "STYLE": (_HERE / "report.css").read_text(encoding="utf-8"),
    }
    text = (_HERE / "report.html").read_text(encoding="utf-8")
    return _PLACE.sub(lambda found: parts[found[1]], text)


def _curves(checked: Checked, epochs: Epochs, result: Mapping[str, Any]) -> str:
    return curves({checked.name: epochs}, result.get("best_epoch"), checked.objectives)


def _facts(result: Mapping[str, Any]) -> Iterator[str]:
    best = f", epoch {result['best_epoch']} the best" if result.get("best_epoch") else ""
    yield f"{_counted(result['epochs'], 'epoch')}{best}"
    yield _counted(result["steps"], "step")
    yield f"{duration(result['seconds'])}, {duration(result['compile_seconds'])} of it compiling"
    yield f"{result['examples_per_second']:,.0f} examples per second"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as people say them.

    Example:
        >>> duration(3.21), duration(75), duration(7300)
        ('3.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def _results(result: Mapping[str, Any]) -> str:
    """A row for each split, the loss first."""
    splits = [each for each in (*SPLITS, "test") if isinstance(result.get(each), Mapping)]
    names = {
        name: None
        for each in splits
        for name, value in result[each].items()
        if isinstance(value, (int, float, str))
    }
    ordered = sorted(names, key=lambda name: name != "loss")
    head = "".join(f"<th>{escape(name)}</th>" for name in ("split", *ordered))
    rows = (
        f"<tr><td>{each}</td>"
        + "".join(f"<td>{_shown(result[each].get(name, ''))}</td>" for name in ordered)
        + "</tr>"
        for each in splits
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _shown(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else escape(str(value))


def _confusion(split: str, matrix: Matrix, names: Sequence[str] | None) -> str:
    where = f"Examples of the {escape(split)} split: rows are right, columns are guessed."
    head = f'<h2>Confusion matrix</h2><p class="faint">{where}</p>'
    return f'<section>{head}<div class="wide">{confusion_svg(matrix, names)}</div></section>'


def _graph(picture: str) -> str:
    where = "What the network says of the nodes, and the ones that it learnt from."
    head = f'<h2>Graph</h2><p class="faint">{where}</p>'
    return f'<section>{head}<div class="wide">{picture}</div></section>'


def _samples(pictures: Mapping[str, str]) -> str:
    head = '<h2>Samples</h2><p class="faint">Values after the last epoch, in evaluation mode.</p>'
    items = "".join(
        f'<figure><img src="{picture}" alt=""><figcaption>{escape(name)}</figcaption></figure>'
        for name, picture in pictures.items()
    )
    return f'<section>{head}<div class="samples">{items}</div></section>'


def _section(split: str, worst: Sequence[WorstError]) -> str:
    where = f"The highest losses of the {escape(split)} split."
    head = f'<h2>Worst errors</h2><p class="faint">{where}</p>'
    items = "".join(map(_item, worst))
    return f'<section>{head}<ul class="worst">{items}</ul></section>'


def _item(each: WorstError) -> str:
    picture = f'<img src="{each.picture}" alt="">' if each.picture else ""
    kind = {True: ' class="right"', False: ' class="wrong"', None: ""}[each.right]
    said = f"<div{kind}>{escape(each.prediction)}</div>" if each.prediction else ""
    right = f"<div>{escape(each.target)}</div>" if each.target else ""
    values = f'<div class="values">{escape(each.values)}</div>' if each.values else ""
    number = f'<div class="faint">no. {each.number} · loss {each.loss:.4g}</div>'
    return f"<li>{picture}{right}{said}{number}{values}</li>"
