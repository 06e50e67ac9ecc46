"""Arrays of which most numbers are 0, as the others and their places."""

import jax
import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.tied import linear


class Sparse:
    """An array [..., n] as those of its numbers that are not 0, and where they are.

    Both are [..., most] for as many as the fullest row has; rows with fewer have zeros behind them.
    A product with a kernel [n, features] then costs as much as there are numbers, and a dropout
    draws no others.
    """

    def __init__(self, columns, values):
        self.columns, self.values, self.ndim = columns, values, values.ndim


def held(batch, name):
    """A field of a batch as it is held there, whole or as `Sparse`."""
    if name in batch:
        return batch[name]
    return Sparse(batch[f"{name}:columns"], batch[f"{name}:values"])


def of_values(function, x, **options):
    """`function(x, **options)` for a function that leaves zeros as they are."""
    if isinstance(x, Sparse):
        return Sparse(x.columns, function(x.values, **options))
    return function(x, **options)


def sparse_dot(x, kernel, dimensions):
    """`jax.lax.dot_general` of the last axis of x, which may be `Sparse`, and a kernel."""
    if isinstance(x, Sparse):
        return jnp.einsum("...k,...kf->...f", x.values, kernel[x.columns])
    return jax.lax.dot_general(x, kernel, dimensions)


class SparseLinear(nnx.Linear):
    """`nnx.Linear` of what may be `Sparse`."""

    def __call__(self, x):
        bias = None if self.bias is None else self.bias[...]
        return linear(x, self.kernel[...], bias, dot_general=self.dot_general)
