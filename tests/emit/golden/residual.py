"""residual, written by graphc from specs/residual.yaml."""

import functools
import math
import zlib

import jax
import jax.numpy as jnp
import optax
from flax import nnx

CONTRACT = 1


def at(key, *path):
    """The key of the node at `path`: names and repeat indices folded in one by one."""
    if key is None:
        return None
    for part in path:
        key = jax.random.fold_in(key, zlib.crc32(part.encode()) if isinstance(part, str) else part)
    return key


class BatchNorm(nnx.BatchNorm):
    """`nnx.BatchNorm` that sums up each point by itself, and then those that are there.

    A mask of x itself is read, and its gradient written, once for each number of x: a residual
    network trains a tenth slower. Here it is [points] or [points, steps]; None: all are there.
    """

    def __call__(self, x, use_running_average=False, *, mask=None):
        if use_running_average:
            return super().__call__(x, use_running_average=True)
        there = jnp.ones(x.shape[:1], bool) if mask is None else mask
        inner, points = range(there.ndim, x.ndim - 1), range(there.ndim)
        count = jnp.sum(there, dtype=x.dtype) * math.prod(x.shape[axis] for axis in inner)

        def mean_of(values):
            sums = jnp.sum(values, tuple(inner))
            return jnp.sum(sums, tuple(points), where=there[..., None]) / count

        mean = mean_of(x)
        variance = jnp.maximum(0, mean_of(x * x) - mean * mean)
        for running, value in ((self.mean, mean), (self.var, variance)):
            running[...] = self.momentum * running[...] + (1 - self.momentum) * value
        factor = jax.lax.rsqrt(variance + self.epsilon)
        factor = factor if self.scale is None else factor * self.scale[...]
        features = (1,) * (x.ndim - 1) + (-1,)
        shift = -mean * factor if self.bias is None else self.bias[...] - mean * factor
        return x * factor.reshape(features) + shift.reshape(features)


class Residual(nnx.Module):
    """Block `residual`, specs/hand.yaml:3."""

    def __init__(self, in_features, features, *, key):
        self.body_conv = nnx.Conv(
            in_features,
            features,
            (3, 3),
            strides=2,
            use_bias=False,
            rngs=nnx.Rngs(at(key, "body", "conv")),
        )
        self.body_batch_norm = BatchNorm(
            features, momentum=0.9, rngs=nnx.Rngs(at(key, "body", "batch_norm"))
        )
        self.body_conv_2 = nnx.Conv(
            features,
            features,
            (3, 3),
            use_bias=False,
            kernel_init=nnx.initializers.he_normal(),
            rngs=nnx.Rngs(at(key, "body", "conv_2")),
        )
        self.shortcut = nnx.Linear(
            in_features, features, use_bias=False, rngs=nnx.Rngs(at(key, "shortcut"))
        )

    def __call__(self, x, *, train=False, mask=None):
        body_conv = self.body_conv(x)
        y = self.body_batch_norm(body_conv, use_running_average=not train, mask=mask)
        y = nnx.relu(y)
        body_conv_2 = self.body_conv_2(y)
        shortcut = self.shortcut(x[..., ::2, ::2, :])
        y = body_conv_2 + shortcut
        return nnx.relu(y)


class Network(nnx.Module):
    """The network, specs/hand.yaml:21."""

    def __init__(self, *, key):
        self.stage1 = Residual(1, 4, key=at(key, "stage1"))
        self.stage2 = Residual(4, 8, key=at(key, "stage2"))
        self.stage3 = Residual(8, 16, key=at(key, "stage3"))
        self.logits = nnx.Linear(16, 4, rngs=nnx.Rngs(at(key, "logits")))

    def __call__(self, image, *, train=False, mask=None):
        stage1 = self.stage1(image, train=train, mask=mask)
        stage2 = self.stage2(stage1, train=train, mask=mask)
        stage3 = self.stage3(stage2, train=train, mask=mask)
        x = jnp.mean(stage3, axis=(-3, -2))
        return self.logits(x)


