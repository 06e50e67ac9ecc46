"""Series at the nodes of one graph, cut into windows that follow one another in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from graphc.core.types import RECEIVERS, SENDERS
from graphc.data.dataset import Dataset, Form
from graphc.data.scaling import Scaling
from graphc.ops.sources import SeriesSource


@dataclass(frozen=True, eq=False)
class Series:
    """A number at each node of a graph for each step.

    Attributes:
        values: [steps, nodes].
        nodes: their names.
        edges: int32 [2, edges], senders and receivers, sorted by receivers.
        left_out: how many edges were left out, by the reason.
        directed: whether the edges lead one way.
    """

    values: np.ndarray
    nodes: tuple[str, ...]
    edges: np.ndarray
    left_out: Mapping[str, int] = field(default_factory=dict)
    directed: bool = False

    def dataset(self, source: SeriesSource, folder: str, form: Form | None = None) -> Dataset:
        """Its windows, as the source says; raises ShapeError GC518.

        Windows are scaled as measured on the steps of the training part, or as those of a run were
        that kept its form. Targets are not.
        """
        parts = source.parts(len(self.values))
        whole = {source.field: self.values[..., None]}
        train = {source.field: whole[source.field][: parts["train"].stop]}
        scaled = [] if source.normalize == "none" else [source.field]
        scaling = form.scaling if form else Scaling.fit(train, scaled, source.normalize)
        inputs = scaling.apply(whole)[source.field][..., 0].astype(np.float32)
        targets = self.values.astype(np.float32)
        return Dataset(
            splits={
                name: {
                    **_windows(source, inputs[part.start : part.stop], targets[part.start :]),
                    **self._edges(source.windows(part)),
                }
                for name, part in parts.items()
            },
            fields=dict(source.fields(folder)),
            target=source.target,
            class_names=None,
            scaling=scaling,
            left_out=dict(self.left_out),
            directed=self.directed,
            edges=tuple(tuple(each.tolist()) for each in self.edges),
            nodes=self.nodes,
        )

    def _edges(self, count: int) -> dict[str, np.ndarray]:
        """The edges for so many windows."""
        shape = (count, self.edges.shape[1])
        senders, receivers = (np.broadcast_to(each, shape) for each in self.edges)
        return {SENDERS: senders, RECEIVERS: receivers}


def _windows(
    source: SeriesSource, inputs: np.ndarray, targets: np.ndarray
) -> dict[str, np.ndarray]:
    """The windows of a part and what comes behind them, as views of the series [steps, nodes].

    Args:
        inputs: the part.
        targets: the part, and maybe what is behind it.
    """
    last, stop = len(inputs) - source.horizon, len(inputs)
    windows = sliding_window_view(inputs[:last], source.steps, axis=0)
    behind = sliding_window_view(targets[source.steps : stop], source.horizon, axis=0)
    return {source.field: np.moveaxis(windows, -1, 1)[..., None], source.target: behind}
