"""Metrics that are no means over examples: what is counted, and what the counts say."""

import jax
import jax.numpy as jnp


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
