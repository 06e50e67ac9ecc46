"""Networks of finished runs, weights of other runs, and weights that begin to move later."""

import json
import shutil

import jax
import numpy as np
import pytest

import graphc as gc
from graphc.cli.main import main
from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import Source
from graphc.runtime import checkpoint, events

BIG = """
graphc: 1
params: {units: 8}
blocks:
  layer: {params: {n: int}, layers: [{dense: $n}, batch_norm, relu]}
network: {inputs: {features: [4]}, layers: [{layer: {n: $units}, name: stem}, {dense: 3, name: head}]}
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


def model(text, folder, *settings):
    return gc.compile(Source("small.yaml", text, str(folder)), settings)


def trained(text, path, *settings, said=None, **options):
    report = (lambda event: None) if said is None else said.append
    return model(text, path.parent, *settings).train(path, cache=False, report=report, **options)


def arrays(run, step=None):
    steps = sorted(each.name for each in (run.path / "checkpoints").iterdir())
    return checkpoint.read(run.path / "checkpoints" / (steps[-1] if step is None else step)).arrays


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


def test_without_frozen_it_is_trained_further(folder, tmp_path):
    text = SMALL.replace(", frozen: true", "")
    text = text.replace("update: student", "update: [student, teacher]")
    text = text.replace("from_run: big", f"from_run: {folder / 'big'}")
    run = trained(text, tmp_path / "run")
    before, after = arrays(gc.load_run(folder / "big")), arrays(run)
    name = "stem/dense/kernel"
    assert not np.array_equal(after[f"params/teacher/{name}"], before[f"params/{name}"])


def test_of_several_networks_one_is_named(small, folder, tmp_path):
    text = SMALL.replace("from_run: big", f"from_run: {{run: {small.path}, network: slow}}")
    run = trained(text, tmp_path / "run")
    before, after = arrays(small), arrays(run)
    name = "params/slow/dense/kernel"
    assert np.array_equal(after["params/teacher/dense/kernel"], before[name])
    named = {str(small.path): "say which", f"{{run: {small.path}, network: slw}}": "slow"}
    for wrong, help in named.items():
        with pytest.raises(SpecError, match=rf"(?s)GC651.*{help}"):
            model(SMALL.replace("from_run: big", f"from_run: {wrong}"), tmp_path)


def test_a_network_of_a_run_can_itself_be_one_of_another_run(small, tmp_path):
    text = SMALL.replace("from_run: big", f"from_run: {{run: {small.path}, network: teacher}}")
    run = trained(text, tmp_path / "run")
    assert np.array_equal(
        arrays(run)["params/teacher/head/kernel"], arrays(small)["params/teacher/head/kernel"]
    )


def test_a_run_that_is_not_finished_is_refused(folder, tmp_path):
    shutil.copytree(folder / "big", tmp_path / "big")
    (tmp_path / "big" / "result.json").unlink()
    with pytest.raises(SpecError, match="GC651.*not finished"):
        model(SMALL, tmp_path)


def test_other_weights_than_its_layers_say_are_refused(folder, tmp_path):
    shutil.copytree(folder / "big", tmp_path / "big")
    made = model(SMALL, tmp_path)
    shutil.rmtree(tmp_path / "big")
    trained(BIG.replace("units: 8", "units: 9"), tmp_path / "big")
    with pytest.raises(RunError, match=r"(?s)GC651.*is another one here.*which is \[4, 8\]"):
        made.train(tmp_path / "run", cache=False)


def test_data_that_is_scaled_otherwise_is_a_warning(folder, tmp_path):
    said = []
    text = SMALL.replace("from_run: big", f"from_run: {folder / 'big'}")
    text = text.replace("test: 0.1}}", "test: 0.1, normalize: min_max}}")
    trained(text, tmp_path / "run", said=said)
    (found,) = (each.diagnostic for each in said if isinstance(each, events.Warned))
    assert found.code == "GC652"
    assert "`features`" in found.message
    assert found.span.line == 4


def test_objectives_start_from_weights_of_another_run_and_move_later(folder, tmp_path):
    text = TRANSFER.replace("run: big", f"run: {folder / 'big'}")
    run = trained(text, tmp_path / "run")
    there = arrays(gc.load_run(folder / "big"))["params/stem/dense/kernel"]
    first, *later = sorted(each.name for each in (run.path / "checkpoints").iterdir())
    start = arrays(run, first)
    for name in ("body", "slow"):
        assert np.array_equal(start[f"params/{name}/stem/kernel"], there)
    assert not np.array_equal(arrays(run, later[-1])["params/body/stem/kernel"], there)


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
