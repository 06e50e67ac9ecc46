"""An ensemble answers with the mean of what its members say."""

import json
import shutil

import jax
import numpy as np
import pytest

import graphc as gc
from graphc.core.diagnostic import RunError, SpecError
from graphc.core.types import Type
from graphc.data.batches import bootstrap_sample, epoch_order
from graphc.ops.losses import Focal
from graphc.runtime.ensemble import AVERAGES

SPEC = """\
graphc: 1
network: {inputs: {features: [4]}, layers: [{dense: {features: 8, activation: tanh}}, {dense: 3}]}
data: {iris: {validation: 0.2}}
train:
  loss: cross_entropy
  optimizer: {adam: 1e-2}
  epochs: 3
  seed: 7
  ensemble: {members: 3, bagging: true}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble")
    (folder / "a.yaml").write_text(SPEC)
    return folder


@pytest.fixture(scope="module")
def ensemble(folder):
    return gc.compile(str(folder / "a.yaml")).train_ensemble(folder / "run")


def softmax(scores):
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def test_the_probabilities_are_the_means_of_those_of_the_members(ensemble):
    examples = np.random.default_rng(0).normal(5, 1, (7, 4)).astype(np.float32)
    each = [softmax(member.predict(examples)) for member in ensemble.members]
    assert len(each) == 3 and not np.allclose(each[0], each[1])
    found = gc.load_run(ensemble.path).predict(examples)
    np.testing.assert_allclose(softmax(found), np.mean(each, axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.exp(found), softmax(found), rtol=1e-5)


def test_its_loss_and_accuracy_are_those_of_the_mean(ensemble):
    data = ensemble.dataset()
    images, labels = (data.splits["test"][name] for name in ("features", "label"))
    raw = (
        images * data.scaling.moments["features"].deviation + data.scaling.moments["features"].mean
    )
    chances = softmax(ensemble.predict(raw))
    result = ensemble.result["test"]
    right = np.mean(chances.argmax(-1) == labels)
    assert result["accuracy"] == pytest.approx(right)
    loss = -np.log(chances[np.arange(len(labels)), labels]).mean()
    assert result["loss"] == pytest.approx(loss, rel=1e-4)
    assert gc.load_run(ensemble.path).evaluate("test") == result


def test_the_summary_has_the_members_and_the_ensemble(ensemble):
    summary = json.loads((ensemble.path / "summary.json").read_text())
    assert summary["runs"] == ["member-0", "member-1", "member-2"]
    losses = [member.result["test"]["loss"] for member in ensemble.members]
    assert summary["test"]["loss"]["mean"] == pytest.approx(np.mean(losses))
    assert set(summary["ensemble"]) == {"validation", "test"}
    assert summary["ensemble"]["test"]["loss"] < summary["test"]["loss"]["mean"]  # by Jensen


def test_a_member_is_the_run_that_the_spec_gives_for_it(ensemble, folder):
    model = gc.compile(str(folder / "a.yaml"), ["train.ensemble.member=2", "train.lockstep=false"])
    alone = model.train(folder / "alone").result
    assert alone["train"] == pytest.approx(ensemble.members[2].result["train"], rel=1e-4)
    assert ensemble.members[2]._directory.settings["seed"] == 9


def test_it_is_exported_as_one_program(ensemble):
    program = jax.export.deserialize(bytearray(ensemble.export()))
    examples = np.random.default_rng(0).normal(5, 1, (5, 4)).astype(np.float32)
    np.testing.assert_allclose(
        program.call(examples), ensemble.predict(examples), rtol=1e-4, atol=1e-5
    )
    for one in (lambda: ensemble.export("safetensors"), ensemble.replay, ensemble.inference):
        with pytest.raises(RunError, match=r"GC606.*members of an ensemble"):
            one()


def test_members_that_have_not_ended_do_not_vote(ensemble, tmp_path):
    path = tmp_path / "some"
    shutil.copytree(ensemble.path, path)
    (path / "member-1" / "result.json").unlink()
    with pytest.warns(UserWarning, match="only 2 of 3 members"):
        assert len(gc.load_run(path).members) == 2
    for number in (0, 2):
        (path / f"member-{number}" / "result.json").unlink()
    with pytest.raises(RunError, match="GC625"):
        gc.load_run(path)


def test_one_run_is_not_an_ensemble(folder):
    model = gc.compile(str(folder / "a.yaml"))
    with pytest.raises(SpecError, match="GC432"):
        model.train(folder / "one")
    with pytest.raises(SpecError, match="GC432"):
        model.train_seeds([1, 2], folder / "seeds")
    with pytest.raises(SpecError, match="GC432"):
        gc.compile(str(folder / "a.yaml"), ["data={iris: {folds: 3}}"]).cross_validate(folder / "x")
    assert not (folder / "x").exists()


def test_yes_or_no_and_counts_and_numbers_are_averaged_as_what_they_stand_for():
    outputs = np.random.default_rng(1).normal(0, 3, (4, 5)).astype(np.float32)
    chance = np.mean(1 / (1 + np.exp(-outputs.astype(np.float64))), axis=0)
    np.testing.assert_allclose(1 / (1 + np.exp(-AVERAGES["sigmoid"](outputs))), chance, rtol=1e-5)
    rate = np.mean(np.exp(outputs), axis=0)
    np.testing.assert_allclose(np.exp(AVERAGES["exp"](outputs)), rate, rtol=1e-5)
    np.testing.assert_allclose(AVERAGES[None](outputs), outputs.mean(0), rtol=1e-5)
    sure = np.full((2, 1), 500.0, np.float32)
    assert np.isfinite(AVERAGES["sigmoid"](sure)).all()


def test_a_single_logit_of_focal_is_that_of_yes():
    yes_or_no, three = Type((), "int", below=2), Type((), "int", below=3)
    assert Focal().mean_of(Type((1,)), yes_or_no) == "sigmoid"
    assert Focal().mean_of(Type((3,)), three) == "softmax"


def test_an_epoch_of_a_bootstrap_sample_is_an_order_of_its_examples():
    sample = bootstrap_sample(1000, seed=3)
    assert len(sample) == 1000 and 0.6 < len(set(sample.tolist())) / 1000 < 0.67
    assert (sample == bootstrap_sample(1000, seed=3)).all()
    assert (sample != bootstrap_sample(1000, seed=4)).any()
    rows = [epoch_order(1000, 64, seed=3, epoch=each, sample=sample) for each in (0, 1)]
    assert (rows[0] != rows[1]).any()
    assert all(sorted(each[each >= 0].tolist()) == sample.tolist() for each in rows)
    classes = np.repeat([0, 1], [900, 100])
    rows = epoch_order(1000, 1000, seed=3, epoch=0, classes=classes, sample=sample)
    assert np.bincount(classes[rows[0]]).tolist() == [500, 500]
    assert set(rows[0].tolist()) <= set(sample.tolist())
