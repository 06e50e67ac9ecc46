"""Windows that slide over the spatial axes of an image: how many places they have."""

from __future__ import annotations

from graphc.core.operation import ShapeError
from graphc.core.types import Type
from graphc.ops.checks import need_image
from graphc.ops.per_axis import Around, Padding, Pair, Sizes, pairs, short, spread

BORDERS = ("same", "valid")


def places(
    name: str,
    x: Type,
    window: Sizes,
    stride: Sizes,
    padding: Padding,
    dilation: Sizes = 1,
    attribute: str = "kernel",
) -> tuple[int, ...]:
    """The sizes that a sliding window leaves of the spatial axes of an image.

    A window that reaches over r of n numbers, those that pad included, has floor((n - r) / s) + 1
    places with stride s; with a padding that has a name other than `valid`, there are ceil(n / s).
    """
    need_image(name, x)
    sizes = x.shape[:-1]
    reach = spans(name, window, dilation, x, attribute)
    steps = spread(name, "stride", stride, x)
    if isinstance(padding, str) and padding != "valid":
        _check_border(name, x, reach, padding)
        return tuple(-(-size // step) for size, step in zip(sizes, steps, strict=True))
    around = pairs(name, "padding", 0 if isinstance(padding, str) else padding, x)
    wide = tuple(before + n + after for n, (before, after) in zip(sizes, around, strict=True))
    if any(size < span for size, span in zip(wide, reach, strict=True)):
        dilated = "" if dilation == 1 else ", with its dilation,"
        padded = "" if padding in ("valid", 0) else f" with `padding: {_written(around)}`"
        raise ShapeError(
            f"the window {list(reach)} of `{name}`{dilated} is larger than its input {x}{padded}",
            "make it smaller, or use `padding: same`",
        )
    return tuple((n - span) // step + 1 for n, span, step in zip(wide, reach, steps, strict=True))


def spans(
    name: str, window: Sizes, dilation: Sizes, x: Type, attribute: str = "kernel"
) -> tuple[int, ...]:
    """How far a window of k numbers, `dilation` d apart, reaches: d * (k - 1) + 1."""
    lengths, apart = spread(name, attribute, window, x), spread(name, "dilation", dilation, x)
    return tuple(d * (length - 1) + 1 for length, d in zip(lengths, apart, strict=True))


def _check_border(name: str, x: Type, reach: tuple[int, ...], padding: str) -> None:
    """Refuse what the named paddings cannot do."""
    if padding == "causal" and len(reach) > 1:
        raise ShapeError(
            f"`padding: causal` of `{name}` is for one spatial axis, but its input is {x}",
            "give what lies before and after each axis: `padding: [[2, 0], [1, 1]]`",
        )
    if padding == "reflect" and any(s // 2 >= n for s, n in zip(reach, x.shape, strict=False)):
        raise ShapeError(
            f"the window {list(reach)} of `{name}` reaches further than `reflect` can mirror its"
            f" input {x}",
            "make it smaller, or use `padding: same`",
        )


def need_touch(name: str, x: Type, window: Sizes, padding: Padding) -> None:
    """Refuse padding in which a whole window fits: it would see nothing of the image."""
    if isinstance(padding, str):
        return
    around = pairs(name, "padding", padding, x)
    lengths = spread(name, "window", window, x)
    if any(max(pair) >= length for pair, length in zip(around, lengths, strict=True)):
        raise ShapeError(
            f"a window {list(lengths)} of `{name}` fits into its padding of {_written(around)}",
            "pad less than the window is long",
        )


def _written(around: list[Pair]) -> str:
    return str(Around().write(short(around)))


def in_source(name: str, padding: Padding, x: Type) -> object:
    """A padding as Flax is given it: a word, one number, or a pair for each axis."""
    if isinstance(padding, str):
        return padding.upper()
    return border(pairs(name, "padding", padding, x))


def border(around: list[Pair]) -> int | tuple[Pair, ...]:
    """What lies before and after each axis as Flax is given it: one number where all are equal."""
    value = short(around)
    return value if isinstance(value, int) else tuple(around)
