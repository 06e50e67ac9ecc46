"""Values of different domains in one expression."""

from __future__ import annotations

from graphc.core.types import Axis, Type

STEPS_MASK = "mask_over_"
"""How the holes of masks of steps begin; the name of the axis follows."""


def operand(name: str, own: Type, whole: Type) -> str:
    """The hole `$name`, indexed so that an array of type `own` broadcasts against `whole`."""
    if not own.rank:
        return f"${name}"
    shared = [axis for axis in whole.domain if axis in own.domain]
    text = f"${name}"
    if shared != list(own.domain):
        order = [own.domain.index(axis) for axis in shared]
        order += range(len(own.domain), own.rank)
        text = f"jnp.transpose({text}, {tuple(order)})"
    index = [":" if axis in own.domain else "None" for axis in whole.domain]
    index += ["None"] * (len(whole.shape) - len(own.shape)) + [":"] * len(own.shape)
    while index and index[-1] == ":":
        index.pop()
    return f"{text}[{', '.join(index)}]" if index else text


def steps_first(x: str, axis: int) -> str:
    """The code of an array whose axis of steps stands right behind the batch, as in a mask."""
    return x if axis == 1 else f"jnp.moveaxis({x}, {axis}, 1)"


def steps_mask(axis: Axis, own: Type | None = None) -> str:
    """The hole of the mask of the steps along an axis that are there: bool [batch, steps].

    For an array of a type it is shaped like that up to the axis, [batch, 1, steps].
    """
    place = 1 if own is None else own.domain.index(axis)
    behind = f"[:, {', '.join(['None'] * (place - 1))}]" if place > 1 else ""
    return f"${STEPS_MASK}{axis.name}{behind}"
