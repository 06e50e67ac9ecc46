"""highway, as graphc would write it: three layers of `highway`, rolled into one scan.

Follows docs/emitted-module.md to the letter and doubles as its example.
"""

import functools
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
    """x through the stacked layers, one after another, as one compiled loop."""
    graphdef, params, rest = nnx.split(layers, nnx.Param, ...)

    def step(x, layer):
        params, rest, key = layer
        layer = nnx.merge(graphdef, params, rest)
        x = call(layer, x, key)
        return x, nnx.as_pure(nnx.split(layer, nnx.Param, ...)[2])

    x, rest = jax.lax.scan(step, x, (nnx.as_pure(params), nnx.as_pure(rest), keys))
    nnx.update(layers, rest)
    return x


def present(mask, x):
    """The mask of points that are there, shaped to broadcast against x; None stays None."""
    return None if mask is None else mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))


class Highway(nnx.Module):
    """highway: blocks/highway.yaml:3"""

    def __init__(self, features, *, key):
        self.h = nnx.Linear(features, features, rngs=nnx.Rngs(params=at(key, "h")))
        self.gate = nnx.Linear(
            features,
            features,
            bias_init=nnx.initializers.constant(-2.0),
            rngs=nnx.Rngs(params=at(key, "gate")),
        )
        self.norm = nnx.BatchNorm(features, momentum=0.9, rngs=nnx.Rngs(params=at(key, "norm")))
        self.drop = nnx.Dropout(0.1)

    def __call__(self, x, *, train, key, mask):
        h = nnx.relu(self.h(x))
        gate = nnx.sigmoid(self.gate(x))
        mix = gate * h + (1 - gate) * x
        norm = self.norm(mix, use_running_average=not train, mask=present(mask, mix))
        return self.drop(norm, deterministic=not train, rngs=at(key, "drop"))


class Network(nnx.Module):
    """network: highway.yaml:5"""

    def __init__(self, *, key):
        self.stem = nnx.Linear(4, 8, rngs=nnx.Rngs(params=at(key, "stem")))
        self.highways = stack(lambda key: Highway(8, key=key), layer_keys(at(key, "highways"), 3))
        self.logits = nnx.Linear(8, 3, rngs=nnx.Rngs(params=at(key, "logits")))

    def __call__(self, features, *, train, key, mask):
        stem = self.stem(features)

        def highway(layer, x, key):
            return layer(x, train=train, key=key, mask=mask)

        highways = scan_layers(highway, self.highways, stem, layer_keys(at(key, "highways"), 3))
        logits = self.logits(highways)
        return logits


def build(key):
    """The model with fresh weights."""
    return Network(key=key)


def call(model, batch, *, train=False, key=None):
    """The logits of a batch: [batch, 3]."""
    return model(batch["features"], train=train, key=key, mask=batch.get("mask"))


@functools.cache
def graphdef():
    """The structure of the model without its arrays."""
    return nnx.graphdef(nnx.eval_shape(lambda: build(jax.random.key(0))))


def forward(params, statistics, batch, *, train=False, key=None):
    """The outputs and the new statistics, over pure state."""
    model = nnx.merge(graphdef(), params, statistics)
    outputs = call(model, batch, train=train, key=key)
    return outputs, nnx.as_pure(nnx.split(model, nnx.Param, ...)[2])


def losses(outputs, batch):
    """The loss of each example: float32 [batch]."""
    return optax.softmax_cross_entropy_with_integer_labels(outputs, batch["label"])


def metrics(outputs, batch):
    """What is measured beside the loss, for each example."""
    return {"accuracy": (jnp.argmax(outputs, axis=-1) == batch["label"]).astype(jnp.float32)}


def optimizer():
    """The optax transformation."""
    return optax.adam(0.01)


def init(key):
    """The state with fresh weights."""
    _, params, statistics = nnx.split(build(key), nnx.Param, ...)
    params, statistics = nnx.as_pure(params), nnx.as_pure(statistics)
    return {
        "params": params,
        "statistics": statistics,
        "optimizer": optimizer().init(params),
        "step": jnp.zeros((), jnp.int32),
    }


def sums(each, outputs, batch):
    """The totals of a batch over the rows that are there."""
    mask = batch["mask"].astype(jnp.float32)
    measured = {"loss": each, **metrics(outputs, batch)}
    totals = {name: jnp.sum(jnp.where(mask > 0, value, 0)) for name, value in measured.items()}
    return {**totals, "count": jnp.sum(mask)}


def means(totals):
    """What totals say: the loss and the metrics."""
    count = max(totals["count"], 1)
    return {"loss": totals["loss"] / count, "accuracy": totals["accuracy"] / count}


def train_step(state, batch, key):
    """The state after one update; unchanged where the loss or a gradient is not finite."""

    def objective(params):
        outputs, statistics = forward(params, state["statistics"], batch, train=True, key=key)
        each = losses(outputs, batch)
        totals = sums(each, outputs, batch)
        return totals["loss"] / jnp.maximum(totals["count"], 1), (statistics, totals)

    (loss, (statistics, totals)), gradients = jax.value_and_grad(objective, has_aux=True)(
        state["params"]
    )
    finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradients))

    def apply():
        updates, moved = optimizer().update(gradients, state["optimizer"], state["params"])
        return {
            "params": optax.apply_updates(state["params"], updates),
            "statistics": statistics,
            "optimizer": moved,
            "step": state["step"] + 1,
        }

    return jax.lax.cond(finite, apply, lambda: state), {**totals, "finite": finite}


def evaluate_step(state, batch):
    """The totals of a batch in evaluation mode."""
    outputs, _ = forward(state["params"], state["statistics"], batch)
    return sums(losses(outputs, batch), outputs, batch)


def main():
    """Print the table of parameters."""
    for path, array in jax.tree.leaves_with_path(init(jax.random.key(0))["params"]):
        print(f"{jax.tree_util.keystr(path, simple=True, separator='/'):30} {list(array.shape)}")


if __name__ == "__main__":
    main()
