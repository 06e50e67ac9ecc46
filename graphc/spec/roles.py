"""Networks that are frozen, that follow another one, or that come from a run."""

from __future__ import annotations

from dataclasses import replace

from graphc.build.library import Library
from graphc.build.parameters import Environment
from graphc.build.steps import fail
from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing, similar
from graphc.core.span import Span
from graphc.core.tree import Mapping, Tree
from graphc.ops.networks import OF_OTHERS, ROLE, Role


def read_role(tree: Tree, environment: Environment, span: Span) -> tuple[Role, Tree]:
    """What a network is beside what it computes, and the rest of what is written of it.

    Raises:
        SpecError: GC202 to GC212 for attributes, GC225 for one that has `layers` and is another's.
    """
    if not isinstance(tree, Mapping):
        return Role(), tree
    own = tuple(pair for pair in tree if pair[0].text in ROLE)
    rest = tuple(pair for pair in tree if pair[0].text not in ROLE)
    if not own:
        return Role(), tree
    role = Role.read(environment.substitute(Mapping(own, tree.span)), span)
    word = next((word for word in OF_OTHERS if getattr(role, word) is not None), None)
    if word is not None and rest:
        key = rest[0][0]
        message = f"a network with `{word}` has no `{key.text}` of its own"
        raise fail("GC225", message, key, f"leave `{key.text}` out, or `{word}`")
    return role, Mapping(rest, tree.span)


Waiting = dict[str, tuple[Role, Tree, Span]]
"""Networks that follow others, by name: what is written of each, and where."""


def follow(library: Library, waiting: Waiting, report: Report) -> None:
    """Give copies and averages the definition of the network that they follow."""
    for name, (role, tree, span) in waiting.items():
        report.attempt(_follow, library, waiting, name, role, tree, span)


def _follow(
    library: Library,
    waiting: Waiting,
    name: str,
    role: Role,
    tree: Tree,
    span: Span,
) -> None:
    of = str(role.of)
    word = "copy" if role.copy is not None else "average"
    place = tree.get(word).span if isinstance(tree, Mapping) and tree.get(word) else span  # type: ignore[union-attr]
    known = [each for each in library.networks if not library.networks[each].role.still]
    if of in library.broken and of not in waiting:
        library.broken.add(name)
        return
    library.broken.add(name)
    if of == name:
        raise _wrong(f"`{name}` is to follow itself", place, f"the networks are {listing(known)}")
    if of in waiting:
        other = waiting[of][0].of
        message = f"`{of}` follows another network itself, `{other}`"
        help = f"write `{word}: {other}`" if other != name else "give one of them `layers`"
        raise _wrong(message, place, help)
    if of not in library.networks:
        help = similar(of, known, "network") or f"the networks are {listing(known)}"
        raise _wrong(f"there is no network `{of}`", place, help)
    found = library.networks[of]
    if found.role.frozen:
        message = f"`{of}` is frozen, and there is nothing to follow"
        raise _wrong(message, place, f"call `{of}` itself")
    library.broken.discard(name)
    library.networks[name] = replace(found, name=name, span=span, role=role)


def _wrong(message: str, place: Span, help: str) -> SpecError:
    return SpecError(Diagnostic("GC442", message, place, help=help))
