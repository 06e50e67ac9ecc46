"""Noise while training, and nothing in evaluation."""

import ast

import jax.numpy as jnp
import numpy as np
import pytest

import graphc.ops
from graphc.core.registry import operations
from graphc.core.types import BATCH, Axis, Type

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
STREAM = (BATCH, Axis("time", "time"))
NOISES = {
    "dropout": 0.4,
    "spatial_dropout": 0.4,
    "drop_path": 0.4,
    "gaussian_noise": 0.4,
    "gaussian_dropout": 0.4,
    "alpha_dropout": 0.4,
}
KIND = Type((4, 5))


def noised(flax_form, name, kind, x, **options):
    operation = operations[name](NOISES[name])
    return flax_form.call(operation, [kind], [x], flax_form.build(operation, [kind]), **options)


@pytest.mark.parametrize("name", NOISES)
def test_noise_depends_on_its_key_alone_and_evaluation_has_none(flax_form, name):
    x = jnp.ones((30, 4, 5))
    one, again = (noised(flax_form, name, KIND, x, seed=1) for _ in range(2))
    other = noised(flax_form, name, KIND, x, seed=2)
    assert (one == again).all()
    assert not (one == other).all()
    assert (noised(flax_form, name, KIND, x, train=False) == x).all()


@pytest.mark.parametrize("name", ["dropout", "spatial_dropout", "drop_path", "gaussian_dropout"])
def test_noise_keeps_the_mean(flax_form, name):
    kind, x = Type((2, 40)), jnp.full((2000, 2, 40), 3.0)
    assert abs(jnp.mean(noised(flax_form, name, kind, x)) - 3) < 0.15


@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5), (2, 1, 2, 5)], ids=str)
def test_spatial_dropout_takes_whole_channels(flax_form, shape):
    x = jnp.ones((30, *shape))
    y = noised(flax_form, "spatial_dropout", Type(shape), x).reshape(30, -1, 5)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.6)}
    assert 0.2 < (y == 0).mean() < 0.6


@pytest.mark.parametrize(
    "kind", [Type(()), Type((2, 5)), Type((3,), domain=STREAM), Type((3,), domain=())], ids=str
)
def test_drop_path_takes_whole_examples(flax_form, kind):
    x = jnp.ones((*(30, 4)[: len(kind.domain)], *kind.shape))
    y = noised(flax_form, "drop_path", kind, x)
    y = y.reshape(30 if kind.domain else 1, -1)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) <= {np.float32(0), np.float32(1 / 0.6)}
    assert not kind.domain or 0.1 < (y == 0).mean() < 0.7


def test_gaussian_noise_has_its_standard_deviation(flax_form):
    x = jnp.full((200, 4, 5), 3.0)
    noise = noised(flax_form, "gaussian_noise", KIND, x) - x
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, 0.4], atol=0.02)


def test_gaussian_dropout_has_the_variance_of_dropout(flax_form):
    x = jnp.full((500, 4, 5), 3.0)
    for name in ("gaussian_dropout", "dropout"):
        factor = noised(flax_form, name, KIND, x) / x
        np.testing.assert_allclose(factor.std(), (0.4 / 0.6) ** 0.5, rtol=0.05)


def test_alpha_dropout_keeps_mean_and_variance_and_has_one_lower_value(flax_form):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3000, 4, 5)), jnp.float32)
    y = noised(flax_form, "alpha_dropout", KIND, x)
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=0.02)
    values, counts = np.unique(y, return_counts=True)
    np.testing.assert_allclose(counts.max() / y.size, 0.4, atol=0.02)
    # The affine map of the paper, with alpha' = -1.7581 and q = 0.6.
    limit, q = -1.7580993408473766, 0.6
    a = (q + limit**2 * q * (1 - q)) ** -0.5
    expected = a * limit - a * (1 - q) * limit
    np.testing.assert_allclose(values[counts.argmax()], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("spatial_dropout", Type((2, 3, 5)), "nnx.Dropout(0.4, broadcast_dims=(-3, -2))"),
        ("drop_path", Type((2, 5)), "nnx.Dropout(0.4, broadcast_dims=(1, 2))"),
        ("drop_path", Type(()), "nnx.Dropout(0.4)"),
    ],
)
def test_noise_is_dropout_of_flax_where_that_can_say_it(flax_form, name, kind, text):
    operation = operations[name](0.4)
    values = {"rate": 0.4, **operation.holes(kind)}
    assert ast.unparse(operation.build.fill(values)) == text
