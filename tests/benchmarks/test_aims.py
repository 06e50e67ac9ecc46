"""The table against what is aimed for, its picture, and the sections they are kept in."""

from xml.etree import ElementTree

import pytest

from benchmarks import report
from benchmarks.aims import AIMS, table
from benchmarks.measure import Sample
from benchmarks.picture import FORMS, picture
from benchmarks.report import Kept

SVG = "{http://www.w3.org/2000/svg}"


def found(**rates):
    return {"examples_per_second": rates, "losses": {form: [1.0] for form in rates}}


def rows(**numbers):
    made = table(numbers)
    return [] if made is None else [list(row) for row in made.rows]


def test_an_aim_is_reached_by_the_upper_quartile_of_the_ratios():
    ratios = [1.2, 1.3, 1.4, 1.5, 1.2]  # the upper quartile is the aim of 1.4
    each = found(graphc=ratios, nnx=[1.0] * 5, keras=[1.3] * 5)
    (_, name, shown, aim, reached), (*_, other) = rows(throughput={"mlp": each})
    assert (name, shown, aim) == ("NNX", "1.30 (1.20 to 1.40)", "1.4")
    assert (reached, other) == ("met", "**not met**")


def test_what_is_by_hand_is_not_to_be_faster_and_others_need_no_aim():
    each = found(graphc=[2.0], jax=[2.1], torch=[1.0])
    by_hand, torch = rows(recurrent={"lstm": each})
    assert by_hand[3:] == ["1", "**not met**"] and torch[3:] == ["", ""]


def test_recurrent_networks_in_bfloat16_are_compared_with_others_in_float32():
    each = found(graphc=[2.0], graphc_bfloat16=[2.6], nnx=[2.0], keras=[2.4])
    *_, nnx, keras = rows(recurrent={"gru": each})
    assert nnx[1:] == ["NNX, of graphc in bfloat16", "1.30 (1.30 to 1.30)", "1.2", "met"]
    assert keras[2:] == ["1.08 (1.08 to 1.08)", "1.2", "**not met**"]


def test_compiled_pytorch_is_measured_against_the_aim_of_pytorch():
    (row,) = rows(throughput={"mlp": found(graphc=[2.0], torch_compile=[1.0])})
    assert row[3] == f"{AIMS['mlp']['torch']:g}"


def test_forms_that_are_left_out_are_told_and_seconds_are_compared():
    each = found(graphc=[2.0]) | {
        "left_out": {"nnx": "took more than 60 s to its first epoch"},
        "seconds_to_compile": {"graphc": 4.9},
    }
    left_out, compiled = rows(throughput={"highway200": each})
    assert "more than 60 s" in left_out[2] and compiled[2:] == ["4.9", "5", "met"]


def test_compiling_is_compared_with_keras():
    seconds = {"graphc": 1.0, "keras": 9.0}
    each = found(graphc=[2.0], keras=[1.0]) | {"seconds_to_compile": seconds}
    assert rows(throughput={"highway50": each})[-1][2:] == [
        "9.0 times faster",
        "10",
        "**not met**",
    ]


def test_a_first_step_is_reached_by_the_lower_quartile():
    seconds = {"graphc, cold": [1.2, 1.4], "graphc, warm": [0.7, 0.8], "nnx, cold": [1.0, 1.0]}
    cold, warm = rows(first_step={"seconds": seconds})
    assert cold[3:] == ["at most 1.3", "met"] and warm[3:] == ["at most 0.6", "**not met**"]


def test_nothing_that_was_trained_is_no_table():
    assert table({"check": {"rounds": 3}}) is None


def test_a_picture_has_a_panel_for_each_network_and_a_bar_for_each_form():
    sample = Sample((1.0, 2.0, 3.0))
    shown = picture({"mlp": {"graphc": sample, "torch": sample}, "gpt": {"graphc": sample}})
    root = ElementTree.fromstring(shown)
    words = [each.text for each in root.iter(f"{SVG}text")]
    assert len(list(root.iter(f"{SVG}rect"))) == 3
    assert {"mlp", "gpt", FORMS["torch"], "2/s"} <= set(words)


def test_on_other_devices_only_what_is_by_hand_is_aimed_at():
    made = table({"perceptrons": {"mlp": found(graphc=[2.0], nnx=[2.0], jax=[1.0])}}, "gpu")
    assert made is not None and [row[3] for row in made.rows] == ["", "1"]


def test_what_ran_on_a_gpu_is_kept_beside_what_ran_on_a_cpu(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    kept = Kept.of("gpu")
    kept.write("depth", report.Result([], ["first"], {"rounds": 1}), "one", "command")
    kept.write("layers", report.Result([], ["second"], {"rounds": 2}), "one", "command")
    kept.write("depth", report.Result([], ["third"], {"rounds": 3}), "two", "command")
    page = kept.page.read_text()
    assert page.count("## depth") == 1 and "third" in page and "first" not in page
    assert kept.last_run()["layers"]["rounds"] == 2
    assert {each.name for each in tmp_path.iterdir()} == {"gpu.md", "last_run_gpu.json"}


def test_a_section_is_replaced_and_one_that_is_missing_is_told(tmp_path, monkeypatch):
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- aims: last run -->\nold\n<!-- aims: end -->\nafter\n")
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    Kept.of("cpu").put("aims", "new")
    assert page.read_text().split("\n")[1:4] == [
        "<!-- aims: last run -->",
        "new",
        "<!-- aims: end -->",
    ]
    with pytest.raises(SystemExit, match="no section"):
        Kept.of("cpu").put("other", "new")
