"""The inputs of sections and steps: declared types, and values for an operation's inputs."""

from __future__ import annotations

from collections.abc import Container
from collections.abc import Mapping as MappingLike
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from graphc.build import syntax
from graphc.build.assembly import Scope
from graphc.build.limits import check_size
from graphc.build.parameters import Environment
from graphc.build.steps import check_keys, fail, not_yet
from graphc.core.attributes import Either, Int, Ints, Text
from graphc.core.diagnostic import SpecError, listing, similar
from graphc.core.registry import operations
from graphc.core.span import Span
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe
from graphc.core.types import BATCH, NODES, Axis, Type, point_axes, uneven
from graphc.graph.node import Ref

if TYPE_CHECKING:
    from graphc.build.context import Context

NUMBERS = ("int", "bool", "float", "shape")
"""The keys of a type that say what its numbers are, and its shape."""
AT_MOST = Either((Int(1), Text(("any",))))
"""How long a sequence may be, or how large a graph: so many steps or nodes, or `any` number."""
_HELP = "write a shape (`[28, 28, 1]`), or `{int: [], below: 10}`"


def ask_type(
    declared: syntax.InputDeclaration,
    context: Context,
    data_below: MappingLike[str, int] | None,
    ending: Container[str],
) -> Type:
    """The type that an input of a network declares.

    Sequences are of different length where a maximum is declared, and over the axes `ending`.
    """
    written = declared.written
    if isinstance(written, Scalar) and "$" in written.text:
        written = context.environment.substitute(written)
    if isinstance(written, Sequence):
        return _ending(_over_axes(written, context), ending)
    if isinstance(written, Mapping):
        kind = _long_type(declared.name.text, written, context, data_below)
        return _ending(kind, ending)
    found = describe(written) if written is not None else "nothing"
    tree = written if written is not None else declared.name
    raise fail("GC307", f"expected the type of `{declared.name.text}`, found {found}", tree, _HELP)


def _ending(kind: Type, axes: Container[str]) -> Type:
    return uneven(kind, axes) if any(axis.name in axes for axis in point_axes(kind)) else kind


def _long_type(
    name: str, tree: Mapping, context: Context, data_below: MappingLike[str, int] | None
) -> Type:
    environment = context.environment
    check_keys(tree, (*NUMBERS, "below", "at_most"), f"the type of `{name}`")
    words = [word for word in NUMBERS if tree.get(word) is not None]
    if len(words) != 1:
        raise fail("GC307", f"the type of `{name}` says no single kind of number", tree, _HELP)
    word = words[0]
    kind = _over_axes(tree.get(word), context)
    if (key := tree.key("at_most")) is not None:
        if not point_axes(kind):
            message = f"`at_most` is for sequences and graphs, and `{name}` is {kind}"
            help = "a sequence has `time` as its first axis, `[time, 8]`, a graph `nodes`"
            raise fail("GC307", message, key, help)
        kind = uneven(kind, {point_axes(kind)[0].name})
    below = tree.get("below")
    if below is None:
        return replace(kind, dtype="float" if word == "shape" else word)
    if word != "int":
        raise fail("GC307", "`below` belongs to ints", tree.key("below"))
    if isinstance(below, Scalar) and below.text == "data":
        if data_below is None:
            raise SpecError([])
        if name not in data_below:
            message = f"the data does not say how many values `{name}` has"
            raise fail("GC307", message, below, "write the number: `below: 100`")
        return replace(kind, dtype="int", below=data_below[name])
    return replace(kind, dtype="int", below=Int(1).read(environment.substitute(below)))


def at_most(declared: syntax.InputDeclaration, environment: Environment) -> tuple[int, Span] | None:
    """How many steps or nodes an input has at most, and where that is said."""
    written = declared.written
    if not isinstance(written, Mapping) or (tree := written.get("at_most")) is None:
        return None
    most = AT_MOST.read(environment.substitute(tree))
    return None if most == "any" else (most, tree.span)


def steps_axis(tree: Tree | None) -> str | None:
    """The first word of a shape, which is not that of a size: `[source, 8]`."""
    words = _words(tree)
    return words[0] if words and words[0].isidentifier() else None


def _words(tree: Tree | None) -> list[str]:
    items = tree.items if isinstance(tree, Sequence) else ()
    return [item.text if isinstance(item, Scalar) else "" for item in items]


def _over_axes(tree: Tree | None, context: Context) -> Type:
    """The floats of a shape, `[8]`, of a sequence, `[time, 8]`, or of nodes, `[time, nodes, 8]`."""
    axes, words = context.library.axes, _words(tree)
    given = [axes[word] for word in words[:1] if word in axes]
    given += [NODES for word in words[len(given) : len(given) + 1] if word == NODES.name]
    if not given:
        return Type(_shape(tree, context.environment, axes))
    assert isinstance(tree, Sequence)
    rest = Sequence(tree.items[len(given) :], tree.span)
    shape = _shape(rest, context.environment, axes, NODES in given)
    return Type(shape, domain=(BATCH, *given))


