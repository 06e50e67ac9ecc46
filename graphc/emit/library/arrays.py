"""What jnp does not do in one call."""

import jax.numpy as jnp


def reshape_points(x, axes, sizes):
    """x with all but its first `axes` axes in the shape `sizes`.

    `jnp.reshape` has one -1, and here several axes have a length that only the data knows.
    """
    return x.reshape(*x.shape[:axes], *sizes)


def join_features(*items, axis=-1):
    """Values side by side along an axis, repeated along the others where they have length 1.

    `jnp.concatenate` does not broadcast.
    """
    items = [jnp.swapaxes(item, axis, -1) for item in items]
    shape = jnp.broadcast_shapes(*(item.shape[:-1] for item in items))
    items = [jnp.broadcast_to(item, (*shape, item.shape[-1])) for item in items]
    return jnp.swapaxes(jnp.concatenate(items, axis=-1), axis, -1)


def safe_sqrt(x):
    """The square root, with a gradient of 0 at 0, where that of `jnp.sqrt` is infinite."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1)), 0)


def cosine_similarity(a, b, *, epsilon=1e-8):
    """The cosine of the angle between vectors along the last axis.

    Lengths below `epsilon` count as that, with a gradient of 0; the gradient of
    `optax.cosine_similarity` at a vector of zeros is not a number.
    """
    lengths = (jnp.sum(jnp.square(each), axis=-1) for each in (a, b))
    one, other = (jnp.sqrt(jnp.maximum(each, epsilon**2)) for each in lengths)
    return jnp.sum(a * b, axis=-1) / (one * other)


def present(mask, x):
    """The mask of points that are there, shaped to broadcast against x; None stays None."""
    return None if mask is None else mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
