"""Images [..., height, width, channels] changed at random while training, each by its own draw."""

import jax
import jax.numpy as jnp
from jax.scipy.ndimage import map_coordinates


def random_flip(x, axes, train=False, key=None):
    """Images mirrored along each of the axes with probability 1/2."""
    if not train:
        return x
    for axis, each in zip(axes, jax.random.split(key, len(axes)), strict=True):
        mirrored = jax.random.bernoulli(each, shape=(*x.shape[:-3], 1, 1, 1))
        x = jnp.where(mirrored, jnp.flip(x, axis), x)
    return x


def each_image(change, x, key):
    """`change(image, key)` of every image of x."""
    images = x.reshape(-1, *x.shape[-3:])
    return jax.vmap(change)(images, jax.random.split(key, len(images))).reshape(x.shape)


def random_crop(x, padding, train=False, key=None):
    """Windows as large as the images, out of the images with zeros around them."""
    if not train:
        return x

    def change(image, key):
        wide = jnp.pad(image, ((padding, padding), (padding, padding), (0, 0)))
        row, column = jax.random.randint(key, (2,), 0, 2 * padding + 1)
        return jax.lax.dynamic_slice(wide, (row, column, 0), image.shape)

    return each_image(change, x, key)


def random_affine(x, rotate=0.0, shift=0.0, zoom=0.0, train=False, key=None):
    """Images turned by up to `rotate` degrees, shifted and zoomed by shares of their size."""
    if not train:
        return x
    height, width = x.shape[-3:-1]
    sizes = jnp.array([height, width], x.dtype)
    rows, columns = jnp.mgrid[:height, :width].astype(x.dtype)

    def change(image, key):
        angle, larger, *moved = jax.random.uniform(key, (4,), x.dtype, -1, 1)
        cos, sin = jnp.cos(angle * jnp.radians(rotate)), jnp.sin(angle * jnp.radians(rotate))
        centre = (sizes - 1) / 2
        row, column = centre + shift * sizes * jnp.stack(moved)
        down, right = (rows - row) / (1 + zoom * larger), (columns - column) / (1 + zoom * larger)
        places = [centre[0] + cos * down - sin * right, centre[1] + sin * down + cos * right]
        read = jax.vmap(lambda one: map_coordinates(one, places, order=1), -1, -1)
        return read(image)

    return each_image(change, x, key)


def color_jitter(x, brightness=0.0, contrast=0.0, saturation=0.0, train=False, key=None):
    """Images whose brightness, contrast and saturation are multiplied by factors around 1."""
    if not train:
        return x
    draws = jax.random.uniform(key, (3, *x.shape[:-3], 1, 1, 1), x.dtype, -1, 1)
    mean = jnp.mean(x, axis=(-3, -2, -1), keepdims=True)
    x = (1 + brightness * draws[0]) * (mean + (1 + contrast * draws[1]) * (x - mean))
    if not saturation:
        return x
    grey = (x @ jnp.array([0.299, 0.587, 0.114], x.dtype))[..., None]
    return grey + (1 + saturation * draws[2]) * (x - grey)


def cutout(x, size, train=False, key=None):
    """Images with a square of zeros."""
    if not train:
        return x

    def change(image, key):
        row, column = jax.random.randint(key, (2,), 0, jnp.array(image.shape[:2]))
        rows, columns = jnp.mgrid[: image.shape[0], : image.shape[1]]
        above, left = rows - row + size // 2, columns - column + size // 2
        inside = (above >= 0) & (above < size) & (left >= 0) & (left < size)
        return jnp.where(inside[..., None], 0, image)

    return each_image(change, x, key)
