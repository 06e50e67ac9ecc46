"""LeNet-5 with its training step as one writes it by hand in Flax and Optax.

It has the duties of the emitted step: a mean loss under a mask, the accuracy, and a state that
stays as it was where a number is not finite.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from flax import nnx


class LeNet(nnx.Module):
    def __init__(self, rngs):
        self.c1 = nnx.Conv(1, 6, (5, 5), rngs=rngs)
        self.c3 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.c5 = nnx.Linear(400, 120, rngs=rngs)
        self.f6 = nnx.Linear(120, 84, rngs=rngs)
        self.logits = nnx.Linear(84, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.c1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.c3(x)), (2, 2), strides=(2, 2))
        x = x.reshape(len(x), -1)
        x = nnx.relu(self.c5(x))
        x = nnx.relu(self.f6(x))
        return self.logits(x)


OPTIMIZER = optax.adam(1e-3)


def graphdef():
    return nnx.graphdef(nnx.eval_shape(lambda: LeNet(nnx.Rngs(0))))


def init(key):
    params = nnx.to_pure_dict(nnx.state(LeNet(nnx.Rngs(key)), nnx.Param))
    return params, OPTIMIZER.init(params)


def train_step(params, memory, batch):
    """`(params, memory, totals)` after one update."""
    mask, labels = batch["mask"], batch["label"]

    def mean_loss(params):
        logits = nnx.merge(graphdef(), params)(batch["image"])
        each = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        correct = jnp.argmax(logits, -1) == labels
        count = jnp.sum(mask, dtype=jnp.float32)
        totals = {"loss": jnp.sum(each, where=mask), "accuracy": jnp.sum(correct, where=mask)}
        return totals["loss"] / jnp.maximum(count, 1), totals | {"count": count}

    (loss, totals), gradients = jax.value_and_grad(mean_loss, has_aux=True)(params)
    finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradients))

    def update():
        updates, after = OPTIMIZER.update(gradients, memory, params)
        return optax.apply_updates(params, updates), after

    params, memory = jax.lax.cond(finite, update, lambda: (params, memory))
    return params, memory, totals | {"finite": finite}
