"""Layers for the specs that get them wrong."""

from functools import partial

import jax.numpy as jnp
from flax import nnx


class Gate(nnx.Module):
    def __init__(self, features, *, rngs):
        self.dense = nnx.Linear(features, features, rngs=rngs)

    def __call__(self, x, *, train):
        return x * nnx.sigmoid(self.dense(x))


class Silent(nnx.Module):
    """It has no `__call__`."""


def waves(x, *, scale=1.0):
    return jnp.sin(scale * x)


swish = partial(nnx.swish)
