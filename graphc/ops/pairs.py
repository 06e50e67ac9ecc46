"""What is said of pairs of nodes, out of what the two hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Bool, Int, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import (
    ChangesDomain,
    Contracts,
    Multiplying,
    OverPairs,
    ShapeError,
    Weight,
)
from graphc.core.registry import operations
from graphc.core.types import NODES, PAIRS, Type, nodes_axis
from graphc.ops.checks import need_floats
from graphc.ops.initializers import GlorotUniform, Initial, Initializer

DOT, BILINEAR, MLP = METHODS = ("dot", "bilinear", "mlp")


@dataclass(frozen=True)
class EdgeScore(Multiplying):
    """A score for each pair of nodes that the data asks for: the logit of an edge between them.

    Out of what the two nodes u and v hold, h_u and h_v, the score is with

    - `dot`: their dot product;
    - `bilinear`: `h_u @ (kernel + kernel.T) / 2 @ h_v`;
    - `mlp`: the mean of `relu(concat(h_u, h_v) @ kernel + bias) @ score + offset` and of the same
      with u and v in each other's place.

    So the order of the two counts for nothing, unless the score is `directed`: then it is
    `h_u @ kernel @ h_v`, or the first of the two perceptrons alone, for an edge from u to v.

    Shapes: [nodes, n] -> [pairs]; the kernel is [n, n], that of the perceptron [2 n, hidden].

    References: Kipf and Welling, "Variational graph auto-encoders", 2016 (`dot`); Yang et al.,
    "Embedding entities and relations for learning and inference in knowledge bases", 2015
    (`bilinear`).
    """

    name = "edge_score"
    also = ("link_score", "inner_product_decoder", "edge_predictor")
    # Products of two values stay in float32, and those of layers of their own are few.
    traits = (OverPairs(), ChangesDomain(), Contracts())

    method: str = primary(Text(METHODS), "how the score of two nodes is made", DOT)
    hidden: int | None = attribute(
        Int(1), "of `mlp`: how many hidden units; default: as many as a node has features", None
    )
    directed: bool = attribute(
        Bool(), "whether an edge from u to v has another score than one from v to u", False
    )
    kernel_init: Initializer = attribute(Initial(), "how the kernel is drawn", GlorotUniform())

    def complaint(self) -> tuple[str, str] | None:
        if self.hidden is not None and self.method != MLP:
            return f"`hidden` is for `method: {MLP}`, not for `{self.method}`", "hidden"
        if self.directed and self.method == DOT:
            return f"`{DOT}` is the same in both directions: it cannot be `directed`", "directed"
        return None

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        if nodes_axis(x) is None:
            message = f"`{self.name}` scores pairs of nodes, but its input {x} has none"
            raise ShapeError(
                message, "`inputs: {x: [nodes, 8]}` has, with data that asks for links"
            )
        if len(x.shape) != 1:
            message = f"`{self.name}` needs [features] at each node, but its input is {x}"
            help = "put `flatten` before it" if x.shape else "give it at least one feature"
            raise ShapeError(message, help)
        axes = tuple(PAIRS if axis == NODES else axis for axis in x.domain)
        presence = x.presence - {NODES.name} | {PAIRS.name}
        return replace(x, shape=(), domain=axes, presence=presence)

    def build_code(self, x: Type) -> Code | None:
        if self.method == DOT:
            return None
        made = (
            "Bilinear($x.features"
            if self.method == BILINEAR
            else "PairPerceptron($x.features, $units"
        )
        return code(
            f"{made}, directed=$directed, kernel_init=$kernel_init, rngs=$rngs)", directed=False
        )

    def weights(self, x: Type) -> dict[str, Weight]:
        width = x.features
        if self.method == BILINEAR:
            return {"kernel": Weight((width, width))}
        if self.method == MLP:
            units = self._units(x)
            first = {"kernel": Weight((2 * width, units)), "bias": Weight((units,))}
            return {**first, "score": Weight((units,)), "offset": Weight(())}
        return {}

    def call_code(self, x: Type) -> Code:
        place = x.domain.index(NODES)
        at_nodes = "$x" if place == 1 else f"jnp.moveaxis($x, {place}, 1)"
        score = f"dot_of_ends({at_nodes}, $pairs)"
        if self.method != DOT:
            score = f"$self({at_nodes}, $pairs)"
        return code(score if place == 1 else f"jnp.moveaxis({score}, 1, {place})")

    def holes(self, x: Type) -> dict[str, object]:
        return {"units": self._units(x)}

    def flops(self, x: Type) -> int:
        """Those of one pair; what is done at each node is counted with it."""
        width, units = x.features, self._units(x)
        of_nodes = {DOT: 0, BILINEAR: 2 * width * width, MLP: 4 * width * units}
        orders = 1 if self.directed else 2
        return of_nodes[self.method] + (4 * orders * units if self.method == MLP else 2 * width)

    def _units(self, x: Type) -> int:
        return x.features if self.hidden is None else self.hidden


operations.add(EdgeScore)
