"""Windows that slide over the steps of sequences, arrays [batch, time, ...]."""

import jax
import jax.numpy as jnp

from graphc.emit.library.time import where_present, within
from graphc.emit.library.windows import slide


def past(x, steps, *, axis=1, fill=0.0, memory=None):
    """The steps of `x` along an axis with so many before them: what a memory kept, or `fill`."""
    shape = (*x.shape[:axis], steps, *x.shape[axis + 1 :])
    before = jnp.full(shape, fill, x.dtype)
    if memory is not None:
        before = memory.recall("past", before)
    x = jnp.concatenate([before, x], axis)
    if memory is not None:
        memory.keep("past", jax.lax.slice_in_dim(x, x.shape[axis] - steps, None, axis=axis))
    return x


def causal(layer, x, *, axis=1, memory=None):
    """A convolution without padding over the steps of `x`: each sees itself and those before it."""
    steps = layer.kernel_dilation * (layer.kernel_size[0] - 1)
    x = past(x, steps, axis=axis, memory=memory)
    return jnp.swapaxes(layer(jnp.swapaxes(x, axis, -2)), axis, -2)


def slide_over_steps(combine, fill, x, window, before, axis, memory=None):
    """`combine` of the window of each step, `before` steps of which come before it."""
    x = past(x, before, axis=axis, fill=fill, memory=memory)
    behind = [(0, 0)] * x.ndim
    behind[axis] = 0, window - 1 - before
    return slide(combine, jnp.pad(x, behind, constant_values=fill), axis, window, 1)


def max_over_steps(x, window, before, *, axis=1, mask=None, memory=None):
    """The largest number of each window of steps; one without a step that is there gives 0."""
    if mask is not None:
        x = where_present(mask, x, -jnp.inf)
    y = slide_over_steps(jnp.maximum, -jnp.inf, x, window, before, axis, memory)
    return y if mask is None else where_present(mask, y, 0.0)


def mean_over_steps(x, window, before, *, axis=1, mask=None, memory=None):
    """The mean over the steps of each window that are there."""
    there = jnp.ones(x.shape[: axis + 1], x.dtype) if mask is None else mask.astype(x.dtype)
    if mask is not None:
        x = where_present(mask, x, 0.0)
    total = slide_over_steps(jnp.add, 0.0, x, window, before, axis, memory)
    memory = within(memory, "count")
    count = slide_over_steps(jnp.add, 0.0, there, window, before, axis, memory)
    return total / jnp.expand_dims(jnp.maximum(count, 1.0), range(count.ndim, x.ndim))
