"""Attention along the edges of a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Bool, Float, Int, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute
from graphc.core.operation import (
    AlongEdges,
    Contracts,
    Hearing,
    MultipliesSparse,
    Stochastic,
    Weight,
)
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.graphs import GraphLayer
from graphc.ops.initializers import GlorotUniform, Initial, Initializer, Zeros

_OPTIONS = (
    "($rows, $features, heads=$heads, join=$join, negative_slope=$negative_slope,"
    " dropout=$dropout, self_loops=$self_loops, use_bias=$bias, kernel_init=$kernel_init,"
    " bias_init=$bias_init, dot_general=$dot_general, rngs=$rngs)"
)


def _attention(layer: str) -> Code:
    return code(
        layer + _OPTIONS,
        heads=1,
        join="concat",
        negative_slope=0.2,
        dropout=0.0,
        self_loops=True,
        bias=True,
        bias_init=Zeros(),
    )


@dataclass(frozen=True)
class GraphAttention(GraphLayer, Hearing):
    """Each node reads its neighbours and itself: `y_i = sum_j a_ij h_j + bias`, `h = x @ kernel`.

    For each head, `a_ij` is the softmax over the nodes j from which edges lead to i, and i itself,
    of `leaky_relu(sender . h_j + receiver . h_i)`, with two learned arrays. The heads lie side by
    side, or their mean is taken (`join`).

    Shapes: [nodes, n] -> [nodes, heads * features], or [nodes, features] for `join: mean`. The
    kernel is [n, heads * features], `sender` and `receiver` are [heads, features].

    References: Velickovic et al., "Graph attention networks", 2018.
    """

    name = "graph_attention"
    also = ("gat", "gat_conv")
    traits = (
        AlongEdges(),
        Contracts("dot_general", apart="the scores of edges, and what is added up along them,"),
        Stochastic("dropout"),
        MultipliesSparse(),
    )
    build = _attention("GraphAttention")
    drawn_build: ClassVar[Code] = _attention("DrawnGraphAttention")

    heads: int = attribute(Int(1), "how many heads there are, with `features` numbers each", 1)
    join: str = attribute(
        Text(("concat", "mean")), "whether the heads lie side by side or are averaged", "concat"
    )
    negative_slope: float = attribute(Float(minimum=0), "the slope of a score below zero", 0.2)
    dropout: float = attribute(
        Float(minimum=0, below=1), "the probability that a weight is zero while training", 0.0
    )
    self_loops: bool = attribute(Bool(), "whether a node reads itself", True)
    kernel_init: Initializer = attribute(Initial(), "how the kernel is drawn", GlorotUniform())

    def build_code(self, x: Type) -> Code:
        return self.drawn_build if self.drawn else self.build

    @property
    def value(self) -> str:  # type: ignore[override]
        given = ", train=$train, key=$key" if self.dropout else ""
        return f"$self({{}}, $graph{given})"

    @property
    def width(self) -> int:
        """How many numbers come out for each node."""
        return self.features * self.heads if self.join == "concat" else self.features

    def infer(self, x: Type) -> Type:
        return super().infer(x).with_last(self.width)

    def weights(self, x: Type) -> dict[str, Weight]:
        ends = Weight((self.heads, self.features))
        kernel = Weight((x.features, self.heads * self.features))
        found = {"kernel": kernel, "sender": ends, "receiver": ends}
        return found | ({"bias": Weight((self.width,))} if self.bias else {})

    def flops(self, x: Type) -> int:
        return (2 * x.features + 6) * self.heads * self.features


operations.add(GraphAttention)
