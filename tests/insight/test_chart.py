"""Learning curves as SVG."""

from xml.etree import ElementTree

import pytest

from graphc.insight.chart import Line, Panel, chart, texts, ticks
from graphc.insight.curves import curves

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
