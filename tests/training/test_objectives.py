"""Several objectives: who moves for what, and what is computed once."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from players import batch_of, dense, module_of

import graphc as gc
from graphc.core.span import Source
from graphc.runtime.steps import step_key

PAIR = """
graphc: 1
networks:
  generator: {inputs: {z: [3]}, layers: [{dense: 8}, tanh, {dense: 4}]}
  critic: {inputs: {x: [4]}, layers: [{dense: 8}, tanh, {dense: 1}]}
data: iris
train:
  values:
    z: {normal: [3]}
    fake: generator(z)
    real_score: critic(features)
    fake_score: critic(fake)
  objectives:
    critic:
      minimize: binary_cross_entropy(real_score, 1) + binary_cross_entropy(fake_score, 0)
      update: critic
      optimizer: {sgd: 0.1}
    generator:
      minimize: binary_cross_entropy(fake_score, 1)
      update: generator
      optimizer: {sgd: 0.2}
  batch_size: 16
  epochs: 2
"""


def noise(module, key, rows=16):
    return jax.random.normal(module.at(key, "training", "z"), (rows, 3))


def critic_loss(critic, generator, x, z):
    real, fake = dense(critic, x), dense(critic, dense(generator, z))
    bce = optax.sigmoid_binary_cross_entropy
    return jnp.mean(bce(real, 1.0)) + jnp.mean(bce(fake, 0.0))


def generator_loss(generator, critic, z):
    return jnp.mean(optax.sigmoid_binary_cross_entropy(dense(critic, dense(generator, z)), 1.0))


def down(params, gradient, rate):
    return jax.tree.map(lambda w, g: w - rate * g, params, gradient)


def assert_same(one, other):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6), one, other)


def test_all_move_at_once_on_the_same_values():
    module, key, batch = module_of(PAIR), jax.random.key(1), batch_of()
    state = module.init(jax.random.key(0))
    after, totals = jax.jit(module.train_step)(state, batch, key)
    generator, critic = (state["params"][name] for name in ("generator", "critic"))
    z = noise(module, key)
    loss, slope = jax.value_and_grad(critic_loss)(critic, generator, batch["features"], z)
    assert_same(after["params"]["critic"], down(critic, slope, 0.1))
    slope = jax.grad(generator_loss)(generator, critic, z)
    assert_same(after["params"]["generator"], down(generator, slope, 0.2))
    np.testing.assert_allclose(totals["critic"] / totals["count"], loss, rtol=1e-5)
    assert int(after["step"]) == 1


def test_forward_work_is_shared():
    module, key = module_of(PAIR), jax.random.key(1)
    state = module.init(jax.random.key(0))
    text = jax.jit(module.train_step).lower(state, batch_of(), key).as_text()
    assert len(re.findall("stablehlo.dot_general", text)) == 17  # two apart would be 21


def test_in_turns_each_sees_what_the_one_before_left():
    module = module_of(PAIR, "train.schedule=[{critic: 2}, generator]")
    key, batch = jax.random.key(1), batch_of(48)
    state = module.init(jax.random.key(0))
    after, totals = jax.jit(module.train_step)(state, batch, key)
    generator, critic = (state["params"][name] for name in ("generator", "critic"))
    found = []
    for turn in range(2):
        z = noise(module, jax.random.fold_in(key, turn))
        x = batch["features"][16 * turn : 16 * (turn + 1)]
        loss, slope = jax.value_and_grad(critic_loss)(critic, generator, x, z)
        critic = down(critic, slope, 0.1)
        found.append(loss)
    z = noise(module, jax.random.fold_in(key, 2))
    slope = jax.grad(generator_loss)(generator, critic, z)
    assert_same(after["params"]["critic"], critic)
    assert_same(after["params"]["generator"], down(generator, slope, 0.2))
    np.testing.assert_allclose(totals["critic"] / totals["count"], np.mean(found), rtol=1e-5)


def test_one_of_them_may_pause():
    settings = ["train.objectives.generator.every=2", "train.objectives.generator.start=1"]
    module = module_of(PAIR, *settings, "train.objectives.generator.until=4")
    step, state = jax.jit(module.train_step), module.init(jax.random.key(0))
    moved = []
    for number in range(6):
        after, _ = step(state, batch_of(seed=number), step_key(jax.random.key(1), number))
        pair = (each["params"]["generator"] for each in (after, state))
        moved.append(not all(jax.tree.leaves(jax.tree.map(np.array_equal, *pair))))
        state = after
    assert moved == [False, True, False, True, False, False]


def total_loss(generator, z):
    return jnp.mean(jnp.sum(dense(generator, z), axis=-1))


def test_one_may_move_what_another_one_moved_before():
    later = "    later: {minimize: sum(fake), update: generator, optimizer: {sgd: 0.1}, start: 2}\n"
    text = PAIR.replace("  batch_size", later + "  batch_size")
    module = module_of(text, "train.objectives.generator.until=2")
    step, state = jax.jit(module.train_step), module.init(jax.random.key(0))
    for number in range(4):
        key = step_key(jax.random.key(1), number)
        generator, z = state["params"]["generator"], noise(module, key)
        if number < 2:
            slope = jax.grad(generator_loss)(generator, state["params"]["critic"], z)
            wanted = down(generator, slope, 0.2)
        else:
            wanted = down(generator, jax.grad(total_loss)(generator, z), 0.1)
        state, _ = step(state, batch_of(seed=number), key)
        assert_same(state["params"]["generator"], wanted)


def test_what_is_made_large_grows():
    text = PAIR.replace("minimize: binary_cross_entropy(fake_score, 1)\n", "maximize: fake_score\n")
    module, key = module_of(text), jax.random.key(1)
    state = module.init(jax.random.key(0))
    after, totals = module.train_step(state, batch_of(), key)
    frozen = {"params": state["params"] | {"generator": after["params"]["generator"]}}
    _, later = module.train_step(state | frozen, batch_of(), key)
    assert later["generator"] > totals["generator"]


def test_a_part_of_a_network_can_be_moved_alone():
    module = module_of(PAIR, "train.objectives.generator.update=generator/dense/*")
    state = module.init(jax.random.key(0))
    after, _ = module.train_step(state, batch_of(), jax.random.key(1))
    before, now = state["params"]["generator"], after["params"]["generator"]
    assert not np.array_equal(now["dense"]["kernel"], before["dense"]["kernel"])
    assert np.array_equal(now["dense_2"]["kernel"], before["dense_2"]["kernel"])


def test_rows_that_pad_a_batch_count_nowhere():
    module, key = module_of(PAIR), jax.random.key(1)
    state, whole = module.init(jax.random.key(0)), batch_of(16)
    padded = whole | {"features": whole["features"].at[10:].set(99.0)}
    masked = padded | {"mask": jnp.arange(16) < 10}
    changed = masked | {"features": whole["features"].at[10:].set(-7.0)}
    first, totals = module.train_step(state, masked, key)
    other, same = module.train_step(state, changed, key)
    assert_same(first["params"], other["params"])
    assert totals["count"] == 10 and np.isclose(totals["critic"], same["critic"])


def test_what_is_not_finite_leaves_the_state(settings=()):
    for schedule in ([], ["train.schedule=[critic, generator]"]):
        module = module_of(PAIR, *schedule)
        state = module.init(jax.random.key(0))
        batch = batch_of(32) if schedule else batch_of()
        bad = batch | {"features": batch["features"].at[0, 0].set(jnp.nan)}
        after, totals = jax.jit(module.train_step)(state, bad, jax.random.key(1))
        assert not totals["finite"]
        jax.tree.map(np.testing.assert_array_equal, after, state)


@pytest.mark.parametrize("schedule", ["[]", "[{critic: 2}, generator]"])
def test_a_run_that_broke_off_goes_on_bit_for_bit(tmp_path, schedule):
    model = gc.compile(Source("pair.yaml", PAIR), [f"train.schedule={schedule}"])
    whole = model.train(tmp_path / "whole")
    half = gc.compile(Source("pair.yaml", PAIR), [f"train.schedule={schedule}", "train.epochs=1"])
    half.train(tmp_path / "half")
    again = model.train(tmp_path / "half", resume=True)
    for name, array in whole.weights().items():
        np.testing.assert_array_equal(array, again.weights()[name])
    assert whole.result["validation"] == again.result["validation"]


def test_each_network_answers_for_itself(tmp_path):
    run = gc.compile(Source("pair.yaml", PAIR)).train(tmp_path / "run")
    assert run.networks == ("critic", "generator")
    z = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    fake = run.predict(z, "generator")
    own = run.weights()
    kernels = {name: {"dense": {}, "dense_2": {}} for name in run.networks}
    for path, array in own.items():
        network, layer, word = path.split("/")
        kernels[network][layer][word] = array
    np.testing.assert_allclose(fake, dense(kernels["generator"], z), rtol=1e-5, atol=1e-6)
    with pytest.raises(gc.RunError, match="GC633"):
        run.predict(z)
    with pytest.raises(gc.RunError, match="no network `generater`"):
        run.predict(z, "generater")


def test_a_field_may_have_another_name(tmp_path):
    text = PAIR.replace("data: iris", "data: {iris: {}, inputs: {flower: features}}")
    text = text.replace("critic(features)", "critic(flower)")
    run = gc.compile(Source("pair.yaml", text), ["train.epochs=1"]).train(tmp_path / "run")
    assert set(run.result["test"]) == {"critic", "generator"}


def test_library_convolutions_stand_in_no_loop():
    layers = "[{reshape: [4, 1]}, {conv: {features: 2, kernel: 2}}, flatten, {dense: 1}]"
    text = PAIR.replace("[{dense: 8}, tanh, {dense: 1}]", layers)
    module = module_of(text, "train.schedule=[{critic: 2}, generator]")
    state = module.init(jax.random.key(0))
    lowered = jax.jit(module.train_step).lower(state, batch_of(48), jax.random.key(1))
    compiled = lowered.compile().as_text()
    assert "convolution" in compiled
    turns = re.findall(r'known_trip_count":{"n":"(\d+)"', compiled)
    assert set(turns) == {"5"}  # the rounds of random numbers
