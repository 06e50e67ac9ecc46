"""`message_passing`: what is sent along each edge, and what a node makes of what arrives."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeGuard

from graphc.build import syntax
from graphc.build.assembly import Poisoned, Scope
from graphc.build.cycles import is_open
from graphc.build.formula import parse
from graphc.build.formulas import expand_formula, is_required
from graphc.build.library import Definition, Network
from graphc.build.parameters import Callback, Layers, Value
from graphc.build.steps import fail, read_step
from graphc.build.wrapping import attribute_of, wrapped
from graphc.core.attributes import Text
from graphc.core.diagnostic import listing, similar
from graphc.core.registry import operations
from graphc.core.span import nowhere
from graphc.core.tree import Mapping as MappingTree
from graphc.core.tree import Scalar, Sequence, Tree, scalars
from graphc.core.types import EDGES, NODES, Type
from graphc.graph.node import Ref

if TYPE_CHECKING:
    from graphc.build.context import Context

HOW = Text(("sum", "mean", "max"))
GIVEN = {"message": ("sender", "receiver"), "update": ("x", "messages")}
"""What each block is given, beside the further values under `from`."""
_OWN = tuple(word for words in GIVEN.values() for word in words)
_READ = {"message": "sender", "update": "messages"}
"""What a chain begins with."""
_SUM = Scalar(HOW.choices[0], nowhere())
_NAME = re.compile(r"\s*[A-Za-z_]\w*(/[A-Za-z_]\w*)*\s*")
_WANTED = {"message": (EDGES, "edge"), "update": (NODES, "node")}


def message_passing(
    step: syntax.Step, name: str, scope: Scope, default, context: Context, named: bool
) -> Ref:
    """`message_passing: {message: BLOCK, aggregate: mean, update: BLOCK}` along a graph's edges.

    `message` makes of what the `sender` and the `receiver` of each edge hold what is sent along it,
    `aggregate` (sum, mean or max) joins what arrives at a node, and `update` makes the new value of
    the node of its value before, `x`, and these `messages`:

        m(j, i) = message(x_j, x_i, e_ji)    y_i = update(x_i, aggregate over j of m(j, i))

    Each is a formula of these names, a block or another step, whose inputs are given by their
    names, or a chain `[...]`, which begins with `sender`, or `messages`, and can name the other.
    Further values under `from`, `{x: h, bond: bond}`, are given to what has an input of their name.
    Without `message` a node sends what it holds, and without `update` its value is what arrives.

    References: Gilmer, Schoenholz, Riley, Vinyals and Dahl, "Neural message passing for quantum
    chemistry", 2017.
    """
    given = wrapped(step)
    how = context.environment.substitute(given.get("aggregate") or _SUM)
    word = attribute_of("message_passing", "aggregate", HOW, how)
    x, further = _values(step, name, scope, default, context)
    _check_nodes(scope.assembly.types[x], step)
    passing = _Passing(step, given, name, scope, context, (*_OWN, *further))
    trees = {part: passing.handed(given.get(part)) for part in GIVEN}
    passing.check_read(trees, further)
    written = trees["message"]
    read = [end for end in GIVEN["message"] if passing.reads(written, end)] or ["sender"]
    ends = {end: passing.add(end, f"{end}s", x) for end in read}
    message = passing.part("message", written, ends | further)
    if trees["update"] is None:
        kind = operations["aggregate"](word)
        return scope.assembly.add(name, kind, (message,), step.operation_span, named)
    messages = passing.add("messages", "aggregate", message, word)
    scope.assembly.spread.add(name)
    return passing.part("update", trees["update"], {"x": x, "messages": messages, **further}, named)


def _values(
    step: syntax.Step, name: str, scope: Scope, default, context: Context
) -> tuple[Ref, dict[str, Ref]]:
    """What the nodes hold, and the further values by name."""
    given = step.sources if isinstance(step.sources, dict) else {}
    further = [word for word in given if word != "x"]
    for word in further:
        if word in _OWN:
            message = f"`{word}` is what `message_passing` itself makes"
            place = syntax.Reference("", step.sources_span or step.span)
            raise fail("GC214", message, place, "give the further value another name")
    wanted = tuple((word, False) for word in ("x", *further))
    found = context.expander.sources(step, name, wanted, False, scope, default)
    x, *others = (each for each in found if each is not None)
    return x, dict(zip(further, others, strict=True))


def _check_nodes(x: Type, step: syntax.Step) -> None:
    if is_open(x) or NODES in x.domain:
        return
    message = f"`message_passing` goes along the edges of a graph, but its input {x} has no nodes"
    help = "`inputs: {x: [nodes, 8]}` has, with data that is a graph"
    raise fail("GC203", message, step.word, help)


def is_formula(tree: Value | Callback, values: Container[str]) -> TypeGuard[Scalar]:
    """Whether it is the name of one of these values, or more than a name."""
    if not isinstance(tree, Scalar):
        return False
    return tree.text in values or not _NAME.fullmatch(tree.text)


def inputs_of(step: syntax.Step, context: Context) -> tuple[syntax.InputDeclaration, ...] | None:
    """What a block declares to be given; None for what reads one value, or says itself which."""
    found = context.library.find(step.operation, step.operation_span)
    if step.sources is not None or not isinstance(found, Definition | Network):
        return None
    return (found.block.section if isinstance(found, Definition) else found.section).inputs


def _is_written(tree: Tree, word: str) -> bool:
    """Whether a name is written somewhere in a tree."""
    return any(re.search(rf"\b{word}\b", each.text) for each in scalars(tree))


@dataclass(frozen=True)
class _Passing:
    """One `message_passing` where it stands."""

    step: syntax.Step
    given: MappingTree
    name: str
    scope: Scope
    context: Context
    known: tuple[str, ...]

    def handed(self, tree: Tree | None) -> Value | None:
        """A formula, a block or steps as written, or what a parameter stands for."""
        if isinstance(tree, Scalar) and is_formula(tree, self.known):
            use = parse(tree)
            if isinstance(use, syntax.Parameter):
                return self.context.environment.lookup(use)
        return tree

    def reads(self, tree: Value | Callback | None, word: str) -> bool:
        """Whether the block or the steps may read a value of this name."""
        if tree is None:
            return False
        if isinstance(tree, Callback):
            return True
        if isinstance(tree, Layers):  # they see the names around the place where they are written
            return word in _READ.values()
        if is_formula(tree, self.known):
            return _is_written(tree, word)
        if isinstance(tree, Sequence):
            first = next(iter(tree), None)
            begins = not isinstance(first, MappingTree) or not first.get("from")
            return (begins and word in _READ.values()) or _is_written(tree, word)
        step = read_step(tree)
        declared = inputs_of(step, self.context)
        if declared is not None:
            return any(each.name.text == word for each in declared)
        return (step.sources is None and word in _READ.values()) or _is_written(tree, word)

    def check_read(self, trees: Mapping[str, Value | None], further: Iterable[str]) -> None:
        """Refuse (GC214) values that are given and that nobody reads."""
        update = trees["update"]
        if update is not None and not self.reads(update, "messages"):
            message = "`update` does not read `messages`"
            help = "these are what arrives at a node: read them, or send none"
            raise fail("GC214", message, self.given.get("update"), help)
        for word in further:
            if not any(self.reads(tree, word) for tree in trees.values()):
                place = syntax.Reference("", self.step.sources_span or self.step.span)
                message = f"neither `message` nor `update` reads `{word}`"
                raise fail("GC214", message, place, f"give one of them an input `{word}`")

    def add(self, word: str, operation: str, x: Ref, *attributes: str) -> Ref:
        """A node of its own."""
        kind, span = operations[operation](*attributes), self.step.operation_span
        return self.scope.assembly.add(f"{self.name}/{word}", kind, (x,), span, named=False)

    def part(
        self, part: str, tree: Value | None, values: Mapping[str, Ref], named: bool = False
    ) -> Ref:
        """The value of `message` or `update`, which see these values."""
        if tree is None:
            return values[_READ[part]]
        place = Scope(self.scope.assembly, dict(values), self.scope)
        made = self._made(part, tree, place, values.get(_READ[part]), named)
        kind, (axis, word) = self.scope.assembly.types[made], _WANTED[part]
        if not is_open(kind) and axis not in kind.domain:
            message = f"`{part}` gives {kind}, and it is to give a value for each {word}"
            known = listing(dict.fromkeys((*GIVEN[part], *values)))
            raise fail("GC203", message, self.given.get(part), f"make it of {known}")
        return made

    def _made(self, part: str, tree: Value, place: Scope, first, named: bool) -> Ref:
        name, expander = f"{self.name}/{part}", self.context.expander
        if isinstance(tree, Sequence | Callback | Layers):
            steps = tree if isinstance(tree, Layers) else Layers(tree, self.context, place)
            last = expander.layers(steps, f"{name}/", place, first, self.context)
            if last is None:
                raise Poisoned
            return last
        if is_formula(tree, self.known):
            return expand_formula(parse(tree), name, place, self.context)
        step = read_step(tree)
        declared = inputs_of(step, self.context)
        if declared is not None:
            step = replace(step, sources=_by_name(part, step, declared, place))
        return expander.step(step, name, place, first, self.context, named)


def _by_name(
    part: str,
    step: syntax.Step,
    declared: Iterable[syntax.InputDeclaration],
    place: Scope,
) -> dict[str, tuple[syntax.Reference, ...]]:
    """What a block is given for its inputs: the values of their names."""
    known = list(dict.fromkeys((*GIVEN[part], *place.names)))
    for each in declared:
        word = each.name.text
        if word not in known and is_required(each):
            message = f"`{step.operation}` has the input `{word}`, which `{part}` is not given"
            help = similar(word, known, "value")
            help = help or f"it is given {listing(known)}; more come with `from: {{{word}: ...}}`"
            raise fail("GC214", message, step.word, help)
    words = [each.name.text for each in declared if each.name.text in place.names]
    return {word: (syntax.Reference(word, step.operation_span),) for word in words}
