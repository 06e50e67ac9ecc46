"""Series at the nodes of a graph: the simulated town, and files of the user's."""

import json

import networkx
import numpy as np
import pytest

from graphc.core.types import RECEIVERS, SENDERS
from graphc.data.dataset import Form
from graphc.data.load import load
from graphc.data.series_files import moment
from graphc.data.summary import as_text, summary
from graphc.data.traffic import roads, speeds
from graphc.ops.sources import SeriesFiles, Traffic

EDGES = "a,b\nnorth,east\neast,west\n"
SENSORS = "north,east,west"


def lines(steps, first=SENSORS, cells=lambda step: f"{step},{10 + step},{20 + step}"):
    return f"{first}\n" + "".join(f"{cells(step)}\n" for step in range(steps))


@pytest.fixture
def series(table):
    def load_it(text, edges=EDGES, **attributes):
        table(text, "speeds.csv")
        folder = table(edges, "roads.csv")
        given = {"steps": 2, "horizon": 1, "test": 4, "validation": 3, "normalize": "none"}
        source = SeriesFiles(path="speeds.csv", edges="roads.csv", **(given | attributes))
        return load(source, folder)

    return load_it


def test_a_window_is_followed_by_its_target(series):
    train = series(lines(12)).splits["train"]
    assert train["series"][0, :, :, 0].tolist() == [[0, 10, 20], [1, 11, 21]]
    assert train["next"][0].tolist() == [[2], [12], [22]]
    assert train["series"][-1, :, 0, 0].tolist() == [2, 3]


def test_a_target_is_as_many_steps_as_the_horizon(series):
    arrays = series(lines(16), horizon=2, validation=0).splits["train"]
    assert arrays["next"][0].tolist() == [[2, 3], [12, 13], [22, 23]]


def test_no_window_reaches_from_one_split_into_another(series):
    dataset = series(lines(12))
    seen = {}
    for split, arrays in dataset.splits.items():
        seen[split] = {*arrays["series"][:, :, 0, 0].ravel(), *arrays["next"][:, 0].ravel()}
    assert {split: (min(each), max(each)) for split, each in seen.items()} == {
        "train": (0, 4),
        "validation": (5, 7),
        "test": (8, 11),
    }


def test_windows_are_scaled_as_measured_on_the_training_part(series):
    dataset = series(lines(12), normalize="standard")
    values = np.arange(5)[:, None] + [0, 10, 20]
    expected = (values[:2] - values.mean()) / values.std()
    np.testing.assert_allclose(dataset.splits["train"]["series"][0, :, :, 0], expected, rtol=1e-6)
    assert dataset.splits["test"]["next"].max() == 31


def test_all_windows_have_the_edges_in_common(series):
    for arrays in series(lines(12)).splits.values():
        assert (arrays[SENDERS] == [1, 0, 2, 1]).all()
        assert (arrays[RECEIVERS] == [0, 1, 1, 2]).all()
        assert len(arrays[SENDERS]) == len(arrays["next"])


def test_sensors_are_those_that_are_listed_and_no_time(series):
    def cells(step):
        return f"{step},{10 + step},2024-05-01 08:{5 * step:02d},{20 + step},x"

    text = lines(12, "north,east,when,west,note", cells)
    train = series(text, time="when", sensors=("west", "north", "east")).splits["train"]
    assert train["series"][0, 0, :, 0].tolist() == [20, 0, 10]
    assert series(text.replace(",x", "").replace(",note", ""), time="when").splits["train"][
        "series"
    ].shape == (3, 2, 3, 1)


def timed(*times):
    return lines(12, "when,north", lambda step: f"{times[min(step, len(times) - 1)]},{step}")


@pytest.mark.parametrize(
    ("text", "changes", "code", "words"),
    [
        (lines(12).replace("3,13", "3,"), {}, "GC513", "line 5 has no value in column `east`"),
        (lines(12).replace("3,13", "3,nan"), {}, "GC513", "line 5 has no value in column `east`"),
        (lines(12).replace("3,13", "3,x"), {}, "GC513", "has `x` in column `east`, which is no"),
        (lines(12).replace("3,13", "3,inf"), {}, "GC514", "holds a number that is infinite"),
        (lines(12).replace("3,13", "3"), {}, "GC516", "line 5 has 2 cells"),
        (lines(12), {"edges": "a,b\nnorth,eas\n"}, "GC515", "names the sensor `eas`, which"),
        (lines(12), {"edges": "a\nnorth\n"}, "GC516", "an edge joins two sensors"),
        (lines(12), {"sensors": ("north", "south")}, "GC512", "has no column `south`"),
        (lines(12), {"time": "when"}, "GC512", "has no column `when`"),
        (lines(12), {"sensors": ("north",), "time": "north"}, "GC512", "is the time, and one"),
        (lines(12), {"steps": 5}, "GC518", "the train split has 5 of 12 steps, and a window with"),
        (lines(12), {"test": 2}, "GC518", "the test split has 2 of 12 steps"),
        (timed(1, 2, 2), {"time": "when"}, "GC516", "line 4 has the time `2`, which is not later"),
        (timed(0.1, 0.2, 0.3, 0.5), {"time": "when"}, "GC516", "line 5 is 0.2 later than the line"),
        (timed(1, "x"), {"time": "when"}, "GC513", "line 3 has `x` in column `when`"),
        (timed(1, "2024-05-01"), {"time": "when"}, "GC513", "which is no time"),
        (
            timed("2024-02-28 23:50", "2024-02-28 23:55", "2024-02-29 00:05"),
            {"time": "when"},
            "GC516",
            "is 0:10:00 later than the line before it, and that one was 0:05:00",
        ),
    ],
)
def test_what_is_wrong_with_files_is_told(series, problem, text, changes, code, words):
    with problem(code) as found:
        series(text, **changes)
    assert words in found[0].message


