"""Networks of finished runs, weights of other runs, and weights that begin to move later."""

import json
import shutil

import jax
import numpy as np
import pytest

import graphc as gc
from graphc.api.prepared import Keeping
from graphc.cli.main import main
from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import Source
from graphc.runtime import checkpoint
from graphc.runtime.origins import Inheritance

BIG = """
graphc: 1
params: {units: 8}
blocks:
  layer: {params: {n: int}, layers: [{dense: $n}, batch_norm, relu]}
network:
  inputs: {features: [4]}
  layers: [{layer: {n: $units}, name: stem}, {dense: 3, name: head}]
data: {iris: {validation: 0.1, test: 0.1}}
train: {loss: cross_entropy, optimizer: {sgd: 0.1}, epochs: 2}
"""
SMALL = """
graphc: 1
networks:
  teacher: {from_run: big, frozen: true}
  student: {inputs: {x: [4]}, layers: [{dense: 3}]}
  slow: {average: student, decay: 0.9}
data: {iris: {validation: 0.1, test: 0.1}}
train:
  values: {taught: "softmax(teacher(features))"}
  objectives:
    student: {minimize: "kl_divergence(student(features), taught)", update: student}
  epochs: 2
"""
TRANSFER = """
graphc: 1
networks:
  body: {inputs: {x: [4]}, layers: [{dense: 8, name: stem}, batch_norm, relu]}
  head: {inputs: {h: [8]}, layers: [{dense: 3}]}
  slow: {average: body, decay: 0.9}
data: {iris: {validation: 0.1, test: 0.1}}
train:
  init_from: {run: big, take: {"stem/dense/*": "body/stem/*"}}
  objectives:
    both:
      minimize: cross_entropy(head(body(features)), label) + 0 * mean(slow(features))
      update: [body, head]
      optimizer: {sgd: 0.1}
      groups: {"body/*": {frozen_until: 1 epoch}}
  epochs: 2
  keep: 9
"""


PARTS = ("params", "statistics")


def model(text, folder, *settings):
    return gc.compile(Source("small.yaml", text, str(folder)), settings)


def trained(text, path):
    return model(text, path.parent).train(path, cache=False)


def inheritance(text, folder, warn=pytest.fail):
    """What a run of the spec would start from."""
    made = model(text, folder).prepared(Keeping())
    return Inheritance.of(made.origins, made.blueprint.weights, warn)


def arrays(run):
    """Those of its last checkpoint."""
    return checkpoint.read(max((run.path / "checkpoints").iterdir())).arrays


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs")
    trained(BIG, path / "big")
    return path


@pytest.fixture(scope="module")
def small(folder):
    return trained(SMALL, folder / "small")


def test_the_network_of_a_run_has_its_layers_and_its_weights(folder, small):
    x = np.random.default_rng(0).normal(5.0, 1.0, (5, 4)).astype(np.float32)
    big = gc.load_run(folder / "big")
    np.testing.assert_allclose(small.predict(x, "teacher"), big.predict(x), rtol=1e-4, atol=1e-5)
    there, here = arrays(big), arrays(small)
    own = {name: each for name, each in here.items() if "/teacher/" in name}
    assert own
    for name, each in own.items():
        assert np.array_equal(each, there[name.replace("teacher/", "")])


def test_a_run_does_not_need_the_one_that_it_took_a_network_from(folder, small, tmp_path):
    for name in ("small", "big"):
        shutil.copytree(folder / name, tmp_path / name)
    run = gc.load_run(tmp_path / "small")
    shutil.rmtree(tmp_path / "big")
    x = np.ones((2, 4), np.float32)
    assert np.array_equal(run.predict(x, "teacher"), small.predict(x, "teacher"))
    assert run.evaluate("test") == pytest.approx(small.evaluate("test"))
    (tmp_path / "spec.yaml").write_text(SMALL)
    more = ["--set", "train.epochs=3", "--resume", "--quiet", "--no-cache"]
    assert main(["train", str(tmp_path / "spec.yaml"), "--run", str(run.path), *more]) == 0
    assert json.loads((run.path / "result.json").read_text())["epochs"] == 3


