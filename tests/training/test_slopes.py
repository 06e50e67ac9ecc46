"""The gradient of a value among the values of `train`."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from players import batch_of, dense, module_of

PENALTY = """
graphc: 1
networks:
  generator: {inputs: {z: [3]}, layers: [{dense: 8}, tanh, {dense: 4}]}
  critic: {inputs: {x: [4]}, layers: [{dense: 8}, tanh, {dense: 1}]}
data: iris
train:
  values:
    z: {normal: [3]}
    fake: generator(z)
    share: {uniform: []}
    mixed: share * features + (1 - share) * fake
    score: critic(mixed)
    slope: {gradient: {of: score, with_respect_to: mixed}}
    penalty: (norm(slope) - 1) ** 2
  objectives:
    critic:
      minimize: critic(fake) - critic(features) + 10 * penalty
      update: critic
      optimizer: {sgd: 0.1}
    generator: {maximize: critic(fake), update: generator, optimizer: {sgd: 0.1}}
  schedule: [critic, generator]
  batch_size: 8
"""


def critic_loss(critic, generator, module, batch, key):
    """The loss of Gulrajani et al. as one writes it by hand, an example at a time."""
    x, place = batch["features"], module.at(key, "training")
    fake = dense(generator, jax.random.normal(module.at(place, "z"), (len(x), 3)))
    share = jax.random.uniform(module.at(place, "share"), (len(x),))[:, None]
    slope = jax.vmap(jax.grad(lambda one: dense(critic, one[None])[0, 0]))
    penalty = (jnp.linalg.norm(slope(share * x + (1 - share) * fake), axis=1) - 1) ** 2
    return jnp.mean((dense(critic, fake) - dense(critic, x))[:, 0] + 10 * penalty)


def moved(module, state, batch, key):
    after, _ = jax.jit(lambda *given: module.move(given[0], ("critic",), *given[1:]))(
        state, batch, key
    )
    return after["params"]["critic"]


def assert_same(one, other, **near):
    near = {"rtol": 1e-4, "atol": 1e-5} | near
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **near), one, other)


def test_a_penalty_moves_weights_as_one_written_by_hand():
    module, batch, key = module_of(PENALTY), batch_of(8), jax.random.key(1)
    state = module.init(jax.random.key(0))
    critic, generator = state["params"]["critic"], state["params"]["generator"]
    slope = jax.grad(critic_loss)(critic, generator, module, batch, key)
    by_hand = jax.tree.map(lambda weight, by: weight - 0.1 * by, critic, slope)
    assert_same(moved(module, state, batch, key), by_hand)


def test_a_penalty_has_the_numeric_gradient():
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        module, batch, key = module_of(PENALTY), batch_of(8), jax.random.key(1)
        state = module.init(jax.random.key(0))
        params = jax.tree.map(lambda each: each.astype(jnp.float64), state["params"])
        batch["features"] = batch["features"].astype(jnp.float64)

        def loss(critic):
            given = params | {"critic": critic}
            outputs, _ = module.forward(given, state["statistics"], batch, train=True, key=key)
            return module.objectives(outputs)["critic"]

        critic = params["critic"]
        along = jax.tree.map(
            lambda each: jnp.cos(jnp.arange(each.size)).reshape(each.shape), critic
        )
        at = lambda by: loss(jax.tree.map(lambda w, d: w + by * d, critic, along))  # noqa: E731
        found = sum(map(jnp.vdot, *map(jax.tree.leaves, (jax.grad(loss)(critic), along))))
        np.testing.assert_allclose(found, (at(1e-6) - at(-1e-6)) / 2e-6, rtol=1e-5)


def test_rows_that_pad_a_batch_change_nothing():
    module, key = module_of(PENALTY), jax.random.key(1)
    state, whole = module.init(jax.random.key(0)), batch_of(8, there=5)
    other = whole | {"features": whole["features"].at[5:].set(7.0)}
    assert_same(moved(module, state, whole, key), moved(module, state, other, key))


@pytest.mark.parametrize("extra", ["", " + 0.1 * score"])
def test_what_lies_between_is_computed_once_for_the_number_and_its_gradient(extra):
    """As many products as in the loss that is written by hand."""
    module = module_of(PENALTY.replace("10 * penalty", f"10 * penalty{extra}"))
    state, batch, key = module.init(jax.random.key(0)), batch_of(8), jax.random.key(1)

    def by_hand(critic, generator):
        x, place = batch["features"], module.at(key, "training")
        fake = dense(generator, jax.random.normal(module.at(place, "z"), (len(x), 3)))
        mixed = 0.5 * x + 0.5 * fake
        slope, score = jax.grad(lambda x: (jnp.sum(dense(critic, x)),) * 2, has_aux=True)(mixed)
        loss = dense(critic, fake) - dense(critic, x) + (score if extra else 0.0)
        return jnp.mean(loss) + jnp.mean((jnp.linalg.norm(slope, axis=1) - 1) ** 2)

    def products(function, *arguments):
        return len(re.findall(r"dot_general", jax.jit(function).lower(*arguments).as_text()))

    def own(critic):
        params = state["params"] | {"critic": critic}
        outputs, _ = module.forward(params, state["statistics"], batch, train=True, key=key)
        return module.objectives(outputs)["critic"]

    params = state["params"]
    wanted = products(jax.grad(by_hand), params["critic"], params["generator"])
    assert products(jax.grad(own), params["critic"]) == wanted


def test_random_numbers_are_those_of_the_value():
    """The gradient is that of the score with the same numbers dropped."""
    text = PENALTY.replace("tanh, {dense: 1}", "tanh, {dropout: 0.5}, {dense: 1}")
    text = text.replace("penalty: (", "linear: sum(slope * mixed)\n    penalty: (")
    text = text.replace("10 * penalty", "0 * linear + 0 * mean(score)")
    module, batch, key = module_of(text), batch_of(8), jax.random.key(1)
    model = module.build(jax.random.key(0))
    critic, place = model["critic"], module.at(key, "training")
    z = jax.random.normal(module.at(place, "z"), (8, 3))
    share = jax.random.uniform(module.at(place, "share"), (8,))[:, None]
    mixed = share * batch["features"] + (1 - share) * model["generator"](z)

    def score(x):
        return jnp.sum(critic(x, train=True, key=module.at(place, "score")))

    outputs = module.call(model, batch, train=True, key=key)
    found = dict(zip(module.VALUES, outputs, strict=True))
    linear = jnp.sum(jax.grad(score)(mixed) * mixed, axis=1)
    np.testing.assert_allclose(found["linear"], jnp.mean(linear), rtol=1e-5)


EQUATION = """
graphc: 1
networks:
  solution: {inputs: {t: [1]}, layers: [{dense: 32}, tanh, {dense: 32}, tanh, {dense: 1}]}