def test_times_with_a_zone_are_those_of_one_clock():
    assert moment("2024-05-01T08:00+02:00") == moment("2024-05-01 06:00")
    assert moment("nan") is None


def test_a_town_is_the_same_for_the_same_seed():
    one, same, other = (load(Traffic(days=2, seed=seed), "") for seed in (3, 3, 4))
    for name, array in one.splits["train"].items():
        assert (array == same.splits["train"][name]).all()
    assert not (one.splits["train"]["next"] == other.splits["train"]["next"]).all()


def test_a_town_is_one_of_which_every_crossing_can_be_reached():
    graph = roads(np.random.default_rng(0))
    assert len(graph) == 80
    assert networkx.is_connected(graph)
    assert graph.number_of_edges() == 112


def test_a_jam_is_at_the_next_crossing_later():
    """What changed at a neighbour changes here ten minutes later, and far away it does not."""
    graph = roads(np.random.default_rng(1))
    speed = speeds(graph, 6, np.random.default_rng(1))
    changes = np.diff(speed, axis=0)
    ahead = np.corrcoef(changes[:-2].T, changes[2:].T)[80:, :80]
    near = networkx.to_numpy_array(graph) > 0
    far = networkx.floyd_warshall_numpy(graph) > 8
    assert ahead[near].mean() > 0.2 > 0.1 > ahead[far].mean()


def test_the_windows_of_a_town_are_known_before_it_is_built():
    source = Traffic(days=3, steps=6, horizon=2, test=0.25)
    dataset = load(source, "")
    assert dataset.count("train") == source.training_examples()
    assert dataset.splits["train"]["speed"].shape[1:] == (6, 80, 1)
    assert dataset.fields == source.fields("")


def test_a_town_of_too_few_days_is_told(problem):
    with problem("GC518"):
        Traffic(days=1, steps=300).fields("")


def test_the_summary_has_examples_and_their_graph(series):
    dataset = series(lines(12), edges=EDGES + "west,east\n")
    source = SeriesFiles(path="speeds.csv", edges="roads.csv")
    found = json.loads(json.dumps(summary(source, dataset)))
    assert found["examples"] == {"train": 3, "validation": 1, "test": 2}
    text = as_text(found)
    assert text.startswith("series, 6 examples: train 3, validation 1, test 2\n")
    assert "each over a graph of 3 nodes\n4 edges" in text
    assert "left out, edges that were there already: 1" in text


def test_a_run_keeps_the_form_of_a_series(series):
    form = series(lines(12))
    found = Form.from_dict(json.loads(json.dumps(form.as_dict())))
    assert found.fields == form.fields
    assert (found.nodes, found.edges) == (("north", "east", "west"), ((1, 0, 2, 1), (0, 1, 1, 2)))
    assert list(found.inputs) == ["series"]


def test_a_series_that_went_on_is_scaled_as_it_was_for_the_run(table, series):
    kept = series(lines(12), normalize="standard")
    folder = table(lines(40), "speeds.csv")
    source = SeriesFiles(path="speeds.csv", edges="roads.csv", steps=2, horizon=1)
    again = load(source, folder, form=kept)
    assert again.scaling == kept.scaling != load(source, folder).scaling
    first, same = (each.splits["train"]["series"][0] for each in (kept, again))
    assert (first == same).all()


def test_roads_that_changed_are_not_those_of_the_run(table, series, problem):
    kept = series(lines(40), steps=2, horizon=1)
    folder = table("a,b\nnorth,east\nnorth,west\n", "roads.csv")
    source = SeriesFiles(path="speeds.csv", edges="roads.csv", steps=2, horizon=1)
    with problem("GC607") as found:
        load(source, folder, form=kept)
    assert "its edges differ" in found[0].message
