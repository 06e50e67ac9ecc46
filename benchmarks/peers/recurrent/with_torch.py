"""PyTorch, eager: its recurrent layers, which are compiled, and torch.optim.Adam."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import rnn

from benchmarks.characters import EMBEDDED, SYMBOLS, Characters, cells
from benchmarks.peers.with_torch import epochs, held

LAYERS = {"elman": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Model(nn.Module):
    def __init__(self, workload: Characters):
        super().__init__()
        self.embed, self.dense = nn.Embedding(SYMBOLS, EMBEDDED), nn.Linear(workload.units, SYMBOLS)
        self.layers = LAYERS[workload.cell](
            *(EMBEDDED, workload.width, workload.layers),
            batch_first=True,
            bidirectional=workload.both_ways,
        )

    def forward(self, text, lengths):
        x = self.embed(text)
        if lengths is None:
            return self.dense(self.layers(x)[0])
        packed = rnn.pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        whole = text.shape[1]
        x, _ = rnn.pad_packed_sequence(self.layers(packed)[0], True, total_length=whole)
        return self.dense(x)


def start(workload: Characters, arrays: dict, weights: dict) -> Callable[[int], float]:
    model = Model(workload)
    _put(model, workload, weights)
    data = {name: held(array).long() for name, array in arrays.items()}

    def loss(rows: torch.Tensor) -> torch.Tensor:
        lengths = data["time:length"][rows] if workload.both_ways else None
        logits, labels = model(data["text"][rows], lengths), data["next"][rows]
        if lengths is not None:
            mask = torch.arange(workload.steps) < lengths[:, None]
            logits, labels = logits[mask], labels[mask]
        return functional.cross_entropy(logits.flatten(0, -2), labels.flatten())

    return epochs(model, loss, workload.examples, workload.batch, times=3)


def _put(model: Model, workload: Characters, weights: dict[str, np.ndarray]) -> None:
    named = {"embed.weight": weights["embed/table"], "dense.weight": weights["dense/kernel"].T}
    named["dense.bias"] = weights["dense/bias"]
    for i, layer in enumerate(cells(workload, weights)):
        for way, cell in zip(("", "_reverse"), layer, strict=False):
            named[f"layers.weight_ih_l{i}{way}"] = cell.input.T
            named[f"layers.weight_hh_l{i}{way}"] = cell.state.T
            named[f"layers.bias_ih_l{i}{way}"] = cell.input_bias
            named[f"layers.bias_hh_l{i}{way}"] = cell.state_bias
    model.load_state_dict({name: torch.tensor(array) for name, array in named.items()})
