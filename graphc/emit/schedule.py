"""Which nodes become statements, in which order, and the local names of their values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from graphc.emit.needs import live_nodes
from graphc.emit.trees import fresh
from graphc.graph.graph import Graph, identifiers
from graphc.graph.node import Node, Ref
from graphc.graph.slopes import Slope
from graphc.graph.time import Scan

PARTS_OF_AN_EXPRESSION = 20
CHAIN_NAMES = ("x", "y", "z", "h", "out", "value")


@dataclass
class Schedule:
    """The body of a graph's function, before it is written.

    Args:
        statements: the nodes that become statements, in order.
        inlined: the names of the parts of formulas that stand in another node's expression.
        names: the local name of each value that has one.
        inputs: the names of the graph's inputs.
        returned: the node whose expression is returned, so that it needs no name.
        aliases: for each node that does nothing, the value that stands for it.
    """

    statements: list[Node]
    inlined: set[str]
    names: dict[Ref, str] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    returned: Node | None = None
    aliases: dict[str, Ref] = field(default_factory=dict)

    def resolve(self, ref: Ref) -> Ref:
        """The value itself for a reference to another name of it."""
        while ref.node in self.aliases:
            ref = self.aliases[ref.node]
        return ref

    def references(self, node: Node) -> list[Ref]:
        """The values that a node reads."""
        return [self.resolve(ref) for ref in node.references]

    def outputs(self, graph: Graph) -> list[Ref]:
        """The values that a graph gives."""
        return [self.resolve(ref) for _, ref in graph.outputs]


class Forms(Protocol):
    """What can be done with a node, which depends on its code."""

    def is_expression(self, node: Node) -> bool:
        """Whether its value is one expression rather than a loop or several values."""

    def alias(self, node: Node) -> Ref | None:
        """The value that it is another name for, if its code does nothing."""

    def reads_once(self, node: Node, ref: Ref) -> bool:
        """Whether its code has this input in one place, outside of loops."""


def schedule(graph: Graph, forms: Forms, globals_: Iterable[str]) -> Schedule:
    """Decide the statements and the names, which must not be among `globals_`.

    Rules:
    1. A part of a formula that is read once stands in the expression that reads it, unless that
       grows beyond PARTS_OF_AN_EXPRESSION parts or would write it twice. Constants always do.
    2. A node without a name of its own that only the next statement reads shares the name of a
       chain, as in `x = self.conv(x)`.
    3. The only output is returned as it is computed, if it is the last.
    4. A node that does nothing is another name of what it reads, and is not written.
    5. Every other node is a local of its own name.
    """
    found = Schedule([], set())
    live = live_nodes(graph)
    found.aliases = {node.name: ref for node in live if (ref := forms.alias(node))}
    live = [node for node in live if node.name not in found.aliases]
    found.inlined = _inlined(graph, found, live, forms)
    found.statements = statements = [node for node in live if node.name not in found.inlined]
    last = statements[-1] if statements else None
    if last and [Ref(last.name)] == found.outputs(graph) and forms.is_expression(last):
        found.returned = last
    _Namer(graph, found, forms, set(globals_)).run()
    return found


def _inlined(graph: Graph, found: Schedule, live: list[Node], forms: Forms) -> set[str]:
    outputs = {ref.node for ref in found.outputs(graph)}
    uses = Counter(ref.node for node in live for ref in found.references(node))
    sizes: dict[str, int] = {}
    inlined: set[str] = set()
    for node in live:
        candidates = {
            ref.node
            for ref, written in zip(found.references(node), node.references, strict=True)
            if ref.node in sizes
            and ref.node not in outputs
            and (not sizes[ref.node] or (uses[ref.node] == 1 and forms.reads_once(node, written)))
        }
        total = 1
        for word in sorted(candidates, key=lambda word: (sizes[word], word)):
            if total + sizes[word] <= PARTS_OF_AN_EXPRESSION:
                inlined.add(word)
                total += sizes[word]
        if node.part and forms.is_expression(node):
            sizes[node.name] = total if node.inputs else 0
    return inlined


class _Namer:
    def __init__(self, graph: Graph, found: Schedule, forms: Forms, taken: set[str]) -> None:
        self.graph, self.found, self.forms, self.taken = graph, found, forms, taken
        self.last_read: dict[str, int] = {}
        self.first_read: dict[str, int] = {}

    def run(self) -> None:
        self._read()
        chained = {
            node.name for i, node in enumerate(self.found.statements) if self._chains(node, i)
        }
        identifiers = self.graph.identifiers
        names = self.found.names
        for word, _ in self.graph.inputs:
            names[Ref(word)] = self._give(identifiers[word])
        for node in self.found.statements:
            if node.operation.ports:
                self._name_ports(node)
            elif node.name not in chained and node is not self.found.returned:
                names[Ref(node.name)] = self._give(self._word(node))
        self.found.inputs = [names[Ref(word)] for word, _ in self.graph.inputs]
        chain = self._chain_name(chained)
        names |= {Ref(word): chain for word in chained}

    def _read(self) -> None:
        """For each value, the first and the last statement that reads it."""
        end = len(self.found.statements)
        reads = [(end, ref) for ref in self.found.outputs(self.graph)]
        for i, node in enumerate(self.found.statements):
            waiting = self.found.references(node)
            while waiting:
                ref = waiting.pop()
                if ref.node in self.found.inlined:
                    waiting += self.found.references(self.graph.by_name[ref.node])
                else:
                    reads.append((i, ref))
        self.read = {ref for _, ref in reads}
        for i, ref in reads:
            self.last_read[ref.node] = max(i, self.last_read.get(ref.node, i))
            self.first_read[ref.node] = min(i, self.first_read.get(ref.node, i))

    def _chains(self, node: Node, place: int) -> bool:
        following = place + 1 == self.first_read[node.name] == self.last_read[node.name]
        if not following or node.named or node.part or node.operation.ports:
            return False
        # A loop overwrites its variable while it still reads its other inputs.
        return len(set(self.found.references(node))) < 2 or self.forms.is_expression(node)

    def _chain_name(self, chained: set[str]) -> str:
        """A name that no value has, or only an input that the chain no longer needs."""
        places = [i for i, node in enumerate(self.found.statements) if node.name in chained]
        inputs = {self.found.names[Ref(word)]: word for word, _ in self.graph.inputs}
        for word in CHAIN_NAMES:
            if word not in self.taken:
                return word
            done = word in inputs and self.last_read.get(inputs[word], -1) <= min(places, default=0)
            if done and sum(name == word for name in self.found.names.values()) == 1:
                return word
        return fresh(CHAIN_NAMES[0], self.taken)

    def _name_ports(self, node: Node) -> None:
        names, first = self.found.names, node.operation.ports[0]
        for port in node.operation.ports:
            refs = [Ref(node.name, port), *([Ref(node.name)] if port == first else [])]
            word = "_"
            if any(ref in self.read for ref in refs):
                word = self._give(self._word(node, port))
            names |= {ref: word for ref in refs}

    def _word(self, node: Node, port: str | None = None) -> str:
        """What a value is called; those of a cycle by their own names."""
        if isinstance(node.operation, Slope) and port is not None:
            return identifiers((port,), ())[port]
        if isinstance(node.operation, Scan):
            words = dict.fromkeys((port or node.operation.graph.outputs[0][0],))
            return identifiers(words, ())[next(iter(words))]
        word = self.graph.identifiers[node.name]
        return f"{word}_{port}" if port else word

    def _give(self, word: str) -> str:
        found = fresh(word, self.taken)
        self.taken.add(found)
        return found
