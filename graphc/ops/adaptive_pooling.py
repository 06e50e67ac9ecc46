"""Adaptive pooling: images of any size become images of a given one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.code import Code, code
from graphc.core.declaration import primary
from graphc.core.operation import Operation, Unchanged
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_image
from graphc.ops.per_axis import PerAxis, Sizes, spread


@dataclass(frozen=True)
class AdaptivePool(Operation):
    """What adaptive pools have in common.

    `even` is their form for windows of one size side by side, `whole` for a single one.
    """

    even: ClassVar[Code]
    whole: ClassVar[Code]
    traits = (Unchanged(),)

    size: Sizes = primary(PerAxis(), "how many numbers are left along each spatial axis")

    def infer(self, x: Type) -> Type:
        need_image(self.name, x)
        return x.with_shape((*spread(self.name, "size", self.size, x), x.features))

    def flops(self, x: Type) -> int:
        return max(x.size, self.infer(x).size)

    def call_code(self, x: Type) -> Code:
        sizes = spread(self.name, "size", self.size, x)
        if sizes == x.shape[:-1]:
            return code("$x")
        if set(sizes) == {1}:
            return self.whole
        divides = all(n % size == 0 for n, size in zip(x.shape, sizes, strict=False))
        return self.even if divides else self.call

    def holes(self, x: Type) -> dict[str, object]:
        sizes = spread(self.name, "size", self.size, x)
        window = tuple(n // size for n, size in zip(x.shape, sizes, strict=False))
        return {"size": sizes, "window": window, "axes": tuple(range(-len(x.shape), -1))}


class AdaptiveAveragePool(AdaptivePool):
    """The means of windows that are laid over the image so that `size` of them cover it.

    Shapes: [..., c] -> [*size, c], with one to three spatial axes. Along an axis of n, window i of
    m goes from floor(i * n / m) to before ceil((i + 1) * n / m), as in PyTorch: windows of n / m
    side by side where m divides n, and otherwise windows of unequal length that may share a number.

    References: He et al., "Spatial pyramid pooling in deep convolutional networks", 2015.
    """

    name = "adaptive_average_pool"
    call = code("adaptive_pool(jnp.mean, $x, $size)")
    even = code("average_pool($x, $window)")
    whole = code("jnp.mean($x, axis=$axes, keepdims=True)")


class AdaptiveMaxPool(AdaptivePool):
    """The largest numbers of windows that are laid as by `adaptive_average_pool`.

    Shapes: [..., c] -> [*size, c], with one to three spatial axes. Where several are largest, the
    gradient is shared among them.

    References: He et al., "Spatial pyramid pooling in deep convolutional networks", 2015.
    """

    name = "adaptive_max_pool"
    call = code("adaptive_pool(jnp.max, $x, $size)")
    even = code("max_pool($x, $window)")
    whole = code("jnp.max($x, axis=$axes, keepdims=True)")


operations.add(AdaptiveAveragePool, AdaptiveMaxPool)
