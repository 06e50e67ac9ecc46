"""Values of different domains in one expression."""

from __future__ import annotations

from graphc.core.types import Axis, Type


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


def steps_mask(axis: Axis) -> str:
    """The hole of the mask of the steps along an axis that are there: bool [batch, steps].

    An axis with a mask stands right behind the batch.
    """
    return "$mask"
