"""Convolutions that Flax does not have, or has only slow."""

import math

import jax
import jax.numpy as jnp
from flax import nnx

from graphc.emit.library.products import dot_bfloat16
from graphc.emit.library.windows import surround, windows


def depthwise(x, kernel, strides, padding, rhs_dilation, **_):
    """The convolution of each channel by itself: the kernel is [*window, 1, c * multiplier].

    Takes the place of `jax.lax.conv_general_dilated` in `nnx.Conv`: by slices, a kernel of 3x3 is
    some 30 times faster on the CPU than a convolution with groups, and its gradient 4 times.
    """
    *window, _, features = kernel.shape
    x = surround(x, window, strides, padding, rhs_dilation)
    x = jnp.repeat(x, features // x.shape[-1], axis=-1)
    factors = kernel.reshape(-1, *(1,) * (x.ndim - 1), features)
    return sum(
        part * factors[i] for i, part in enumerate(windows(x, window, strides, rhs_dilation))
    )


def by_rows(x, kernel, strides, padding, product=jnp.matmul, **_):
    """The convolution of images [n, h, w, c]: each row of the result is one product.

    Takes the place of `jax.lax.conv_general_dilated` in `nnx.Conv`: what a row of the result sees
    of the images is multiplied with a band, which holds the kernel at each of its places. It is
    more work, but of a kind that the CPU does much faster where there are few channels, and it
    may stand in a loop, where a library convolution trains 4 to 27 times slower.
    """
    height, width, _, features = kernel.shape
    down, across = strides
    x = surround(x, (height, width), strides, padding)
    _, h, w, c = x.shape
    rows, columns = (h - height) // down + 1, (w - width) // across + 1
    column = jnp.arange(width)[:, None] + across * jnp.arange(columns)[None]
    places = jax.nn.one_hot(column, w, dtype=kernel.dtype)
    band = jnp.einsum("jpw,ijcf->iwcpf", places, kernel)
    band = band.reshape(height * w * c, columns * features)
    seen = [x[:, i : i + down * (rows - 1) + 1 : down] for i in range(height)]
    seen = jnp.concatenate(seen, axis=2).reshape(-1, rows, height * w * c)
    return product(seen, band).reshape(-1, rows, columns, features)


def by_rows_bfloat16(x, kernel, strides, padding, **_):
    """`by_rows` with products from bfloat16 operands, with float32 results."""
    return by_rows(x, kernel, strides, padding, product=dot_bfloat16)


def convolve(
    x,
    kernel,
    *,
    strides=1,
    padding="SAME",
    kernel_dilation=1,
    form=jax.lax.conv_general_dilated,
):
    """What `nnx.Conv` does with x [..., *sizes, n], for a kernel [*window, n, features]."""
    count = kernel.ndim - 2
    axes = "DHW"[-count:]
    y = form(
        x.reshape(-1, *x.shape[-count - 1 :]),
        kernel,
        (strides,) * count if isinstance(strides, int) else strides,
        padding,
        rhs_dilation=(kernel_dilation,) * count
        if isinstance(kernel_dilation, int)
        else kernel_dilation,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
    )
    return y.reshape(*x.shape[: -count - 1], *y.shape[1:])


class SeparableConv(nnx.Module):
    """A depthwise convolution, then a pointwise one, as one layer with one bias at its end."""

    def __init__(
        self,
        in_features,
        out_features,
        kernel_size,
        *,
        multiplier=1,
        use_bias=True,
        kernel_init=nnx.initializers.lecun_normal(),
        bias_init=nnx.initializers.zeros_init(),
        rngs,
        **options,
    ):
        wide = in_features * multiplier
        self.depthwise = nnx.Conv(
            in_features,
            wide,
            kernel_size,
            feature_group_count=in_features,
            use_bias=False,
            kernel_init=kernel_init,
            rngs=rngs,
            **options,
        )
        self.pointwise = nnx.Linear(
            wide,
            out_features,
            use_bias=use_bias,
            kernel_init=kernel_init,
            bias_init=bias_init,
            rngs=rngs,
        )

    def __call__(self, x):
        return self.pointwise(self.depthwise(x))


class LocallyConnected(nnx.Module):
    """A convolution with a kernel of its own at each of `places`, which Flax NNX does not have."""

    def __init__(
        self,
        in_features,
        out_features,
        kernel_size,
        places,
        *,
        strides=1,
        padding="SAME",
        kernel_dilation=1,
        use_bias=True,
        kernel_init=nnx.initializers.lecun_normal(),
        bias_init=nnx.initializers.zeros_init(),
        rngs,
    ):
        self.kernel_size, self.places, self.padding = kernel_size, places, padding
        self.strides, self.dilation = strides, kernel_dilation
        shape = (*kernel_size, in_features, out_features)
        keys = jax.random.split(rngs.params(), math.prod(places))
        kernels = jax.vmap(lambda key: kernel_init(key, shape, jnp.float32))(keys)
        self.kernel = nnx.Param(kernels.reshape(*places, *shape))
        shape = (*places, out_features)
        self.bias = nnx.Param(bias_init(rngs.params(), shape, jnp.float32)) if use_bias else None

    def __call__(self, x):
        x = surround(x, self.kernel_size, self.strides, self.padding, self.dilation)
        seen = windows(x, self.kernel_size, self.strides, self.dilation)
        points = x.shape[: -1 - len(self.places)]
        seen = jnp.stack(seen, axis=-2).reshape(*points, math.prod(self.places), -1)
        kernel = self.kernel[...].reshape(*seen.shape[-2:], -1)
        y = jnp.einsum("...pi,pio->...po", seen, kernel).reshape(*points, *self.places, -1)
        return y if self.bias is None else y + jnp.broadcast_to(self.bias[...], y.shape)
