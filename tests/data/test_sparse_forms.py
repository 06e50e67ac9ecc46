"""Arrays of which most numbers are 0, as programs are handed them."""

from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from graphc.data.sparse_forms import by_column
from graphc.emit.library.dropout import Dropout
from graphc.emit.library.sparse import held, of_values, sparse_dot


def some(*shape, share=0.1):
    """An array of which so many numbers are not 0, and in one row all."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=shape) * (draw.uniform(size=shape) < share)
    x[(0,) * (len(shape) - 1)] = 1
    return x.astype(np.float32)


@pytest.mark.parametrize("price", [0, 1, 2, 20, inf])
@pytest.mark.parametrize("shape", [(6, 40), (1, 7, 40), (3, 5, 40)])
def test_a_sparse_array_is_its_numbers_and_where_they_are(shape, price):
    x = some(*shape)
    found = by_column("x", x, price)
    again = np.zeros_like(x)
    for place in np.ndindex(found["x:columns"].shape):
        again[(*place[:-1], found["x:columns"][place])] += found["x:values"][place]
    more = [found.get(f"x:more:{part}", np.zeros((1, 0))) for part in ("rows", "columns", "values")]
    for example, number in np.ndindex(more[0].shape):
        row, column, value = (each[example, number] for each in more)
        again[example, row, column] += value
    np.testing.assert_array_equal(again, x)
    assert (np.diff(more[0]) >= 0).all(), "sums of what is in order are faster"
    assert ("x:more:rows" in found) == (price <= 2 and len(shape) == 3)


def test_an_array_of_zeros_keeps_a_place():
    for shape in (2, 3), (1, 2, 3):
        assert by_column("x", np.zeros(shape), 2)["x:values"].shape == (*shape[:-1], 1)


@pytest.mark.parametrize("examples", [1, 3])
def test_products_are_those_of_the_whole_array(examples):
    x = some(examples, 7, 40)
    kernel = np.random.default_rng(1).normal(size=(40, 5)).astype(np.float32)
    numbers = (((2,), (0,)), ((), ()))

    def loss(kernel, x):
        return jnp.sum(jnp.sin(sparse_dot(x, kernel, numbers)))

    few = held(by_column("x", x, 2), "x")
    assert few.more is not None
    found, wanted = (jax.value_and_grad(loss)(kernel, each) for each in (few, jnp.asarray(x)))
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-5)
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-4, atol=1e-5)


def test_a_dropout_is_one_of_all_numbers():
    few = held(by_column("x", some(2, 7, 40), 2), "x")
    key = jax.random.key(0)
    found = of_values(Dropout(0.5), few, deterministic=False, rngs=key)
    for before, after in ((few.values, found.values), (few.more[2], found.more[2])):
        after = np.asarray(after)
        assert ((after == 0) | np.isclose(after, 2 * before)).all()
        assert 0.2 < (after != 0).sum() / (before != 0).sum() < 0.8
    twice = (found.values[0].ravel()[:10] != 0).tolist(), (found.more[2][0][:10] != 0).tolist()
    assert twice[0] != twice[1], "they are not drawn twice alike"
