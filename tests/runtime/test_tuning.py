"""`graphc tune`: forms that are measured, and the file that keeps them."""

from dataclasses import replace

import pytest
import yaml

import graphc as gc
from graphc.checker import check
from graphc.compiler import compile
from graphc.core.diagnostic import SpecError
from graphc.core.forms import FORMS
from graphc.insight.explanation import explanation
from graphc.runtime import tuning
from graphc.runtime.tuning import Fastest, Tried
from graphc.spec.tuned import differing, this_machine, write_tuned

SPEC = """
graphc: 1
network:
  inputs: {image: [8, 8, 1]}
  layers: [{conv: 4}, relu, flatten, {dense: 10}]
data: digits
train: {loss: cross_entropy, batch_size: 64}
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path


def load(path):
    return yaml.safe_load(path.read_text())


def keep(spec, **chosen):
    checked, forms = check(str(spec)), replace(FORMS["cpu"], **chosen)
    text = write_tuned(checked.document, checked.networks, "cpu", forms)
    spec.with_name("small.tuned.yaml").write_text(text)


def test_a_spec_is_tuned(spec, monkeypatch):
    monkeypatch.setattr(tuning, "SECONDS", 0.001)
    monkeypatch.setattr(tuning, "ROUNDS", 2)
    model = gc.compile(spec, device="cpu")
    *tried, last = model.tune()
    assert isinstance(last, Fastest) and last.examples > 0
    words = [each.words for each in tried]
    assert "convolutions of the library" in words
    assert "products with inputs in loops" not in words, "there is no loop over time"
    assert all(isinstance(each, Tried) and len(each.ratios) == 2 for each in tried)
    spec.with_name("small.tuned.yaml").write_text(model.tuned(last))
    assert compile(str(spec)).choices.forms == last.forms


def test_the_axes_of_a_batch_are_tried_apart_and_as_one(spec, monkeypatch):
    monkeypatch.setattr(tuning, "SECONDS", 0.001)
    monkeypatch.setattr(tuning, "ROUNDS", 2)
    monkeypatch.setattr(tuning, "CHANGES", [each for each in tuning.CHANGES if "flat" in each[1]])
    spec.write_text(SPEC.replace("{conv: 4}", "{dense: {features: 4, axis: -1}}"))
    *tried, last = gc.compile(spec, device="cpu").tune()
    assert tried[0].words == "axes of a batch apart"
    kept = [each.words for each in tried if each.kept]
    assert last.forms.flat == (not kept or kept[-1] == "axes of a batch as one")


def test_what_was_found_is_used_and_told(spec):
    assert "by_rows" in compile(str(spec)).source
    keep(spec, band=0, steps_per_dispatch=3)
    compiled = compile(str(spec))
    assert "by_rows" not in compiled.source
    assert compiled.choices.forms == replace(FORMS["cpu"], band=0, steps_per_dispatch=3)
    text = explanation(compiled)
    assert "small.tuned.yaml`, measured on this machine: band: 0, steps_per_dispatch: 3" in text


def test_the_steps_of_a_dispatch_are_those_of_the_file(spec):
    spec.write_text(SPEC.replace("{conv: 4}, ", ""))
    keep(spec, steps_per_dispatch=3)
    assert compile(str(spec)).choices.steps_per_dispatch == 3
    assert compile(str(spec), ["train.steps_per_dispatch=7"]).choices.steps_per_dispatch == 7


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (this_machine(), "another, 64 cores", "it was measured on another machine"),
        ("device: cpu", "device: gpu", "it was measured on a gpu"),
        ("network: graph", "network: other", "the networks have changed since"),
    ],
)
def test_what_is_no_longer_so_is_not_used(spec, old, new, why):
    keep(spec, band=0)
    path = spec.with_name("small.tuned.yaml")
    path.write_text(path.read_text().replace(old, new))
    compiled = compile(str(spec))
    assert compiled.choices.forms == FORMS["cpu"]
    assert why in explanation(compiled)


def test_comments_change_no_network_and_other_layers_do(spec):
    keep(spec, band=0)
    spec.write_text("# A comment.\n" + SPEC)
    assert compile(str(spec)).choices.forms != FORMS["cpu"]
    spec.write_text(SPEC.replace("conv: 4", "conv: 5"))
    assert compile(str(spec)).choices.forms == FORMS["cpu"]


def test_a_file_that_says_nonsense_is_told(spec):
    keep(spec, band=0)
    path = spec.with_name("small.tuned.yaml")
    path.write_text(path.read_text().replace("band: 0", "bend: 0\n  unroll: many"))
    with pytest.raises(SpecError) as raised:
        compile(str(spec))
    assert [each.code for each in raised.value.diagnostics] == ["GC202", "GC210"]
    assert "small.tuned.yaml:" in str(raised.value)


def test_a_run_goes_on_as_it_began(spec, tmp_path):
    spec.write_text(SPEC.replace("{conv: 4}, ", ""))
    keep(spec, steps_per_dispatch=3)
    run = gc.compile(spec, ["train.epochs=1"], device="cpu").train(tmp_path / "run")
    assert load(run.path / "spec.yaml")["train"]["steps_per_dispatch"] == 3
    spec.with_name("small.tuned.yaml").unlink()
    more = gc.compile(run.path / "spec.yaml", ["train.epochs=2"], device="cpu")
    assert more.compiled.choices.steps_per_dispatch == 3
    assert more.train(run.path, resume=True).result["epochs"] == 2


def test_only_what_differs_is_written():
    assert differing(replace(FORMS["cpu"], unroll=2, affine=True), "cpu") == {
        "unroll": 2,
        "affine": True,
    }
    assert differing(FORMS["cpu"], "cpu") == {}
