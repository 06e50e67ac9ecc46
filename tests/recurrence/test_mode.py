"""One value in training, another one otherwise: teacher forcing and what a decoder says itself."""

import cells
import jax
import numpy as np
import pytest
from test_cells import own

import graphc as gc
from graphc.core.span import Source

DECODER = """
axes: {source: time, target: time}
network:
  inputs: {x: [source, 5], reply: {int: [target], below: 7}}
  nodes:
    memory: {layers: [{gru: 6}], from: x}
    fed: {mode: {train: reply, otherwise: guess}}
    said: {embed: 4, from: fed@t-1}
    h: {gru_step: 6, from: {x: said, h: h@t-1}}
    logits: {dense: 7, from: h}
    guess: argmax(logits)
  initial: {h: last(memory), fed: {constant: 3}}
  output: logits
"""


@pytest.fixture
def batch():
    draw = np.random.default_rng(2)
    x = draw.normal(size=(3, 4, 5)).astype(np.float32)
    return {"x": x, "reply": draw.integers(0, 7, (3, 8)).astype(np.int32)}


def decoded(weights, batch, teach):
    """The logits step by step in numpy."""
    memory = cells.Gru(own(weights, "memory/gru"), 6).run(batch["x"])
    decoder = cells.Gru(weights, 6)
    h, said, found = memory[:, -1], np.full(3, 3), []
    for step in range(batch["reply"].shape[1]):
        h, _ = decoder.step(weights["said/table"][said], h)
        found.append(decoder.layer("logits", h))
        said = batch["reply"][:, step] if teach else found[-1].argmax(axis=-1)
    return np.stack(found, axis=1)


@pytest.mark.parametrize("train", [True, False])
def test_a_decoder_reads_the_reply_in_training_and_its_own_otherwise(compiled, batch, train):
    made = compiled(DECODER)
    outputs, _ = made.module.forward(
        made.params, {}, batch, train=train, key=jax.random.key(0) if train else None
    )
    expected = decoded(made.weights, batch, teach=train)
    np.testing.assert_allclose(outputs, expected, rtol=2e-5, atol=5e-6)


def test_a_program_for_inference_reads_its_own(compiled, batch):
    made = compiled(DECODER)
    other = gc.compile(Source("test", f"graphc: 1\n{DECODER}"), inference=True).module()
    found = other.forward(made.params, {}, batch)
    np.testing.assert_allclose(found, decoded(made.weights, batch, False), rtol=2e-5, atol=5e-6)


def test_the_reply_has_no_influence_otherwise(compiled, batch):
    made = compiled(DECODER)
    other = batch | {"reply": (batch["reply"] + 1) % 7}
    np.testing.assert_array_equal(made(**batch), made(**other))


def test_a_mode_stands_anywhere(compiled):
    text = """
blocks:
  gated:
    nodes:
      a: {dense: {features: 3, kernel_init: ones}, from: x}
      b: tanh(a)
      y: {mode: {train: a, otherwise: b}}
    output: y
network: {inputs: {x: [3]}, layers: [{repeat: {times: 5, layers: [gated]}}, {dense: 2}]}
"""
    made = compiled(text)
    x = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    for train in (True, False):
        expected = x
        for i in range(5):
            kernel, bias = (made.weights[f"repeat/{i}/a/{word}"] for word in ("kernel", "bias"))
            expected = expected @ kernel + bias
            expected = expected if train else np.tanh(expected)
        expected = expected @ made.weights["dense/kernel"] + made.weights["dense/bias"]
        found, _ = made.module.forward(made.params, {}, {"x": x}, train=train)
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)


def test_both_are_differentiated_by_what_they_read(compiled, batch):
    made = compiled(DECODER)

    def total(params, train):
        return made.module.forward(params, {}, batch, train=train)[0].sum()

    for train in (True, False):
        step = 1e-2
        gradient = jax.grad(total)(made.params, train)["logits"]["bias"]
        moved = jax.tree.map(lambda each: each, made.params)
        moved["logits"] = moved["logits"] | {"bias": moved["logits"]["bias"].at[0].add(step)}
        change = (total(moved, train) - total(made.params, train)) / step
        if train:  # the bias moves nothing but the logits: the reply is what it is
            np.testing.assert_allclose(change, 24, rtol=1e-3)
        np.testing.assert_allclose(gradient, np.full(7, 24), rtol=1e-5)


def test_what_is_written_is_read_again():
    graph = gc.load(Source("test", f"graphc: 1\n{DECODER}"))
    assert gc.load(Source("again", gc.dump(graph))) == graph
