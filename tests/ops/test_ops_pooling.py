"""Pooling against PyTorch, and their gradients against windows reduced at once."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from samples import SAMPLES

from graphc.core.operation import ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.emit.library.pooling import average_pool, lp_pool, max_pool
from graphc.testing import forms
from graphc.testing.contracts import few

peers = pytest.importorskip("peers")
torch = peers.torch
pytestmark = pytest.mark.usefixtures("quick_compile")


def normal(shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def fits(operation, kind):
    try:
        return operation.infer(kind)
    except ShapeError as error:
        assert "larger than its input" in error.message
        return None


def by_torch(operation, kind, x, name, fill):
    """The pool of what is padded with `fill`."""
    axes = len(kind.shape) - 1
    window = peers.every(operation.window, axes)
    stride = window if operation.stride is None else peers.every(operation.stride, axes)
    pairs = peers.borders(kind.shape[:-1], window, stride, operation.padding)
    padded = peers.surrounded(peers.first(x, axes), pairs, value=fill)
    return peers.last(peers.function(name, axes)(padded, window, stride), x, axes)


def on_images(sample):
    """Whether the windows of a sample are those of images, not of steps."""
    return sample[0].over is None


def test_max_pool_is_that_of_torch_where_padding_never_wins():
    @few
    @given(SAMPLES["max_pool"].filter(on_images))
    def check(sample):
        operation, [kind] = sample
        if fits(operation, kind) is not None:
            x = forms.array(kind) - 1
            expected = by_torch(operation, kind, x, "max_pool", -np.inf)
            np.testing.assert_array_equal(forms.call(operation, [kind], [x]), expected)

    check()


def test_average_pool_is_that_of_torch_over_what_lies_inside():
    @few
    @given(SAMPLES["average_pool"].filter(on_images))
    def check(sample):
        operation, [kind] = sample
        if fits(operation, kind) is not None:
            x = forms.array(kind) - 1
            total, there = (
                by_torch(operation, kind, each, "avg_pool", 0) for each in (x, jnp.ones_like(x))
            )
            found = forms.call(operation, [kind], [x])
            np.testing.assert_allclose(found, total / there, rtol=1e-5, atol=1e-6)

    check()


@pytest.mark.parametrize("name", ["global_max_pool", "global_average_pool"])
@pytest.mark.parametrize("sizes", [(5,), (3, 4), (2, 3, 4), (2, 1, 3, 2)])
def test_global_pools_leave_the_channels(name, sizes):
    kind = Type((*sizes, 3))
    x = forms.array(kind)
    found = forms.call(operations[name](), [kind], [x])
    reduce = np.max if "max" in name else np.mean
    np.testing.assert_allclose(found, reduce(x.reshape(3, -1, 3), axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "window", "strides"),
    [
        ((2, 7, 6, 3), (3, 3), (2, 2)),
        ((2, 6, 6, 3), (5, 2), (1, 1)),
        ((2, 40, 3), (17,), (3,)),
        ((2, 5, 4, 6, 2), (3, 2, 3), (2, 1, 2)),
    ],
)
@pytest.mark.parametrize("largest", [True, False])
def test_pools_have_the_gradients_of_a_window_reduced_at_once(shape, window, strides, largest):
    def by_slices(x):
        pool = max_pool(x, window, strides) if largest else average_pool(x, window, strides)
        return jnp.sum(jnp.square(pool))

    def at_once(x):
        fill, combine = (-jnp.inf, jax.lax.max) if largest else (0.0, jax.lax.add)
        sizes = (1, *window, 1), (1, *strides, 1)
        pool = jax.lax.reduce_window(x, fill, combine, *sizes, "VALID")
        return jnp.sum(jnp.square(pool if largest else pool / math.prod(window)))

    x = normal(shape)
    found, expected = jax.grad(by_slices)(x), jax.grad(at_once)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_what_equals_a_default_is_not_written():
    image = Type((7, 6, 3))
    assert forms.source(operations["max_pool"](2), [image]) == "max_pool(x, (2, 2))"
    assert forms.source(operations["max_pool"](2, (2, 2)), [image]) == "max_pool(x, (2, 2))"
    assert forms.source(operations["max_pool"](2), [Type((7, 3))]) == "max_pool(x, (2,))"
    found = forms.source(operations["average_pool"]((3, 2), 1, ((1, 1), 1)), [image])
    assert found == "average_pool(x, (3, 2), strides=1, padding=1)"


def test_lp_pool_is_that_of_torch_of_what_is_positive():
    @few
    @given(SAMPLES["lp_pool"])
    def check(sample):
        operation, [kind] = sample
        if fits(operation, kind) is not None:
            x, axes = forms.array(kind), len(kind.shape) - 1
            window = peers.every(operation.window, axes)
            stride = window if operation.stride is None else peers.every(operation.stride, axes)
            pairs = peers.borders(kind.shape[:-1], window, stride, operation.padding)
            padded = peers.surrounded(peers.first(x, axes), pairs)
            pool = peers.function("lp_pool", axes)
            one = (lambda sizes: sizes[0]) if axes == 1 else tuple
            y = pool(padded.double(), operation.power, one(window), one(stride))
            found = forms.call(operation, [kind], [-x])
            np.testing.assert_allclose(found, peers.last(y, x, axes), rtol=1e-5)

    check()


def test_the_gradient_of_lp_pool_is_zero_where_all_is_zero():
    gradient = jax.grad(lambda x: jnp.sum(lp_pool(x, (2, 2), 2.5)))(jnp.zeros((1, 4, 4, 1)))
    np.testing.assert_array_equal(gradient, 0)


@pytest.mark.parametrize("name", ["average", "max"])
def test_adaptive_pools_are_those_of_torch(name):
    @few
    @given(SAMPLES[f"adaptive_{name}_pool"])
    def check(sample):
        operation, [kind] = sample
        x, axes = forms.array(kind), len(kind.shape) - 1
        word = {"average": "avg"}.get(name, name)
        pool = peers.function(f"adaptive_{word}_pool", axes)
        expected = peers.last(pool(peers.first(x, axes), operation.size), x, axes)
        np.testing.assert_allclose(forms.call(operation, [kind], [x]), expected, rtol=1e-6)

    check()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ((6, 4), "x"),
        (3, "adaptive_pool(jnp.mean, x, (3, 3))"),
        ((3, 2), "average_pool(x, (2, 2))"),
        ((2, 1), "average_pool(x, (3, 4))"),
        (1, "jnp.mean(x, axis=(-3, -2), keepdims=True)"),
    ],
)
def test_adaptive_pools_are_plain_ones_where_the_sizes_divide(size, text):
    operation = operations["adaptive_average_pool"](size)
    assert forms.source(operation, [Type((6, 4, 3))]) == text


def drawn(x, count):
    """Many draws of one window: [count, channels]."""
    operation, kind = operations["stochastic_pool"]((2, 2)), Type((2, 2, 2))
    many = jnp.broadcast_to(x, (count, *x.shape))
    return forms.call(operation, [kind], [many], train=True)[:, 0, 0]


def test_stochastic_pool_draws_in_proportion_and_evaluates_to_the_mean():
    x = jnp.asarray([[[1, 0], [2, 5]], [[-7, 0], [4, 0]]], jnp.float32)
    draws = np.asarray(drawn(x, 4000))
    shares = [(draws[:, 0] == value).mean() for value in (1, 2, 4)]
    np.testing.assert_allclose(shares, [1 / 7, 2 / 7, 4 / 7], atol=0.03)
    assert sum(shares) == 1
    assert (draws[:, 1] == 5).all()
    operation, kind = operations["stochastic_pool"]((2, 2)), Type((2, 2, 2))
    found = forms.call(operation, [kind], [x[None]], train=False)
    np.testing.assert_allclose(found[0, 0, 0], [(1 + 4 + 16) / 7, 5], rtol=1e-6)


def test_stochastic_pool_of_nothing_positive_is_zero_and_so_is_its_gradient():
    operation, kind = operations["stochastic_pool"](2), Type((4, 2))
    for train in (True, False):
        for x in (jnp.zeros((3, 4, 2)), -jnp.ones((3, 4, 2))):
            value, gradient = jax.value_and_grad(
                lambda x, train=train: jnp.sum(forms.call(operation, [kind], [x], train=train))
            )(x)
            assert value == 0
            np.testing.assert_array_equal(gradient, 0)


def test_the_gradient_of_a_draw_goes_to_the_number_that_was_drawn():
    operation, kind = operations["stochastic_pool"](3), Type((3, 2))
    x = jnp.asarray([[[1, 2], [3, 4], [5, 6]]], jnp.float32)
    value, back = jax.vjp(lambda x: forms.call(operation, [kind], [x]), x)
    [gradient] = back(jnp.ones_like(value))
    np.testing.assert_array_equal(gradient, (x == value).astype(jnp.float32))
