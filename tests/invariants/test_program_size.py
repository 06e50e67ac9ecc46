"""The program that XLA is given: as many products, convolutions and loops as by hand."""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

import graphc as gc
from graphc.core.span import Source
from graphc.runtime.module import module_from_source

ROOT = Path(__file__).parents[2]
COUNTED = ("dot_general", "convolution", "while")


def batch_of(shape, rows=8):
    return {
        "image": np.zeros((rows, *shape), np.float32),
        "label": np.zeros(rows, np.int32),
        "mask": np.ones(rows, bool),
    }


def lowered(step, state, batch):
    return jax.jit(step).lower(state, batch, jax.random.key(0)).as_text()


def counts(text):
    return {name: text.count(f"stablehlo.{name}") for name in COUNTED}


def emitted(path, settings=()):
    module = module_from_source(gc.compile(path, settings, device="cpu").source, "<emitted>")
    return module, jax.jit(module.init)(jax.random.key(0))


class LeNet(nnx.Module):
    """The network of specs/mnist_lenet5.yaml as a colleague would write it."""

    def __init__(self, rngs):
        self.c1 = nnx.Conv(1, 6, (5, 5), rngs=rngs)
        self.c3 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.c5 = nnx.Linear(400, 120, rngs=rngs)
        self.f6 = nnx.Linear(120, 84, rngs=rngs)
        self.logits = nnx.Linear(84, 10, rngs=rngs)
        self.drop = nnx.Dropout(0.25)

    def __call__(self, x, key, train):
        first, second = jax.random.split(key)
        x = pool(nnx.relu(self.c1(x)))
        x = pool(nnx.relu(self.c3(x)))
        x = x.reshape(len(x), -1)
        x = self.drop(nnx.relu(self.c5(x)), deterministic=not train, rngs=first)
        x = self.drop(nnx.relu(self.f6(x)), deterministic=not train, rngs=second)
        return self.logits(x)


def pool(x):
    corners = [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
    return functools.reduce(jnp.maximum, corners)


def by_hand():
    """The training step with the same duties: masked means, accuracy, the guard."""
    graphdef, params = nnx.split(LeNet(nnx.Rngs(0)))
    optimizer = optax.adam(1e-3)

    def step(state, batch, key):
        def loss(params):
            logits = nnx.merge(graphdef, params)(batch["image"], key, True)
            each = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
            right = jnp.sum(logits.argmax(-1) == batch["label"], where=batch["mask"])
            count = jnp.sum(batch["mask"])
            return jnp.sum(each, where=batch["mask"]) / count, (right, count)

        (value, totals), gradients = jax.value_and_grad(loss, has_aux=True)(state[0])
        finite = jnp.isfinite(value) & jnp.isfinite(optax.tree.norm(gradients))

        def update():
            changes, memory = optimizer.update(gradients, state[1], state[0])
            return optax.apply_updates(state[0], changes), memory

        return jax.lax.cond(finite, update, lambda: state), totals, finite

    params = nnx.to_pure_dict(params)
    return step, (params, optimizer.init(params))


def test_lenet_has_the_products_convolutions_and_loops_of_one_written_by_hand():
    module, state = emitted(ROOT / "specs" / "mnist_lenet5.yaml")
    batch = batch_of((28, 28, 1))
    written, hand_state = by_hand()
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        hand = counts(lowered(written, hand_state, batch))
    assert counts(lowered(module.train_step, state, batch)) == hand


def highway(depth):
    text = f"""
network:
  inputs: {{image: [4]}}
  layers:
    - repeat: {{times: {depth}, layers: [highway: [{{dense: 4}}]]}}
    - dense: 10
data: {{npz: {{path: none.npz, inputs: [image], target: label}}}}
"""
    text = text.partition("data:")[0]
    module = module_from_source(
        gc.compile(Source("deep.yaml", text), device="cpu").source, "<highway>"
    )
    params = jax.eval_shape(module.build, jax.random.key(0))
    _, params, statistics = nnx.split(params, nnx.Param, ...)
    params, statistics = nnx.to_pure_dict(params), nnx.to_pure_dict(statistics)

    def loss(params, batch):
        return module.forward(params, statistics, batch)[0].sum()

    return jax.jit(jax.grad(loss)).lower(params, {"image": np.zeros((2, 4), np.float32)}).as_text()


def test_a_rolled_stack_is_one_loop_forward_and_one_backward():
    assert highway(48).count("stablehlo.while") == 2


def test_a_program_does_not_grow_with_depth():
    assert len(highway(1000).splitlines()) == len(highway(10).splitlines())