data: iris
train:
  values:
    t: {uniform: {shape: [1], high: 2.0}}
    u: 1 + t * solution(t)
    u_t: {gradient: {of: u, with_respect_to: t}}
  objectives:
    equation: {minimize: (u_t + u) ** 2, update: solution, optimizer: {adam: 0.01}}
  batch_size: 64
"""


def test_a_network_learns_the_solution_of_an_equation():
    """`u' = -u` from `u(0) = 1` is `exp(-t)`."""
    module = module_of(EQUATION)
    state, batch = module.init(jax.random.key(0)), {"label": jnp.zeros(64, jnp.int32)}
    step = jax.jit(lambda state, i: module.train_step(state, batch, jax.random.key(i)))
    state, _ = jax.lax.scan(step, state, jnp.arange(1500))
    t = jnp.linspace(0, 2, 50)[:, None]
    u = 1 + t * module_call(module, state, t)
    assert float(jnp.max(jnp.abs(u / jnp.exp(-t) - 1))) < 0.01


def module_call(module, state, t):
    params = state["params"]["solution"]
    x = jnp.tanh(t @ params["dense"]["kernel"] + params["dense"]["bias"][None])
    x = jnp.tanh(x @ params["dense_2"]["kernel"] + params["dense_2"]["bias"][None])
    return x @ params["dense_3"]["kernel"] + params["dense_3"]["bias"][None]
