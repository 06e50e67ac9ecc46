"""Layers over the nodes of a graph, which meet along its edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Bool, Declared, Either, Float, Int, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import (
    AlongEdges,
    Contracts,
    Elementwise,
    Hearing,
    Input,
    Linear,
    MultipliesSparse,
    Multiplying,
    Operation,
    Weight,
)
from graphc.core.registry import operations
from graphc.core.types import NODES, Axis, Type
from graphc.ops.checks import need_nodes, need_weights
from graphc.ops.initializers import GlorotUniform, Initial, Initializer, LecunNormal, Zeros

SELF_LOOPS = "whether a node hears of itself; a number is how much that counts beside an edge"


def at_nodes(x: Type, value: str) -> Code:
    """The code of a value over x, which fills its {} as an array [batch, nodes, ...]."""
    return along(x, NODES, value)


def along(x: Type, axis: Axis, value: str) -> Code:
    """The same for an array [batch, nodes, ...] or [batch, edges, ...]."""
    place = x.domain.index(axis)
    if place == 1:
        return code(value.format("$x"))
    turned = value.format(f"jnp.moveaxis($x, {place}, 1)")
    return code(f"jnp.moveaxis({turned}, 1, {place})")


@dataclass(frozen=True)
class GraphLayer(Multiplying):
    """The base of layers that multiply what nodes hold by a kernel.

    Attributes:
        value: the code of its value over [batch, nodes, ...], which fills the {}.
    """

    traits = (AlongEdges(), Contracts("dot_general"))
    value: ClassVar[str]

    features: int = primary(Int(1), "how many numbers come out for each node")
    activation: Operation | None = attribute(
        Declared(operations, Elementwise), "applied to the result", None
    )
    bias: bool = attribute(Bool(), "whether a learned number is added to each feature", True)
    kernel_init: Initializer = attribute(Initial(), "how the kernel is drawn", LecunNormal())
    bias_init: Initializer = attribute(Initial(), "how the bias is drawn", Zeros())

    def infer(self, x: Type) -> Type:
        need_nodes(self.name, x)
        return x.with_last(self.features)

    def rows(self, x: Type) -> int:
        """The rows of the kernel."""
        return x.features

    def weights(self, x: Type) -> dict[str, Weight]:
        kernel = {"kernel": Weight((self.rows(x), self.features))}
        return kernel | ({"bias": Weight((self.features,))} if self.bias else {})

    def flops(self, x: Type) -> int:
        return (2 * self.rows(x) + self.bias) * self.features

    def call_code(self, x: Type) -> Code:
        return at_nodes(x, self.value)

    def holes(self, x: Type) -> dict[str, object]:
        return {"rows": self.rows(x)}


_OPTIONS = (
    "use_bias=$bias, kernel_init=$kernel_init, bias_init=$bias_init, dot_general=$dot_general,"
    " rngs=$rngs)"
)
_LINEAR = code(
    f"nnx.Linear($rows, $features, {_OPTIONS}",
    bias=True,
    kernel_init=LecunNormal(),
    bias_init=Zeros(),
)


def _pool(layer: str) -> Code:
    return code(
        f"{layer}($x.features, $features, {_OPTIONS}",
        bias=True,
        kernel_init=LecunNormal(),
        bias_init=Zeros(),
    )


_SAGE_POOL, _DRAWN_SAGE_POOL = _pool("SagePool"), _pool("DrawnSagePool")


@dataclass(frozen=True)
class Propagation(Operation):
    """A graph convolution without its product: what its node and its neighbours hold, added up.

    Args:
        normalize: as that of the graph convolution.
        loops: how much a node counts itself.
    """

    name = "propagation"
    traits = (AlongEdges(),)

    normalize: str
    loops: float

    def infer(self, x: Type) -> Type:
        return x

    def call_code(self, x: Type) -> Code:
        value = "propagate($graph, {}, normalize=$normalize, self_loops=$loops)"
        return code(at_nodes(x, value).text, normalize="symmetric", loops=1.0)

    def holes(self, x: Type) -> dict[str, object]:
        return {"normalize": self.normalize, "loops": self.loops}

    def flops(self, x: Type) -> int:
        return 2 * x.size


def _convolution(layer: str) -> Code:
    return code(
        f"{layer}($rows, $features, normalize=$normalize, self_loops=$loops, {_OPTIONS}",
        normalize="symmetric",
        loops=1.0,
        bias=True,
        kernel_init=LecunNormal(),
        bias_init=Zeros(),
    )


@dataclass(frozen=True)
class GraphConvolution(GraphLayer, Hearing):
    """A graph convolution: `activation(D^-1/2 (A + I) D^-1/2 x @ kernel + bias)`.

    A holds the edges, one for each node from which one leads to a node, I is `self_loops` and D the
    diagonal of the row sums of A + I. With `normalize: mean` it is `D^-1 (A + I) x`, with `none`
    `(A + I) x`. The product with the kernel is made before what comes along the edges is added up
    where it has fewer features than the input, and after it otherwise, so that the edges carry the
    smaller of the two.

    With a `weight` for each edge, A holds these in place of ones. They should not be negative: a
    node whose row adds up to no more than 0 gets the bias alone.

    Shapes: [nodes, n], and a weight [edges], -> [nodes, features]; the kernel is [n, features].

    References: Kipf and Welling, "Semi-supervised classification with graph convolutional
    networks", 2017. `self_loops: 2`: Gao and Ji, "Graph U-Nets", 2019.
    """

    traits = (*GraphLayer.traits, Linear(), MultipliesSparse())
    name = "graph_conv"
    also = ("gcn", "gcn_conv", "graph_convolution")
    inputs = (Input(), Input("weight", optional=True, help="a number for each edge"))
    build = _convolution("GraphConv")
    value = "$self({}, $graph)"
    weighted = "$self({}, $graph, $weight)"

    normalize: str = attribute(
        Text(("symmetric", "mean", "none")), "how the sum over the edges is scaled", "symmetric"
    )
    self_loops: bool | float = attribute(Either((Bool(), Float(minimum=0))), SELF_LOOPS, True)
    kernel_init: Initializer = attribute(Initial(), "how the kernel is drawn", GlorotUniform())

    def before_product(self) -> Operation:
        return Propagation(self.normalize, float(self.self_loops))

    def infer(self, x: Type, weight: Type | None = None) -> Type:
        if weight is not None:
            need_weights(self.name, weight)
        return super().infer(x)

    def weights(self, x: Type, weight: Type | None = None) -> dict[str, Weight]:
        return super().weights(x)

    def flops(self, x: Type, weight: Type | None = None) -> int:
        return super().flops(x)

    def build_code(self, x: Type, weight: Type | None = None) -> Code | None:
        if weight is not None:
            return _convolution("WeightedGraphConv")
        return _convolution("DrawnGraphConv") if self.drawn else self.build

    def call_code(self, x: Type, weight: Type | None = None) -> Code:
        return at_nodes(x, self.value if weight is None else self.weighted)

    def holes(self, x: Type, weight: Type | None = None) -> dict[str, object]:
        return super().holes(x) | {"loops": float(self.self_loops)}


@dataclass(frozen=True)
class SageConvolution(GraphLayer, Hearing):
    """A layer of GraphSAGE: `activation(concat(x, aggregate(neighbours)) @ kernel + bias)`.

    The neighbours of a node are the nodes from which edges lead to it. Where there are none, their
    mean, sum and largest number are 0. With `pool` the aggregate is the largest of
    `relu(neighbour @ pool/kernel + pool/bias)`.

    Shapes: [nodes, n] -> [nodes, features]; the kernel is [2 n, features], that of `pool` [n, n].

    References: Hamilton, Ying and Leskovec, "Inductive representation learning on large graphs",
    2017, who scale the result to length 1, which is `l2_normalize` here.
    """

    name = "sage_conv"
    also = ("sage", "graph_sage", "graphsage")
    aggregate: str = attribute(
        Text(("mean", "max", "sum", "pool")), "what becomes of the neighbours of a node", "mean"
    )

    @property
    def value(self) -> str:  # type: ignore[override]
        if self.aggregate == "pool":
            return "$self({}, $graph)"
        function = "with_drawn_neighbours" if self.drawn else "with_neighbours"
        return f"$self({function}($graph, {{}}, $aggregate))"

    def build_code(self, x: Type) -> Code:
        if self.aggregate != "pool":
            return _LINEAR
        return _DRAWN_SAGE_POOL if self.drawn else _SAGE_POOL

    def rows(self, x: Type) -> int:
        return 2 * x.features

    def weights(self, x: Type) -> dict[str, Weight]:
        if self.aggregate != "pool":
            return super().weights(x)
        own = {"pool/kernel": Weight((x.features, x.features)), "pool/bias": Weight((x.features,))}
        return super().weights(x) | own

    def flops(self, x: Type) -> int:
        own = 2 * x.features**2 if self.aggregate == "pool" else 0
        return super().flops(x) + own


@dataclass(frozen=True)
class ChebyshevConvolution(GraphLayer):
    """A polynomial of the Laplacian: `activation(concat(T_0 x, T_1 x, ...) @ kernel + bias)`.

    The T_k are the Chebyshev polynomials of `L - I` = `-D^-1/2 A D^-1/2`, with the normalised
    Laplacian L, whose eigenvalues are taken to be 0 to 2. So `order` terms reach `order` - 1 edges
    far.

    Shapes: [nodes, n] -> [nodes, features]; the kernel is [order n, features].

    References: Defferrard, Bresson and Vandergheynst, "Convolutional neural networks on graphs with
    fast localized spectral filtering", 2016.
    """

    name = "chebyshev_conv"
    also = ("cheb_conv", "chebconv")
    build = _LINEAR
    value = "$self(chebyshev($graph, {}, $order))"

    order: int = attribute(Int(1), "how many polynomials there are", 3)

    def rows(self, x: Type) -> int:
        return self.order * x.features


@dataclass(frozen=True)
class IsomorphismConvolution(Hearing):
    """The sum of a graph isomorphism network: `(1 + epsilon) * x + sum(neighbours)`.

    The perceptron of the paper is the layers that follow, such as `dense`.

    Shapes: [nodes, n] -> [nodes, n].

    References: Xu, Hu, Leskovec and Jegelka, "How powerful are graph neural networks?", 2019.
    """

    name = "gin_conv"
    also = ("gin",)
    traits = (AlongEdges(),)

    epsilon: float = primary(Float(), "how much more than an edge a node itself counts", 0.0)
    learned: bool = attribute(Bool(), "whether it is learned, from that on", False)

    def infer(self, x: Type) -> Type:
        need_nodes(self.name, x)
        return x

    def build_code(self, x: Type) -> Code | None:
        if not self.learned:
            return None
        return code("DrawnIsomorphism($epsilon)" if self.drawn else "Isomorphism($epsilon)")

    def weights(self, x: Type) -> dict[str, Weight]:
        return {"epsilon": Weight(())} if self.learned else {}

    def call_code(self, x: Type) -> Code:
        function = "propagate_drawn" if self.drawn else "propagate"
        fixed = f"{function}($graph, {{}}, 'none', $loops)"
        return at_nodes(x, "$self({}, $graph)" if self.learned else fixed)

    def holes(self, x: Type) -> dict[str, object]:
        return {"loops": 1 + self.epsilon}

    def flops(self, x: Type) -> int:
        return 2 * x.size


operations.add(GraphConvolution, SageConvolution, ChebyshevConvolution, IsomorphismConvolution)
