"""Layers whose arrays are values from elsewhere."""

import copy

import jax
from flax import nnx


def without(layer, *names):
    """The layer without these arrays of its own: `with_arrays` lends it others at every call."""
    for name in names:
        setattr(layer, name, None)
    return layer


def with_arrays(layer, **arrays):
    """The layer with these arrays, which belong to another one or are computed.

    A layer cannot hold an array of another: the same parameter would be there twice. Inside of a
    loop nnx lets no attribute of a layer be set, not even that of a copy; hence `object`.
    """
    layer = copy.copy(layer)
    for name, array in arrays.items():
        object.__setattr__(layer, name, nnx.Param(array))
    return layer


def linear(x, kernel, bias=None, *, dot_general=jax.lax.dot_general):
    """`x @ kernel + bias` as `nnx.Linear` computes it, of arrays that are values."""
    y = dot_general(x, kernel, (((x.ndim - 1,), (0,)), ((), ())))
    return y if bias is None else y + bias.reshape((1,) * (y.ndim - 1) + (-1,))
