"""Loops over steps that look once, at their end, whether all numbers are finite."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from graphc.compiler import compile
from graphc.core.forms import CPU
from graphc.core.span import Source
from graphc.data.batches import epoch_order
from graphc.runtime import events
from graphc.runtime.course import Course
from graphc.runtime.events import Position, Snapshot
from graphc.runtime.loop import fit
from graphc.runtime.module import module_from_source
from graphc.runtime.state import make_state
from graphc.runtime.steps import Hasty, Programs, no_totals

ONE = """\
graphc: 1
network:
  inputs: {features: [4]}
  layers: [{dense: {features: 16, activation: relu}}, batch_norm, {dropout: 0.2}, {dense: 3}]
data: iris
train: {loss: cross_entropy, batch_size: 16, TRAIN}
"""
SEVERAL = """\
graphc: 1
networks:
  generator: {inputs: {z: [3]}, layers: [{dense: 8}, tanh, batch_norm, {dense: 4}]}
  critic: {inputs: {x: [4]}, layers: [{dense: 8}, tanh, {dense: 1}]}
data: iris
train:
  values: {z: {normal: [3]}, fake: generator(z), real_score: critic(features), score: critic(fake)}
  objectives:
    critic: {minimize: "binary_cross_entropy(score, 0) + mean(real_score ** 2)", update: critic}
    generator: {minimize: "binary_cross_entropy(score, 1)", update: generator}
  batch_size: 16