def _shape(
    tree: Tree | None,
    environment: Environment,
    axes: MappingLike[str, Axis],
    of_nodes: bool = False,
) -> tuple[int, ...]:
    if not isinstance(tree, Sequence):
        found = describe(tree) if tree is not None else "nothing"
        raise fail("GC307", f"expected a shape, found {found}", tree, _HELP)
    for item in tree:
        word = item.text if isinstance(item, Scalar) else ""
        if word in axes:
            help = f"write `[{word}, ...]`: what one step holds comes behind it"
            help = f"write `[{word}, nodes, ...]`: nodes stand behind steps" if of_nodes else help
            raise fail("GC307", f"`{word}` is the first axis, and there is one", item, help)
        if word == NODES.name:
            help = "write `[nodes, ...]` or `[time, nodes, ...]`: what one node holds comes behind"
            raise fail("GC307", "`nodes` comes before all sizes, and once", item, help)
        if word == "edges":
            raise not_yet(f"the domain `{word}`", item)
        if word == "batch":
            raise fail("GC307", "the batch axis is never written", item, "leave `batch` out")
        if word.isidentifier():
            near = similar(word, (*axes, *[NODES.name] * (word == "node")), "axis")
            help = near or "write a number, or `$name`"
            if word == steps_axis(tree) and not near:
                help += f"; an axis of steps is declared: `axes: {{{word}: time}}`"
            raise fail("GC307", f"`{word}` is no size", item, help)
    shape = Ints(1).read(environment.substitute(tree))
    check_size(f"the shape is {list(shape)}", prod(shape), tree.span)
    return shape


Wanted = tuple[tuple[str, bool], ...]


def connect(
    wanted: Wanted,
    sources: tuple[syntax.Reference, ...] | dict[str, tuple[syntax.Reference, ...]],
    name: str,
    scope: Scope,
    span: Span,
    variadic: bool = False,
    owner: str = "",
) -> tuple[Ref | None, ...]:
    """The values for inputs, each given as (name, optional), from what stands under `from`.

    Several values where one is wanted are concatenated over their features.
    """
    owner = owner or name
    if isinstance(sources, dict):
        return _by_name(wanted, sources, name, scope, span, owner)
    if variadic:
        return tuple(scope.find(each) for each in sources)
    place = syntax.Reference("", span)
    if not wanted:
        raise fail("GC214", f"`{owner}` reads no values", place, "leave `from` out")
    required = [each for each, optional in wanted if not optional]
    if len(required) > 1:
        pairs = ", ".join(f"{each}: ..." for each in required)
        message = f"`{owner}` has {len(required)} inputs and needs to be told them by name"
        raise fail("GC214", message, place, f"write `from: {{{pairs}}}`")
    first = joined(sources, f"{name}:{wanted[0][0]}", scope, span)
    return (first, *(None for _ in wanted[1:]))


def but_the_first(wanted: Wanted, sources) -> bool:
    """Whether inputs are told by name and the first, which has a default, is left out."""
    if not isinstance(sources, dict) or not wanted or wanted[0][1]:
        return False
    return wanted[0][0] not in sources and sources.keys() <= {name for name, _ in wanted}


def _by_name(wanted: Wanted, sources: dict, name: str, scope: Scope, span: Span, owner: str):
    known = [each for each, _ in wanted]
    for word in sources:
        if word not in known:
            place = syntax.Reference("", span)
            help = similar(word, known, "input") or f"its inputs are {listing(known)}"
            raise fail("GC214", f"`{owner}` has no input `{word}`", place, help)
    missing = [each for each, optional in wanted if not optional and each not in sources]
    if missing:
        place = syntax.Reference("", span)
        pairs = ", ".join(f"{each}: ..." for each in known)
        help = f"write `from: {{{pairs}}}`"
        raise fail("GC214", f"`{owner}` is not given {listing(missing)}", place, help)
    return tuple(
        joined(sources[word], f"{name}:{word}", scope, span) if word in sources else None
        for word in known
    )


def joined(references, name: str, scope: Scope, span: Span) -> Ref:
    """One value of several, as the node `name`."""
    if not references:
        help = "name a value, or leave `from` out"
        raise fail("GC214", "`from` names no value", syntax.Reference("", span), help)
    refs = tuple(scope.find(each) for each in references)
    if len(refs) == 1:
        return refs[0]
    return scope.assembly.add(name, operations["concat"](), refs, span, named=False)
