"""Tokens: what attention reads, made of images and told where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.attributes import Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation, ShapeError, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_floats, need_tokens
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

    Shapes: [h, w, c] -> [h / p * w / q, p * q * c] for tiles of [p, q].

    References: Dosovitskiy et al., "An image is worth 16x16 words", 2021.
    """

    name = "patches"
    call = code("patches($x, $height, $width)")

    size: Sizes = primary(PerAxis(), "height and width of a tile")

    def infer(self, x: Type) -> Type:
        need_floats(self.name, x)
        if len(x.shape) != 3:
            message = f"`patches` needs [height, width, channels], but its input has shape {x}"
            help = "put it before `flatten`, or make an image with `reshape`"
            if len(x.shape) == 2:
                help = f"add an axis of channels: `reshape: {[*x.shape, 1]}`"
            raise ShapeError(message, help)
        height, width = spread(self.name, "size", self.size, x)
        if x.shape[0] % height or x.shape[1] % width:
            raise ShapeError(
                f"`patches` of [{height}, {width}] do not cover the image {x}",
                "take a size that divides height and width",
            )
        tokens = x.shape[0] // height * (x.shape[1] // width)
        return replace(x, shape=(tokens, height * width * x.features))

    def holes(self, x: Type) -> dict[str, object]:
        return dict(zip(("height", "width"), spread(self.name, "size", self.size, x), strict=True))


operations.add(Position, Patches)
