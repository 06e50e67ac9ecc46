"""One network with several outputs, each with a loss of its own, in the short form of `train`."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from players import batch_of, module_of

import graphc as gc
from graphc.core.span import Source

SHORT = """
graphc: 1
network:
  inputs: {features: [4]}
  nodes:
    body: {dense: {features: 8, activation: tanh}, from: features}
    kind: {dense: 3, from: body}
    early: {dense: 3, from: features}
    again: {dense: 4, from: body}
  outputs: [kind, early, again]
data: iris
train:
  loss:
    again: {mean_squared_error: {weight: 2, target: features}}
    kind: cross_entropy
    early: {cross_entropy: {weight: 0.3, label_smoothing: 0.1}}
  optimizer: {sgd: 0.1}
  batch_size: 16
  epochs: 2
"""
LONG = """
graphc: 1
networks:
  net:
    inputs: {features: [4]}
    nodes:
      body: {dense: {features: 8, activation: tanh}, from: features}
      kind: {dense: 3, from: body}
      early: {dense: 3, from: features}
      again: {dense: 4, from: body}
    outputs: [kind, early, again]
data: iris
train:
  values:
    said: net(features)
    kind: cross_entropy(said.kind, label)
    early: cross_entropy(said.early, label, label_smoothing=0.1)
    again: mean_squared_error(said.again, features)
  objectives:
    all: {minimize: kind + 0.3 * early + 2 * again, update: net, optimizer: {sgd: 0.1}}
  batch_size: 16
"""


def outputs_of(module, rows=5):
    draw = np.random.default_rng(1)
    return tuple(jnp.asarray(draw.normal(size=(rows, n)), jnp.float32) for n in (3, 3, 4))


def assert_close(one, other):
    np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


def test_the_loss_is_the_weighted_sum_in_the_order_of_the_outputs():
    module, batch = module_of(SHORT), batch_of(5)
    kind, early, again = outputs_of(module)
    found = module.task_losses((kind, early, again), batch)
    own = optax.softmax_cross_entropy_with_integer_labels(kind, batch["label"])
    soft = optax.smooth_labels(jax.nn.one_hot(batch["label"], 3), 0.1)
    other = optax.softmax_cross_entropy(early, soft)
    square = jnp.mean((again - batch["features"]) ** 2, axis=-1)
    assert list(found) == ["kind_loss", "early_loss", "again_loss"]
    for name, each in zip(found, (own, other, square), strict=True):
        np.testing.assert_allclose(found[name], each, rtol=1e-5)
    loss = module.losses((kind, early, again), batch)
    np.testing.assert_allclose(loss, own + 0.3 * other + 2 * square, rtol=1e-5)
    assert list(module.metrics((kind, early, again), batch)) == [
        *("kind_loss", "early_loss", "again_loss"),
        *("kind_accuracy", "early_accuracy", "again_mean_absolute_error"),
    ]


def test_it_is_the_training_of_the_long_form():
    short, long, batch = module_of(SHORT), module_of(LONG), batch_of(16, there=11)
    state, other = short.init(jax.random.key(0)), long.init(jax.random.key(0))
    own = jax.tree.map(lambda w: jnp.sin(jnp.arange(w.size)).reshape(w.shape), state["params"])
    params = other["params"] | {"net": own}
    after, totals = short.train_step(state | {"params": own}, batch, jax.random.key(1))
    same, sums = long.train_step(other | {"params": params}, batch, jax.random.key(1))
    jax.tree.map(assert_close, after["params"], same["params"]["net"])
    found, wanted = short.means(jax.device_get(totals)), long.means(jax.device_get(sums))
    assert_close(found["loss"], wanted["all"])
    assert_close(found["early_loss"], wanted["early"])


def test_metrics_are_those_of_outputs():
    text = SHORT + "  metrics: {kind: [accuracy, {f1: macro}], again: rmse}\n"
    names = list(module_of(text).metrics(outputs_of(None), batch_of(5)))[3:]
    assert names == ["kind_accuracy", "kind_f1", "again_rmse"]
    assert list(module_of(SHORT, "train.metrics=[]").metrics(outputs_of(None), batch_of(5))) == [
        "kind_loss",
        "early_loss",
        "again_loss",
    ]


def test_the_weighted_sum_is_watched():
    checked = gc.compile(Source("tasks.yaml", SHORT)).compiled.checked
    assert checked.plan.objectives[0].monitor == ("loss", False)
    gc.compile(
        Source("tasks.yaml", SHORT), ["train.early_stopping={patience: 2, metric: kind_accuracy}"]
    )


def test_a_weight_may_be_set():
    module = module_of(SHORT, "train.loss.early.cross_entropy.weight=0.5")
    batch, said = batch_of(5), outputs_of(None)
    each = module.task_losses(said, batch)
    sum = each["kind_loss"] + 0.5 * each["early_loss"] + 2 * each["again_loss"]
    np.testing.assert_allclose(module.losses(said, batch), sum, rtol=1e-6)


def test_targets_that_are_no_inputs_are_not_asked_for(tmp_path):
    draw = np.random.default_rng(0)
    label = draw.integers(0, 3, 60)
    x = (draw.normal(size=(60, 4)) + label[:, None]).astype(np.float32)
    np.savez(tmp_path / "two.npz", features=x, label=label, odd=label % 2)
    data = "data: {npz: {path: two.npz, inputs: [features, odd], target: label, below: {odd: 2}}}"
    text = SHORT.replace("data: iris", data).replace("again: {dense: 4", "again: {dense: 1")
    loss = "{binary_cross_entropy: {target: odd}}"
    text = text.replace("{mean_squared_error: {weight: 2, target: features}}", loss)
    (tmp_path / "two.yaml").write_text(text)
    run = gc.compile(tmp_path / "two.yaml").train(tmp_path / "run")
    assert {"loss", "kind_loss", "again_loss", "again_accuracy"} <= set(run.result["test"])
    said = gc.load_run(tmp_path / "run").predict(x[:7])
    assert [each.shape for each in said] == [(7, 3), (7, 3), (7, 1)]
    assert set(run.evaluate("test")) == set(run.result["test"])
    assert (tmp_path / "run" / "report.html").exists()


def test_a_single_output_may_be_named_for_its_target():
    text = """
graphc: 1
network: {inputs: {features: [4]}, nodes: {y: {dense: 4, from: features}}, output: y}
data: iris
train: {loss: {y: {mean_squared_error: {target: features}}}}
"""
    checked = gc.compile(Source("one.yaml", text)).compiled.checked
    assert checked.plan.objectives[0].loss.target == "features"
