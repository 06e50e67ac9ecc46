"""Dropout by 16 random bits for each number, and of what is held as the numbers that are not 0."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxprs_in_params

from graphc.data.sparse_forms import by_column
from graphc.emit.library.dropout import Dropout, bits_16
from graphc.emit.library.sparse import Sparse, of_values

KEY = jax.random.key(0)


def dropped(rate, x, key=KEY):
    return Dropout(rate)(x, deterministic=False, rngs=key)


@pytest.mark.parametrize("shape", [(), (1,), (2, 0), (7, 3), (128,), (5, 129)], ids=str)
def test_four_draws_come_of_a_hash(shape):
    bits = bits_16(KEY, shape)
    assert bits.shape == shape
    assert bits.dtype == jnp.uint16
    assert hashes(lambda key: bits_16(key, shape), KEY) == -(-bits.size // 128) * 32


def test_draws_are_even_and_know_nothing_of_each_other():
    bits = np.asarray(bits_16(KEY, (400_000,)))
    counts = np.bincount(bits >> 8, minlength=256)
    assert ((counts - 400_000 / 256) ** 2).sum() / (400_000 / 256) < 350  # chi-squared, 255 free
    for apart in (1, 2, 3, 64, 128, 200_000):  # of one word, of one hash, and of others
        both = np.corrcoef(bits[:-apart] < 2**15, bits[apart:] < 2**15)
        assert abs(both[0, 1]) < 0.01


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 1 / 3])
def test_dropout_drops_the_share_it_is_told_and_keeps_the_mean(rate):
    y = np.asarray(dropped(rate, jnp.ones((1000, 1000))))
    assert set(np.unique(y)) == {np.float32(0), y.max()}
    np.testing.assert_allclose(y.max(), 1 / (1 - rate), rtol=1e-4)
    np.testing.assert_allclose((y == 0).mean(), rate, atol=0.002)
    np.testing.assert_allclose(y.mean(), 1, atol=0.01)


def test_rates_next_to_0_and_1_are_rounded_so_that_the_mean_is_kept():
    x = jnp.ones((1000, 1000))
    assert (dropped(1e-9, x) == x).all()
    y = np.asarray(dropped(1 - 1e-9, x))
    assert set(np.unique(y)) == {0, 65536}


def test_runs_side_by_side_drop_what_each_drops_alone():
    keys, x = jax.random.split(KEY, 3), jnp.ones((5, 40))
    together = jax.jit(jax.vmap(lambda key: dropped(0.5, x, key)))(keys)
    for key, y in zip(keys, together, strict=True):
        assert (dropped(0.5, x, key) == y).all()
    assert not (together[0] == together[1]).all()


@pytest.mark.parametrize("kind", ["rbg", "unsafe_rbg"])
def test_keys_of_other_kinds_draw_as_they_do(kind):
    key = jax.random.key(0, impl=kind)
    bits = bits_16(key, (1000,))
    assert (bits == jax.random.bits(key, (1000,), jnp.uint16)).all()


def test_dropout_draws_for_the_numbers_that_are_not_zero_and_scales_those_it_keeps():
    rate, draw = 0.25, np.random.default_rng(0)
    whole = np.where(draw.uniform(size=(50, 400)) < 0.1, draw.normal(size=(50, 400)), 0)
    held = by_column("x", whole.astype(np.float32))
    columns, values = (jnp.asarray(each) for each in held.values())

    def found(key):
        return of_values(Dropout(rate), Sparse(columns, values), deterministic=False, rngs=key)

    y = found(KEY)
    kept = np.asarray(y.values) != 0
    assert (y.columns == columns).all()
    np.testing.assert_allclose(y.values, np.where(kept, values / (1 - rate), 0), rtol=1e-6)
    share = kept.sum() / (np.asarray(values) != 0).sum()
    assert abs(share - (1 - rate)) < 0.05
    assert hashes(lambda key: found(key).values, KEY) == -(-values.size // 128) * 32


def hashes(function, key):
    """How many hashes a function of a key makes."""
    found = equations(jax.make_jaxpr(function)(key).jaxpr)
    return sum(each.outvars[0].aval.size for each in found if each.primitive.name == "threefry2x32")


def equations(jaxpr):
    """Every equation, those inside others too."""
    for each in jaxpr.eqns:
        yield each
        for inner in jaxprs_in_params(each.params):
            yield from equations(inner)
