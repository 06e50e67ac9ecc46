"""Dropout of what is held as the numbers that are not 0."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.extend.core import jaxprs_in_params

from graphc.data.sparse_forms import by_column
from graphc.emit.library.sparse import Sparse, of_values

RATE = 0.25


def dropped(x, key):
    return of_values(nnx.Dropout(RATE), x, deterministic=False, rngs=key)


def test_dropout_draws_for_the_numbers_that_are_not_zero_and_scales_those_it_keeps():
    draw = np.random.default_rng(0)
    whole = np.where(draw.uniform(size=(50, 400)) < 0.1, draw.normal(size=(50, 400)), 0)
    held = by_column("x", whole.astype(np.float32))
    columns, values = (jnp.asarray(each) for each in held.values())

    found = dropped(Sparse(columns, values), jax.random.key(0))
    kept = np.asarray(found.values) != 0
    assert (found.columns == columns).all()
    np.testing.assert_allclose(found.values, np.where(kept, values / (1 - RATE), 0), rtol=1e-6)
    share = kept.sum() / (np.asarray(values) != 0).sum()
    assert abs(share - (1 - RATE)) < 0.05

    def numbers(key):
        return dropped(Sparse(columns, values), key).values

    drawn = [
        each.outvars[0].aval.shape
        for each in equations(jax.make_jaxpr(numbers)(jax.random.key(0)).jaxpr)
        if each.primitive.name == "random_bits"
    ]
    assert drawn == [values.shape]


def equations(jaxpr):
    """Every equation, those inside others too."""
    for each in jaxpr.eqns:
        yield each
        for inner in jaxprs_in_params(each.params):
            yield from equations(inner)
