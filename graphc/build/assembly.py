"""A graph in the making: nodes are added one by one and their types inferred at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from graphc.build import syntax
from graphc.build.limits import Limits, check_nodes, check_numbers
from graphc.build.steps import not_yet
from graphc.core.diagnostic import Diagnostic, Note, SpecError, listing, similar
from graphc.core.operation import Operation, ShapeError, Weight
from graphc.core.span import Span
from graphc.core.types import Type, constant
from graphc.graph.calls import Call
from graphc.graph.graph import Graph, arrange, value_types
from graphc.graph.node import Node, Ref
from graphc.graph.tied import nameable
from graphc.ops.initializers import check_initial

OUTER = ":outer"  # no node has such a name
_LONGEST_TRAIL = 3


class Poisoned(Exception):
    """A value that another, reported error kept from being made."""


class Assembly:
    """The mutable side of a graph.

    Args:
        name: of the graph.
        inputs: names and types.
        parent: where names of an inline body that are not found here come from.
        mark: ends the names of values from there, where they must not depend on those here.
        limits: what counts the nodes; the parent's if there is one.
    """

    def __init__(
        self,
        name: str,
        inputs: Mapping[str, Type],
        parent: Assembly | None = None,
        limits: Limits | None = None,
        mark: str = "",
    ) -> None:
        self.name = name
        self.inputs = dict(inputs)
        self.nodes: dict[str, Node] = {}
        self.types: dict[Ref, Type] = {Ref(each): kind for each, kind in inputs.items()}
        self.parent = parent
        self.mark = mark
        self.captured: dict[str, Ref] = {}
        self.reserved: set[str] = set()  # names that nodes to come will have
        self._counts: dict[str, int] = {}
        self.limits: Limits = limits or (parent.limits if parent else Limits())
        self._size = 0

    def add(
        self,
        name: str,
        operation: Operation,
        inputs: tuple[Ref | None, ...],
        span: Span,
        named: bool = True,
    ) -> Ref:
        """Add a node and infer its type; raises a located SpecError where it does not fit."""
        node = Node(name, operation, inputs, span, named)
        types = [self.types[each] for each in node.references]
        if operation.variadic and not types:
            raise SpecError(Diagnostic("GC214", f"`{operation.name}` is given no values", span))
        self._size += self.limits.nodes(operation)
        check_nodes(self._size, span)
        try:
            result = operation.infer(*types)
            check_initial(operation, types)
        except ShapeError as error:
            notes = tuple(self._trail(node))
            raise SpecError(
                Diagnostic(error.code, error.message, span, notes, error.help)
            ) from None
        check_numbers(operation.name, operation, types, result, span)
        self.nodes[name] = node
        self.types.update(value_types(node, result))
        return Ref(name)

    def port(self, ref: Ref, word: str) -> Ref | None:
        """An output of a node by its name, or an array that the node makes."""
        node = self.nodes.get(ref.node)
        if node is None or ref.port is not None:
            return None
        found = Ref(ref.node, word)
        if word not in node.operation.ports:
            arrays = self.arrays(ref)
            if word not in arrays:
                return None
            self.types[found] = constant(arrays[word].shape)
        return found

    def arrays(self, ref: Ref) -> dict[str, Weight]:
        """The arrays of a node that can be named."""
        node = self.nodes.get(ref.node)
        if node is None or ref.port is not None:
            return {}
        return nameable(node.operation.weights(*(self.types[each] for each in node.references)))

    def free_name(self, word: str, avoid: Collection[str] = ()) -> str:
        """`word`, or `word_2`, `word_3` ... if it is taken or to be avoided."""
        name, count = word, self._counts.get(word, 1)
        while name in self.nodes or name in self.inputs or name in avoid:
            count += 1
            name = f"{word}_{count}"
        self._counts[word] = count
        return name

    def bring(self, ref: Ref, owner: Assembly) -> Ref:
        """A value of an enclosing graph, as an input of this one."""
        if owner is self:
            return ref
        assert self.parent is not None, "a name of a graph that does not enclose this one"
        outer = self.parent.bring(ref, owner)
        for name, known in self.captured.items():
            if known == outer:
                return Ref(name)
        word = str(outer).removesuffix(OUTER)
        word = word.replace(".", "_").replace("/", "_").replace(":", "_") + self.mark
        name = self.free_name(word, self.reserved)
        self.inputs[name] = self.types[Ref(name)] = self.parent.types[outer]
        self.captured[name] = outer
        return Ref(name)

    def finish(self, outputs: tuple[tuple[str, Ref], ...]) -> Graph:
        """The frozen graph."""
        inputs = tuple(self.inputs.items())
        return Graph(self.name, inputs, arrange(inputs, self.nodes.values()), outputs)

    def _trail(self, node: Node) -> list[Note]:
        """Where the shapes of a node's inputs come from, a few steps back."""
        notes = []
        for each in self._telling(node):
            ref: Ref | None = each
            for _ in range(_LONGEST_TRAIL):
                if ref is None:
                    break
                source = self.nodes.get(ref.node)
                if source is None:
                    word = str(ref).removesuffix(OUTER)
                    notes.append(Note(f"{self.types[ref]} is the input `{word}`"))
                    break
                if ref.port is not None and ref.port not in source.operation.ports:
                    notes.append(Note(f"{self.types[ref]} is the weight `{ref}`", source.span))
                    break
                received = ", ".join(str(self.types[each]) for each in source.references)
                kind = source.operation
                what = source.name if source.named else getattr(kind, "title", kind.name)
                since = f", which received {received}" if received else ""
                notes.append(Note(f"{self.types[ref]} comes from `{what}`", source.span, since))
                ref = next(iter(self._telling(source)), None)
        return list(dict.fromkeys(notes))

    def _telling(self, node: Node) -> list[Ref]:
        """The inputs of a node that say something of its shape: a bare number does not."""
        refs = node.references
        return [each for each in refs if self.types[each].domain or self.types[each].shape]


