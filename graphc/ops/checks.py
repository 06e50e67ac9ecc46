"""What many operations ask of their inputs, said in one way."""

from __future__ import annotations

from collections.abc import Iterable

from graphc.core.operation import ShapeError
from graphc.core.types import BATCH, EDGES, NODES, Axis, Type, edges_axis, nodes_axis, time_axes


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


def need_nodes(name: str, x: Type, sized: bool = True) -> None:
    """Refuse what is no value for each node of a graph: of features, where it is `sized`."""
    if sized:
        need_floats(name, x)
    if nodes_axis(x) is None:
        help = "`inputs: {x: [nodes, 8]}` has, with data that is a graph"
        if edges_axis(x) is not None:
            help = "`aggregate` makes a value for each node of what the edges hold"
        message = f"`{name}` goes along the edges of a graph, but its input {x} has no nodes"
        raise ShapeError(message, help)
    if sized and len(x.shape) != 1:
        raise ShapeError(
            f"`{name}` needs [features] at each node, but its input is {x}",
            "put `flatten` before it" if x.shape else "give it at least one feature",
        )


def need_edges(name: str, x: Type) -> None:
    """Refuse what is no value for each edge of a graph."""
    if edges_axis(x) is None:
        help = "`inputs: {bond: [edges, 4]}` has, with data whose edges hold values"
        if nodes_axis(x) is not None:
            help = "`senders` and `receivers` give each edge what the nodes at its ends hold"
        raise ShapeError(f"`{name}` needs a value for each edge, but its input is {x}", help)


def need_nodes_or_edges(name: str, types: Iterable[Type], made: object) -> None:
    """Refuse what makes values for each node and each edge at once, of inputs of these types."""
    several = made.values() if isinstance(made, dict) else [made]
    if any(NODES in each.domain and EDGES in each.domain for each in several):
        kinds = [each for each in types if nodes_axis(each) or edges_axis(each)]
        own = " and ".join(dict.fromkeys(f"{each}" for each in kinds))
        raise ShapeError(
            f"`{name}` cannot combine what nodes and what edges hold: {own}",
            "`senders` and `receivers` bring a value of nodes to edges, `aggregate` one of edges"
            " to nodes",
        )


def need_weights(name: str, weight: Type) -> None:
    """Refuse what is no number for each edge, the same at all steps."""
    need_floats(name, weight)
    if weight.domain == (BATCH, EDGES) and not weight.shape:
        return
    help = "`inputs: {weight: [edges]}` is, with data whose edges hold values"
    if weight.shape == (1,):
        help = "`squeeze` makes a number of one feature"
    message = f"the `weight` of `{name}` is a number for each edge, [edges], not {weight}"
    raise ShapeError(message, help)


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


def summed_over(name: str, x: Type, word: str | None) -> Axis:
    """The same where edges will do too, of which those that pad a graph must not count."""
    if word != EDGES.name:
        return points_over(name, x, word)
    need_edges(name, x)
    return EDGES
