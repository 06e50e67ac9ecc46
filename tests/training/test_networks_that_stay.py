"""Frozen networks, copies and averages, and whose running statistics move."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from players import batch_of, module_of

import graphc as gc
from graphc.core.span import Source

LAYERS = "layers: [{dense: 8}, batch_norm, {dropout: 0.5}, tanh, {dense: 3}]"
FOLLOWED = f"""
graphc: 1
networks:
  q: {{inputs: {{x: [4]}}, {LAYERS}}}
  judge: {{inputs: {{x: [4]}}, {LAYERS}, frozen: true}}
  target: {{copy: q, every: 3}}
  slow: {{average: q, decay: 0.9}}
  first: {{copy: q}}
data: iris
train:
  values:
    y: q(features)
    others: target(features) + slow(features) + judge(features) + first(features)
  objectives:
    q: {{minimize: "cross_entropy(y, label) + mean_squared_error(y, others)", update: q}}
  batch_size: 16
  epochs: 1
"""
PLAYERS = """
graphc: 1
networks:
  generator: {inputs: {z: [3]}, layers: [{dense: 8}, batch_norm, tanh, {dense: 4}]}
  critic: {inputs: {x: [4]}, layers: [{dense: 8}, batch_norm, tanh, {dense: 1}]}
data: iris
train:
  values:
    z: {normal: [3]}
    w: {normal: [3]}
    other: generator(w)
    real_score: critic(features)
    fake_score: critic(generator(z))
    other_score: critic(other)
    measured: mean_squared_error(critic(10 * features), 0)
  objectives:
    critic:
      minimize: binary_cross_entropy(real_score, 1) + binary_cross_entropy(fake_score, 0)
      update: critic
      optimizer: {sgd: 0.1}
    generator:
      minimize: binary_cross_entropy(other_score, 1)
      update: generator
      optimizer: {sgd: 0.1}
  batch_size: 16
  epochs: 1
"""


def same(one, other):
    return all(jax.tree.leaves(jax.tree.map(np.array_equal, one, other)))


def close(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), one, other)


@pytest.fixture(scope="module")
def states():
    module = module_of(FOLLOWED)
    step, found = jax.jit(module.train_step), [module.init(jax.random.key(0))]
    for number in range(4):
        key = jax.random.fold_in(jax.random.key(1), number)
        found.append(step(found[-1], batch_of(seed=number), key)[0])
    return found


def test_a_frozen_network_keeps_its_weights_and_statistics(states):
    for tree in ("params", "statistics"):
        assert same(states[0][tree]["judge"], states[-1][tree]["judge"])
        assert not same(states[0][tree]["q"], states[-1][tree]["q"])


def test_only_what_moves_has_a_state_of_the_optimiser(states):
    moments = jax.tree.leaves(states[0]["optimizer"])
    weights = jax.tree.leaves(states[0]["params"]["q"])
    assert len(moments) == 1 + 2 * len(weights)  # adam: a count and two moments


def test_copies_and_averages_start_with_the_weights_that_they_follow(states):
    for tree in ("params", "statistics"):
        for name in ("target", "slow", "first"):
            assert same(states[0][tree][name], states[0][tree]["q"])


def test_a_copy_takes_the_weights_after_so_many_rounds(states):
    for tree in ("params", "statistics"):
        assert same(states[2][tree]["target"], states[0][tree]["q"])
        assert same(states[3][tree]["target"], states[3][tree]["q"])
        assert same(states[4][tree]["target"], states[3][tree]["q"])
        assert same(states[4][tree]["first"], states[0][tree]["q"])


def test_an_average_moves_a_little_and_copies_the_statistics(states):
    for before, after in pairwise(states):
        slow, now = before["params"]["slow"], after["params"]["q"]
        close(after["params"]["slow"], jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, slow, now))
        assert same(after["statistics"]["slow"], after["statistics"]["q"])


def test_they_run_in_evaluation_mode(states):
    module, batch = module_of(FOLLOWED), batch_of()
    model = gc.compile(Source("networks.yaml", FOLLOWED)).source
    (call,) = (line.strip() for line in model.splitlines() if "judge(features" in line)
    assert "train" not in call
    key, state = jax.random.key(1), states[0]
    still = {"params": state["params"], "statistics": state["statistics"]}
    outputs = [
        module.forward(still["params"], still["statistics"], batch, train=True, key=each)[1]
        for each in (key, jax.random.key(2))
    ]
    assert same(*(each["judge"] for each in outputs))


def test_followers_wait_for_the_whole_round():
    text = FOLLOWED.replace("epochs: 1", "epochs: 1\n  schedule: [{q: 2}]")
    module = module_of(text)
    state = module.init(jax.random.key(0))
    double = {name: jnp.concatenate([each] * 2) for name, each in batch_of().items()}
    after, _ = jax.jit(module.train_step)(state, double, jax.random.key(1))
    mean = jax.tree.map(
        lambda a, b: 0.9 * a + 0.1 * b, state["params"]["slow"], after["params"]["q"]
    )
    close(after["params"]["slow"], mean)
    assert int(after["step"]) == 1


def test_a_frozen_network_in_a_network_that_is_trained_on_a_loss():
    text = f"""
