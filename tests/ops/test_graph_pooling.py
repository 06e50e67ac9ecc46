"""One value for each graph against numpy, for padded graphs and their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc.testing.forms as forms
from graphc.core.operation import ShapeError
from graphc.core.registry import operations
from graphc.core.types import BATCH, NODES, TIME, Type, uneven

KIND = uneven(Type((3,), domain=(BATCH, NODES)), {"nodes"})
OVER_TIME = uneven(Type((3,), domain=(BATCH, TIME, NODES)), {"nodes"})
SIZES = (4, 1, 3)
MASK = jnp.arange(4)[None] < jnp.array(SIZES)[:, None]
WORDS = ["sum", "mean", "max", "attention"]


def pool(word):
    return operations["graph_pool"](aggregate=word)


def module_and_score(operation):
    module = forms.build(operation, [KIND])
    score = None if module is None else np.array([[0.7], [-1.2], [0.4]], np.float32)
    if module is not None:
        module.score.set_value(jnp.asarray(score))
    return module, score


def reference(word, score, x):
    """The value of one graph, x [nodes, n]."""
    if word != "attention":
        return getattr(jnp, word)(x, axis=0)
    weights = jnp.exp(x @ score)
    return (weights / weights.sum() * x).sum(axis=0)


def values(shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.mark.parametrize("word", WORDS)
def test_each_graph_has_the_value_that_it_has_alone(word):
    operation = pool(word)
    module, score = module_and_score(operation)
    x = values((3, 4, 3))
    found = forms.call(operation, [KIND], [x], module, mask=MASK)
    for graph, size in enumerate(SIZES):
        expected = reference(word, score, x[graph, :size])
        np.testing.assert_allclose(found[graph], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("word", WORDS)
def test_gradients_are_those_of_each_graph_alone_and_0_for_padding(word):
    operation = pool(word)
    module, score = module_and_score(operation)
    x = values((3, 4, 3))

    def padded(x):
        return (forms.call(operation, [KIND], [x], module, mask=MASK) ** 2).sum()

    def alone(x):
        several = (reference(word, score, x[i, :size]) for i, size in enumerate(SIZES))
        return sum((each**2).sum() for each in several)

    found = jax.grad(padded)(x)
    np.testing.assert_allclose(found, jax.grad(alone)(x), rtol=1e-4, atol=1e-5)
    assert not np.asarray(found)[~np.asarray(MASK)].any()


@pytest.mark.parametrize("word", WORDS)
def test_each_step_is_pooled_by_itself(word):
    operation = pool(word)
    module, _ = module_and_score(operation)
    x = values((3, 2, 4, 3))
    found = forms.call(operation, [OVER_TIME], [x], module, mask=MASK)
    assert found.shape == (3, 2, 3)
    for step in range(2):
        expected = forms.call(operation, [KIND], [x[:, step]], module, mask=MASK)
        np.testing.assert_allclose(found[:, step], expected, rtol=1e-5, atol=1e-6)


def test_an_absent_example_gives_numbers_and_gradients_that_are_finite():
    operation = pool("attention")
    module, _ = module_and_score(operation)
    none = jnp.zeros((3, 4), bool)

    def value(x):
        return forms.call(operation, [KIND], [x], module, mask=none).sum()

    assert np.isfinite(jax.grad(value)(values((3, 4, 3)))).all()


def test_the_softmax_over_nodes_is_that_of_each_graph():
    operation = operations["softmax"](over="nodes")
    x = values((3, 4, 3))
    found = np.asarray(forms.call(operation, [KIND], [x], mask=MASK))
    for graph, size in enumerate(SIZES):
        expected = jax.nn.softmax(x[graph, :size], axis=0)
        np.testing.assert_allclose(found[graph, :size], expected, rtol=1e-5)
        assert not found[graph, size:].any()


@pytest.mark.parametrize(
    ("kind", "word", "words"),
    [
        (Type((3,)), "sum", "makes one value of all nodes, but its input [3] has none"),
        (Type((3,), domain=(BATCH, TIME)), "mean", "but its input [time, 3] has none"),
        (Type((), "int", 4, (BATCH, NODES)), "max", "needs floats"),
        (Type((2, 3), domain=(BATCH, NODES)), "attention", "needs [features] at each node"),
        (Type((), domain=(BATCH, NODES)), "attention", "needs [features] at each node"),
    ],
)
def test_what_cannot_be_pooled_is_told(kind, word, words):
    with pytest.raises(ShapeError) as caught:
        pool(word).infer(kind)
    assert words in caught.value.message