def build(key):
    """The model with fresh weights."""
    return Network(key=key)


def call(model, batch, *, train=False, key=None):
    """The outputs for a batch."""
    return model(batch["image"], train=train, mask=batch.get("mask"))


@functools.cache
def graphdef():
    """The structure of the model without its arrays."""
    return nnx.graphdef(nnx.eval_shape(lambda: build(jax.random.key(0))))


def forward(params, statistics, batch, *, train=False, key=None):
    """The outputs for a batch and the statistics after it, over pure state."""
    model = nnx.merge(graphdef(), params, statistics)
    outputs = call(model, batch, train=train, key=key)
    return outputs, nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.Param)))


def losses(outputs, batch):
    """The loss of each example."""
    return optax.softmax_cross_entropy_with_integer_labels(outputs, batch["label"])


def metrics(outputs, batch):
    """The metrics of each example."""
    return {"accuracy": (jnp.argmax(outputs, axis=-1) == batch["label"]).astype(jnp.float32)}


def sums(outputs, batch):
    """The loss and the metrics summed over the rows that are there, and their number."""
    each = {"loss": losses(outputs, batch)} | metrics(outputs, batch)
    mask = batch.get("mask", jnp.ones(each["loss"].shape, bool))
    totals = {name: jnp.sum(values, where=mask) for name, values in each.items()}
    return totals | {"count": jnp.sum(mask, dtype=jnp.float32)}


def means(totals):
    """What totals say, those of one batch or of several added up: the loss and the metrics."""
    count = max(totals["count"], 1)
    return {"loss": totals["loss"] / count, "accuracy": totals["accuracy"] / count}


def optimizer():
    """The rule that turns gradients into updates."""
    return optax.adam(0.01)


def init(key):
    """The state before the first step."""
    _, params, statistics = nnx.split(build(key), nnx.Param, ...)
    params = nnx.to_pure_dict(params)
    return {
        "params": params,
        "statistics": nnx.to_pure_dict(statistics),
        "optimizer": optimizer().init(params),
        "step": jnp.zeros((), jnp.int32),
    }


def train_step(state, batch, key):
    """The state after one update, and the totals of the batch.

    Where the loss or a gradient is not finite, the state is returned as it came.
    """

    def mean_loss(params):
        outputs, statistics = forward(params, state["statistics"], batch, train=True, key=key)
        totals = sums(outputs, batch)
        return totals["loss"] / jnp.maximum(totals["count"], 1), (statistics, totals)

    params = state["params"]
    (loss, (statistics, totals)), gradients = jax.value_and_grad(mean_loss, has_aux=True)(params)
    finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradients))

    def update():
        updates, memory = optimizer().update(gradients, state["optimizer"], params)
        return {
            "params": optax.apply_updates(params, updates),
            "statistics": statistics,
            "optimizer": memory,
            "step": state["step"] + 1,
        }

    return jax.lax.cond(finite, update, lambda: state), totals | {"finite": finite}


def evaluate_step(state, batch):
    """The totals of a batch in evaluation mode."""
    outputs, _ = forward(state["params"], state["statistics"], batch)
    return sums(outputs, batch)


def main():
    """Print the path, the shape and the size of every parameter."""
    model = nnx.eval_shape(lambda: build(jax.random.key(0)))
    rows = [
        ("/".join(map(str, path)), str(list(variable.shape)), variable.size)
        for path, variable in nnx.to_flat_state(nnx.state(model, nnx.Param))
    ]
    rows.append(("total", "", sum(size for _, _, size in rows)))
    width, middle = (max(len(row[column]) for row in rows) for column in (0, 1))
    for path, shape, size in rows:
        print(f"{path:{width}}  {shape:{middle}}  {size:>12,}")


if __name__ == "__main__":
    main()
