"""Programs that train write their new state where the old one was, but for small ones."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import graphc as gc
from graphc.compiler import compile
from graphc.core.forms import CPU
from graphc.core.span import Source
from graphc.runtime.module import module_from_source
from graphc.runtime.state import state_shapes
from graphc.runtime.steps import SPARED, Lockstep, Programs, batch_shapes, no_totals

LAYERS = (
    "{inputs: {features: [4]}, layers: [{dense: {features: 32, activation: relu}}, {dense: 3}]}"
)
ONE = f"""\
graphc: 1
network: {LAYERS}
data: iris
train: {{loss: cross_entropy, batch_size: 16}}
"""
SEVERAL = """\
graphc: 1
networks:
  generator: {inputs: {z: [3]}, layers: [{dense: 8}, tanh, {dense: 4}]}
  critic: {inputs: {x: [4]}, layers: [{dense: 8}, tanh, {dense: 1}]}
data: iris
train:
  values: {z: {normal: [3]}, fake: generator(z), real_score: critic(features), score: critic(fake)}
  objectives:
    critic: {minimize: "binary_cross_entropy(score, 0) - real_score", update: critic}
    generator: {minimize: "binary_cross_entropy(score, 1)", update: generator}
  batch_size: 16
"""
ROUNDS, DATA = 7, 100


def arguments(module, rows=16, slots=()):
    """Shapes of what the training program is given; with slots, of each of so many runs."""

    def each(tree):
        return jax.tree.map(lambda x: jax.ShapeDtypeStruct((*slots, *x.shape), x.dtype), tree)

    key = jax.eval_shape(lambda: jax.random.key(0))
    arrays = {"features": np.zeros((DATA, 4), np.float32), "label": np.zeros(DATA, np.int32)}
    state = state_shapes(module)
    totals = jax.eval_shape(module.train_step, state, batch_shapes(arrays, rows), key)[1]
    totals.pop("finite")
    integer = jax.ShapeDtypeStruct((), np.int32)
    order = jax.ShapeDtypeStruct((ROUNDS, rows), np.int32)
    given = each(state), each(no_totals(totals)), arrays
    return (*given, each(order), each(integer), each(integer), each(key))


def size(tree):
    return sum(each.size * each.dtype.itemsize for each in jax.tree.leaves(tree))


def compiled(text, steps):
    """The guarded training program of so many steps in a dispatch, and how large its state is."""
    found = compile(Source("given.yaml", text), forms=replace(CPU, unguarded=0))
    module = module_from_source(found.source, "<given>")
    program, given = Programs(module, steps).train, arguments(module)
    program.compile(*given)
    return program, size(given[0])


@pytest.mark.parametrize("text", [ONE, SEVERAL], ids=["one", "several"])
@pytest.mark.parametrize("steps", [1, 100])
def test_steps_and_loops_of_steps_write_over_their_state(text, steps):
    wide = text.replace("{dense: 8}", "{dense: 20000}").replace("32, act", "20000, act")
    program, state = compiled(wide, steps)
    assert state > SPARED and not program.lasting
    assert program.memory.alias_size_in_bytes >= state


@pytest.mark.parametrize("text", [ONE, SEVERAL], ids=["one", "several"])
@pytest.mark.parametrize("steps", [1, 100])
def test_a_small_state_is_left_alone_for_the_next_dispatch_to_begin(text, steps):
    program, state = compiled(text, steps)
    assert state <= SPARED and program.lasting
    assert program.memory.alias_size_in_bytes == 0


@pytest.mark.parametrize("text", [ONE, SEVERAL], ids=["one", "several"])
def test_a_loop_that_looks_at_the_end_keeps_what_it_may_have_to_go_back_to(text):
    forms = replace(CPU, unguarded_steps=2)
    module = module_from_source(compile(Source("given.yaml", text), forms=forms).source, "<given>")
    program = Programs(module, 100).train
    program.compile(*arguments(module))
    assert program.memory.alias_size_in_bytes == 0


def test_runs_side_by_side_write_over_their_states():
    module = gc.compile(Source("given.yaml", ONE), device="cpu").module()
    program = Lockstep(module, 3).train
    given = arguments(module, slots=(3,))
    program.compile(*given)
    assert size(given[0]) == 3 * size(state_shapes(module))
    assert program.memory.alias_size_in_bytes >= size(given[0])
