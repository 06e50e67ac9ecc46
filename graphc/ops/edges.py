"""Values at the edges of a graph: what their ends hold, and what arrives at nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Text
from graphc.core.code import Code
from graphc.core.declaration import primary
from graphc.core.operation import AlongEdges, ChangesDomain, Operation
from graphc.core.registry import operations
from graphc.core.types import EDGES, NODES, Type, moved
from graphc.ops.checks import need_edges, need_floats, need_nodes
from graphc.ops.graphs import along


@dataclass(frozen=True)
class _Ends(Operation):
    """What the nodes at one end of the edges hold.

    Attributes:
        value: the code of its value over [batch, nodes, ...], which fills the {}.
    """

    traits = (AlongEdges(), ChangesDomain())
    value: ClassVar[str]

    def infer(self, x: Type) -> Type:
        need_nodes(self.name, x, sized=False)
        return moved(x, NODES, EDGES)

    def call_code(self, x: Type) -> Code:
        return along(x, NODES, self.value)


class Senders(_Ends):
    """What the node holds from which each edge leads: `y_e = x_j` for the edge e from j to i.

    Shapes: [nodes, ...] -> [edges, ...].
    """

    name = "senders"
    value = "at_senders($graph, {})"


class Receivers(_Ends):
    """What the node holds to which each edge leads: `y_e = x_i` for the edge e from j to i.

    Shapes: [nodes, ...] -> [edges, ...].
    """

    name = "receivers"
    value = "at_receivers($graph, {})"


@dataclass(frozen=True)
class Aggregate(Operation):
    """What arrives at each node: the sum, the mean or the largest over the edges that lead to it.

    A node that no edge leads to gets 0.

    Shapes: [edges, ...] -> [nodes, ...].

    References: Gilmer, Schoenholz, Riley, Vinyals and Dahl, "Neural message passing for quantum
    chemistry", 2017.
    """

    name = "aggregate"
    also = ("scatter",)
    traits = (AlongEdges(), ChangesDomain())

    how: str = primary(
        Text(("sum", "mean", "max")), "what becomes of the edges that lead to a node", "sum"
    )

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        need_edges(self.name, x)
        return moved(x, EDGES, NODES)

    def call_code(self, x: Type) -> Code:
        how = "" if self.how == "sum" else ", $how"
        return along(x, EDGES, f"at_nodes($graph, {{}}{how})")

    def flops(self, x: Type) -> int:
        return x.size


@dataclass(frozen=True)
class EdgeSoftmax(Operation):
    """Softmax over the edges that lead to the same node: `exp(x_e) / sum(exp(x_f))`.

    The sum goes over all edges f to the node that e leads to, so that the weights of what a node
    hears add up to 1. (`softmax` is over the features of an edge.)

    Shapes: [edges, ...], unchanged; each feature by itself.

    References: Velickovic et al., "Graph attention networks", 2018.
    """

    name = "edge_softmax"
    traits = (AlongEdges(),)

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        need_edges(self.name, x)
        return x

    def call_code(self, x: Type) -> Code:
        return along(x, EDGES, "edge_softmax($graph, {})")

    def flops(self, x: Type) -> int:
        return 4 * x.size


operations.add(Senders, Receivers, Aggregate, EdgeSoftmax)
