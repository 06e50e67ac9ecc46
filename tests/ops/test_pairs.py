"""Scores of pairs of nodes against numpy, and the pairs that training draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc.testing.forms as forms
from graphc.core.operation import ShapeError
from graphc.core.registry import operations
from graphc.core.types import BATCH, NODES, PAIRS, TIME, Type
from graphc.emit.library.pairs import are_among, asked_pairs, drawn_anew

KIND = Type((3,), domain=(BATCH, NODES))
OVER_TIME = Type((3,), domain=(BATCH, TIME, NODES))
ASKED = np.array([[[0, 1], [1, 0], [2, 3]], [[3, 0], [1, 2], [2, 1]]], np.int32)
X = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
FORMS = {
    "dot": {},
    "bilinear": {"method": "bilinear"},
    "bilinear, directed": {"method": "bilinear", "directed": True},
    "mlp": {"method": "mlp", "hidden": 5},
    "mlp, directed": {"method": "mlp", "hidden": 5, "directed": True},
}


def built(name, kind=KIND):
    """An operation, its module and its arrays, none of which is 0 by chance."""
    operation = operations["edge_score"](**FORMS[name])
    module, draw = forms.build(operation, [kind]), np.random.default_rng(1)
    arrays = {}
    for path, variable in forms.arrays(module).items():
        arrays[path] = draw.normal(size=variable.get_value().shape).astype(np.float32)
        variable.set_value(jnp.asarray(arrays[path]))
    return operation, module, arrays


def reference(operation, arrays, u, v):
    """The score of what two nodes hold."""
    if operation.method == "dot":
        return u @ v
    both = (u, v), (v, u)
    orders = both[:1] if operation.directed else both
    if operation.method == "bilinear":
        return np.mean([one @ arrays["kernel"] @ other for one, other in orders])
    units = [np.concatenate(order) @ arrays["kernel"] + arrays["bias"] for order in orders]
    return np.mean([np.maximum(each, 0) @ arrays["score"] for each in units]) + arrays["offset"]


@pytest.mark.parametrize("name", FORMS)
def test_each_pair_has_the_score_of_its_two_nodes(name):
    operation, module, arrays = built(name)
    found = forms.call(operation, [KIND], [jnp.asarray(X)], module, pairs=jnp.asarray(ASKED))
    expected = [
        [reference(operation, arrays, x[first], x[second]) for first, second in pairs]
        for x, pairs in zip(X, ASKED, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    turned = forms.call(
        operation, [KIND], [jnp.asarray(X)], module, pairs=jnp.asarray(ASKED[..., ::-1])
    )
    assert np.allclose(turned, found, atol=1e-5) == (not operation.directed)


@pytest.mark.parametrize("name", ["dot", "mlp"])
def test_every_step_over_the_nodes_has_scores_of_its_own(name):
    operation, module, _ = built(name, OVER_TIME)
    x = jnp.asarray(np.random.default_rng(2).normal(size=(2, 5, 4, 3)), jnp.float32)
    pairs = jnp.asarray(ASKED)
    assert operation.infer(OVER_TIME).domain == (BATCH, TIME, PAIRS)
    found = forms.call(operation, [OVER_TIME], [x], module, pairs=pairs)
    for step in range(5):
        alone = forms.call(operation, [KIND], [x[:, step]], module, pairs=pairs)
        np.testing.assert_allclose(found[:, step], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Type((3,)), "has none"),
        (Type((3, 2), domain=(BATCH, NODES)), r"needs \[features\] at each node"),
        (Type((3,), "int", 4, (BATCH, NODES)), "needs floats"),
    ],
)
def test_what_has_no_features_at_nodes_is_refused(kind, words):
    with pytest.raises(ShapeError, match=words):
        operations["edge_score"]().infer(kind)


NODES_OF_SIX = 6
LINKS = np.array([[0, 1], [0, 4], [1, 2], [2, 3], [2, 5], [4, 5]], np.int32)


def drawn(seed, directed=False, count=500):
    pairs = np.concatenate([LINKS, np.zeros((count, 2), np.int32)])
    behind = np.arange(len(pairs)) >= len(LINKS)
    key = jax.random.key(seed)
    found = drawn_anew(
        jnp.asarray(pairs), jnp.asarray(behind), jnp.array(directed), NODES_OF_SIX, key
    )
    assert (np.asarray(found[: len(LINKS)]) == LINKS).all()
    return [tuple(pair) for pair in np.asarray(found[len(LINKS) :]).tolist()]


@pytest.mark.parametrize("directed", [False, True])
def test_pairs_that_are_not_linked_are_drawn_each_as_often_as_the_others(directed):
    links = set(map(tuple, LINKS.tolist()))
    every = {(u, v) for u in range(6) for v in range(6) if (u != v if directed else u < v)}
    found = drawn(0, directed, count=6000)
    assert set(found) == every - links
    counts = np.array([found.count(pair) for pair in every - links])
    expected = 6000 / len(counts)
    assert (abs(counts - expected) < 5 * expected**0.5).all()


def test_the_same_key_draws_the_same_pairs():
    assert drawn(1) == drawn(1) != drawn(2)


def test_pairs_are_drawn_in_float64_too():
    with jax.enable_x64(True):
        assert drawn(1)


def test_pairs_are_found_among_sorted_links():
    every = np.array([[u, v] for u in range(7) for v in range(7)], np.int32)
    found = are_among(jnp.asarray(every), jnp.asarray(LINKS))
    links = LINKS.tolist()
    assert np.asarray(found).tolist() == [pair in links for pair in every.tolist()]


def test_pairs_stand_as_they_are_but_for_those_that_training_draws():
    batch = {
        "pairs:ends": jnp.asarray(LINKS)[None],
        "pairs:drawn": jnp.arange(6)[None] >= 4,
        "pairs:directed": jnp.array([False]),
        "pairs:nodes": jnp.array([6]),
    }
    key = jax.random.key(3)
    asked = [
        asked_pairs(batch, train=False, key=key),
        asked_pairs(batch, train=True, key=None),
        asked_pairs({"pairs:ends": batch["pairs:ends"]}, train=True, key=key),
    ]
    assert all((each == LINKS[None]).all() for each in asked)
    found = np.asarray(asked_pairs(batch, train=True, key=key))[0]
    assert (found[:4] == LINKS[:4]).all()
    assert not {(2, 5), (4, 5)} >= set(map(tuple, found[4:].tolist()))