graphc: 1
networks:
  body: {{inputs: {{x: [4]}}, {LAYERS}, frozen: true}}
  head: {{inputs: {{features: [4]}}, layers: [body, relu, {{dense: 3}}]}}
data: iris
train: {{loss: cross_entropy, optimizer: {{sgd: 0.1}}, batch_size: 16}}
"""
    module = module_of(text)
    state = module.init(jax.random.key(0))
    after, _ = jax.jit(module.train_step)(state, batch_of(), jax.random.key(1))
    assert same(after["params"]["body"], state["params"]["body"])
    assert same(after["statistics"], state["statistics"])
    assert not same(after["params"]["head"], state["params"]["head"])
    assert not jax.tree.leaves(state["optimizer"])


def test_a_run_knows_copies_as_networks_of_their_own(tmp_path):
    run = gc.compile(Source("networks.yaml", FOLLOWED)).train(tmp_path / "run", cache=False)
    x = np.ones((2, 4), np.float32)
    found = {name: run.predict(x, name) for name in ("q", "target", "slow", "first", "judge")}
    assert not np.array_equal(found["q"], found["slow"])
    assert not np.array_equal(found["q"], found["first"])


def moments(features):
    return {"mean": np.mean(features, axis=0), "var": np.var(features, axis=0)}


def moved(before, *batches):
    """Running statistics after calls on these inputs of a norm, by momentum 0.9."""
    for each in batches:
        found = moments(each)
        before = {word: 0.9 * before[word] + 0.1 * found[word] for word in before}
    return before


def dense(params, x):
    return np.asarray(x @ params["kernel"] + params["bias"][None])


@pytest.fixture(scope="module")
def round_of_players():
    module = module_of(PLAYERS)
    state = module.init(jax.random.key(0))
    after, _ = jax.jit(module.train_step)(state, batch_of(), jax.random.key(1))
    return module, state, after


def noise(module, word):
    return jax.random.normal(module.at(jax.random.key(1), "training", word), (16, 3))


def test_statistics_move_by_calls_that_an_owner_depends_on(round_of_players):
    module, state, after = round_of_players
    params, features = state["params"], batch_of()["features"]
    before = state["statistics"]["generator"]["batch_norm"]
    # `generator(z)` is a part of the critic's objective alone.
    own = moved(before, dense(params["generator"]["dense"], noise(module, "w")))
    close(after["statistics"]["generator"]["batch_norm"], own)
    hidden = dense(params["generator"]["dense"], noise(module, "z"))
    normal = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + 1e-5)
    fake = dense(params["generator"]["dense_2"], np.tanh(normal))
    before = state["statistics"]["critic"]["batch_norm"]
    first, second = (dense(params["critic"]["dense"], each) for each in (features, fake))
    found = after["statistics"]["critic"]["batch_norm"]
    # A mean of two calls does not depend on their order by more than a share of 0.1.
    either = [moved(before, first, second), moved(before, second, first)]
    assert any(
        all(np.allclose(found[word], each[word], rtol=1e-4, atol=1e-5) for word in found)
        for each in either
    )


def test_a_paused_objective_moves_no_statistics():
    module = module_of(PLAYERS, "train.objectives.critic.start=2")
    state = module.init(jax.random.key(0))
    after, _ = jax.jit(module.train_step)(state, batch_of(), jax.random.key(1))
    assert same(after["statistics"]["critic"], state["statistics"]["critic"])
    assert not same(after["statistics"]["generator"], state["statistics"]["generator"])


def test_in_a_turn_of_another_objective_statistics_stay():
    module = module_of(PLAYERS, "train.schedule=[critic, generator]")
    state = module.init(jax.random.key(0))
    after, _ = jax.jit(lambda *given: module.move(*given[:1], ("generator",), *given[1:]))(
        state, batch_of(), jax.random.key(1)
    )
    assert same(after["statistics"]["critic"], state["statistics"]["critic"])
    assert not same(after["statistics"]["generator"], state["statistics"]["generator"])


def test_what_is_not_in_the_way_of_statistics_is_called_as_ever():
    source = gc.compile(Source("networks.yaml", PLAYERS.replace("batch_norm, ", ""))).source
    assert "nnx.clone" not in source


TURNS = """
graphc: 1
networks:
  q: {inputs: {x: [4]}, layers: [batch_norm, {dense: 8}, relu, {dense: 3}]}
  outer: {inputs: {x: [4]}, layers: [q, relu, {dense: 3}]}
