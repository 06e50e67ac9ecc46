"""Initialisers that jax does not have: functions of a key, a shape and a dtype."""

import jax
import jax.numpy as jnp


def given_at_start(key, shape, dtype=jnp.float32):
    """Zeros, for a weight that is not drawn: what it starts as is put in where a run starts."""
    return jnp.zeros(shape, dtype)


def normal_around(mean, stddev):
    """Normal with another mean than 0."""

    def draw(key, shape, dtype=jnp.float32):
        return mean + stddev * jax.random.normal(key, shape, dtype)

    return draw


def uniform_between(low, high):
    """Uniform from `low`, not 0, to `high`."""

    def draw(key, shape, dtype=jnp.float32):
        return jax.random.uniform(key, shape, dtype, low, high)

    return draw


def identity_kernel(scale=1.0):
    """A kernel [*window, inputs, outputs] that hands each feature on, times `scale`."""

    def draw(key, shape, dtype=jnp.float32):
        middle = tuple((size - 1) // 2 for size in shape[:-2])
        unit = scale * jnp.eye(*shape[-2:], dtype=dtype)
        return jnp.zeros(shape, dtype).at[middle].set(unit)

    return draw


def sparse_normal(sparsity, stddev):
    """Normal, but that each output takes nothing from a share `sparsity` of its inputs."""

    def draw(key, shape, dtype=jnp.float32):
        values, places = jax.random.split(key)
        order = jax.random.uniform(places, shape).reshape(-1, shape[-1])
        rank = jnp.argsort(jnp.argsort(order, axis=0), axis=0)
        kept = (rank >= round(sparsity * len(rank))).reshape(shape)
        return jnp.where(kept, stddev * jax.random.normal(values, shape, dtype), 0)

    return draw


def of_spectral_radius(radius, sparsity=0.0):
    """Normal, with a share `sparsity` of zeros, scaled to a largest eigenvalue of `radius`."""

    def draw(key, shape, dtype=jnp.float32):
        values, places = jax.random.split(key)
        kept = jax.random.bernoulli(places, 1 - sparsity, shape)
        kernel = jnp.where(kept, jax.random.normal(values, shape, dtype), 0)
        return kernel * (radius / largest_eigenvalue(kernel))

    return draw


def largest_eigenvalue(kernel):
    """The magnitude of the largest eigenvalue: the limit of `norm(kernel ** n) ** (1 / n)`.

    That (Gelfand's formula) takes products alone, so that it runs on every device. It is rounded
    to a 4,096th part, for the last bits of products depend on how many kernels are drawn at once.
    """
    power, logarithm = kernel, jnp.zeros((), kernel.dtype)
    for i in range(16):
        size = jnp.linalg.norm(power)
        logarithm += jnp.log(size) / 2**i
        power = jnp.matmul(power / size, power / size, precision="highest")
    return jnp.exp2(jnp.round(logarithm * (4096 / jnp.log(2))) / 4096)
