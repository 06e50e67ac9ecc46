"""`graphc diff`: what it reads, what it prints, and how it ends."""

import json

import pytest


@pytest.fixture
def other(spec):
    """`b.yaml`, which has fewer layers than `a.yaml`."""
    path = spec.with_name("b.yaml")
    path.write_text(spec.read_text().replace("times: 6", "times: 4"))
    return path


def test_diff_says_what_differs(graphc, other):
    done = graphc("diff", "a.yaml", "b.yaml")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(
        "a.yaml -> b.yaml\n\nchanged\n  repeat  highway  line 8  copies  6 -> 4\n"
    )
    assert done.out.endswith("\n\nthe programs differ\n")


def test_diff_of_equal_specs(graphc, spec):
    done = graphc("diff", "a.yaml", "a.yaml", "--exit-code")
    assert done.status == 0
    assert done.out == "a.yaml -> a.yaml\nnothing differs\nthe programs are the same\n"


def test_exit_code_tells_whether_anything_differs(graphc, other):
    assert graphc("diff", "a.yaml", "b.yaml", "--exit-code").status == 1


def test_diff_as_json(graphc, other):
    value = json.loads(graphc("diff", "a.yaml", "b.yaml", "--format", "json").out)
    [change] = value["changes"]
    assert change["rows"] == [{"kind": "copies", "what": "copies", "before": "6", "after": "4"}]
    assert value["program"] == "different"


def test_specs_that_ship_and_standard_input_can_be_compared(graphc, spec):
    done = graphc("diff", "-", "specs/digits_mlp", stdin=spec.read_text())
    assert done.status == 0 and "<stdin> -> specs/digits_mlp.yaml" in done.out


def test_mistakes_in_both_are_reported_at_once(graphc, other):
    other.write_text(other.read_text().replace("flatten", "flaten"))
    spec = other.with_name("a.yaml")
    spec.write_text(spec.read_text().replace("adam", "adm"))
    done = graphc("diff", "a.yaml", "b.yaml")
    assert (done.status, done.out) == (2, "")
    assert "--> a.yaml:" in done.err and "--> b.yaml:" in done.err
    found = json.loads(graphc("diff", "a.yaml", "b.yaml", "--format", "json").out)
    assert [each["file"] for each in found] == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize("missing", ["c.yaml", "."])
def test_a_file_that_is_not_there_is_an_error(graphc, spec, missing):
    done = graphc("diff", "a.yaml", missing)
    assert done.status == 2 and done.err.startswith("error[GC1")


def test_what_graphc_chose_for_a_run_is_no_difference(graphc, spec):
    kept = spec.read_text().replace("epochs: 1", "epochs: 1, steps_per_dispatch: 1000")
    spec.with_name("kept.yaml").write_text(kept)
    assert "nothing differs" in graphc("diff", "a.yaml", "kept.yaml").out