def test_without_frozen_it_is_trained_further(folder):
    text = SMALL.replace(", frozen: true", "")
    text = text.replace("update: student", "update: [student, teacher]")
    checked = model(text, folder).compiled.checked
    assert checked.plan.objectives[0].updates == ("student", "teacher")
    assert inheritance(text, folder).networks["teacher"].left == {}


def test_of_several_networks_one_is_named(small, tmp_path):
    run = small.path
    for name in ("slow", "teacher"):  # the second is itself one of another run
        text = SMALL.replace("from_run: big", f"from_run: {{run: {run}, network: {name}}}")
        found = inheritance(text, tmp_path).networks["teacher"].arrays
        there = {path: each for path, each in arrays(small).items() if f"/{name}/" in path}
        assert found
        for path, each in found.items():
            own = path.replace("teacher/", f"{name}/", 1)
            kept = [there[f"{part}/{own}"] for part in PARTS if f"{part}/{own}" in there]
            assert np.array_equal(each, kept[0])
    for wrong, help in {f"{run}": "say which", f"{{run: {run}, network: slw}}": "`slow`"}.items():
        with pytest.raises(SpecError, match=rf"(?s)GC651.*{help}"):
            model(SMALL.replace("from_run: big", f"from_run: {wrong}"), tmp_path)


def test_a_run_that_is_not_finished_is_refused(folder, tmp_path):
    shutil.copytree(folder / "big", tmp_path / "big")
    (tmp_path / "big" / "result.json").unlink()
    with pytest.raises(SpecError, match=r"GC651.*not finished"):
        model(SMALL, tmp_path)


@pytest.mark.parametrize(
    "layers, problem",
    [
        ("[{dense: 8, name: trunk}, {dense: 3, name: head}]", "`teacher/trunk/kernel`, as"),
        ("[{dense: 3}]", "nothing of the run"),
    ],
)
def test_other_weights_than_its_layers_say_are_refused(folder, layers, problem):
    made = model(SMALL, folder).prepared(Keeping())
    written = f"{{inputs: {{x: [4]}}, layers: {layers}}}"
    text = SMALL.replace("{from_run: big, frozen: true}", written)
    weights = model(text, folder).compiled.weights
    with pytest.raises(RunError, match=rf"(?s)GC651.*{problem}"):
        Inheritance.of(made.origins, weights, pytest.fail)


def test_data_that_is_scaled_otherwise_is_a_warning(folder):
    said = []
    inheritance(
        SMALL.replace("test: 0.1}}", "test: 0.1, normalize: min_max}}"), folder, said.append
    )
    (found,) = said
    assert found.code == "GC652"
    assert "`features`" in found.message
    assert found.span.line == 4


def test_objectives_start_from_weights_of_another_run(folder):
    made, there = model(TRANSFER, folder), arrays(gc.load_run(folder / "big"))
    state = made.module().init(jax.random.key(0))
    state = inheritance(TRANSFER, folder).put_into(state, made.compiled.weights)
    for name in ("body", "slow"):
        kernel = state["params"][name]["stem"]["kernel"]
        assert np.array_equal(kernel, there["params/stem/dense/kernel"])


def test_a_group_stands_still_until_its_time():
    module = model(TRANSFER, ".", "train.epoch_steps=2").module()
    state, step = module.init(jax.random.key(0)), jax.jit(module.train_step)
    random = np.random.default_rng(0)
    batch = {
        "features": random.normal(size=(16, 4)).astype(np.float32),
        "label": random.integers(0, 3, 16).astype(np.int32),
    }
    moved = []
    for _ in range(3):
        after, _ = step(state, batch, jax.random.key(1))
        before, now = (each["params"]["body"]["stem"]["kernel"] for each in (state, after))
        moved.append(not np.array_equal(before, now))
        state = after
    assert moved == [False, False, True]


def test_an_objective_starts_and_ends_with_epochs():
    settings = ["train.objectives.both.start=1 epoch", "train.objectives.both.until=2 epochs"]
    module = model(TRANSFER, ".", "train.epoch_steps=2", *settings).module()
    found = [bool(module.due("both", step)) for step in range(5)]
    assert found == [False, False, True, True, False]
