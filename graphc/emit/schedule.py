"""Which nodes become statements, in which order, and the local names of their values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from graphc.emit.needs import live_nodes
from graphc.emit.trees import fresh
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref

PARTS_OF_AN_EXPRESSION = 24
CHAIN_NAMES = ("x", "y", "z", "h", "out", "value")


@dataclass
class Schedule:
    """The body of a graph's function, before it is written.

    Args:
        statements: the nodes that become statements, in order.
        inlined: the names of the parts of formulas that stand in another node's expression.
        names: the local name of each value that has one.
    """

    statements: list[Node]
    inlined: set[str]
    names: dict[Ref, str] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)


def schedule(
    graph: Graph,
    may_inline: Callable[[Node], bool],
    may_chain: Callable[[Node], bool],
    globals_: Iterable[str],
) -> Schedule:
    """Decide the statements and the names, which must not be among `globals_`.

    Rules:
    1. A part of a formula that is read once stands in the expression that reads it, unless that
       grows beyond PARTS_OF_AN_EXPRESSION parts. Constants always do.
    2. A node without a name of its own that only the next statement reads shares the name of a
       chain, as in `x = self.conv(x)`.
    3. Every other node is a local of its own name.
    """
    live = live_nodes(graph)
    inlined = _inlined(graph, live, may_inline)
    statements = [node for node in live if node.name not in inlined]
    found = Schedule(statements, inlined)
    _Namer(graph, found, may_chain, set(globals_)).run()
    return found


def _inlined(graph: Graph, live: list[Node], may_inline: Callable[[Node], bool]) -> set[str]:
    uses = Counter(ref.node for node in live for ref in node.references)
    uses.update(ref.node for _, ref in graph.outputs)
    sizes: dict[str, int] = {}
    inlined: set[str] = set()
    outputs = {ref.node for _, ref in graph.outputs}
    for node in live:
        candidates = sorted(
            {
                each.node
                for each in node.references
                if each.node in sizes and (uses[each.node] == 1 or not sizes[each.node])
            }
            - outputs,
            key=lambda word: (sizes[word], word),
        )
        total = 1
        for word in candidates:
            if total + sizes[word] <= PARTS_OF_AN_EXPRESSION:
                inlined.add(word)
                total += sizes[word]
        if node.part and may_inline(node):
            sizes[node.name] = total if node.inputs else 0
    return inlined


class _Namer:
    def __init__(
        self,
        graph: Graph,
        found: Schedule,
        may_chain: Callable[[Node], bool],
        taken: set[str],
    ) -> None:
        self.graph, self.found, self.may_chain, self.taken = graph, found, may_chain, taken
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
            elif node.name not in chained:
                names[Ref(node.name)] = self._give(identifiers[node.name])
        self.found.inputs = [names[Ref(word)] for word, _ in self.graph.inputs]
        chain = self._chain_name(chained)
        names |= {Ref(word): chain for word in chained}

    def _read(self) -> None:
        """For each value, the first and the last statement that reads it."""
        end = len(self.found.statements)
        reads = [(end, ref) for _, ref in self.graph.outputs]
        for i, node in enumerate(self.found.statements):
            waiting = list(node.references)
            while waiting:
                ref = waiting.pop()
                if ref.node in self.found.inlined:
                    waiting += self.graph.by_name[ref.node].references
                else:
                    reads.append((i, ref))
        self.read = {ref for _, ref in reads}
        for i, ref in reads:
            self.last_read[ref.node] = max(i, self.last_read.get(ref.node, i))
            self.first_read[ref.node] = min(i, self.first_read.get(ref.node, i))

    def _chains(self, node: Node, place: int) -> bool:
        following = place + 1 == self.first_read[node.name] == self.last_read[node.name]
        own = node.named or node.part or node.operation.ports
        return following and not own and self.may_chain(node)

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
                word = self._give(f"{self.graph.identifiers[node.name]}_{port}")
            names |= {ref: word for ref in refs}

    def _give(self, word: str) -> str:
        found = fresh(word, self.taken)
        self.taken.add(found)
        return found
