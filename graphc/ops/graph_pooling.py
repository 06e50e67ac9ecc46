"""Pooling over the nodes of a graph: one value for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operands import steps_first, steps_mask
from graphc.core.operation import ChangesDomain, Operation, ShapeError, Weight
from graphc.core.registry import operations
from graphc.core.types import Axis, Type, is_uneven, nodes_axis, without
from graphc.ops.checks import need_floats
from graphc.ops.initializers import GlorotUniform, Initial, Initializer
from graphc.ops.reductions import Reduction

ATTENTION = "attention"


@dataclass(frozen=True)
class GraphPool(Operation):
    """One value for each graph: the sum, the mean or the largest of what its nodes hold.

    `sum`, `mean` and `max` are the reductions of these names with `over: nodes`. `attention` is a
    mean with weights, `sum_v a_v x_v`, where `a` is the softmax over the nodes of `x_v . score`,
    with a learned array.

    Shapes: [nodes, ...] -> [...]; with `attention` [nodes, n] -> [n], and `score` is [n, 1].

    References: Li et al., "Gated graph sequence neural networks", 2016, whose weights are sigmoids,
    so that they do not add up to 1.
    """

    name = "graph_pool"
    also = ("readout", "global_add_pool", "global_mean_pool", "global_attention")
    traits = (ChangesDomain(),)

    aggregate: str = primary(
        Text(("sum", "mean", "max", ATTENTION)), "what becomes of the nodes of a graph"
    )
    score_init: Initializer = attribute(
        Initial(), "how the score of `attention` is drawn", GlorotUniform()
    )

    def complaint(self) -> tuple[str, str] | None:
        if self.aggregate != ATTENTION and self.score_init != GlorotUniform():
            return f"`{self.aggregate}` has no score: `score_init` is for `attention`", "score_init"
        return None

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        axis = nodes_axis(x)
        if axis is None:
            message = f"`{self.name}` makes one value of all nodes, but its input {x} has none"
            raise ShapeError(message, "`inputs: {x: [nodes, 8]}` has, with data of graphs")
        if self.aggregate == ATTENTION and len(x.shape) != 1:
            message = f"the attention of `{self.name}` needs [features] at each node, but its input"
            help = "put `flatten` before it" if x.shape else "give it at least one feature"
            raise ShapeError(f"{message} is {x}", help)
        return without(x, axis)

    def weights(self, x: Type) -> dict[str, Weight]:
        return {"score": Weight((x.features, 1))} if self.aggregate == ATTENTION else {}

    def flops(self, x: Type) -> int:
        return 6 * x.size if self.aggregate == ATTENTION else x.size

    def build_code(self, x: Type) -> Code | None:
        if self.aggregate != ATTENTION:
            return None
        return code("NodeAttention($x.features, score_init=$score_init, rngs=$rngs)")

    def call_code(self, x: Type) -> Code:
        if self.aggregate != ATTENTION:
            return self._reduction(x).call_code(x)
        axis = _nodes(x)
        mask = f", {steps_mask(axis)}" if is_uneven(x, axis) else ""
        return code(f"$self({steps_first('$x', x.domain.index(axis))}{mask})")

    def holes(self, x: Type) -> dict[str, object]:
        if self.aggregate == ATTENTION:
            return {}
        return {"keep": False} | self._reduction(x).holes(x)

    def _reduction(self, x: Type) -> Reduction:
        """The reduction that does the same."""
        kind = operations[self.aggregate]
        assert issubclass(kind, Reduction)
        return kind(over=_nodes(x).name)


def _nodes(x: Type) -> Axis:
    axis = nodes_axis(x)
    assert axis is not None, "`infer` has refused it"
    return axis


operations.add(GraphPool)
