"""Losses that optax does not have in this form."""

import jax
import jax.numpy as jnp
import optax


def weighted_binary_cross_entropy(logits, targets, positive_weight):
    """The cross-entropy of single logits, with a factor for what is true.

    `optax.sigmoid_binary_cross_entropy` has no such factor.
    """
    targets = targets.astype(logits.dtype)
    missed, found = jax.nn.softplus(-logits), jax.nn.softplus(logits)
    return positive_weight * targets * missed + (1 - targets) * found


def focal_cross_entropy(logits, classes, gamma):
    """The cross-entropy of classes times `(1 - p) ** gamma`, p being that of the right class.

    optax has the form of single logits only. 1 - p is kept from 0, where a power below 1 has no
    gradient.
    """
    each = optax.softmax_cross_entropy_with_integer_labels(logits, classes)
    return jnp.maximum(-jnp.expm1(-each), 1e-7) ** gamma * each
