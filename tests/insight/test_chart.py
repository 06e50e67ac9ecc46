"""Learning curves as SVG."""

from xml.etree import ElementTree

import pytest

from graphc.checker import check
from graphc.core.span import Source
from graphc.insight.chart import Line, Panel, chart, texts, ticks
from graphc.insight.curves import curves
from graphc.insight.trials import trials_chart, trials_table

SVG = "{http://www.w3.org/2000/svg}"


def epoch(number, train, validation=None):
    line = {"event": "epoch", "epoch": number, "train": train}
    return line | ({"validation": validation} if validation else {})


def drawn(text):
    """The paths of lines that have points, and all texts."""
    root = ElementTree.fromstring(text)
    lines = [each for each in root.iter(f"{SVG}path") if each.get("class", "").startswith("line")]
    return lines, [each.text for each in root.iter(f"{SVG}text")]


def test_a_panel_for_each_metric_and_a_line_for_each_split():
    epochs = [epoch(i, {"accuracy": 0.1 * i, "loss": 1 / i}, {"loss": 2 / i}) for i in (1, 2, 3)]
    lines, words = drawn(curves({"a": epochs}))
    assert words.index("loss") < words.index("accuracy")
    assert len(lines) == 2 + 3  # the legend, and three curves
    assert {"train", "validation"} <= set(words)


def test_runs_have_colours_of_their_own():
    several = {name: [epoch(i, {"loss": i}) for i in (1, 2)] for name in ("a", "b<c")}
    lines, words = drawn(curves(several))
    assert len({each.get("stroke") for each in lines}) == 2 and "b<c" in words


@pytest.mark.parametrize("losses", [[1.0], ["nan", 1.0, "inf"], [2.0, 2.0], ["nan"]])
def test_odd_histories_are_drawn(losses):
    epochs = [epoch(i, {"loss": loss, "tally": [1, 2]}) for i, loss in enumerate(losses, 1)]
    picture = curves({"a": epochs})
    assert ElementTree.fromstring(picture).tag.endswith("svg") and "nan" not in picture
    assert "tally" not in picture


def test_what_is_not_finite_is_left_out():
    line = Line("a", ((1, 1.0), (2, float("nan")), (3, 2.0)))
    lines, _ = drawn(chart([Panel("loss", "epoch", (line,))], []))
    assert lines[0].get("d").count("L") == 1


def test_ticks_are_round_and_take_in_the_range():
    for low, high in [(0.13, 2.31), (-7, 4e4), (1e-9, 3e-9), (5, 5), (0, 0)]:
        found = ticks(low, high, 5)
        assert found[0] <= low and found[-1] >= high and len(found) < 9
        assert len(set(texts(found))) == len(found)


SEARCH = """
network: {inputs: {features: [4]}, layers: [{dense: 3}]}
data: iris
train: {loss: cross_entropy, epochs: 9}
search:
  over:
    train.optimizer.adam: {log: [1e-3, 1e+1]}
    train.batch_size: [8, full]
"""


def trial(number, rate, size, score, epochs=9):
    values = {"train.optimizer.adam": rate, "train.batch_size": size}
    validation = {} if score is None else {"loss": score}
    failed = "GC601" if score is None else None
    name = f"trial-{number:03}"
    return {"name": name, "values": values, "score": score, "epochs": epochs} | {
        "validation": validation,
        "failed": failed,
    }


def test_the_trials_of_a_search_are_dots_over_each_value_and_rows_of_a_table():
    search = check(Source("a.yaml", SEARCH)).document.search
    trials = [trial(1, 0.1, "full", 0.5), trial(0, 0.001, 8, 900.0), trial(2, 10.0, 8, None)]
    summary = {"monitor": "loss", "trials": trials}
    root = ElementTree.fromstring(trials_chart(summary, search))
    dots = [each for each in root.iter(f"{SVG}circle") if each.get("class") == "dot"]
    told = [each.find(f"{SVG}title").text for each in dots]
    assert "trial-001, adam 0.1: 0.5" in told and "trial-000, batch_size 8: 900" in told
    assert len(dots) == 2 + 2 * 2  # the legend, and two that did not fail over two values
    words = {each.text for each in root.iter(f"{SVG}text")}
    assert {"adam", "batch_size", "0.001", "10", "8", "full", "the best", "100"} <= words
    assert trials_table(summary).splitlines()[2:] == [
        "trial-001    0.1        full    0.5000",
        "trial-000  0.001           8  900.0000",
        "trial-002   10.0           8    failed",
    ]
