"""Whole numbers as vectors."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Int, Name, Named
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Operation, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_bounded
from graphc.ops.initializers import Initial, Initializer


@dataclass(frozen=True)
class Embed(Operation):
    """A learned vector for each whole number: `y = table[x]`.

    Shapes: int [...] below n -> [..., features]; the table is [n, features]. `table: NAME` takes it
    from elsewhere.
    """

    name = "embed"
    build = code(
        "nnx.Embed($x.below, $features, embedding_init=$table_init, rngs=$rngs)",
        table_init=None,
    )
    call = code("$self($x)")

    features: int = primary(Int(1), "the length of each vector")
    table: Name | None = attribute(Named(), "a value to take in place of a learned table", None)
    table_init: Initializer | None = attribute(
        Initial(), "how the vectors are drawn; if left out, normal with variance 1 / features", None
    )

    def infer(self, x: Type) -> Type:
        need_bounded(self.name, x)
        return x.with_shape((*x.shape, self.features))

    def weights(self, x: Type) -> dict[str, Weight]:
        return {"table": Weight((x.below or 0, self.features), stored="embedding")}

    def pure_code(self, x: Type) -> Code:
        return code("jnp.take($table, $x, axis=0)")


class OneHot(Operation):
    """A one at the place that the number names, and zeros elsewhere.

    Shapes: int [...] below n -> [..., n].
    """

    name = "one_hot"
    call = code("nnx.one_hot($x, $classes)")

    def infer(self, x: Type) -> Type:
        need_bounded(self.name, x)
        return x.with_shape((*x.shape, x.below or 0))

    def holes(self, x: Type) -> dict[str, object]:
        return {"classes": x.below}


operations.add(Embed, OneHot)
