"""highway, written by graphc from specs/highway.yaml."""

import functools
import math
import zlib

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.extend.random import threefry_2x32

CONTRACT = 1


def bits_16(key, shape):
    """Random numbers of 16 bits, four of each hash; `jax.random` makes a hash for every number."""
    if jax.random.key_impl(key) != "threefry2x32":
        return jax.random.bits(key, shape, jnp.uint16)
    size = math.prod(shape)
    counts = jnp.arange(-(-size // 128) * 64, dtype=jnp.uint32)
    words = threefry_2x32(jax.random.key_data(key), counts)
    return jax.lax.bitcast_convert_type(words, jnp.uint16).ravel()[:size].reshape(shape)


def of_65536(rate):
    """How many of 65,536 equal chances make a rate below 1."""
    return min(round(rate * 65536), 65535)


def kept_by_chance(key, rate, shape):
    """Where numbers stay, all but a share of `rate`, to 1/65,536."""
    return bits_16(key, shape) >= of_65536(rate)


def drop_by_chance(x, rate, key):
    """x with a share of its numbers at zero, and the others larger by as much."""
    share = 1 - of_65536(rate) / 65536
    return jnp.where(kept_by_chance(key, rate, x.shape), x / share, 0)


class Dropout(nnx.Dropout):
    """`nnx.Dropout` that draws 16 bits for each number."""

    def __call__(self, x, *, deterministic, rngs):
        return x if deterministic or not self.rate else drop_by_chance(x, self.rate, rngs)


def at(key, *path):
    """The key of the node at `path`: names and repeat indices folded in one by one."""
    if key is None:
        return None
    for part in path:
        key = jax.random.fold_in(key, zlib.crc32(part.encode()) if isinstance(part, str) else part)
    return key


def layer_keys(key, times):
    """The keys of layers 0, 1, ... below `key`, as one array."""
    if key is None:
        return None
    return jax.vmap(lambda index: at(key, index))(jnp.arange(times))


def stack(make, keys):
    """The layers `make(key)` for each key, as one module whose arrays have a leading axis."""
    state = jax.vmap(lambda key: nnx.as_pure(nnx.state(make(key))))(keys)
    return nnx.merge(nnx.graphdef(nnx.eval_shape(lambda: make(keys[0]))), state)


def scan_layers(call, layers, x, keys):
    """x through the stacked layers, one after another, as one compiled loop.

    `call(layer, x, key)` is the value of one layer. Its running statistics are updated in `layers`;
    parameters are not returned from the loop, which would copy them.
    """
    graphdef, params, rest = nnx.split(layers, nnx.Param, ...)

    def step(x, layer):
        params, rest, key = layer
        layer = nnx.merge(graphdef, params, rest)
        x = call(layer, x, key)
        return x, nnx.as_pure(nnx.split(layer, nnx.Param, ...)[2])

    x, rest = jax.lax.scan(step, x, (nnx.as_pure(params), nnx.as_pure(rest), keys))
    nnx.update(layers, rest)
    return x


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


class Highway(nnx.Module):
    """Block `highway`."""

    def __init__(self, *, key):
        self.gate = nnx.Linear(
            12, 12, bias_init=nnx.initializers.constant(-2.0), rngs=nnx.Rngs(at(key, "gate"))
        )
        self.h = nnx.Linear(12, 12, rngs=nnx.Rngs(at(key, "h")))
        self.batch_norm = BatchNorm(12, momentum=0.9, rngs=nnx.Rngs(at(key, "batch_norm")))
        self.dropout = Dropout(0.1)

    def __call__(self, x, *, train=False, key=None, mask=None):
        gate = nnx.sigmoid(self.gate(x))
        h = nnx.relu(self.h(x))
        y = gate * h + (1 - gate) * x
        batch_norm = self.batch_norm(y, use_running_average=not train, mask=mask)
        return self.dropout(batch_norm, deterministic=not train, rngs=at(key, "dropout"))


class Network(nnx.Module):
    """The network."""

    def __init__(self, *, key):
        self.dense = nnx.Linear(12, 12, rngs=nnx.Rngs(at(key, "dense")))
        self.layers = stack(lambda key: Highway(key=key), layer_keys(at(key, "layers"), 3))
        self.logits = nnx.Linear(12, 4, rngs=nnx.Rngs(at(key, "logits")))

    def __call__(self, features, *, train=False, key=None, mask=None):
        x = self.dense(features)
        x = scan_layers(
            lambda layer, x, key: layer(x, train=train, key=key, mask=mask),
            self.layers,
            x,
            layer_keys(at(key, "layers"), 3),
        )
        return self.logits(x)


def build(key):
    """The model with fresh weights."""
    return Network(key=key)


def call(model, batch, *, train=False, key=None):
    """The outputs for a batch."""
    return model(batch["features"], train=train, key=key, mask=batch.get("mask"))


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
