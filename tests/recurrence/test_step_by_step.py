"""A network gone through step by step gives what it gives for all steps at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source
from graphc.graph.stepping import obstacles

NETWORKS = {
    "every cell": "{layers: [{elman: 5}, {jordan: {units: 4, outputs: 5}}, {lstm: 5}, "
    "{lstm_peephole: 5}, {gru: 5}, {gru_reset_after: 5}, {minimal_gated_unit: 5}, {min_gru: 5}, "
    "{scrn: {units: 5, context: 3}}, {clockwork: 5}]}",
    "repeated": "{layers: [{repeat: {times: 3, layers: [{lstm: 6}, {dropout: 0.5}]}}]}",
    "delays": "{nodes: {y: 'x + 2 * x@t-1 - x@t-3', z: 'tanh(y@t-2) + z@t-2'}, output: z}",
    "a number before": "{nodes: {h: '0.5 * h@t-1 + x'}, initial: {h: 0.3}, output: h}",
    "a learned beginning": "{nodes: {h: {dense: 6, from: [x, h@t-1]}}, "
    "initial: {h: {learned: {}}}, output: h}",
    "a beginning before a delay": "{nodes: {y: 'x@t-2'}, initial: {x: 2.0}, output: y}",
    "a clock": "{nodes: {h: {dense: {features: 3, activation: tanh}, from: [x, h@t-1], "
    "every: 4}}, output: h}",
    "a convolution": "{nodes: {image: {reshape: [3, 2, 1]}, "
    "h: {conv: {features: 2, kernel: 2, activation: tanh}, from: [image, h@t-1]}}, output: h}",
}


def agrees(network, x, field="x"):
    """Compare `step`, one step at a time, with the whole; gives what is carried at the end."""
    module = network.module

    def model():
        return nnx.merge(module.graphdef(), network.params, {})

    @jax.jit
    def both():
        def one(state, now):
            outputs, after = module.step(model(), state, {field: now[:, None]})
            assert jax.tree.map(np.shape, after) == jax.tree.map(np.shape, state)
            return after, outputs[:, 0]

        state, outputs = jax.lax.scan(one, module.begin(model(), len(x)), np.moveaxis(x, 1, 0))
        return network(**{field: x}), outputs, state

    expected, found, state = both()
    np.testing.assert_allclose(np.moveaxis(found, 0, 1), expected, rtol=2e-5, atol=2e-6)
    assert all(len(each) == len(x) for each in state.values())
    return state


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_goes_step_by_step(name, compiled, sequences):
    text = NETWORKS[name].replace("{", "{inputs: {x: [time, 6]}, ", 1)
    agrees(compiled(f"network: {text}"), sequences)


def test_so_does_a_cycle_that_is_a_scan_of_all_steps_at_once(compiled, sequences):
    text = (
        "network: {inputs: {x: [time, 6]}, layers: [{min_gru: 5}, {scrn: {units: 5, context: 3}}]}"
    )
    network = compiled(text, device="gpu")
    assert (
        network.model.source.count("= affine_scan(")
        + network.model.source.count("return affine_scan(")
        == 2
    )
    agrees(network, sequences)


def test_the_values_of_rolled_layers_are_side_by_side(compiled, sequences):
    text = "network: {inputs: {x: [time, 6]}, layers: [{repeat: {times: 4, layers: [{gru: 6}]}}]}"
    network = compiled(text)
    assert (
        "= scan_recurrent(" in network.model.source
        or "return scan_recurrent(" in network.model.source
    )
    state = agrees(network, sequences)
    assert {path: each.shape for path, each in state.items()} == {"repeat/h": (4, 4, 6)}


def test_a_sequence_may_come_in_any_pieces(compiled, sequences):
    text = """
network:
  inputs: {x: [time, 6]}
  nodes:
    g: {gru: 4, from: x}
    y: {dense: {features: 2, activation: tanh}, from: [g, x@t-4, y@t-1], every: 3}
  output: y
