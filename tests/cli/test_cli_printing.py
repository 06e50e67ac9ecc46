"""show, compile, explain-compile, ops, schema and help: what they print and where to."""

import json

import pytest

from graphc.cli.help import CODES, plainly
from graphc.compiler import compile


def test_show_prints_a_table(graphc, spec):
    done = graphc("show", "a.yaml")
    assert (done.status, done.err) == (0, "")
    assert "  0..5 (each)" in done.out and "blocks/highway.yaml:" in done.out
    # 6,450 + 6 * (2 * 5,050 + 200) + 1,010 = 69,260
    assert done.out.splitlines()[-1].split() == ["total", "21", "nodes", "34,360", "69.3", "k"]


@pytest.mark.parametrize(
    "layout, start",
    [
        ("html", "<!DOCTYPE html>"),
        ("dot", 'digraph "a" {'),
        ("mermaid", "flowchart TD"),
        ("json", "{"),
    ],
)
def test_show_draws(graphc, spec, layout, start):
    assert graphc("show", "a.yaml", "--format", layout).out.startswith(start)


def test_show_writes_to_a_file(graphc, spec, tmp_path):
    done = graphc("show", "a.yaml", "--format", "html", "-o", "a.html")
    assert (done.status, done.out) == (0, "")
    assert (tmp_path / "a.html").read_text() == graphc("show", "a.yaml", "--format", "html").out


def test_show_with_json_gives_errors_as_json(graphc, spec):
    done = graphc("show", "--format", "json", "-", stdin="graphc: [")
    assert done.status == 2 and json.loads(done.out)[0]["code"] == "GC111"


def test_compile_prints_the_source_or_writes_it(graphc, spec, tmp_path):
    source = compile("a.yaml").source
    assert graphc("compile", "a.yaml").out == source
    done = graphc("compile", "a.yaml", "-o", "model.py")
    assert (done.status, done.out) == (0, "")
    assert (tmp_path / "model.py").read_text() == source
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.yaml", "model.py"]


@pytest.mark.parametrize("place", ["nowhere/model.py", ".", "a.yaml/model.py"])
def test_compile_to_where_nothing_can_be_written_fails(graphc, spec, place, tmp_path):
    done = graphc("compile", "a.yaml", "-o", place)
    assert done.status == 1 and done.err.startswith("error[GC604]: `")
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_compile_leaves_out_passes_and_chooses_by_device(graphc, spec):
    assert "scan_layers" in graphc("compile", "a.yaml").out
    assert "scan_layers" not in graphc("compile", "a.yaml", "--no-pass", "roll").out
    assert "= beside(" in graphc("compile", "a.yaml").out
    assert "= beside(" not in graphc("compile", "a.yaml", "--no-pass", "merge").out
    assert graphc("compile", "a.yaml", "--no-pass", "rol").status == 2
    assert graphc("compile", "a.yaml", "--device", "gpu").status == 0


def test_explain_compile_says_what_passes_did_and_where_weights_went(graphc, spec):
    done = graphc("explain-compile", "a.yaml")
    assert "    line 8  `repeat` is rolled: 6 layers, one scan (rule 1)" in done.out
    assert "steps per dispatch: 100, by the work of a step" in done.out
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "repeat/5/gate/kernel [50, 50] repeat/body_dense_gate/kernel [5][..., 50:100]" in lines
    assert "dense/kernel [64, 50] dense/kernel whole" in lines


def test_compile_for_inference_has_nothing_of_training(graphc, spec):
    text = graphc("compile", "a.yaml", "--inference").out
    assert "def forward(params, statistics, batch):" in text
    assert "def train_step" not in text and "optax" not in text


def test_explain_compile_for_inference_speaks_of_its_pass(graphc, spec):
    assert "pass fold" not in graphc("explain-compile", "a.yaml").out
    done = graphc("explain-compile", "a.yaml", "--inference")
    assert done.out.startswith("a.yaml, for inference on cpu\n")
    assert "pass fold: what matters only while training leaves the network" in done.out
    assert "  steps per dispatch: none, for nothing is trained" in done.out


def test_explain_compile_says_what_was_left_out(graphc, spec):
    done = graphc("explain-compile", "a.yaml", "--no-pass", "roll")
    assert "  was left out (`--no-pass`)" in done.out


def test_ops_of_an_unknown_name_suggests_one(graphc):
    done = graphc("ops", "dens")
    assert (done.status, done.out) == (2, "")
    assert "an entry with a similar name exists: `dense`" in done.err


def test_ops_lists_and_explains(graphc):
    assert "  dense " in graphc("ops").out
    assert "features: an integer of at least 1; required" in graphc("ops", "dense").out


def test_schema_goes_to_a_file(graphc, spec, tmp_path):
    graphc("schema", "-o", "schema.json")
    assert json.loads((tmp_path / "schema.json").read_text()) == json.loads(graphc("schema").out)


def test_help_lists_all_codes(graphc):
    lines = graphc("help").out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(path.stem for path in CODES.glob("*.md"))
    assert all(len(line.split()) > 1 for line in lines)


@pytest.mark.parametrize("code", ["GC100", "gc100", "100", "error[GC100]"])
def test_help_explains_a_code_however_it_is_written(graphc, code):
    assert graphc("help", code).out.startswith("GC100: a file does not exist\n")


def test_help_of_an_unknown_code_names_near_ones(graphc):
    done = graphc("help", "GC199")
    assert done.status == 2 and "near it are `GC1" in done.err


def test_help_shows_code_without_fences():
    assert plainly("# T\n\n```yaml\na: 1\n```\n") == "T\n\n    a: 1\n"


@pytest.mark.parametrize("kind", ["mlp", "cnn", "residual", "highway"])
def test_new_writes_a_spec_that_checks(graphc, spec, kind):
    done = graphc("new", "b", "--kind", kind)
    assert done.out == "wrote b.yaml; train it with `graphc train b.yaml`\n"
    checked = graphc("check", "b.yaml")
    assert (checked.status, checked.err) == (0, "")


def test_new_names_the_schema_that_lies_beside_it(graphc, tmp_path):
    graphc("schema", "-o", tmp_path / "graphc.json")
    graphc("new", tmp_path / "b.yaml")
    first, second, *_ = (tmp_path / "b.yaml").read_text().splitlines()
    assert first == "# yaml-language-server: $schema=graphc.json" and second.startswith("# A multi")
    assert graphc("check", tmp_path / "b.yaml").status == 0


def test_new_refuses_to_overwrite(graphc, spec):
    before = spec.read_text()
    done = graphc("new", "a.yaml")
    assert done.status == 2 and "exists already" in done.err
    assert spec.read_text() == before