"""
SPECS = {
    "one": ONE.replace(", TRAIN", ""),
    "parts": ONE.replace("TRAIN", "accumulate: 2"),
    "average": ONE.replace("TRAIN", "average: 0.9, clip: {norm: 1}"),
    "sign": ONE.replace("TRAIN", "optimizer: {lion: 1e-3}"),
    "several": SEVERAL,
}
TURNS = SEVERAL + "  schedule: [{critic: 2}, generator]\n"


def module_of(text, **forms):
    forms = replace(CPU, **{"unguarded_steps": 2, **forms})
    compiled = compile(Source("given.yaml", text), forms=forms)
    return module_from_source(compiled.source, "<given>")


@pytest.fixture(scope="module")
def train():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 112).astype(np.int32)
    return {"features": rng.normal(size=(112, 4)).astype(np.float32), "label": labels}


def trained(module, data, count=7):
    """State, totals, how many steps were done and whether all is finite, of one dispatch."""
    programs = Programs(module, 100)
    order, key = epoch_order(112, 16, 0, 0), jax.random.key(3)
    state = make_state(module, 0)
    batch = {name: array[:16] for name, array in data.items()} | {"mask": np.ones(16, bool)}
    found = jax.eval_shape(module.train_step, state, batch, key)[1]
    totals = {name: np.zeros(each.shape, np.float32) for name, each in found.items()}
    totals.pop("finite")
    return programs, programs.train(state, totals, data, order, np.int32(0), np.int32(count), key)


@pytest.mark.parametrize("name", SPECS)
def test_it_is_the_guarded_loop_but_for_rounding(name, train):
    guarded, unguarded = module_of(SPECS[name], unguarded=0), module_of(SPECS[name])
    careful, first = trained(guarded, train)
    hasty, second = trained(unguarded, train)
    assert not isinstance(careful.train, Hasty) and isinstance(hasty.train, Hasty)
    for one, other in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["one", "several"])
def test_what_is_not_finite_ends_it_behind_the_last_good_step(name, train, equal):
    order = epoch_order(112, 16, 0, 0)
    bad = train | {"features": train["features"].copy()}
    bad["features"][order[3][0]] = np.nan
    _, (state, totals, done, finite) = trained(module_of(SPECS[name]), bad)
    good = trained(module_of(SPECS[name], unguarded=0), train, 3)[1]
    assert (int(done), bool(finite)) == (3, False)
    assert equal((state, totals), good[:2])


def test_what_may_hide_an_infinite_gradient_is_looked_at_step_by_step():
    text = ONE.replace("TRAIN", "clip: {value: 1}")
    assert not isinstance(Programs(module_of(text), 100).train, Hasty)


def test_turns_and_single_steps_are_looked_at_each_by_itself():
    assert not isinstance(Programs(module_of(TURNS), 100).train, Hasty)
    assert not isinstance(Programs(module_of(SPECS["one"]), 1).train, Hasty)


@pytest.mark.parametrize("train", ["batch_size: full, steps_per_dispatch: 100", "batch_size: 32"])
def test_epochs_of_a_few_steps_have_their_guard(train):
    text = SPECS["one"].replace("batch_size: 16", train)
    assert not isinstance(Programs(module_of(text, unguarded_steps=30), 100).train, Hasty)


def test_a_step_is_what_is_trained_and_weights_count_once():
    def choices(text, **forms):
        return compile(
            Source("a.yaml", text), forms=replace(CPU, **{"unguarded_steps": 2, **forms})
        ).choices

    known = choices(SEVERAL).steps_per_dispatch
    idle = SEVERAL.replace("data:", "  idle: {inputs: {x: [4]}, layers: [{dense: 50000}]}\ndata:")
    assert choices(idle).steps_per_dispatch == known
    parameters = (3 * 8 + 8) + 2 * 8 + (8 * 4 + 4) + (4 * 8 + 8) + (8 * 1 + 1)
    bounds = parameters - 1, parameters
    assert [choices(SEVERAL, unguarded=each).unguarded for each in bounds] == [False, True]


def test_a_false_alarm_is_the_last_one():
    """A rule may keep an infinite number in its memory for good."""
    calls = []

    def train_step(state, batch, key, guarded=True):
        calls.append(guarded)
        totals = {"count": jnp.sum(batch["mask"], dtype=jnp.float32)}
        state = state | {"step": state["step"] + 1}
        return (state, totals | {"finite": jnp.array(True)}) if guarded else (state, totals)

    program = Hasty(SimpleNamespace(train_step=train_step))
    state = {"memory": jnp.array(jnp.inf), "step": jnp.array(0)}
    order = np.zeros((4, 2), np.int32)
    for start in (0, 2):
        given = (state, {"count": np.zeros((), np.float32)}, {}, order)
        state, _, done, finite = program(*given, np.int32(start), np.int32(2), jax.random.key(0))
        assert (int(done), bool(finite)) == (2, True)
    assert int(state["step"]) == 4 and calls == [False, True]


def told(module, data, epochs=4):
    """Programs and a course over so many epochs, and where they start."""
    programs, found = trained(module, data)
    order, key = partial(epoch_order, 112, 16, 0), jax.random.key(3)
    course = Course(data, order, (), epochs, 100, key)
    return programs, course, Snapshot(Position(), make_state(module, 0), no_totals(found[1]))


@pytest.mark.parametrize("unguarded", [0, CPU.unguarded])
def test_the_next_epoch_has_begun_when_one_is_told_of(train, equal, monkeypatch, unguarded):
    monkeypatch.setattr("graphc.runtime.loop.SHORT", 10)
    programs, course, start = told(module_of(SPECS["one"], unguarded=unguarded), train)
    begun, begin = [], programs.train.begin
    monkeypatch.setattr(
        programs.train, "begin", lambda *given: begun.append(given) or begin(*given)
    )
    ended = []
    for event in fit(programs, course, start):
        if isinstance(event, events.EpochEnded):
            ended.append((len(begun), event.snapshot.state))
    assert [count for count, _ in ended] == [1, 3, 4, 4]  # the first is not known to be short

    state = make_state(programs.module, 0)
    for epoch, (_, expected) in enumerate(ended):
        given = state, start.totals, train, course.order(epoch), np.int32(0), np.int32(7)
        state = programs.train(*given, course.key)[0]
        assert equal(state, expected)


@pytest.mark.parametrize("unguarded", [0, CPU.unguarded])
def test_what_has_begun_behind_what_is_not_finite_is_forgotten(
    train, equal, unguarded, monkeypatch
):
    order = epoch_order(112, 16, 0, 0)
    bad = train | {"features": train["features"].copy()}
    bad["features"][order[3][0]] = np.nan
    module = module_of(SPECS["one"], unguarded=unguarded)
    monkeypatch.setattr("graphc.runtime.loop.inf", 0.0)  # the first is taken for short
    *_, last = fit(*told(module, bad))
    assert isinstance(last, events.NotFinite)
    assert last.snapshot.position == Position(3, 0, 3)
    good = trained(module_of(SPECS["one"], unguarded=0), train, 3)[1]
    assert equal(last.snapshot.state, good[0])


def test_a_stop_is_at_the_end_of_what_was_told_of(train, equal, monkeypatch):
    monkeypatch.setattr("graphc.runtime.loop.inf", 0.0)
    programs, course, start = told(module_of(SPECS["one"]), train)
    wishes = iter([None, "stopped"])
    *_, ended, last = fit(programs, course, start, lambda: next(wishes))
    assert isinstance(ended, events.EpochEnded) and isinstance(last, events.Stopping)
    assert last.snapshot.position == Position(7, 1, 0)
    assert equal(last.snapshot.state, ended.snapshot.state)