@dataclass(frozen=True)
class Bound(syntax.Reference):
    """A reference that knows its value: what Python code holds in its hands."""

    ref: Ref = field(default_factory=lambda: Ref(""))
    owner: Assembly | None = field(default=None, compare=False)


@dataclass
class Scope:
    """Which value each name means at one place.

    Args:
        assembly: the graph being made there.
        names: the names of this place alone; None marks one whose value could not be made.
        parent: the place around it.
    """

    assembly: Assembly
    names: dict[str, Ref | None] = field(default_factory=dict)
    parent: Scope | None = None

    def inner(self) -> Scope:
        """A place inside this one."""
        return Scope(self.assembly, {}, self)

    def owner(self, name: str) -> Scope | None:
        """The nearest place that has the name."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope

    def all_names(self) -> list[str]:
        """Every name that can be seen from here."""
        names: list[str] = []
        scope: Scope | None = self
        while scope is not None:
            names += scope.names
            scope = scope.parent
        return names

    def find(self, reference: syntax.Reference) -> Ref:
        """The value a reference means; raises SpecError or Poisoned."""
        if isinstance(reference, Bound) and reference.owner is not None:
            return self.assembly.bring(reference.ref, reference.owner)
        if reference.delay is not None:
            raise not_yet(f"`{reference}` (a delay)", reference)
        owner = self.owner(reference.name)
        if owner is None:
            known = self.all_names()
            help = similar(reference.name, known, "value")
            help = help or f"the values here are {listing(known)}"
            message = f"there is no value `{reference.name}`"
            raise SpecError(Diagnostic("GC204", message, reference.span, help=help))
        found = owner.names[reference.name]
        if found is None:
            raise Poisoned
        if reference.port is not None:
            found = _port(owner.assembly, found, reference)
        return self.assembly.bring(found, owner.assembly)


def _port(assembly: Assembly, ref: Ref, reference: syntax.Reference) -> Ref:
    found = assembly.port(ref, str(reference.port))
    if found is None:
        what = "output or weight" if assembly.arrays(ref) else "output"
        message = f"`{reference.name}` has no {what} `{reference.port}`"
        help = _other_ports(assembly, ref, reference, what)
        raise SpecError(Diagnostic("GC223", message, reference.span, help=help))
    return found


def _other_ports(assembly: Assembly, ref: Ref, reference: syntax.Reference, what: str) -> str:
    """What a node has, where it has no such output or weight."""
    name, word = reference.name, str(reference.port)
    operation = assembly.nodes[ref.node].operation if ref.node in assembly.nodes else None
    ports, arrays = getattr(operation, "ports", ()), assembly.arrays(ref)
    if word in getattr(operation, "given", ()):
        return f"`{name}` is given its `{word}`: name the value that it is given"
    if ref.port is None and (ports or arrays):
        known = {"its outputs are": ports, "its weights are": arrays}
        lists = [f"{words} {listing(names)}" for words, names in known.items() if names]
        return similar(word, [*ports, *arrays], what) or "; ".join(lists)
    if isinstance(operation, Call) and not ports:
        return "a weight inside a block has no name outside, unless it is one of its `outputs`"
    return f"it has one output and no weight with a name: write `{name}`"
