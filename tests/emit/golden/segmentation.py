"""segmentation, written by graphc from specs/segmentation.yaml."""

import functools
import zlib

import jax
import jax.numpy as jnp
import optax
from flax import nnx

CONTRACT = 1


def present(mask, x):
    """The mask of points that are there, shaped to broadcast against x; None stays None."""
    return None if mask is None else mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))


def at(key, *path):
    """The key of the node at `path`: names and repeat indices folded in one by one."""
    if key is None:
        return None
    for part in path:
        key = jax.random.fold_in(key, zlib.crc32(part.encode()) if isinstance(part, str) else part)
    return key


def class_overlaps(logits, classes, axis=()):
    """For each class, how many places are of it and taken for it, and how many are either.

    Args:
        logits: [batch, ..., n].
        classes: integers [batch, ...] below n.
        axis: the axes of the places.

    Returns:
        Counts [batch, 2, n], which can be added up over examples before they are divided.
    """
    guess = jax.nn.one_hot(jnp.argmax(logits, axis=-1), logits.shape[-1], dtype=bool)
    right = jax.nn.one_hot(classes, logits.shape[-1], dtype=bool)
    both = jnp.sum(guess & right, axis=axis, dtype=jnp.float32)
    either = jnp.sum(guess | right, axis=axis, dtype=jnp.float32)
    return jnp.stack([both, either], axis=-2)


def mean_ratio(counts):
    """The mean over classes of a ratio of counts [2, n]; classes that were never met do not count.

    Works on arrays of numpy as of jax, outside of compiled code.
    """
    part, whole = counts
    met = whole > 0
    return (part[met] / whole[met]).mean()


class Network(nnx.Module):
    """The network, specs/hand.yaml:5."""

    def __init__(self, *, key):
        self.conv = nnx.Conv(1, 4, (3, 3), rngs=nnx.Rngs(at(key, "conv")))
        self.conv_2 = nnx.Conv(4, 4, (3, 3), rngs=nnx.Rngs(at(key, "conv_2")))

    def __call__(self, image):
        x = nnx.relu(self.conv(image))
        return self.conv_2(x)


def build(key):
    """The model with fresh weights."""
    return Network(key=key)


def call(model, batch, *, train=False, key=None):
    """The outputs for a batch."""
    return model(batch["image"])


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
    return jnp.mean(
        optax.softmax_cross_entropy_with_integer_labels(outputs, batch["label"]), axis=(-2, -1)
    )


def metrics(outputs, batch):
    """The metrics of each example."""
    return {
        "mean_iou": class_overlaps(outputs, batch["label"], axis=(1, 2)),
        "accuracy": jnp.mean(jnp.argmax(outputs, axis=-1) == batch["label"], axis=(-2, -1)),
    }


def sums(outputs, batch):
    """The loss and the metrics summed over the rows that are there, and their number."""
    each = {"loss": losses(outputs, batch)} | metrics(outputs, batch)
    mask = batch.get("mask", jnp.ones(each["loss"].shape, bool))
    totals = {
        name: jnp.sum(values, axis=0, where=present(mask, values)) for name, values in each.items()
    }
    return totals | {"count": jnp.sum(mask, dtype=jnp.float32)}


def means(totals):
    """What totals say, those of one batch or of several added up: the loss and the metrics."""
    count = max(totals["count"], 1)
    return {
        "loss": totals["loss"] / count,
        "mean_iou": mean_ratio(totals["mean_iou"]),
        "accuracy": totals["accuracy"] / count,
    }


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
