"""Functions that emitted modules contain: the emitter copies those that a module names.

graphc never imports this file; it reads its text. A function here may name what is imported below
and other functions of this file, which are then copied too; nothing else stands at the top level.
"""

import functools
import zlib

import jax
import jax.numpy as jnp
from flax import nnx


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


def named_keys(key, names):
    """The keys of the nodes `names` below `key`, as one array."""
    if key is None:
        return None
    numbers = jnp.array([zlib.crc32(name.encode()) for name in names], jnp.uint32)
    return jax.vmap(lambda number: at(key, number))(numbers)


def stack(make, keys):
    """The layers `make(key)` for each key, as one module whose arrays have a leading axis."""
    state = jax.vmap(lambda key: nnx.as_pure(nnx.state(make(key))))(keys)
    return nnx.merge(nnx.graphdef(nnx.eval_shape(lambda: make(keys[0]))), state)


def scan_layers(call, layers, x, keys):
    """x through the stacked layers, one after another, as one compiled loop.

    `call(layer, x, key)` is the value of one layer. Its running statistics are updated in `layers`;
    parameters are not returned from the loop, which would copy them.
    """
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


def windows(x, window, strides, padding, fill):
    """The places of a window on images [..., height, width, channels], each as a strided slice."""
    strides = strides or window
    height, width = x.shape[-3:-1]
    if padding == "same":
        rows = max((-(-height // strides[0]) - 1) * strides[0] + window[0] - height, 0)
        columns = max((-(-width // strides[1]) - 1) * strides[1] + window[1] - width, 0)
        around = [(rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0)]
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 3) + around, constant_values=fill)
        height, width = height + rows, width + columns
    last_row, last_column = height - window[0] + 1, width - window[1] + 1
    return [
        x[..., i : i + last_row : strides[0], j : j + last_column : strides[1], :]
        for i in range(window[0])
        for j in range(window[1])
    ]


def max_pool(x, window, strides=None, padding="valid"):
    """The largest number of each window.

    By slices: on the CPU, the gradient is 5 to 8 times faster than that of `nnx.max_pool`.
    """
    return functools.reduce(jnp.maximum, windows(x, window, strides, padding, -jnp.inf))


def average_pool(x, window, strides=None, padding="valid"):
    """The mean of each window over what lies inside the image.

    By slices: on the CPU, the gradient of overlapping windows is 7 times faster than that of
    `nnx.avg_pool`.
    """
    total = sum(windows(x, window, strides, padding, 0))
    if padding == "valid":
        return total / (window[0] * window[1])
    inside = jnp.ones_like(x, shape=(*x.shape[-3:-1], 1))
    count = sum(windows(inside, window, strides, padding, 0))
    return total / jnp.expand_dims(count, range(x.ndim - 3))


def reshape_points(x, axes, sizes):
    """x with all but its first `axes` axes in the shape `sizes`.

    `jnp.reshape` has one -1, and here several axes have a length that only the data knows.
    """
    return x.reshape(*x.shape[:axes], *sizes)


def join_features(*items):
    """Values side by side along the last axis, repeated along the axes where they have length 1.

    `jnp.concatenate` does not broadcast.
    """
    shape = jnp.broadcast_shapes(*(item.shape[:-1] for item in items))
    items = [jnp.broadcast_to(item, (*shape, item.shape[-1])) for item in items]
    return jnp.concatenate(items, axis=-1)


def dot_bfloat16(a, b, dimension_numbers=None, **_):
    """The product of `a` [..., n] and `b` [n, m] from bfloat16 operands, with float32 results.

    Takes the place of `jax.lax.dot_general` in `nnx.Linear(..., dot_general=dot_bfloat16)`. Its
    gradient is written out because the derived one multiplies in float32.
    """

    def narrow(a, b, axes_of_a, axes_of_b):
        a, b = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)
        numbers = ((axes_of_a, axes_of_b), ((), ()))
        return jax.lax.dot_general(a, b, numbers, preferred_element_type=jnp.float32)

    @jax.custom_vjp
    def product(a, b):
        return narrow(a, b, (a.ndim - 1,), (0,))

    def forward(a, b):
        return product(a, b), (a.astype(jnp.bfloat16), b.astype(jnp.bfloat16))

    def backward(operands, gradient):
        a, b = operands
        points = tuple(range(a.ndim - 1))
        return narrow(gradient, b, (a.ndim - 1,), (1,)), narrow(a, gradient, points, points)

    product.defvjp(forward, backward)
    return product(a, b)
