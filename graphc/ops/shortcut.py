"""The shortcut of residual networks."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import Contracts, Input, Multiplying, ShapeError, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_floats
from graphc.ops.initializers import Initial, Initializer, LecunNormal


@dataclass(frozen=True)
class Shortcut(Multiplying):
    """What a residual block adds to its body: x, brought to the shape of `like`.

    Shapes: x [..., c], like [..., c'] -> [..., c'], with as many spatial axes or none: x [n],
    like [m] -> [m]. Only the shape of `like` matters. Where the shapes are equal it is x. Otherwise

    - `identity` refuses;
    - `project` multiplies the channels by a learned kernel [c, c'], without bias, at every s-th
      place of an axis of n where n' = ceil(n / s): a strided convolution with a kernel of 1
      (option B of the paper);
    - `pad` takes every s-th place and appends channels of zeros (option A).

    The projection is written as a matrix product, which is faster than a library convolution on the
    CPU and may stand inside a loop.

    References: He et al., "Deep residual learning for image recognition", 2016.
    """

    name = "shortcut"
    inputs = (Input("x"), Input("like", help="gives the shape"))
    build = code(
        "nnx.Linear($x.features, $like.features, use_bias=False, kernel_init=$kernel_init,"
        " dot_general=$dot_general, rngs=$rngs)",
        kernel_init=LecunNormal(),
    )
    traits = (Contracts("dot_general"),)

    kind: str = primary(
        Text(("identity", "project", "pad")), "what to do with unequal shapes", "identity"
    )
    kernel_init: Initializer = attribute(
        Initial(), "how the kernel of a projection is drawn", LecunNormal()
    )

    def infer(self, x: Type, like: Type) -> Type:
        need_floats(self.name, x, like)
        if x.shape != like.shape:
            self._check(x, like)
        return x.with_shape(like.shape)

    def _check(self, x: Type, like: Type) -> None:
        problem = f"`shortcut` leads from {list(x.shape)} to {list(like.shape)}"
        if len(x.shape) != len(like.shape) or not x.shape:
            raise ShapeError(problem, "both must be images, or both [features]")
        if self.kind == "identity":
            raise ShapeError(
                f"{problem}, and `identity` needs equal shapes", "write `shortcut: project`"
            )
        if _strides(x, like) is None:
            grows = any(n < wanted for n, wanted in zip(x.shape[:-1], like.shape, strict=False))
            raise ShapeError(
                f"{problem}, and no stride takes {list(x.shape[:-1])} to {list(like.shape[:-1])}",
                "make the input larger before it branches, with `upsample`"
                if grows
                else "use `padding: same` in the body, which only strides make smaller",
            )
        if self.kind == "pad" and like.features < x.features:
            raise ShapeError(
                f"{problem}, and `pad` cannot take channels away", "write `shortcut: project`"
            )

    def weights(self, x: Type, like: Type) -> dict[str, Weight]:
        if self.build_code(x, like) is None:
            return {}
        return {"kernel": Weight((x.features, like.features))}

    def flops(self, x: Type, like: Type) -> int:
        return 2 * x.features * like.size if self.build_code(x, like) else 0

    def build_code(self, x: Type, like: Type) -> Code | None:
        return self.build if self.kind == "project" and x.shape != like.shape else None

    def call_code(self, x: Type, like: Type) -> Code:
        strides = _strides(x, like) or ()
        steps = "".join(f"::{step}, " if step > 1 else ":, " for step in strides)
        taken = f"$x[..., {steps}:]" if any(step > 1 for step in strides) else "$x"
        if self.build_code(x, like) is not None:
            return code(f"$self({taken})")
        return code(f"jnp.pad({taken}, $widths)" if x.features < like.features else taken)

    def holes(self, x: Type, like: Type) -> dict[str, object]:
        return {"widths": ((0, 0),) * (x.rank - 1) + ((0, like.features - x.features),)}


def _strides(x: Type, like: Type) -> tuple[int, ...] | None:
    """The smallest step along each axis but the last that leaves the sizes of `like`."""
    sizes = list(zip(x.shape[:-1], like.shape[:-1], strict=True))
    strides = tuple(-(-size // wanted) for size, wanted in sizes)
    fits = all(-(-size // s) == wanted for (size, wanted), s in zip(sizes, strides, strict=True))
    return strides if fits else None


operations.add(Shortcut)
