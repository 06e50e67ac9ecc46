"""Attention: tokens, or steps, that read one another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Bool, Float, Int, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import (
    ChangesDomain,
    Contracts,
    Input,
    Multiplying,
    Reach,
    ShapeError,
    Stochastic,
    Weight,
)
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.attention_layout import Layout
from graphc.ops.initializers import Initial, Initializer, LecunNormal, Zeros


@dataclass(frozen=True)
class Attention(Multiplying):
    """Multi-head attention: each token of the query reads the tokens of the memory.

    For each head, `softmax(q @ k.T / sqrt(n)) @ v`, where q, k and v are learned projections of
    the query, the memory and the memory with n features for each head; the heads side by side go
    through a last projection. Without a memory the query reads itself (self-attention).

    Shapes: query [tokens, n], memory [others, m] -> [tokens, features]. `visible` is a bool
    [others], or [tokens, others], that is true where a token may be read; with `causal` a token
    reads itself and those before it.

    Steps are tokens too: a memory [time, m] is read over time, without its absent steps. Of a query
    over the same axis each step reads it, [time, n] -> [time, features], with `causal` and `rotary`
    as for tokens; of one over another axis as well. Any other query reads it once: [n] ->
    [features], [tokens, n] -> [tokens, features]. `visible` is then a bool for each step.

    The kernels are [n, heads * head_features] for the query,
    [m, heads * head_features] for key and value, and [heads * head_features, features] for out.

    References: Vaswani et al., "Attention is all you need", 2017. `rotary`: Su et al., "RoFormer",
    2021. `dropout` is that of the weights, as is usual; the first paper has it elsewhere.
    """

    name = "attention"
    inputs = (
        Input("query", help="the tokens that read"),
        Input("memory", optional=True, help="those that are read; the query itself if left out"),
        Input("visible", optional=True, help="a bool: which tokens may be read"),
    )
    build = code(
        "Attention($query.features, heads=$heads, head_features=$head_features,"
        " memory_features=$memory_features, features=$features, causal=$causal, rotary=$rotary,"
        " dropout=$dropout, use_bias=$bias, kernel_init=$kernel_init, bias_init=$bias_init,"
        " dot_general=$dot_general, rngs=$rngs)",
        head_features=None,
        memory_features=None,
        features=None,
        causal=False,
        rotary=None,
        dropout=0.0,
        bias=True,
        kernel_init=LecunNormal(),
        bias_init=Zeros(),
    )
    traits = (
        Contracts("dot_general", apart="products of tokens with one another"),
        Stochastic("dropout"),
        ChangesDomain(),
    )

    heads: int = primary(Int(1), "how many heads")
    features: int | None = attribute(
        Int(1),
        "how many numbers come out for each token; as many as the query has if left out",
        None,
    )
    head_features: int | None = attribute(
        Int(1), "how many numbers a head has; those of the query shared out if left out", None
    )
    causal: bool = attribute(Bool(), "whether no token reads those after it", False)
    rotary: bool = attribute(Bool(), "whether positions turn queries and keys", False)
    rotary_base: float = attribute(
        Float(above=1), "how much slower each pair of features turns", 10000.0
    )
    dropout: float = attribute(
        Float(minimum=0, below=1), "the probability that a weight is zero while training", 0.0
    )
    bias: bool = attribute(Bool(), "whether the projections add a learned number", True)
    kernel_init: Initializer = attribute(Initial(), "how the kernels are drawn", LecunNormal())
    bias_init: Initializer = attribute(Initial(), "how the biases are drawn", Zeros())

    over: str | None = attribute(
        Text(), "the axis of steps that is read, where the memory has several", None
    )

    def infer(self, *types: Type) -> Type:
        query, _, visible = _inputs(types)
        layout = self._layout(*types)
        if self.head_features is None and query.features % self.heads:
            raise ShapeError(
                f"`attention` cannot share the {query.features} features of its query out among"
                f" {self.heads} heads",
                "take a number of heads that divides them, or say `head_features`",
            )
        if self.rotary and self._each(query) % 2:
            raise ShapeError(
                f"`rotary` turns pairs of features, and each head has {self._each(query)}",
                "give `head_features` an even number",
            )
        layout.check(self.causal, self.rotary)
        if visible is not None:
            layout.check_visible(visible)
        features = self.features or query.features
        shape = (*query.shape[:-1], features)
        return replace(query, shape=shape, domain=layout.domain, presence=layout.presence)

    def _layout(self, *types: Type) -> Layout:
        return Layout.of(self.over, *_inputs(types))

    def reach(self, *types: Type) -> Reach | None:
        layout = self._layout(*types)
        own = layout.read is not None and layout.read == layout.steps
        return Reach(layout.read) if own and layout.read is not None else None

    def _each(self, query: Type) -> int:
        return self.head_features or query.features // self.heads

    def weights(self, *types: Type) -> dict[str, Weight]:
        query, memory, _ = _inputs(types)
        width = self.heads * self._each(query)
        sizes = {"query": (query.features, width), "key": (memory.features, width)}
        sizes |= {"value": sizes["key"], "out": (width, self.features or query.features)}
        found = {}
        for name, shape in sizes.items():
            found[f"{name}/kernel"] = Weight(shape)
            if self.bias:
                found[f"{name}/bias"] = Weight(shape[1:])
        return found

    def flops(self, *types: Type) -> int:
        query, memory, _ = _inputs(types)
        width, tokens = self.heads * self._each(query), query.size // query.features
        pairs = tokens * (memory.size // memory.features)  # of steps, how many nobody knows yet
        projections = query.size + 2 * memory.size + self.infer(*types).size
        return 2 * width * projections + pairs * (4 * width + 4 * self.heads)

    def call_code(self, *types: Type) -> Code:
        query, memory, visible = _inputs(types)
        layout = self._layout(*types)
        given = [layout.query_code()]
        if memory is not query:
            given.append(layout.memory_code())
        if visible is not None:
            given.append(f"visible={layout.visible_code(visible)}")
        if (mask := layout.mask_code()) is not None:
            given.append(f"there={mask}")
        if self.dropout:
            given.append("train=$train, key=$key")
        return code(layout.value_code(f"$self({', '.join(given)})"))

    def holes(self, *types: Type) -> dict[str, object]:
        query, memory, _ = _inputs(types)
        features = {"features": self.features or query.features, "memory_features": memory.features}
        found = {name: None if size == query.features else size for name, size in features.items()}
        return found | {"rotary": self.rotary_base if self.rotary else None}


def _inputs(types: tuple[Type, ...]) -> tuple[Type, Type, Type | None]:
    """The query, the memory (or the query again), and what is visible."""
    query, *others = types
    visible = others.pop() if others and others[-1].dtype == "bool" else None
    return query, others[0] if others else query, visible


operations.add(Attention)
