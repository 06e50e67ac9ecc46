"""`train --seeds` and ensembles from the command line."""

import json
import shutil

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("compilation_cache")
SPEC = """\
graphc: 1
network: {inputs: {features: [4]}, layers: [{dense: 3}]}
data: {iris: {validation: 0.2}}
train: {loss: cross_entropy, optimizer: {adam: 1e-2}, epochs: 2}
"""


@pytest.fixture
def train(graphc, tmp_path):
    (tmp_path / "a.yaml").write_text(SPEC)

    def run(*options):
        return graphc("train", tmp_path / "a.yaml", "--no-cache", "-q", *options)

    return run


def test_seeds_are_trained_summarized_and_resumed(train, graphc, tmp_path):
    run = tmp_path / "run"
    done = train("--run", run, "--seeds", "0,3..4")
    assert done.status == 0, done.err
    assert "test loss " in done.out and " over 3 seeds\n" in done.out
    assert sorted(each.name for each in run.iterdir()) == [
        *("lock", "seed-0", "seed-3", "seed-4", "summary.json"),
    ]
    assert "seed: 4  # --set train.seed=4" in (run / "seed-4" / "spec.yaml").read_text()
    results = [json.loads((run / f"seed-{i}" / "result.json").read_text()) for i in (0, 3, 4)]
    losses = [each["test"]["loss"] for each in results]
    summary = json.loads((run / "summary.json").read_text())
    assert summary["test"]["loss"]["values"] == losses and len(set(losses)) == 3
    assert summary["test"]["loss"]["mean"] == pytest.approx(np.mean(losses))
    assert summary["test"]["loss"]["deviation"] == pytest.approx(np.std(losses, ddof=1))

    shutil.rmtree(run / "seed-3")
    before = (run / "seed-0" / "result.json").stat().st_mtime_ns
    done = train("--run", run, "--seeds", "0,3,4", "--resume")
    assert done.status == 0, done.err
    assert (run / "seed-0" / "result.json").stat().st_mtime_ns == before
    again = json.loads((run / "summary.json").read_text())
    assert again["test"]["loss"]["values"] == pytest.approx(losses, rel=1e-4)
    done = graphc("evaluate", run)
    assert done.status == 1 and "holds runs with several seeds" in done.err and "seed-0" in done.err


def test_one_seed_has_no_deviation(train, tmp_path):
    done = train("--run", tmp_path / "run", "--seeds", "5")
    assert done.status == 0 and "±" not in done.out and " over 1 seed\n" in done.out


def test_an_ensemble_is_used_as_one_run(train, graphc, tmp_path):
    run = tmp_path / "run"
    done = train("--run", run, "--set", "train.ensemble=2")
    assert done.status == 0, done.err
    assert " over 2 members\n" in done.out and "ensemble test loss " in done.out
    evaluated = graphc("evaluate", run)
    assert f"ensemble {evaluated.out}" in done.out
    (tmp_path / "new.json").write_text("[[5, 3, 1, 0.2], [6, 3, 5, 2]]")
    predicted = graphc("predict", run, tmp_path / "new.json")
    assert np.asarray(json.loads(predicted.out)).shape == (2, 3)
    drawn = graphc("plot", run)
    assert drawn.status == 0 and "member-1, train" in drawn.out
    assert graphc("export", run).out.endswith("a.stablehlo\n")
    assert graphc("export", run, "--format", "safetensors").status == 1
    one = graphc("evaluate", run / "member-1")
    assert one.status == 0 and one.out != evaluated.out


@pytest.mark.parametrize("seeds", ["", "5..2", "a", "1,,2", "-1", "0..100000", "1.5"])
def test_what_is_no_list_of_seeds_is_refused(train, seeds):
    done = train("--seeds", seeds)
    assert done.status == 2 and "write `0..9` or `0,3,7`" in done.err


def test_seeds_exclude_a_seed_and_members(train, tmp_path):
    assert train("--seeds", "0,1", "--seed", "2").status == 2
    done = train("--seeds", "0,1", "--set", "train.ensemble=2", "--run", tmp_path / "run")
    assert done.status == 2 and "GC432" in done.err and not (tmp_path / "run").exists()
