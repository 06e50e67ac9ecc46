"""Initialisers: the moments, zeros and matrices that their names promise."""

import ast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc.ops
from graphc.core.operation import ShapeError
from graphc.core.registry import initializers, operations
from graphc.core.types import Type
from graphc.ops.given import Given

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
KERNEL, KEY = (3, 5, 40, 60), jax.random.key(3)
FAN_IN, FAN_OUT = 15 * 40, 15 * 60
MEAN = (FAN_IN + FAN_OUT) / 2


def drawn(flax_form, shape, name, **attributes):
    draw = flax_form.initializer(initializers[name](**attributes))
    found = draw(KEY, shape, jnp.float32)
    assert found.shape == shape
    assert found.dtype == jnp.float32
    return np.asarray(found)


@pytest.mark.parametrize(
    ("name", "attributes", "mean", "variance"),
    [
        ("normal", {"stddev": 0.5}, 0, 0.25),
        ("normal", {"stddev": 0.5, "mean": 1.0}, 1, 0.25),
        ("truncated_normal", {"stddev": 1.0}, 0, 0.7737),
        ("uniform", {"high": 1.0}, 0.5, 1 / 12),
        ("uniform", {"low": -1.0, "high": 2.0}, 0.5, 9 / 12),
        ("lecun_normal", {}, 0, 1 / FAN_IN),
        ("lecun_uniform", {}, 0, 1 / FAN_IN),
        ("he_normal", {}, 0, 2 / FAN_IN),
        ("he_uniform", {}, 0, 2 / FAN_IN),
        ("glorot_normal", {}, 0, 1 / MEAN),
        ("glorot_uniform", {}, 0, 1 / MEAN),
        ("variance_scaling", {"scale": 3.0}, 0, 3 / FAN_IN),
        ("variance_scaling", {"mode": "fan_out", "distribution": "normal"}, 0, 1 / FAN_OUT),
        ("variance_scaling", {"mode": "fan_avg", "distribution": "uniform"}, 0, 1 / MEAN),
        ("variance_scaling", {"mode": "fan_geo_avg"}, 0, (FAN_IN * FAN_OUT) ** -0.5),
        ("sparse", {"sparsity": 0.25, "stddev": 0.5}, 0, 0.75 * 0.25),
    ],
)
def test_mean_and_variance_are_as_promised(flax_form, name, attributes, mean, variance):
    found = drawn(flax_form, KERNEL, name, **attributes).astype(np.float64)
    np.testing.assert_allclose(found.mean(), mean, atol=4 * (variance / found.size) ** 0.5)
    np.testing.assert_allclose(found.var(), variance, rtol=0.03)


@pytest.mark.parametrize(("name", "bound"), [("he_uniform", 6), ("lecun_uniform", 3)])
def test_uniform_ones_have_their_bounds(flax_form, name, bound):
    found = np.abs(drawn(flax_form, KERNEL, name))
    np.testing.assert_allclose(found.max(), (bound / FAN_IN) ** 0.5, rtol=1e-3)


def test_a_mean_moves_the_same_numbers(flax_form):
    moved = drawn(flax_form, KERNEL, "normal", stddev=0.5, mean=1.0)
    np.testing.assert_allclose(moved - 1, drawn(flax_form, KERNEL, "normal", stddev=0.5), atol=1e-6)


@pytest.mark.parametrize("sparsity", [0.0, 0.8])
@pytest.mark.parametrize("size", [2, 30, 100])
def test_the_spectral_radius_is_as_asked(flax_form, size, sparsity):
    sparsity = min(sparsity, 1 - 2 / size)
    found = drawn(flax_form, (size, size), "spectral_radius", radius=1.2, sparsity=sparsity)
    values = np.linalg.eigvals(found.astype(np.float64))
    np.testing.assert_allclose(np.abs(values).max(), 1.2, rtol=2e-3)
    np.testing.assert_allclose((found == 0).mean(), sparsity, atol=0.1)


def test_the_spectral_radius_is_the_same_side_by_side(flax_form):
    draw = flax_form.initializer(initializers["spectral_radius"](radius=0.9, sparsity=0.5))
    keys = jax.random.split(KEY, 3)
    several = jax.vmap(lambda key: draw(key, (20, 20), jnp.float32))(keys)
    for key, found in zip(keys, several, strict=True):
        np.testing.assert_allclose(found, draw(key, (20, 20), jnp.float32), rtol=1e-5)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (3, 2, 5)], ids=str)
def test_orthogonal_kernels_are_orthogonal_matrices(flax_form, shape):
    found = drawn(flax_form, shape, "orthogonal", scale=2.0).reshape(-1, shape[-1])
    small = found @ found.T if len(found) < shape[-1] else found.T @ found
    np.testing.assert_allclose(small, 4 * np.eye(min(found.shape)), atol=1e-5)


def test_delta_orthogonal_keeps_lengths(flax_form):
    found = drawn(flax_form, (3, 3, 4, 6), "delta_orthogonal")
    np.testing.assert_allclose(found[1, 1] @ found[1, 1].T, np.eye(4), atol=1e-5)
    assert np.count_nonzero(found) == np.count_nonzero(found[1, 1])


@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 3)], ids=str)
def test_identity_hands_images_on(flax_form, kernel):
    attributes = {"features": 4, "kernel": kernel, "bias": False}
    operation = operations["conv"](kernel_init=initializers["identity"](2.0), **attributes)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 6, 4)), jnp.float32)
    kind = Type((5, 6, 4))
    y = flax_form.call(operation, [kind], [x], flax_form.build(operation, [kind]))
    np.testing.assert_allclose(y, 2 * x, rtol=1e-6)


def test_identity_of_unequal_sizes_is_a_part_of_the_unit_matrix(flax_form):
    np.testing.assert_array_equal(drawn(flax_form, (3, 5), "identity"), np.eye(3, 5))


def test_sparse_takes_the_same_share_from_each_output(flax_form):
    found = drawn(flax_form, (20, 7), "sparse", sparsity=0.75)
    assert ((found == 0).sum(axis=0) == 15).all()
    found = drawn(flax_form, (3, 3, 4, 7), "sparse", sparsity=0.5)
    assert ((found == 0).sum(axis=(0, 1, 2)) == 18).all()


DRAWING = [each.name for each in initializers if not issubclass(each, Given)]


@pytest.mark.parametrize("name", DRAWING)
def test_every_initializer_draws_what_it_does_not_refuse(flax_form, name):
    required = {each.name: 0.3 for each in initializers[name].attributes() if each.required}
    made = initializers[name](**required)
    draw = flax_form.initializer(made)
    for shape in [(), (3,), (3, 4), (4, 3), (4, 4), (2, 4, 3), (3, 3, 4, 8), (2, 2, 2, 3, 3)]:
        try:
            made.check(shape)
        except ShapeError:
            assert len(shape) < 2 or name in ("delta_orthogonal", "spectral_radius")
        else:
            assert draw(KEY, shape, jnp.float32).shape == shape


def test_plain_calls_are_written_where_jax_has_them():
    uniform, normal = initializers["uniform"], initializers["normal"]
    for made, text in [
        (uniform(0.1), "nnx.initializers.uniform(0.1)"),
        (uniform(0.1, -0.1), "uniform_between(-0.1, 0.1)"),
        (normal(0.1), "nnx.initializers.normal(0.1)"),
        (normal(0.1, 1.0), "normal_around(1.0, 0.1)"),
    ]:
        values = {each.name: getattr(made, each.name) for each in made.attributes()}
        assert ast.unparse(made.build.fill(values)) == text
