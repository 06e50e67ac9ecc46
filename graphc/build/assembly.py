"""A graph in the making: nodes are added one by one and their types inferred at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from graphc.build import syntax
from graphc.build.cycles import OPEN, infer, is_open
from graphc.build.limits import Limits, check_nodes, check_numbers
from graphc.core.diagnostic import Diagnostic, Note, SpecError, listing, similar
from graphc.core.operation import Operation, ShapeError, Weight
from graphc.core.span import Span
from graphc.core.types import Axis, Type, constant, time_axes
from graphc.graph.calls import Call
from graphc.graph.graph import Graph, arrange, value_types
from graphc.graph.node import Node, Ref
from graphc.graph.tied import nameable
from graphc.graph.time import Delay
from graphc.ops.checks import need_nodes_or_edges
from graphc.ops.initializers import check_initial
from graphc.ops.spreading import ForEachExample

OUTER = ":outer"  # no node has such a name
_LONGEST_TRAIL = 3


Name = tuple[str, str | None]
"""A value as it is written: the name of a node, and a port."""


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
        self.spread: set[str] = set()  # names of steps whose nodes are called `name/...` alone
        self.expected: dict[Name, Type] = {}  # of values to come, which delays read already
        self.delays: dict[str, Name] = {}  # what the nodes read whose value is still to come
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
        types = [self.types[each] for each in node.before]
        if operation.variadic and not types:
            raise SpecError(Diagnostic("GC214", f"`{operation.name}` is given no values", span))
        self._size += self.limits.nodes(operation)
        check_nodes(self._size, span)
        try:
            result = infer(operation, types)
            need_nodes_or_edges(operation.name, types, result)
            if not any(map(is_open, types)):
                check_initial(operation, types)
        except ShapeError as error:
            notes = tuple(self._trail(node))
            raise SpecError(
                Diagnostic(error.code, error.message, span, notes, error.help)
            ) from None
        if not any(map(is_open, types)):
            check_numbers(operation.name, operation, types, result, span)
        self.nodes[name] = node
        self.types.update(value_types(node, result))
        return Ref(name)

    def copy(self) -> Assembly:
        """One that can be tried things on."""
        made = Assembly(self.name, self.inputs, self.parent, self.limits, self.mark)
        for word in (
            "nodes",
            "types",
            "captured",
            "reserved",
            "spread",
            "expected",
            "delays",
            "_counts",
        ):
            setattr(made, word, getattr(self, word).copy())
        made._size = self._size
        return made

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
            unknown = any(is_open(self.types[each]) for each in node.before)
            self.types[found] = OPEN if unknown else constant(arrays[word].shape)
        return found

    def delay(self, name: Name, ref: Ref | None, offset: int, axis: Axis, span: Span) -> Ref:
        """A value of another step; `ref` is None where the value itself is still to come."""
        along = "t" if axis.name == "time" else axis.name
        word = f"{'.'.join(filter(None, name))}@{along}{offset:+d}"
        if word not in self.nodes:
            kind = self.expected[name] if ref is None else self.types[ref]
            self.delays[word] = name
            self.add(word, Delay(kind, axis, offset), (ref, None), span, named=False)
        return Ref(word)

    def arrays(self, ref: Ref) -> dict[str, Weight]:
        """The arrays of a node that can be named."""
        node = self.nodes.get(ref.node)
        if node is None or ref.port is not None:
            return {}
        return nameable(node.operation.weights(*(self.types[each] for each in node.references)))

    def free_name(self, word: str, avoid: Collection[str] = ()) -> str:
        """`word`, or `word_2`, `word_3` ... if it is taken or to be avoided."""
        name, count = word, self._counts.get(word, 1)
        while name in self.nodes or name in self.inputs or name in avoid or name in self.spread:
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
                if isinstance(source.operation, ForEachExample):
                    ref = source.references[0]
                    continue
                kinds = (self.types[each] for each in source.references)
                received = ", ".join(str(kind) for kind in kinds if not is_open(kind))
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
            return self._delayed(reference, reference.delay)
        return self.now(reference)

    def now(self, reference: syntax.Reference) -> Ref:
        """The value at this step."""
        owner = self.owner(reference.name)
        if owner is None:
            raise self._unknown(reference)
        found = owner.names[reference.name]
        if found is None:
            raise Poisoned
        if reference.port is not None:
            found = _port(owner.assembly, found, reference)
        return self.assembly.bring(found, owner.assembly)

    def _unknown(self, reference: syntax.Reference) -> SpecError:
        known = [*dict.fromkeys([*self.all_names(), *sorted(self.assembly.reserved)])]
        help = similar(reference.name, known, "value")
        help = help or f"the values here are {listing(known)}"
        message = f"there is no value `{reference.name}`"
        return SpecError(Diagnostic("GC204", message, reference.span, help=help))

    def _delayed(self, reference: syntax.Reference, delay: syntax.Delay) -> Ref:
        """`name@t-1`: the value itself may be still to come, in the section around this place."""
        name = reference.name, reference.port
        owner = self.owner(reference.name)
        if owner is not None and owner.names[reference.name] is None:
            raise Poisoned
        if owner is not None:
            assembly = owner.assembly
            ref = Scope(assembly, owner.names).now(replace(reference, delay=None))
            kind = assembly.types[ref]
        else:
            assembly, ref = self._expecting(reference), None
            kind = assembly.expected[name]
        axis = _axis_of(kind, reference, delay)
        found = assembly.delay(name, ref, delay.offset, axis, reference.span)
        return self.assembly.bring(found, assembly)

    def _expecting(self, reference: syntax.Reference) -> Assembly:
        assembly: Assembly | None = self.assembly
        while assembly is not None:
            if (reference.name, reference.port) in assembly.expected:
                return assembly
            assembly = assembly.parent
        raise self._unknown(reference)


def _axis_of(kind: Type, reference: syntax.Reference, delay: syntax.Delay) -> Axis:
    """The time axis that a delay goes along."""
    axes = time_axes(kind)
    word = delay.axis
    if not axes:
        message = f"`{reference}` is a value of another step, but `{reference.name}` has no steps"
        help = "a sequence has `time` as its first axis: `inputs: {x: [time, 8]}`"
        raise SpecError(Diagnostic("GC231", message, reference.span, help=help))
    known = {axis.name: axis for axis in axes}
    if word is None and len(axes) == 1:
        return axes[0]
    if word is None or word not in known:
        message = f"`{reference.name}` has the time axes {listing(known)}"
        if len(axes) == 1:
            message = f"`{reference.name}` has the time axis `{axes[0].name}`"
        first = "t" if len(axes) == 1 and axes[0].name == "time" else axes[0].name
        help = f"write `{reference.name}@{first}{delay.offset:+d}`"
        raise SpecError(Diagnostic("GC231", message, reference.span, help=help))
    return known[word]


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
