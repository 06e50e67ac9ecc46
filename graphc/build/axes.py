"""The section `axes`: time axes that a spec names, beside `time`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphc.build.steps import check_name, fail, not_yet
from graphc.core.diagnostic import Report, listing, similar
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe, scalars
from graphc.core.types import TIME, Axis

KINDS = (TIME.kind, "nodes")
TAKEN = {"batch": "the examples", "t": "the one time axis of a value", "nodes": "", "edges": ""}
_HELP = "write `axes: {source: time, target: time}`"


def read_axes(tree: Tree, report: Report) -> dict[str, Axis]:
    """The axes by their names; what is wrong goes to the report.

    Raises:
        SpecError: GC237 for what is no mapping.
    """
    if not isinstance(tree, Mapping):
        message = f"`axes` is a mapping of names to kinds, found {describe(tree)}"
        raise fail("GC237", message, tree, _HELP)
    axes = {TIME.name: TIME}
    for name, kind in tree:
        axis = report.attempt(_axis, name, kind)
        # What is wrong with an axis is reported, so who names it need not be.
        axes[name.text] = axis or Axis(name.text, TIME.kind)
    return axes


def _axis(name: Scalar, kind: Tree) -> Axis:
    check_name(name)
    word = kind.text if isinstance(kind, Scalar) else None
    if word not in KINDS:
        found = f"`{word}`" if word else describe(kind)
        help = similar(word or "", KINDS, "kind") or f"the kinds are {listing(KINDS)}"
        raise fail("GC237", f"`{name.text}` is an axis of a kind, found {found}", kind, help)
    if word != TIME.kind:
        raise not_yet(f"an axis of `{word}`", kind)
    if name.text in TAKEN:
        what = TAKEN[name.text]
        message = f"`{name.text}` cannot be an axis of time"
        message += f": the name stands for {what}" if what else ""
        raise fail("GC237", message, name, "choose another name")
    return Axis(name.text, TIME.kind)


def warn_of_unused(tree: Mapping, sections: Iterable[Tree], report: Report) -> None:
    """Warn (GC224) of axes over which nothing in these sections has steps."""
    named = {word for section in sections for word in _words(section)}
    for name, _ in tree:
        if name.text not in named:
            message = f"nothing has steps over the axis `{name.text}`"
            help = f"`inputs: {{x: [{name.text}, 8]}}` has, or leave it out"
            report.warn("GC224", message, name.span, help=help)


def _words(tree: Tree) -> Iterator[str]:
    """What stands in the types of inputs, and what streams are told to go over."""
    if isinstance(tree, Sequence):
        for item in tree:
            yield from _words(item)
    if isinstance(tree, Mapping):
        for key, value in tree:
            if key.text in ("inputs", "stream"):
                yield from (each.text for each in scalars(value))
            else:
                yield from _words(value)
