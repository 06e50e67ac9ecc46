"""The compiled training step: its memory and work, and that it is given its state to use up."""

import json

import pytest

from graphc import api
from graphc.cli.main import main
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source

LAYERS = "[flatten, {dense: 16}, {dense: 10}]"
HEAD = f"graphc: 1\nnetwork: {{inputs: {{image: [8, 8, 1]}}, layers: {LAYERS}}}\n"
SPEC = f"{HEAD}data: digits\ntrain: {{loss: cross_entropy, epochs: 1, batch_size: 32}}\n"


@pytest.fixture(scope="module")
def model():
    return api.compile(Source("a.yaml", SPEC))


def test_the_step_is_analysed_by_xla_and_by_its_nodes(model):
    found = model.analyse()
    memory = found.xla.memory
    # 64 * 16 + 16 + 16 * 10 + 10 parameters, twice again for adam, and the counts of steps
    assert 3 * 4 * 1210 <= memory.state <= 3 * 4 * 1210 + 64
    assert memory.donated >= 3 * 4 * 1210
    assert memory.temporaries > 0 and memory.peak < 10 * memory.state
    counted = found.rows[-1].work.all_flops
    assert counted / 2 < found.xla.flops < 2 * counted
    assert found.peaks.bandwidth > 1e6 and found.peaks.flops["float32"] > 1e6


def test_show_compiled_prints_a_table_or_plain_data(tmp_path, capsys):
    path = tmp_path / "a.yaml"
    path.write_text(SPEC)
    assert main(["show", str(path), "--compiled", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found["nodes"]] == ["flatten", "dense", "dense_2", "total"]
    assert found["memory"]["peak"] > found["memory"]["state"]
    assert main(["show", str(path), "--compiled"]) == 0
    printed = capsys.readouterr().out
    assert "by XLA's plan" in printed and "bound by" in printed


@pytest.mark.parametrize(
    "options, words",
    [
        (("--format", "svg"), "shown as `text` or `json`"),
        (("--training",), "ask for one of them"),
    ],
)
def test_show_compiled_refuses_what_does_not_go_with_it(tmp_path, capsys, options, words):
    path = tmp_path / "a.yaml"
    path.write_text(SPEC)
    assert main(["show", str(path), "--compiled", *options]) == 2
    assert words in capsys.readouterr().err


def test_a_spec_that_is_not_trained_has_no_step():
    with pytest.raises(SpecError) as caught:
        api.compile(Source("a.yaml", HEAD)).analyse()
    assert caught.value.diagnostics[0].code == "GC412"
