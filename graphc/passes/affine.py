"""Cycles that are affine in their own state need no loop.

In `h: a * h@t-1 + b`, with `a` and `b` off the cycle, two steps are again one of that form. Pairs
`(a, b)` are put together in a way that is associative, so all steps take a logarithm of rounds.

References: Blelloch, "Prefix sums and their applications", 1990; Martin and Cundy, "Parallelizing
linear recurrent neural nets over sequence length", 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from graphc.core.operation import Spelled
from graphc.core.registry import operations
from graphc.core.types import BATCH
from graphc.graph.cycles import Cycle
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.graph.time import Affine, Delay
from graphc.passes.walk import rewired

Begin = Callable[[Graph, Node, str], Node]


@dataclass(frozen=True)
class _Form:
    """`factor * state + term`; None is nothing, and a factor of `ONE` is 1."""

    factor: Ref | None = None
    term: Ref | None = None


ONE = Ref(":one")


class _NotAffine(Exception):
    """It depends on the state in another way."""


def affine(graph: Graph, cycle: Cycle, begin: Begin) -> Graph | None:
    """The graph with the cycle as one associative scan, if it is affine in a single state."""
    if len(cycle.delays) != 1:
        return None
    delay = cycle.delays[0]
    operation, source = delay.operation, delay.references[0]
    assert isinstance(operation, Delay)
    if abs(operation.offset) > 1 or operation.kind.domain[:2] != (BATCH, operation.axis):
        return None
    forms = _Forms(graph, cycle)
    try:
        form = forms.of(source)
    except _NotAffine:
        return None
    if form.factor in (None, ONE):
        return None
    first = begin(graph, delay, f"{delay.name}:begin")
    word = delay.name.partition("@")[0]
    scan = Affine(graph.types[source], operation.axis, cycle.reverse, word)
    node = graph.by_name[source.node]
    inputs = (form.factor, Ref(first.name), form.term)
    whole = replace(node, operation=scan, inputs=inputs)
    rest = [each for each in graph.nodes if each.name != node.name]
    return rewired(graph, [*rest, *forms.made, first, whole], {})


class _Forms:
    """Finds the form of every value of a cycle; nodes that it needs are in `made`."""

    def __init__(self, graph: Graph, cycle: Cycle) -> None:
        self.graph, self.cycle, self.made = graph, cycle, list[Node]()
        self.delay = cycle.delays[0].name

    def of(self, ref: Ref) -> _Form:
        if ref.node not in self.cycle.names or self.graph.is_weight(ref):
            return _Form(None, ref)
        if ref.node == self.delay:
            return _Form(ONE)
        node = self.graph.by_name[ref.node]
        spelled = node.operation.trait(Spelled)
        operator = spelled.operator if isinstance(spelled, Spelled) else ""
        forms = [self.of(each) for each in node.references]
        if operator == "+":
            return _Form(
                self._sum(node, [each.factor for each in forms]),
                self._sum(node, [each.term for each in forms]),
            )
        if operator == "-":
            one, other = forms if len(forms) == 2 else (_Form(), forms[0])
            return _Form(
                self._difference(node, one.factor, other.factor),
                self._difference(node, one.term, other.term),
            )
        if operator == "*":
            return self._product(node, forms)
        if operator == "/" and forms[1].factor is None:
            by = forms[1].term
            return _Form(*(self._made(node, "divide", each, by) for each in _both(forms[0])))
        raise _NotAffine

    def _product(self, node: Node, forms: list[_Form]) -> _Form:
        """One of them may depend on the state."""
        moving = [form for form in forms if form.factor is not None]
        fixed = [form.term for form in forms if form.factor is None]
        if len(moving) != 1:
            raise _NotAffine
        return _Form(*(self._made(node, "multiply", each, *fixed) for each in _both(moving[0])))

    def _sum(self, node: Node, items: list[Ref | None]) -> Ref | None:
        present = [self._number(each, node) for each in items if each is not None]
        if len(present) == 1:
            return next(each for each in items if each is not None)
        return self._made(node, "add", *present) if present else None

    def _difference(self, node: Node, one: Ref | None, other: Ref | None) -> Ref | None:
        if other is None:
            return one
        other = self._number(other, node)
        if one is None:
            return self._made(node, "negative", other)
        return self._made(node, "subtract", self._number(one, node), other)

    def _number(self, ref: Ref, node: Node) -> Ref:
        return self._add(node, "constant", (), 1.0) if ref == ONE else ref

    def _made(self, node: Node, word: str, first: Ref | None, *others: Ref | None) -> Ref | None:
        """An operation on refs; nothing stays nothing, and 1 is left out of a product."""
        if first is None:
            return None
        if word == "multiply" and first == ONE:
            first, *others = others  # type: ignore[assignment]
            if not others:
                return first
        given = tuple(self._number(each, node) for each in (first, *others) if each is not None)
        return self._add(node, word, given)

    def _add(self, node: Node, word: str, inputs: tuple[Ref, ...], *attributes: object) -> Ref:
        name = f"{node.name.split(':')[0]}:affine:{len(self.made) + 1}"
        operation = operations[word](*attributes)
        self.made.append(Node(name, operation, inputs, node.span, named=False))
        return Ref(name)


def _both(form: _Form) -> tuple[Ref | None, Ref | None]:
    return form.factor, form.term
