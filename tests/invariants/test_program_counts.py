"""The program is as small as one written by hand, and depth does not make it larger.

Counted in StableHLO before any optimisation, so that the counts are those of what was written.
"""

import re
from collections import Counter

import jax
import jax.numpy as jnp
import optax
from flax import nnx

import graphc as gc
from graphc.core.span import Source

ROWS = 8
COUNTED = ("dot_general", "convolution", "while")


LENET = """
network:
  inputs: {image: [28, 28, 1]}
  layers:
    - conv: {features: 6, kernel: 5, activation: relu}
    - max_pool: 2
    - conv: {features: 16, kernel: 5, padding: valid, activation: relu}
    - max_pool: 2
    - flatten
    - dense: {features: 120, activation: relu}
    - dense: {features: 84, activation: relu}
    - dense: 10
data: mnist
train: {loss: cross_entropy, optimizer: {adam: 1e-3}}
"""


class LeNet(nnx.Module):
    """LeNet-5, as a colleague writes it."""

    def __init__(self, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 6, (5, 5), rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.dense1 = nnx.Linear(400, 120, rngs=rngs)
        self.dense2 = nnx.Linear(120, 84, rngs=rngs)
        self.dense3 = nnx.Linear(84, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = nnx.relu(self.dense1(x))
        x = nnx.relu(self.dense2(x))
        return self.dense3(x)


def hand_written_step():
    """A jitted step with its state: masked mean, accuracy, a guard against what is not finite."""
    graphdef, params = nnx.split(nnx.eval_shape(lambda: LeNet(nnx.Rngs(0))))
    optimizer = optax.adam(1e-3)

    def loss(params, batch):
        logits = nnx.merge(graphdef, params)(batch["image"])
        each = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
        hits = jnp.argmax(logits, axis=-1) == batch["label"]
        mask = batch["mask"].astype(jnp.float32)
        count = jnp.sum(mask)
        totals = {
            "loss": jnp.sum(each * mask),
            "accuracy": jnp.sum(hits.astype(jnp.float32) * mask),
            "count": count,
        }
        return totals["loss"] / jnp.maximum(count, 1), totals

    @jax.jit
    def step(params, memory, batch):
        (value, totals), gradients = jax.value_and_grad(loss, has_aux=True)(params, batch)
        finite = jnp.isfinite(value) & jnp.isfinite(optax.tree.norm(gradients))

        def update():
            updates, new = optimizer.update(gradients, memory, params)
            return optax.apply_updates(params, updates), new

        params, new = jax.lax.cond(finite, update, lambda: (params, memory))
        return params, new, totals | {"finite": finite}

    return step, params, jax.eval_shape(optimizer.init, params)


def batch(shape):
    """The shapes of a batch of images."""
    return {
        "image": jax.ShapeDtypeStruct((ROWS, *shape), jnp.float32),
        "label": jax.ShapeDtypeStruct((ROWS,), jnp.int32),
        "mask": jax.ShapeDtypeStruct((ROWS,), jnp.bool_),
    }


def step_text(model, shape=(28, 28, 1)):
    """StableHLO of the emitted train step."""
    module = model.module()
    key = jax.eval_shape(lambda: jax.random.key(0))
    state = jax.eval_shape(module.init, key)
    return jax.jit(module.train_step).lower(state, batch(shape), key).as_text()


def counts(text):
    found = Counter(re.findall(r"stablehlo\.(\w+)", text))
    return {name: found[name] for name in COUNTED}


def test_the_step_of_lenet_has_the_products_of_one_written_by_hand():
    step, params, memory = hand_written_step()
    by_hand = counts(step.lower(params, memory, batch((28, 28, 1))).as_text())
    lenet = gc.compile(Source("lenet.yaml", LENET), device="cpu", without=["bands"])
    emitted = counts(step_text(lenet))
    assert emitted == by_hand
    # Three dense layers and two convolutions, forward, for the weights, and (but the first of all)
    # for what comes before.
    assert emitted == {"dot_general": 9, "convolution": 5, "while": 0}


def highway(depth):
    """A highway network of so many layers on the digits."""
    text = f"""
        network:
          inputs: {{image: [8, 8, 1]}}
          layers:
            - flatten
            - {{dense: {{features: 10, activation: relu}}}}
            - repeat: {{times: {depth}, layers: [{{highway: [{{dense: 10}}, relu]}}]}}
            - dense: 10
        data: digits
        train: {{loss: cross_entropy}}
    """
    return gc.compile(Source("highway.yaml", text), device="cpu")


def test_a_rolled_highway_is_one_loop_forward_and_one_backward():
    found = counts(step_text(highway(48), (8, 8, 1)))
    # Outside of the loops, two dense layers (the first needs no gradient of its input); inside,
    # one product of body and gate forward and two backward.
    assert found == {"dot_general": 5 + 1 + 2, "convolution": 0, "while": 2}


def test_the_program_does_not_grow_with_depth():
    shallow, deep = highway(10), highway(1000)
    assert _words(deep.source) == _words(shallow.source)
    assert _words(step_text(deep, (8, 8, 1))) == _words(step_text(shallow, (8, 8, 1)))


def _words(text):
    """How many words a text has: the same for the same program with other numbers."""
    return len(re.sub(r"\d+", "0", text).split())
