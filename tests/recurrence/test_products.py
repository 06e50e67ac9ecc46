"""How many products a training step of a recurrent network takes, counted on StableHLO."""

import re

import jax
import numpy as np
import pytest


def products(network, *, of_input=False):
    """The products of a loss and its gradient: all of them, and those inside of loops."""
    x = np.zeros((4, 7, 6), np.float32)

    def loss(params, x):
        return (network(params, x=x) ** 2).sum()

    gradient = jax.jit(jax.grad(loss, argnums=(0, 1) if of_input else 0))
    text = gradient.lower(network.params, x).as_text()
    return text.count("stablehlo.dot_general"), _inside_loops(text)


def _inside_loops(text):
    """The products in the regions of `stablehlo.while`, those of the functions they call too."""
    functions = dict(re.findall(r"func\.func \w* ?@([\w.]+)\((.*?)\n  \}", text, re.S))
    found = 0
    for body in functions.values():
        for region in _regions(body):
            called = [functions.get(name, "") for name in re.findall(r"call @([\w.]+)", region)]
            found += sum(each.count("stablehlo.dot_general") for each in [region, *called])
    return found


def _regions(text):
    """The text between the braces behind each `stablehlo.while`."""
    for start in re.finditer(r"stablehlo\.while", text):
        for word in (" cond {", " do {"):
            place = text.index(word, start.end()) + len(word)
            depth, end = 1, place
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            yield text[place:end]


@pytest.mark.parametrize("layers", [1, 3])
def test_an_lstm_takes_six_products_a_layer_two_of_them_in_loops(layers, compiled):
    cells = ", ".join(["{lstm: 5}"] * layers)
    text = f"network: {{inputs: {{x: [time, 6]}}, layers: [{cells}]}}"
    assert products(compiled(text, device="gpu"), of_input=True) == (6 * layers, 2 * layers)


def test_one_with_four_times_as_many_units_as_inputs_takes_three_on_a_cpu(compiled):
    network = compiled("network: {inputs: {x: [time, 6]}, layers: [{lstm: 24}, {lstm: 24}]}")
    assert products(network, of_input=True) == (3 + 6, 2 + 2)


def test_an_elman_network_has_that_of_its_inputs_before_the_loop_whatever_its_width(compiled):
    for units in (5, 24):
        network = compiled(f"network: {{inputs: {{x: [time, 6]}}, layers: [{{elman: {units}}}]}}")
        assert products(network, of_input=True) == (6, 2)


def test_a_gru_takes_two_products_more_in_each_loop_and_one_behind_it(compiled):
    network = compiled("network: {inputs: {x: [time, 6]}, layers: [{gru: 5}]}")
    total, inside = products(network, of_input=True)
    assert inside == 4
    assert total == 12


def test_what_does_not_depend_on_the_cycle_is_outside(compiled):
    text = """
network:
  inputs: {x: [time, 6]}
  nodes:
    before: {dense: 8, from: x}
    h: {dense: {features: 5, activation: tanh}, from: [before, h@t-1]}
    after: {dense: 3, from: h}
  output: after
"""
    network = compiled(text)
    x = np.zeros((4, 7, 6), np.float32)
    lowered = jax.jit(lambda x: network(x=x)).lower(x).as_text()
    assert lowered.count("stablehlo.dot_general") == 4
    assert _inside_loops(lowered) == 1