"""
    network = compiled(text)
    module, model = network.module, nnx.merge(network.module.graphdef(), network.params, {})

    @jax.jit
    def in_pieces():
        state, found = module.begin(model, len(sequences)), []
        for piece in (slice(1), slice(1, 6), slice(6, 9)):
            outputs, state = module.step(model, state, {"x": sequences[:, piece]})
            found.append(outputs)
        return network(x=sequences), jnp.concatenate(found, axis=1)

    expected, found = in_pieces()
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


def test_what_is_carried_is_named_by_the_spec(compiled, sequences):
    text = "network: {inputs: {x: [time, 6]}, nodes: {z: {lstm: 5}, y: 'z.h + z.h@t-2'}, output: y}"
    state = agrees(compiled(text.replace("{lstm: 5}", "{lstm: 5, from: x}")), sequences)
    assert {path: each.shape for path, each in state.items()} == {
        "z/h": (4, 5),
        "z/c": (4, 5),
        "z.h@t-2": (4, 2, 5),
    }


def test_a_network_that_carries_nothing_has_an_empty_memory(compiled, sequences):
    network = compiled("network: {inputs: {x: [time, 6]}, layers: [{dense: 3}]}")
    assert agrees(network, sequences) == {}


def test_a_network_that_is_called_twice_has_a_memory_for_each_call(compiled):
    text = """
networks:
  cell: {inputs: {x: [time, 6]}, layers: [{elman: 6}, {dropout: 0.5}]}
  whole:
    inputs: {text: {int: [time], below: data}}
    nodes: {e: {embed: 6, from: text}, a: {cell: {}, from: e}, b: {cell: {}, from: a},
            y: {dense: $text.below, from: b}}
    output: y
data: {help_topics: {length: 9}}
train: {loss: cross_entropy, epochs: 1}
"""
    symbols = np.arange(36).reshape(4, 9)
    assert set(agrees(compiled(text), symbols, field="text")) == {"a/elman/h", "b/elman/h"}


def test_the_form_for_inference_goes_step_by_step_too(compiled, sequences):
    text = "network: {inputs: {x: [time, 6]}, layers: [{elman: 6}, batch_norm, {dropout: 0.5}]}"
    source = compiled(text, inference=True).model.source
    assert "def step(" in source and "dropout" not in source


OBSTACLES = {
    "{layers: [{gru: 5}, last]}": ["`last` needs all steps"],
    "{layers: [{bidirectional: [{gru: 5}]}]}": ["`turned` needs", "`back` needs"],
    "{nodes: {y: 'x@t+1'}, output: y}": ["`x@t+1` reads a step that is yet to come"],
    "{nodes: {m: {mean: {over: time}, from: x}, y: x + m}, output: y}": ["`m` needs all steps"],
    "{nodes: {h: '0.5 * h@t+1 + x'}, output: h}": ["`h@t+1` reads a step"],
}


@pytest.mark.parametrize("text, parts", OBSTACLES.items())
def test_what_needs_later_steps_has_no_step_form(text, parts):
    text = f"graphc: 1\nnetwork: {text.replace('{', '{inputs: {x: [time, 6]}, ', 1)}"
    model = gc.compile(Source("test", text))
    assert "def step(" not in model.source
    found = obstacles(model.graph, model.compiled.checked.document.place("network"))
    assert {each.code for each in found} == {"GC630"} and all(each.located for each in found)
    for each, part in zip(found, parts, strict=True):
        assert part in each.message


def test_a_cycle_cannot_turn_its_own_steps_round():
    text = (
        "graphc: 1\nnetwork: {inputs: {x: [time, 6]}, nodes: {y: 'reverse(y@t-1) + x'}, output: y}"
    )
    with pytest.raises(SpecError) as caught:
        gc.compile(Source("test", text))
    assert [each.code for each in caught.value.diagnostics] == ["GC235"]
