"""Flax NNX: its cells in nnx.RNN, nnx.Optimizer and nnx.jit, a call for each step."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks.characters import EMBEDDED, SYMBOLS, Cell, Characters, cells
from benchmarks.workloads import LEARNING_RATE
from graphc.data.batches import epoch_order

CELLS = {"elman": nnx.SimpleCell, "gru": nnx.GRUCell, "lstm": nnx.OptimizedLSTMCell}


class Model(nnx.Module):
    def __init__(self, workload: Characters, rngs):
        self.embed = nnx.Embed(SYMBOLS, EMBEDDED, rngs=rngs)
        sizes = [EMBEDDED] + [workload.units] * (workload.layers - 1)
        self.layers = nnx.List([self._layer(workload, size, rngs) for size in sizes])
        self.dense = nnx.Linear(workload.units, SYMBOLS, rngs=rngs)

    def _layer(self, workload, size, rngs):
        def one():
            return nnx.RNN(CELLS[workload.cell](size, workload.width, rngs=rngs), rngs=rngs)

        return nnx.Bidirectional(one(), one(), rngs=rngs) if workload.both_ways else one()

    def __call__(self, text, lengths):
        x = self.embed(text)
        for layer in self.layers:
            x = layer(x, seq_lengths=lengths)
        return self.dense(x)


def start(workload: Characters, arrays: dict, weights: dict) -> Callable[[int], float]:
    model = _model(workload, weights)
    optimizer = nnx.Optimizer(model, optax.adam(LEARNING_RATE), wrt=nnx.Param)

    def loss_of(model, text, labels, lengths):
        logits = model(text, lengths)
        each = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        if lengths is None:
            return each.mean()
        mask = jnp.arange(each.shape[1]) < lengths[:, None]
        return jnp.sum(each, where=mask) / mask.sum()

    @nnx.jit
    def train_step(model, optimizer, text, labels, lengths):
        loss, gradients = nnx.value_and_grad(loss_of)(model, text, labels, lengths)
        optimizer.update(model, gradients)
        return loss

    def epoch(number: int) -> float:
        total = jnp.zeros(())
        for rows in epoch_order(workload.examples, workload.batch, 0, number):
            lengths = arrays["time:length"][rows] if workload.both_ways else None
            text, labels = arrays["text"][rows], arrays["next"][rows]
            total += train_step(model, optimizer, text, labels, lengths)
        return float(total) / (workload.examples // workload.batch)

    return epoch


def _model(workload: Characters, weights: dict[str, np.ndarray]) -> Model:
    model = Model(workload, nnx.Rngs(0))
    model.embed.embedding[...] = weights["embed/table"]
    model.dense.kernel[...] = weights["dense/kernel"]
    model.dense.bias[...] = weights["dense/bias"]
    for layer, given in zip(model.layers, cells(workload, weights), strict=True):
        loops = [layer.forward_rnn, layer.backward_rnn] if workload.both_ways else [layer]
        for loop, cell in zip(loops, given, strict=True):
            _put(loop.cell, cell)
    return model


def _put(cell, weights: Cell) -> None:
    """What Flax leaves out, a bias of the candidate behind the gate of a GRU, is 0 at first."""
    cell.dense_i.kernel[...], cell.dense_h.kernel[...] = weights.input, weights.state
    biased = cell.dense_i if cell.dense_i.bias is not None else cell.dense_h
    biased.bias[...] = weights.input_bias
