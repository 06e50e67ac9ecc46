import json

import pytest

BAD = """\
graphc: 1
network:
  inputs: {x: [4]}
  layers:
    - dens: 3
    - dense: 0
"""


def test_says_ok_with_nodes_and_parameters(graphc, spec):
    done = graphc("check", "a.yaml")
    assert (done.status, done.err) == (0, "")
    assert done.out == "a.yaml: ok (21 nodes, 34,360 parameters)\n"


def test_takes_several_specs_and_standard_input(graphc, spec):
    done = graphc("check", "a.yaml", "-", stdin=spec.read_text())
    assert [line.split(":")[0] for line in done.out.splitlines()] == ["a.yaml", "<stdin>"]


def test_takes_a_file_of_blocks_alone(graphc):
    blocks = "graphc: 1\nblocks:\n  wide:\n    layers: [dense: 64]\n"
    done = graphc("check", "-", stdin=blocks)
    assert (done.status, done.out) == (0, "<stdin>: ok (1 block)\n")
    assert "GC302" in graphc("show", "-", stdin=blocks).err
    assert "error[GC201]" in graphc("check", "-", stdin=blocks.replace("dense", "dens")).err


def test_shows_every_problem_of_every_spec(graphc, spec):
    done = graphc("check", "-", "a.yaml", "nowhere.yaml", stdin=BAD)
    assert done.status == 2
    assert done.out.startswith("a.yaml: ok")
    assert "error[GC201]: there is no operation `dens`\n --> <stdin>:5:7" in done.err
    assert "error[GC100]: the file `nowhere.yaml` does not exist" in done.err


def test_json_is_a_list_of_diagnostics(graphc, spec):
    done = graphc("check", "--format", "json", "-", stdin=BAD)
    assert (done.status, done.err) == (2, "")
    first = json.loads(done.out)[0]
    assert first["code"] == "GC201" and first["severity"] == "error"
    assert (first["file"], first["line"], first["column"], first["end_column"]) == (
        "<stdin>",
        5,
        7,
        11,
    )
    assert first["help"] == "an operation with a similar name exists: `dense`"


def test_json_of_a_good_spec_is_an_empty_list(graphc, spec):
    done = graphc("check", "--format", "json", "a.yaml")
    assert (done.status, json.loads(done.out)) == (0, [])


def test_warnings_are_shown_and_leave_the_status_alone(graphc, spec):
    spec.write_text(spec.read_text().replace("- dense: 10", "- dense: 10\n    - softmax"))
    done = graphc("check", "a.yaml")
    assert done.status == 0 and "warning[GC407]" in done.err
    [warning] = json.loads(graphc("check", "a.yaml", "--format", "json").out)
    assert warning["severity"] == "warning"


def test_set_replaces_values(graphc, spec):
    done = graphc("check", "a.yaml", "--set", "units=10", "--set", "train.epochs=3")
    assert done.out == "a.yaml: ok (21 nodes, 2,080 parameters)\n"


@pytest.mark.parametrize("setting", ["unit=3", "units", "train.epoch=3", "units=many"])
def test_set_of_nothing_is_an_error_with_status_2(graphc, spec, setting):
    assert graphc("check", "a.yaml", "--set", setting).status == 2


def test_names_the_code_that_a_spec_runs_and_refuses_it_where_asked(graphc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layers.py").write_text("raise SystemExit\n\n\ndef waves(x):\n    return x\n")
    text = "network:\n  inputs: {x: [8]}\n  layers: [{python: layers:waves}, {dense: 3}]\n"
    (tmp_path / "b.yaml").write_text(text)
    done = graphc("check", "b.yaml")
    assert (done.status, done.err) == (0, "")
    lines = ["b.yaml: ok (2 nodes, 27 parameters)", "  uses code of its own: layers:waves"]
    assert done.out.splitlines() == lines
    for command in ("check", "show", "compile", "explain-compile", "train"):
        done = graphc(command, "b.yaml", "--no-python")
        assert done.status == 2 and "error[GC240]" in done.err
        assert " --> b.yaml:3:13\n" in done.err
