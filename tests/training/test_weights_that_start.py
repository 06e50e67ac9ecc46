"""Weights that start as a field or an image, and what all examples share as a network's input."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from players import batch_of, module_of

import graphc as gc
from graphc.cli.main import main
from graphc.core.diagnostic import RunError
from graphc.core.span import Source
from graphc.data.png import png
from graphc.runtime import checkpoint

START = """
graphc: 1
blocks:
  layer:
    nodes:
      own: {weight: {shape: [4], init: {field: flower}, frozen: true}}
      y: x + own
    output: y
networks:
  deep: {inputs: {x: [4]}, layers: [{repeat: {times: 5, layers: [layer]}}]}
  model:
    inputs: {x: [4]}
    nodes:
      own: {weight: {shape: [4], init: {field: features}}}
      y: {dense: 3, from: both}
      both: deep(x) + own
    output: y
  slow: {average: model2, decay: 0.9}
  model2:
    inputs: {x: [4]}
    nodes:
      own: {weight: {shape: [4], init: {field: features}}}
      y: {dense: 3, from: both}
      both: x + own
    output: y
data: {iris: {validation: 0.1, test: 0.1}, inputs: {flower: features}}
train:
  values:
    leaf: {weight: {shape: [4, 6, 3], init: {image: leaf.png}}}
    small: {weight: {shape: [2, 2, 1], init: {image: {path: leaf.png, resize: true}}}}
  objectives:
    both:
      minimize: cross_entropy(model(features) + model2(features) + slow(features), label)
        + mean(leaf) + mean(small)
      update: [model, model2, leaf, small]
      optimizer: {sgd: 1e-20}
  epochs: 1
"""
PIXELS = np.random.default_rng(0).integers(0, 255, (4, 6, 3)).astype(np.uint8)
SHARED = """
graphc: 1
networks:
  model: {inputs: {x: [4]}, layers: [{dense: 16}, tanh, {dense: 3}]}
data: iris
train:
  values:
    flower: {weight: [4]}
    scores: model(flower)
    right: accuracy(scores, 2)
  objectives:
    drawing: {minimize: "cross_entropy(scores, 2)", update: flower, optimizer: {sgd: 0.1}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("PIL")
    path = tmp_path_factory.mktemp("start")
    (path / "leaf.png").write_bytes(png(PIXELS))
    (path / "spec.yaml").write_text(START)
    return path


@pytest.fixture(scope="module")
def run(folder):
    return gc.compile(folder / "spec.yaml").train(folder / "run", cache=False)


def arrays(path):
    """Those of its last checkpoint."""
    return checkpoint.read(max((path / "checkpoints").iterdir())).arrays


def test_a_weight_starts_as_the_field_of_the_first_example(folder, run):
    first = gc.compile(folder / "spec.yaml").dataset().splits["train"]["features"][0]
    found = arrays(run.path)
    assert np.array_equal(found["params/model/own"], first)
    for each in range(5):  # rolled into one stored array
        assert np.array_equal(found[f"statistics/deep/repeat/{each}/own"], first)


def test_a_weight_starts_as_an_image(run):
    found = arrays(run.path)
    start = np.float32(PIXELS) / np.float32(255)  # steps of 1e-20 leave it nearly so
    np.testing.assert_allclose(found["params/training/leaf"], start, rtol=1e-6, atol=1e-12)
    grey = found["params/training/small"]
    middle = PIXELS[:, 1:5].mean() / 255
    assert grey.shape == (2, 2, 1)
    assert grey.mean() == pytest.approx(middle, abs=0.05)


def test_an_average_starts_with_what_it_follows(run):
    found = arrays(run.path)
    expected = found["params/model2/own"]
    np.testing.assert_allclose(found["params/slow/own"], expected, rtol=1e-6)


def test_the_run_keeps_where_its_weights_are_from(run):
    kept = json.loads((run.path / "init_from.json").read_text())["given"]
    assert kept["model/own"] == "`features` of the first example"
    assert kept["training/leaf"].endswith("leaf.png`")


def test_a_resumed_run_does_not_need_the_image(folder, run):
    (folder / "leaf.png").unlink()
    assert gc.load_run(run.path).evaluate("test") == pytest.approx(run.evaluate("test"))
    more = ["--set", "train.epochs=2", "--resume", "--quiet", "--no-cache"]
    assert main(["train", str(folder / "spec.yaml"), "--run", str(run.path), *more]) == 0
    assert json.loads((run.path / "result.json").read_text())["epochs"] == 2
    (folder / "leaf.png").write_bytes(png(PIXELS))


def test_a_network_of_a_run_brings_what_its_weights_are(run, tmp_path):
    text = """
    graphc: 1
    networks:
      model2: {from_run: {run: RUN, network: model2}, frozen: true}
      head: {inputs: {x: [3]}, layers: [{dense: 3}]}
    data: {iris: {test: 0.1, validation: 0.1}}
    train:
      objectives:
        all: {minimize: "cross_entropy(head(model2(features)), label)", update: head}
      epochs: 1
    """
    source = Source("spec.yaml", text.replace("RUN", str(run.path)), str(tmp_path))
    found = arrays(gc.compile(source).train(tmp_path / "run", cache=False).path)
    assert np.array_equal(found["params/model2/own"], arrays(run.path)["params/model2/own"])


def test_an_image_that_cannot_be_decoded_is_told_at_the_weight(folder):
    (folder / "broken.png").write_bytes(png(PIXELS)[:-30])
    text = START.replace("image: leaf.png", "image: broken.png")
    model = gc.compile(Source("spec.yaml", text, str(folder)))
    with pytest.raises(RunError) as error:
        model.train(folder / "broken", cache=False)
    (problem,) = error.value.diagnostics
    assert problem.code == "GC516"
    assert "image: broken.png" in text.split("\n")[problem.span.line - 1]


def test_a_network_takes_what_all_examples_share():
    module = module_of(SHARED)
    state = module.init(jax.random.key(0))
    batch = batch_of(16, there=5)
    after, *_ = module.train_step(state, batch, jax.random.key(1))
    before = state["params"]

    def loss(flower):
        params = before["model"]
        hidden = jnp.tanh(flower[None] @ params["dense"]["kernel"] + params["dense"]["bias"][None])
        logits = hidden @ params["dense_2"]["kernel"] + params["dense_2"]["bias"][None]
        return -jax.nn.log_softmax(logits)[0, 2]

    start = before["training"]["flower"]
    expected = start - 0.1 * jax.grad(loss)(start)
    np.testing.assert_allclose(after["params"]["training"]["flower"], expected, rtol=1e-5)


def test_a_bare_number_is_the_class_of_all_examples():
    text = SHARED.replace("model(flower)", "model(features)").replace("e: flower", "e: model")
    by_number, by_field = module_of(text), module_of(text.replace(", 2)", ", label)"))
    batch, key = batch_of(16, there=9), jax.random.key(0)
    labels = batch | {"label": jnp.full(16, 2)}
    one, other = (
        module.evaluate_step(module.init(key), each)
        for module, each in ((by_number, batch), (by_field, labels))
    )
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert np.array_equal(a, b)
