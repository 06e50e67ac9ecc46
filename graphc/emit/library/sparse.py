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

    Args:
        more: of [batch, rows, n], what the fullest rows have beyond that: the rows, columns and
            values, each [batch, numbers].
    """

    def __init__(self, columns, values, more=None):
        self.columns, self.values, self.ndim, self.more = columns, values, values.ndim, more


def held(batch, name):
    """A field of a batch as it is held there, whole or as `Sparse`."""
    if name in batch:
        return batch[name]
    more = None
    if f"{name}:more:rows" in batch:
        more = tuple(batch[f"{name}:more:{part}"] for part in ("rows", "columns", "values"))
    return Sparse(batch[f"{name}:columns"], batch[f"{name}:values"], more)


def of_values(function, x, **options):
    """`function(x, **options)` for a function that leaves zeros as they are."""
    if not isinstance(x, Sparse):
        return function(x, **options)
    if x.more is None:
        return Sparse(x.columns, function(x.values, **options))
    rows, columns, more = x.more
    first = x.values.reshape(len(more), -1)
    values = function(jnp.concatenate([first, more], axis=1), **options)
    first, more = jnp.split(values, [first.shape[1]], axis=1)
    return Sparse(x.columns, first.reshape(x.values.shape), (rows, columns, more))


def sparse_dot(x, kernel, dimensions):
    """`jax.lax.dot_general` of the last axis of x, which may be `Sparse`, and a kernel."""
    if not isinstance(x, Sparse):
        return jax.lax.dot_general(x, kernel, dimensions)
    y = jnp.einsum("...k,...kf->...f", x.values, kernel[x.columns])
    if x.more is None:
        return y
    rows, columns, values = x.more
    more = values[..., None] * kernel[columns]
    return jax.vmap(lambda y, rows, x: y.at[rows].add(x, indices_are_sorted=True))(y, rows, more)


class SparseLinear(nnx.Linear):
    """`nnx.Linear` of what may be `Sparse`."""

    def __call__(self, x):
        bias = None if self.bias is None else self.bias[...]
        return linear(x, self.kernel[...], bias, dot_general=self.dot_general)
