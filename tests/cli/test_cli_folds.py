"""Cross-validation: a run for each fold, and what came out of them all."""

import json
import shutil

import numpy as np
import pytest

import graphc as gc
from graphc.core.diagnostic import SpecError
from graphc.data.load import load
from graphc.ops.sources import Csv, Diabetes, Iris

pytestmark = pytest.mark.usefixtures("compilation_cache")
SPEC = """\
graphc: 1
network: {inputs: {features: [4]}, layers: [{dense: 3}]}
data: {iris: {folds: 2, test: 0}}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 1e-2}, epochs: 2}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.yaml").write_text(SPEC)
    return tmp_path


def test_folds_are_trained_summarized_and_resumed(graphc, folder):
    spec, run = folder / "a.yaml", folder / "run"
    done = graphc("train", spec, "--run", run, "--no-cache", "-q")
    assert done.status == 0, done.err
    assert "validation loss " in done.out and " over 2 folds\n" in done.out
    results = [json.loads((run / f"fold-{i}" / "result.json").read_text()) for i in range(2)]
    summary = json.loads((run / "summary.json").read_text())
    losses = [each["validation"]["loss"] for each in results]
    assert summary["validation"]["loss"]["values"] == losses
    assert summary["validation"]["loss"]["mean"] == pytest.approx(np.mean(losses))
    assert summary["validation"]["loss"]["deviation"] == pytest.approx(np.std(losses, ddof=1))

    assert graphc("train", spec, "--run", run, "--no-cache", "-q").status == 1
    drawn = graphc("plot", run)
    assert drawn.status == 0 and "fold-0, validation" in drawn.out and "fold-1, train" in drawn.out
    shutil.rmtree(run / "fold-1")
    for arguments in (("evaluate", run), ("predict", run, spec), ("export", run)):
        done = graphc(*arguments)
        assert done.status == 1 and "holds the folds" in done.err and "fold-0" in done.err
    before = (run / "fold-0" / "result.json").stat().st_mtime_ns
    done = graphc("train", spec, "--run", run, "--no-cache", "-q", "--resume")
    assert done.status == 0, done.err
    assert (run / "fold-0" / "result.json").stat().st_mtime_ns == before
    assert json.loads((run / "summary.json").read_text()) == summary
    other = ("--set", "data.iris.split_seed=4")
    done = graphc("train", spec, "--run", run, "--no-cache", "-q", "--resume", *other)
    assert done.status == 1 and "GC607" in done.err


def test_finished_folds_stay_where_only_the_data_says_how_many_steps_an_epoch_has(graphc, folder):
    rows = "".join(f"{i},{'ab'[i % 2]}\n" for i in range(21))
    (folder / "t.csv").write_text("size,kind\n" + rows)
    spec, run = folder / "b.yaml", folder / "run"
    spec.write_text("""\
graphc: 1
network: {inputs: {features: [1]}, layers: [{dense: 2}]}
data: {csv: {path: t.csv, target: kind, test: 0, folds: 2}}
train:
  loss: cross_entropy
  optimizer: {sgd: {learning_rate: {cosine: 0.1}}}
  epochs: 2
  batch_size: 2
""")
    done = graphc("train", spec, "--run", run, "--no-cache", "-q")
    assert done.status == 0, done.err
    summary = (run / "summary.json").read_text()
    done = graphc("train", spec, "--run", run, "--no-cache", "-q", "--resume")
    assert done.status == 0, done.err
    assert (run / "summary.json").read_text() == summary


def test_one_run_is_verified_and_not_folds(graphc, folder):
    done = graphc("verify-resume", folder / "a.yaml")
    assert done.status == 2 and "choose one" in done.err


def test_one_fold_is_an_ordinary_run(graphc, folder):
    done = graphc(
        "train",
        folder / "a.yaml",
        "--set",
        "data.iris.fold=1",
        "--run",
        folder / "one",
        "-q",
        "--no-cache",
    )
    assert done.status == 0 and (folder / "one" / "result.json").exists()


def test_train_in_python_wants_one_fold(folder):
    model = gc.compile(str(folder / "a.yaml"))
    assert len(model.folds) == 2
    with pytest.raises(SpecError, match="GC521"):
        model.train(folder / "run")


def test_every_example_is_in_the_validation_once():
    found = [load(Iris(folds=5, fold=i, test=0.2, normalize="none"), ".") for i in range(5)]
    rows = np.concatenate([each.splits["validation"]["features"] for each in found])
    assert len(rows) == 120
    assert all(
        (each.splits["test"]["features"] == found[0].splits["test"]["features"]).all()
        for each in found
    )
    counts = [np.bincount(each.splits["validation"]["label"]).tolist() for each in found]
    assert counts == [[8, 8, 8]] * 5


def test_splits_have_one_order():
    found = load(Iris(folds=5, fold=0), ".").splits
    assert list(found) == ["train", "validation", "test"]


def test_quantities_and_groups_are_divided_too(table):
    sizes = [load(Diabetes(folds=4, fold=i, test=42), ".").count("validation") for i in range(4)]
    assert sizes == [100] * 4
    text = "x,g,y\n" + "".join(f"{i},g{i // 4},{i % 2}\n" for i in range(48))
    groups = []
    for fold in range(3):
        source = Csv(
            path="table.csv", target="y", group="g", folds=3, fold=fold, test=0, normalize="none"
        )
        held = load(source, table(text)).splits["validation"]["features"]
        groups.append(set((held[:, 0] // 4).tolist()))
    assert [len(each) for each in groups] == [4, 4, 4] and len(set.union(*groups)) == 12


@pytest.fixture
def table(tmp_path):
    def write(text):
        (tmp_path / "table.csv").write_text(text)
        return str(tmp_path)

    return write


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        (Iris(folds=60), "GC517", "class `setosa` has 40 examples to share among 60 folds"),
        (Diabetes(folds=401, test=42), "GC518", "400 examples cannot be shared among 401 folds"),
    ],
)
def test_more_folds_than_examples_are_refused(source, code, message):
    with pytest.raises(Exception, match=message) as caught:
        load(source, ".")
    assert caught.value.diagnostics[0].code == code
