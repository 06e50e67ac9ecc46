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
from graphc.core.types import BATCH, EDGES, NODES, Axis, Type, edges_axis, point_axes, uneven
from graphc.graph.node import Ref

if TYPE_CHECKING:
    from graphc.build.context import Context
    from graphc.build.library import Network

NUMBERS = ("int", "bool", "float", "shape")
"""The keys of a type that say what its numbers are, and its shape."""
AT_MOST = Either((Int(1), Text(("any",))))
"""How long a sequence may be, or how large a graph: so many steps or nodes, or `any` number."""
OF_GRAPHS = {axis.name: axis for axis in (NODES, EDGES)}
"""The axes of graphs, of which the data says how long they are."""
_HELP = "write a shape (`[28, 28, 1]`), or `{int: [], below: 10}`"


def network_inputs(
    network: Network,
    context: Context,
    data_below: MappingLike[str, int] | None,
    ending: Container[str],
) -> tuple[dict[str, Type], dict[str, tuple[int, Span]]]:
    """The types of the inputs of a network, and how long their sequences are at most.

    Problems go to the report.
    """
    declared, report = network.section.inputs, context.expander.report
    if not declared:
        help = "write what it reads: `inputs: {image: [28, 28, 1]}`"
        what = f"network `{network.name}`" if network.name else "the network"
        report.error("GC306", f"{what} has no inputs", network.span, help=help)
        return {}, {}
    types, longest = {}, {}
    for each in declared:
        read = report.attempt(ask_type, each, context, data_below, ending)
        most = report.attempt(at_most, each, context.environment)
        if read is not None:
            types[each.name.text] = read
            longest |= {} if most is None else {each.name.text: most}
    return report.attempt(along_edges, types, declared) or types, longest


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
        if point_axes(kind)[0] == EDGES:
            message = f"`at_most` is for steps and nodes, and `{name}` is {kind}"
            raise fail("GC307", message, key, "leave it out: edges that pad a graph count nowhere")
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


def along_edges(
    inputs: dict[str, Type], declared: tuple[syntax.InputDeclaration, ...]
) -> dict[str, Type]:
    """The inputs of a network, of which those over edges know whether nodes may be absent.

    Raises:
        SpecError: GC307 where there are edges, and no nodes that they join.
    """
    over_edges = [name for name, kind in inputs.items() if edges_axis(kind)]
    if not over_edges:
        return inputs
    of_nodes = [kind for kind in inputs.values() if NODES in kind.domain]
    if not of_nodes and len(inputs) == len(declared):
        place = next(each.name for each in declared if each.name.text == over_edges[0])
        message = f"`{place.text}` is a value for each edge, and no input is one for each node"
        help = "give the network what the nodes hold too: `features: [nodes, 8]`"
        raise fail("GC307", message, place, help)
    absent = {NODES.name} if any(NODES.name in kind.presence for kind in of_nodes) else set()
    ended = {name: replace(kind, presence=kind.presence | absent) for name, kind in inputs.items()}
    return inputs | {name: ended[name] for name in over_edges}


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
    """The floats of a shape, `[8]`, of a sequence, `[time, 8]`, of nodes or edges, `[nodes, 8]`."""
    axes, words = context.library.axes, _words(tree)
    given = [axes[word] for word in words[:1] if word in axes]
    given += [OF_GRAPHS[word] for word in words[len(given) : len(given) + 1] if word in OF_GRAPHS]
    if not given:
        return Type(_shape(tree, context.environment, axes))
    assert isinstance(tree, Sequence)
    rest = Sequence(tree.items[len(given) :], tree.span)
    last = given[-1] if given[-1].name in OF_GRAPHS else None
    shape = _shape(rest, context.environment, axes, last)
    return Type(shape, domain=(BATCH, *given))


def _shape(
    tree: Tree | None,
    environment: Environment,
    axes: MappingLike[str, Axis],
    before: Axis | None = None,
) -> tuple[int, ...]:
    if not isinstance(tree, Sequence):
        found = describe(tree) if tree is not None else "nothing"
        raise fail("GC307", f"expected a shape, found {found}", tree, _HELP)
    for item in tree:
        word = item.text if isinstance(item, Scalar) else ""
        if word in axes:
            help = f"write `[{word}, ...]`: what one step holds comes behind it"
            if before is not None:
                own = before.name
                help = f"write `[{word}, {own}, ...]`: {own} stand behind steps"
            raise fail("GC307", f"`{word}` is the first axis, and there is one", item, help)
        if word in OF_GRAPHS and before not in (None, OF_GRAPHS[word]):
            message = "a value is one for each node or one for each edge, not both"
            raise fail("GC307", message, item, "give what the edges hold an input of its own")
        if word in OF_GRAPHS:
            one = word.removesuffix("s")
            help = f"write `[{word}, ...]` or `[time, {word}, ...]`"
            help += f": what one {one} holds comes behind"
            raise fail("GC307", f"`{word}` comes before all sizes, and once", item, help)
        if word == "pairs":
            raise not_yet(f"the domain `{word}`", item)
        if word == "batch":
            raise fail("GC307", "the batch axis is never written", item, "leave `batch` out")
        if word.isidentifier():
            near = similar(word, (*axes, *{f"{word}s"} & OF_GRAPHS.keys()), "axis")
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