data: iris
train:
  values:
    a: q(features)
    b: outer(2 * features)
    turn: 3 * features
    c: q(turn)
  objectives:
    one: {minimize: "cross_entropy(a, label)", update: q, optimizer: {sgd: 0.1}}
    two: {minimize: "cross_entropy(b, label)", update: [q, outer], optimizer: {sgd: 0.1}}
    both: {minimize: "cross_entropy(a, label) + cross_entropy(c, label)", update: q}
  schedule: [one, {two: 2}, both]
  batch_size: 16
"""


@pytest.mark.parametrize(("objective", "factors"), [("one", (1,)), ("two", (2,)), ("both", (1, 3))])
def test_a_turn_moves_statistics_by_the_calls_of_its_own_objectives(objective, factors):
    module, batch = module_of(TURNS), batch_of()
    state = module.init(jax.random.key(0))
    turn = jax.jit(lambda *given: module.move(given[0], (objective,), *given[1:]))
    after, _ = turn(state, batch, jax.random.key(1))
    inputs = [factor * np.asarray(batch["features"]) for factor in factors]
    wanted = moved(state["statistics"]["q"]["batch_norm"], *inputs)
    found = after["statistics"]["q"]["batch_norm"]
    for word in wanted:
        np.testing.assert_allclose(found[word], wanted[word], rtol=1e-4, atol=1e-5)
    assert int(module.train_step(state, four_times(batch), jax.random.key(1))[0]["step"]) == 1


def four_times(batch):
    return {name: jnp.concatenate([each] * 4) for name, each in batch.items()}


def test_gradients_flow_through_calls_that_leave_statistics_in_this_turn():
    module = module_of(TURNS)
    state = module.init(jax.random.key(0))
    after, totals = module.move(state, ("both",), batch_of(), jax.random.key(1))
    assert totals["finite"]
    assert not same(after["params"]["q"], state["params"]["q"])
    assert same(after["params"]["outer"], state["params"]["outer"])
