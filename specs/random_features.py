"""Random features: a layer that learns nothing and makes of a linear model a kernel machine."""

import jax
import jax.numpy as jnp
from flax import nnx


class RandomFeatures(nnx.Module):
    """Cosines and sines of random projections: y = [cos(z), sin(z)] with z = x @ directions.

    The mean of the products of two such vectors approaches half the Gaussian kernel
    exp(-|x - x'|^2 / (2 width^2)) as the directions grow in number. They are drawn once and stay:
    `nnx.Param` would be trained, any other `nnx.Variable` is not.

    Shapes: [..., inputs] -> [..., 2 * directions].

    References: Rahimi and Recht, "Random features for large-scale kernel machines", 2007.
    """

    def __init__(self, inputs, directions, width, *, rngs):
        normal = jax.random.normal(rngs(), (inputs, directions))
        self.directions = nnx.Variable(normal / width)

    def __call__(self, x):
        z = x @ self.directions
        return jnp.concatenate([jnp.cos(z), jnp.sin(z)], axis=-1)
