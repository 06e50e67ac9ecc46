"""What many operations ask of their inputs, said in one way."""

from __future__ import annotations

from graphc.core.operation import ShapeError
from graphc.core.types import Axis, Type, nodes_axis, time_axes


def need_floats(name: str, *types: Type) -> None:
    """Refuse whole numbers and truth values."""
    for each in types:
        if each.dtype == "int":
            raise ShapeError(
                f"`{name}` needs floats, but its input is {each}", "use `embed` or `one_hot`"
            )
        if each.dtype != "float":
            raise ShapeError(
                f"`{name}` needs floats, but its input is {each}", "choose numbers with `where`"
            )


def need_features(name: str, x: Type) -> None:
    """Refuse what is a single number at each point."""
    need_floats(name, x)
    if not x.shape:
        raise ShapeError(
            f"`{name}` needs features, but its input is one number at each point",
            "give it a value with at least one feature axis",
        )


def need_tokens(name: str, x: Type) -> None:
    """Refuse what is no list of tokens [tokens, features]."""
    need_floats(name, x)
    if len(x.shape) == 2:
        return
    helps = {
        1: "make tokens of it with `reshape: [tokens, features]`",
        3: "cut an image into tokens with `patches`",
    }
    message = f"`{name}` needs [tokens, features], but its input has shape {x}"
    raise ShapeError(message, helps.get(len(x.shape)))


def need_bounded(name: str, x: Type) -> None:
    """Refuse what is no whole number, or has no bound."""
    if x.dtype != "int":
        raise ShapeError(
            f"`{name}` needs whole numbers, but its input is {x.dtype} {x.with_shape(x.shape)}",
            "declare the input as `{int: [...], below: ...}`, or use `dense` for floats",
        )
    if x.below is None:
        raise ShapeError(
            f"`{name}` needs to know how large the numbers of its input {x} can be",
            "declare the input with `below:`, one more than the largest",
        )


def feature_axis(name: str, x: Type, axis: int) -> int:
    """A feature axis as arrays count it, from the last, so that no domain axis is meant.

    `axis` is as a spec gives it: 0 is the first axis of the shape, -1 the last.
    """
    count = len(x.shape)
    if -count <= axis < count:
        return axis - count if axis >= 0 else axis
    found = f"its input has shape {x}" if count else "its input is one number"
    help = f"an axis is one of {listing_of_axes(count)}" if count else None
    raise ShapeError(f"`{name}` has no axis {axis}: {found}", help)


def new_axis(name: str, x: Type, axis: int) -> int:
    """Where a new axis stands in the shape that it makes, counted from the last."""
    count = len(x.shape) + 1
    if -count <= axis < count:
        return axis - count if axis >= 0 else axis
    help = f"it can be {listing_of_axes(count)}"
    raise ShapeError(f"`{name}` cannot make an axis {axis} of {x}", help)


def listing_of_axes(count: int) -> str:
    """`0, 1 (or -2, -1)`: the axes of a shape by both names."""
    ahead, behind = (", ".join(map(str, axes)) for axes in (range(count), range(-count, 0)))
    return f"{ahead} (or {behind})"


def need_image(name: str, x: Type, most: int | None = 3) -> None:
    """Refuse what is no image of floats; see `need_axes`."""
    need_floats(name, x)
    need_axes(name, x, most)


def need_axes(name: str, x: Type, most: int | None = 3) -> None:
    """Refuse what has not, before its channels, one spatial axis at least and `most` at most."""
    axes = len(x.shape) - 1
    if axes >= 1 and (most is None or axes <= most):
        return
    forms = "[length, channels], [height, width, channels] or [depth, height, width, channels]"
    wanted = "an image, like [height, width, channels]" if most is None else forms
    help = None
    if axes == 0:
        help = f"put `{name}` before `flatten`, or make an image with `reshape`"
    raise ShapeError(f"`{name}` needs {wanted}, but its input has shape {x}", help)


def need_nodes(name: str, x: Type) -> None:
    """Refuse what is no value of features for each node of a graph."""
    need_floats(name, x)
    if nodes_axis(x) is None:
        raise ShapeError(
            f"`{name}` goes along the edges of a graph, but its input {x} has no nodes",
            "`inputs: {x: [nodes, 8]}` has, with data that is a graph",
        )
    if len(x.shape) != 1:
        raise ShapeError(
            f"`{name}` needs [features] at each node, but its input is {x}",
            "put `flatten` before it" if x.shape else "give it at least one feature",
        )


def axis_over(name: str, x: Type, word: str | None = None) -> Axis:
    """The axis of steps that an operation goes over: the one of this name, or the only one."""
    axes = {axis.name: axis for axis in time_axes(x)}
    if word is None and len(axes) == 1:
        return next(iter(axes.values()))
    if word in axes:
        return axes[word]
    if not axes:
        raise ShapeError(
            f"`{name}` goes over steps, but its input {x} has none",
            "a sequence has `time` as its first axis: `inputs: {x: [time, 8]}`",
        )
    known = " and ".join(f"`{axis}`" for axis in axes)
    message = f"`{name}` goes over one axis of steps, and its input has {known}"
    if word is not None:
        message = f"`{name}` goes over `{word}`, but its input has {known}"
    raise ShapeError(message, f"write `over: {next(iter(axes))}`", word=word)


def points_over(name: str, x: Type, word: str | None) -> Axis:
    """The same where nodes will do as well as steps: `over: nodes`."""
    axis = nodes_axis(x)
    return axis if axis is not None and axis.name == word else axis_over(name, x, word)
