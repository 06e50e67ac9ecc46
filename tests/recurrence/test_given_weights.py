"""Layers on a cycle that are given arrays of others."""

import jax
import jax.numpy as jnp
import numpy as np

SPEC = """
network:
  inputs: {x: [time, 6], word: {int: [time], below: 7}}
  nodes:
    kernel: {weight: [11, 5]}
    h: {dense: {features: 5, kernel: kernel, activation: tanh}, from: [x, h@t-1]}
    token: {embed: 5, from: fed@t-1}
    g: {dense: {features: 5, activation: tanh}, from: [x, token, g@t-1]}
    scores: {dense: {features: 7, kernel: token.table, transpose: true}, from: g}
    guess: argmax(scores)
    fed: {mode: {train: word, otherwise: guess}}
  outputs: [h, scores]
"""


def test_they_are_those_of_the_equations(compiled, sequences):
    made = compiled(SPEC)
    weights = made.weights
    kernel, bias, table = weights["kernel"], weights["h/bias"], weights["token/table"]
    h, g, fed = np.zeros((4, 5)), np.zeros((4, 5)), np.zeros(4, int)
    states, scores = [], []
    for step in range(9):
        x = sequences[:, step]
        h = np.tanh(np.concatenate([x, h], 1) @ kernel + bias)
        joined = np.concatenate([x, table[fed], g], 1)
        g = np.tanh(joined @ weights["g/kernel"] + weights["g/bias"])
        states.append(h)
        scores.append(g @ table.T + weights["scores/bias"])
        fed = scores[-1].argmax(axis=1)
    word = np.zeros((4, 9), np.int32)
    for found, expected in zip(made(x=sequences, word=word), (states, scores), strict=True):
        np.testing.assert_allclose(found, np.stack(expected, 1), rtol=1e-4, atol=1e-5)


def test_the_array_learns_from_every_step(compiled, sequences):
    made = compiled(SPEC)
    word = np.ones((4, 9), np.int32)

    def total(params):
        return sum(jnp.sum(each**2) for each in made(params, x=sequences, word=word))

    for each in jax.tree.leaves(jax.jit(jax.grad(total))(made.params)):
        assert np.abs(each).max() > 0


def test_arrays_of_a_cycle_are_read_behind_it(compiled, sequences):
    made = compiled(
        """
network:
  inputs: {x: [time, 6]}
  nodes:
    h: {dense: {features: 5, activation: tanh}, from: [x, h@t-1]}
    y: {dense: {features: 5, kernel: h.kernel, bias: false}, from: [x, h]}
  outputs: [y, h]
"""
    )
    y, h = made(x=sequences)
    joined = np.concatenate([sequences, h], axis=-1)
    np.testing.assert_allclose(y, joined @ made.weights["h/kernel"], rtol=1e-4, atol=1e-5)
