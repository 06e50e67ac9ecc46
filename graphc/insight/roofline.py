"""The work of each node in a training step, and what bounds its time: products or memory.

A node's numbers are those of graphc, from types alone. XLA computes several nodes at once, so that
a value which is read where it is made is never written: the bytes of nodes are what each of them
moves by itself.

References: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for
multicore architectures", 2009.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from graphc.core.operation import Operation, ShapeToSteps
from graphc.core.span import Span
from graphc.core.types import BATCH, Type
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.graph import Graph
from graphc.graph.node import Node
from graphc.insight.cost import called_networks, operation_title, runs, title

WAYS = 3
"""Forward, and back to the inputs and to the weights, each the work of one."""
NUMBER = 4
"""Bytes of a number; operands that are rounded to bfloat16 are so in registers."""
HOLDERS = (Call, Repeat, Stack)


@dataclass(frozen=True)
class Peaks:
    """What a device does at most, as it was measured.

    Args:
        flops: floating point operations a second, by the precision of the operands of products.
        bandwidth: bytes a second that are read or written.
    """

    flops: Mapping[str, float]
    bandwidth: float


@dataclass(frozen=True)
class Work:
    """Work of a step.

    Args:
        flops: floating point operations, by the precision of the operands of products.
        bytes: read and written.
    """

    flops: Mapping[str, float]
    bytes: float = 0

    def __add__(self, other: Work) -> Work:
        words = dict.fromkeys((*self.flops, *other.flops))
        flops = {word: self.flops.get(word, 0) + other.flops.get(word, 0) for word in words}
        return Work(flops, self.bytes + other.bytes)

    def __mul__(self, count: float) -> Work:
        flops = {word: count * value for word, value in self.flops.items()}
        return Work(flops, count * self.bytes)

    @property
    def all_flops(self) -> float:
        """Floating point operations whatever their operands are."""
        return sum(self.flops.values())

    def computing(self, peaks: Peaks) -> float:
        """The seconds that the operations take at least."""
        return sum(value / peaks.flops[word] for word, value in self.flops.items())

    def moving(self, peaks: Peaks) -> float:
        """The seconds that the bytes take at least."""
        return self.bytes / peaks.bandwidth

    def bound(self, peaks: Peaks) -> str:
        """Which of the two is longer: `compute` or `memory`, nothing where there is no work."""
        if not self.bytes and not self.all_flops:
            return ""
        return "compute" if self.computing(peaks) >= self.moving(peaks) else "memory"


@dataclass(frozen=True)
class Row:
    """The work of a node in a training step.

    Args:
        depth: how deep it stands in others, whose work holds its own.
        seconds: the least that it takes, the sum of that of what it holds.
    """

    name: str
    depth: int
    operation: str
    work: Work
    seconds: float
    span: Span | None = None


NONE = Work({})


@dataclass(frozen=True)
class Counter:
    """Counts the work of nodes in a step.

    Args:
        lengths: how long each axis of the data is, the examples of a step those of `batch`.
        peaks: of the device.
    """

    lengths: Mapping[str, int]
    peaks: Peaks

    def rows(self, networks: Mapping[str, Graph]) -> list[Row]:
        """A row for each node of each network, and a last one for all of them.

        The work of a network that others call is in the calls.
        """
        called = called_networks(networks)
        lengths = dict(self.lengths)
        for graph in networks.values():
            lengths = _made(graph) | lengths
        counter, found = replace(self, lengths=lengths), []
        total, seconds = NONE, 0.0
        for name, graph in networks.items():
            inner = list(counter.nodes(graph, 1 if name else 0))
            work, least = _sum(each for each in inner if each.depth == (1 if name else 0))
            if name:
                found.append(Row(f"network {name}", 0, "", work, least))
            found += inner
            if name not in called:
                total, seconds = total + work, seconds + least
        return [*found, Row("total", 0, "", total, seconds)]

    def nodes(self, graph: Graph, depth: int) -> Iterator[Row]:
        """The rows of a graph, what stands inside a node behind it."""
        for node in graph.nodes:
            if not node.part:
                yield from self._node(graph, node, depth)

    def _node(self, graph: Graph, node: Node, depth: int) -> Iterator[Row]:
        parts = [each for each in graph.nodes if each.name.startswith(f"{node.name}:")]
        held = [self._held(each.operation, graph.input_types(each)) for each in (*parts, node)]
        work = sum((each for each, _ in held), NONE)
        seconds = sum(each for _, each in held)
        yield Row(node.name, depth, title(graph, node), work, seconds, node.span)
        yield from self._inside(node.operation, graph.input_types(node), depth + 1, node.span)

    def _inside(
        self, operation: Operation, types: tuple[Type, ...], depth: int, span: Span
    ) -> Iterator[Row]:
        if isinstance(operation, Call) and not isinstance(operation, NetworkCall):
            yield from self.nodes(operation.graph, depth)
        elif isinstance(operation, Repeat | Stack):
            for run in runs(operation, types):
                work, seconds = self._held(run.operation, run.types)
                name = run.label if run.count == 1 else f"{run.label} (each)"
                yield Row(name, depth, operation_title(run.operation), work, seconds, span)
                yield from self._inside(run.operation, run.types, depth + 1, span)

    def _held(self, operation: Operation, types: tuple[Type, ...]) -> tuple[Work, float]:
        """The work of an operation and of all that it holds, with the least seconds of it."""
        if isinstance(operation, Call):
            return _sum(each for each in self.nodes(operation.graph, 0) if each.depth == 0)
        if isinstance(operation, Repeat | Stack):
            work, seconds = NONE, 0.0
            for run in runs(operation, types):
                each, least = self._held(run.operation, run.types)
                work, seconds = work + each * run.count, seconds + least * run.count
            return work, seconds
        work = self._own(operation, types)
        return work, max(work.computing(self.peaks), work.moving(self.peaks))

    def _own(self, operation: Operation, types: tuple[Type, ...]) -> Work:
        given = operation.infer(*types)
        outputs = (given,) if isinstance(given, Type) else tuple(given.values())
        points = max(map(self._points, (*types, *outputs)), default=1)
        numbers = sum(self._points(each) * each.size for each in (*types, *outputs))
        weights = sum(each.size for each in operation.weights(*types).values())
        precision = getattr(operation, "precision", "float32")
        flops = operation.flops(*types) * points
        moved = NUMBER * (numbers + weights) if flops or weights else 0
        return Work({precision: WAYS * flops}, WAYS * moved)

    def _points(self, kind: Type) -> int:
        return prod(self.lengths.get(axis.name, 1) for axis in kind.domain)


def lengths_of(shapes: Mapping[str, tuple[int, ...]], fields: Mapping[str, Type]) -> dict[str, int]:
    """How long each axis is, by the shapes of the fields of a batch."""
    found: dict[str, int] = {}
    for name, kind in fields.items():
        if name in shapes:
            sizes = zip(kind.domain, shapes[name], strict=False)
            found |= {axis.name: size for axis, size in sizes}
    return found | {BATCH.name: found.get(BATCH.name, 1)}


def _made(graph: Graph) -> dict[str, int]:
    """The lengths of axes that a graph makes of shapes."""
    found: dict[str, int] = {}
    for node in graph.nodes:
        trait = node.operation.trait(ShapeToSteps)
        if isinstance(trait, ShapeToSteps):
            found[getattr(node.operation, trait.to)] = graph.input_types(node)[0].shape[0]
        elif isinstance(node.operation, Call):
            found |= _made(node.operation.graph)
    return found


def _sum(rows: Iterator[Row]) -> tuple[Work, float]:
    work, seconds = NONE, 0.0
    for each in rows:
        work, seconds = work + each.work, seconds + each.seconds
    return work, seconds
