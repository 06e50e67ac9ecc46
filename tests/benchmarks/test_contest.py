"""What is asked for, what is left out, and the networks that are trained."""

import math
from functools import partial
from pathlib import Path

import pytest

from benchmarks import (
    __main__,
    accelerators,
    attention,
    graphs,
    highways,
    objectives,
    perceptrons,
    recurrent,
    throughput,
)
from benchmarks.options import Options
from benchmarks.peer import LeftOut, Peer
from benchmarks.peers.__main__ import ALL
from benchmarks.peers.with_graphc import source
from benchmarks.picture import FORMS
from benchmarks.report import Kept, Result
from benchmarks.residual import blocks
from graphc.checker import check

CONTESTS = (
    perceptrons,
    throughput,
    highways,
    recurrent,
    attention,
    graphs,
    objectives,
    accelerators,
)


def test_networks_and_forms_are_chosen_by_their_names():
    options = Options(only=("gru", "lstm"), peers=("jax",))
    assert options.chosen(("lstm", "elman", "gru")) == ("lstm", "gru")
    assert options.forms(("graphc", "nnx", "jax")) == ("graphc", "jax")
    assert Options().forms(("graphc", "nnx")) == ("graphc", "nnx")


def _noted(ran, module, options):
    ran.append(module)
    return Result([])


def test_only_benchmarks_that_have_what_was_asked_for_run(monkeypatch, capsys):
    ran = []
    for module in CONTESTS:
        monkeypatch.setattr(module, "run", partial(_noted, ran, module))
    __main__.main(["throughput", "attention", "recurrent", "--only", "gpt", "gru"])
    assert ran == [attention, recurrent]
    ran.clear()
    __main__.main(["attention", "recurrent", "--peers", "scan"])
    assert ran == [recurrent]


@pytest.mark.parametrize("option", [["--only", "gtp"], ["--peers", "tensorflow"], ["trhoughput"]])
def test_names_that_do_not_exist_are_told(option, capsys):
    with pytest.raises(SystemExit):
        __main__.main(["attention", *option] if option[0].startswith("--") else option)
    assert option[-1] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "why"), [("exec sleep 60", "more than 0.5 s"), ("exit 3", "status 3")]
)
def test_a_form_without_a_first_epoch_is_left_out_with_the_reason(tmp_path, script, why):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    with pytest.raises(LeftOut, match=why):
        Peer.start("jax", str(python), [], 1, 0.5 if "sleep" in script else None)


def test_seconds_to_compile_are_those_of_the_first_epoch_without_those_of_a_later_one():
    peer = Peer(None, [], 5.0, 1, math.nan, [0.5, 2.0, 1.0])  # type: ignore[arg-type]
    assert peer.to_compile == 4.0


@pytest.mark.parametrize("module", CONTESTS)
def test_every_form_has_a_module_for_the_networks_it_is_for_and_a_short_name(module):
    root, kinds = Path(__main__.__file__).parent, getattr(module, "KINDS", {})
    for name in set(module.CHOICES) & ALL.keys():
        for form in module.TITLES:
            if form in kinds and ALL[name].kind not in kinds[form]:
                continue
            package = "benchmarks.peers" if form.startswith("graphc") else ALL[name].forms
            folder = root.joinpath(*package.split(".")[1:])
            assert (folder / f"with_{form}.py").exists() and form in FORMS


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("pubmed", "large")])
def test_every_network_that_is_trained_is_a_spec(name):
    assert check(source(ALL[name])).plan is not None


def test_every_benchmark_has_a_section_for_its_last_run():
    page = Kept.of("cpu").page.read_text(encoding="utf-8")
    for name in (*__main__.NAMES, "aims"):
        assert f"<!-- {name}: last run -->" in page and f"<!-- {name}: end -->" in page


@pytest.mark.parametrize("name", ["resnet20", "resnet56", "resnet50"])
def test_residual_networks_have_as_many_layers_as_they_say(name):
    found = blocks(ALL[name])
    layers = sum(len(each.convs) for each in found) + 2
    assert f"resnet{layers}" == name
    features = [each.features for each in found if each.stride > 1]
    assert features == ([512, 1024, 2048] if name == "resnet50" else [32, 64])
