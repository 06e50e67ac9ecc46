"""Operations that move numbers without changing them, and the shortcut of residual networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from graphc.core.attributes import Ints, Text
from graphc.core.code import Code, code
from graphc.core.declaration import attribute, primary
from graphc.core.operation import (
    Contracts,
    Elementwise,
    Input,
    Operation,
    ShapeError,
    Unchanged,
    Weight,
)
from graphc.core.registry import operations
from graphc.core.types import Type, join_domains
from graphc.ops.broadcasting import operand
from graphc.ops.checks import need_floats
from graphc.ops.initializers import Initial, Initializer, LecunNormal


class Identity(Operation):
    """The value itself: `y = x`.

    Shapes: any, unchanged.
    """

    name = "identity"
    call = code("$x")
    traits = (Elementwise(), Unchanged())

    def infer(self, x: Type) -> Type:
        return x


class Flatten(Operation):
    """All numbers of a point in one axis, the last axis running fastest.

    Shapes: [h, w, c] -> [h * w * c]; [] -> [1].
    """

    name = "flatten"
    call = code("jax.lax.collapse($x, $start)")
    traits = (Unchanged(),)

    def infer(self, x: Type) -> Type:
        return replace(x, shape=(x.size,))

    def call_code(self, x: Type) -> Code:
        if not x.shape:
            return code("$x[..., None]")
        return self.call if len(x.shape) > 1 else Identity.call

    def holes(self, x: Type) -> dict[str, object]:
        return {"start": len(x.domain)}


@dataclass(frozen=True)
class Reshape(Operation):
    """The numbers of a point, in the same order, in another shape.

    Shapes: any -> `shape`, where one -1 stands for whatever is left.
    """

    name = "reshape"
    call = code("jnp.reshape($x, $sizes)")
    traits = (Unchanged(),)

    shape: tuple[int, ...] = primary(
        Ints(minimum=-1), "the new shape of one point; -1 once at most"
    )

    def infer(self, x: Type) -> Type:
        if 0 in self.shape or self.shape.count(-1) > 1:
            raise ShapeError(
                f"`reshape` cannot make {list(self.shape)}",
                "give positive sizes, and -1 once at most",
            )
        known = prod(size for size in self.shape if size != -1)
        if x.size % known or (x.size != known and -1 not in self.shape):
            raise ShapeError(
                f"`reshape` cannot make {list(self.shape)} of {x}: {x.size} numbers do not fit",
                "write -1 for one of the sizes" if x.size % known == 0 else None,
            )
        return replace(x, shape=tuple(x.size // known if n == -1 else n for n in self.shape))

    def call_code(self, x: Type) -> Code:
        # Several axes of unknown length: jnp.reshape has only one -1.
        return self.call if len(x.domain) < 2 else code("reshape_points($x, $axes, $sizes)")

    def holes(self, x: Type) -> dict[str, object]:
        unknown = (-1,) if len(x.domain) == 1 else ()
        return {"axes": len(x.domain), "sizes": (*unknown, *self.infer(x).shape)}


class Concat(Operation):
    """Values side by side along the last axis.

    Shapes: [..., n], [..., m], ... -> [..., n + m + ...]; a single number counts as [1]. A value
    that lacks an axis of the domain is repeated along it.
    """

    name = "concat"
    variadic = True
    call = code("jnp.concatenate([$items], axis=-1)")

    def infer(self, *types: Type) -> Type:
        first = types[0]
        for each in types:
            if each.dtype != first.dtype:
                raise ShapeError(
                    f"`concat` cannot put {each} beside {first}", "make both floats with `one_hot`"
                )
            if each.shape[:-1] != first.shape[:-1]:
                raise ShapeError(
                    f"`concat` cannot put {list(each.shape)} beside {list(first.shape)}",
                    "shapes may differ only in the last axis",
                )
        shape = (*first.shape[:-1], sum(each.features for each in types))
        bounds = [each.below for each in types]
        below = None if None in bounds else max(bounds)  # type: ignore[type-var]
        domain, presence = join_domains(types)
        return Type(shape, first.dtype, below, domain, presence)

    def call_code(self, *types: Type) -> Code:
        whole = self.infer(*types)
        items = ", ".join(_beside(f"item_{i}", each, whole) for i, each in enumerate(types))
        if any(set(each.domain) != set(whole.domain) for each in types):
            return code(f"join_features({items})")
        return code(f"jnp.concatenate([{items}], axis=-1)")


def _beside(name: str, own: Type, whole: Type) -> str:
    """An operand of `concat`; a number without axes, which Python may hold, gets all of them."""
    if own.rank:
        return operand(name, own, whole)
    return f"jnp.full({(1,) * whole.rank}, ${name}, jnp.float32)"


@dataclass(frozen=True)
class Shortcut(Operation):
    """What a residual block adds to its body: x, brought to the shape of `like`.

    Shapes: x [h, w, c], like [h', w', c'] -> [h', w', c'], or x [n], like [m] -> [m]. Only the
    shape of `like` matters. Where the shapes are equal it is x. Otherwise

    - `identity` refuses;
    - `project` multiplies the channels by a learned kernel [c, c'], without bias, at every s-th
      place where h' = ceil(h / s): a strided 1x1 convolution (option B of the paper);
    - `pad` takes every s-th place and appends channels of zeros (option A).

    The projection is written as a matrix product, which is faster than a library convolution on the
    CPU and may stand inside a loop.

    References: He et al., "Deep residual learning for image recognition", 2016.
    """

    name = "shortcut"
    inputs = (Input("x"), Input("like", help="gives the shape"))
    build = code(
        "nnx.Linear($x.features, $like.features, use_bias=False, kernel_init=$kernel_init,"
        " rngs=$rngs)",
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
        if len(x.shape) != len(like.shape) or len(x.shape) not in (1, 3):
            raise ShapeError(problem, "both must be images, or both [features]")
        if self.kind == "identity":
            raise ShapeError(
                f"{problem}, and `identity` needs equal shapes", "write `shortcut: project`"
            )
        if _strides(x, like) is None:
            raise ShapeError(
                f"{problem}, and no stride takes {list(x.shape[:2])} to {list(like.shape[:2])}",
                "use `padding: same` in the body, which only strides make smaller",
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


operations.add(Identity, Flatten, Reshape, Concat, Shortcut)
