"""Attention: tokens that read one another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Bool, Float, Int
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Contracts, Input, Multiplying, ShapeError, Stochastic, Weight
from graphc.core.registry import operations
from graphc.core.types import Type, join_domains
from graphc.ops.broadcasting import operand
from graphc.ops.checks import need_tokens
from graphc.ops.initializers import Initial, Initializer, LecunNormal, Zeros


@dataclass(frozen=True)
class Attention(Multiplying):
    """Multi-head attention: each token of the query reads the tokens of the memory.

    For each head, `softmax(q @ k.T / sqrt(n)) @ v`, where q, k and v are learned projections of
    the query, the memory and the memory with n features for each head; the heads side by side go
    through a last projection. Without a memory the query reads itself (self-attention).

    Shapes: query [tokens, n], memory [others, m] -> [tokens, features]. `visible` is a bool
    [others], or [tokens, others], that is true where a token may be read; with `causal` a token
    reads itself and those before it. The kernels are [n, heads * head_features] for the query,
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

    def infer(self, *types: Type) -> Type:
        query, memory, visible = _inputs(types)
        need_tokens(self.name, query)
        need_tokens(self.name, memory)
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
        if self.causal and query.shape[0] != memory.shape[0]:
            raise ShapeError(
                f"`causal` needs as many tokens in the memory as in the query, and there are"
                f" {memory.shape[0]} and {query.shape[0]}",
                "leave `causal` out, or say what may be read with `visible`",
            )
        if visible is not None:
            _check_visible(query, memory, visible)
        domain, presence = join_domains(types)
        shape = (query.shape[0], self.features or query.features)
        return replace(query, shape=shape, domain=domain, presence=presence)

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
        width, pairs = self.heads * self._each(query), query.shape[0] * memory.shape[0]
        projections = query.size + 2 * memory.size + self.infer(*types).size
        return 2 * width * projections + pairs * (4 * width + 4 * self.heads)

    def call_code(self, *types: Type) -> Code:
        query, memory, visible = _inputs(types)
        whole = self.infer(*types)
        given = [operand("query", query, whole)]
        if memory is not query:
            given.append(operand("memory", memory, whole))
        if visible is not None:
            given.append(f"visible={operand('visible', visible, whole)}")
        if self.dropout:
            given.append("train=$train, key=$key")
        return code(f"$self({', '.join(given)})")

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


def _check_visible(query: Type, memory: Type, visible: Type) -> None:
    allowed = [memory.shape[:1], (query.shape[0], memory.shape[0])]
    if visible.shape not in allowed:
        raise ShapeError(
            f"`visible` of `attention` is bool {list(allowed[0])} or {list(allowed[1])}, and is"
            f" given {visible}"
        )


operations.add(Attention)
