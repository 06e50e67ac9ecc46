"""Tokens: what attention reads, made of images and told where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from graphc.core.attributes import Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation, ShapeError, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_image, need_tokens
from graphc.ops.initializers import Initial, Initializer, Normal
from graphc.ops.per_axis import PerAxis, Sizes, spread


@dataclass(frozen=True)
class Position(Operation):
    """To each token a vector is added that says where it stands.

    Shapes: [tokens, n], unchanged. The vectors are learned, a table [tokens, n], or waves:
    `sin(t / 10000 ** (2i / n))` in the feature 2i of token t and the cosine in 2i + 1.

    References: Vaswani et al., "Attention is all you need", 2017.
    """

    name = "position"
    build = code(
        "nnx.Embed($tokens, $x.features, embedding_init=$table_init, rngs=$rngs)",
    )

    kind: str = primary(Text(("learned", "sinusoidal")), "where the vectors come from", "learned")
    table_init: Initializer = attribute(Initial(), "how learned vectors are drawn", Normal(0.02))

    def infer(self, x: Type) -> Type:
        need_tokens(self.name, x)
        return x

    def weights(self, x: Type) -> dict[str, Weight]:
        return {"table": Weight(x.shape, stored="embedding")} if self.kind == "learned" else {}

    def flops(self, x: Type) -> int:
        return x.size

    def build_code(self, x: Type) -> Code | None:
        return self.build if self.kind == "learned" else None

    def call_code(self, x: Type) -> Code:
        learned = self.kind == "learned"
        return self._added(x, "$self.embedding" if learned else "sinusoids($tokens, $x.features)")

    def pure_code(self, x: Type) -> Code:
        return self._added(x, "$table")

    def _added(self, x: Type, vectors: str) -> Code:
        """The sum of x and vectors, which have no domain."""
        index = ", ".join(["None"] * len(x.domain)) or "..."
        return code(f"$x + {vectors}[{index}]")

    def holes(self, x: Type) -> dict[str, object]:
        return {"tokens": x.shape[0]}


@dataclass(frozen=True)
class Patches(Operation):
    """An image cut into tiles, each a token, row by row.

    Shapes: [h, w, c] -> [h / p * w / q, p * q * c] for tiles of [p, q]; so too a signal
    [length, c] and a volume [depth, height, width, c].

    References: Dosovitskiy et al., "An image is worth 16x16 words", 2021.
    """

    name = "patches"
    call = code("patches($x, $tile)")

    size: Sizes = primary(PerAxis(), "how long a tile is along each axis")

    def infer(self, x: Type) -> Type:
        need_image(self.name, x)
        tile = self._tile(x)
        if any(length % size for length, size in zip(x.shape, tile, strict=False)):
            raise ShapeError(
                f"`patches` of {list(tile)} do not cover the image {x}",
                "take sizes that divide those of the image",
            )
        tokens = prod(length // size for length, size in zip(x.shape, tile, strict=False))
        return replace(x, shape=(tokens, prod(tile) * x.features))

    def _tile(self, x: Type) -> tuple[int, ...]:
        return spread(self.name, "size", self.size, x)

    def holes(self, x: Type) -> dict[str, object]:
        return {"tile": self._tile(x)}


operations.add(Position, Patches)
