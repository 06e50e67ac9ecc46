"""A round of a loop may be several steps, by a table."""

import jax
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc import compiler
from graphc.core.forms import FORMS, Forms
from graphc.core.span import Source
from graphc.emit.module import emit
from graphc.insight.explanation import explanation
from graphc.runtime.module import module_from_source

LAYERS = [
    "{gru: 5}",
    "{bidirectional: [{lstm: 3}]}",
    "{scrn: {units: 4, context: 2}}",
    "{echo_state: 20}",
]
SPEC = "graphc: 1\nnetwork: {inputs: {x: [time, 6]}, layers: [LAYER]}\n"


def whole(layer):
    return compiler.compile(Source("test", SPEC.replace("LAYER", layer)))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("steps", [2, 4])
def test_several_steps_in_a_round_are_the_same(layer, steps, sequences):
    compiled = whole(layer)
    source = emit(compiler.in_rounds(compiled.program, steps)).source
    assert f"unroll={steps}" in source
    found = []
    for text in (compiled.source, source):
        module = module_from_source(text)
        _, params, rest = nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)
        given = nnx.to_pure_dict(params), nnx.to_pure_dict(rest)

        def loss(params, x, module=module, rest=given[1]):
            return (module.forward(params, rest, {"x": x})[0] ** 2).sum()

        found.append(jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(given[0], sequences))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), *found)


def test_a_table_says_how_many_and_it_is_told_why(monkeypatch):
    compiled = whole("{gru: 5}")
    assert "unroll=" not in compiled.source.split("def gru_step")[-1]
    told = "steps in a round of a loop: 1, for several mostly took longer"
    assert told in explanation(compiled)
    monkeypatch.setitem(FORMS, "cpu", Forms(unroll=4))
    other = whole("{gru: 5}")
    assert "unroll=4" in other.source
    assert "steps in a round of a loop: 4, as is usual" in explanation(other)


def test_networks_without_loops_are_told_nothing():
    text = "graphc: 1\nnetwork: {inputs: {x: [6]}, layers: [{dense: 3}]}"
    assert "round of a loop" not in explanation(gc.compile(Source("test", text)).compiled)
