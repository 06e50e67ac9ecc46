"""The type of a value: what one point holds, and the domain it holds one of them for.

An array of type `Type(shape=(3,), domain=(BATCH, Axis("time", "time")))` has the axes
[batch, time, 3]. `presence` names the axes of the domain along which points may be absent (rows
that pad a batch, steps past the end of a sequence, nodes that pad a graph): what couples points
along such an axis must take the mask. Of a value over edges it says whether the nodes at their ends
may be absent; edges always may, and which are there the receivers say.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from math import prod


@dataclass(frozen=True)
class Axis:
    """One axis of a domain. `kind` is batch, time, nodes, edges or pairs."""

    name: str
    kind: str


BATCH = Axis("batch", "batch")
TIME = Axis("time", "time")
NODES = Axis("nodes", "nodes")
EDGES = Axis("edges", "edges")
PAIRS = Axis("pairs", "pairs")
_LENGTH, _COUNTED = ":length", ":counted"
SENDERS, RECEIVERS, MATRIX = "edges:senders", "edges:receivers", "edges:matrix"
"""What the two ends of edges are called beside the fields of examples, and a matrix of them."""
SHARED = "graph:"
"""What the names of arrays begin with that all examples share: the edges of one graph for all."""
ENDS = "pairs:ends"
"""What the two nodes of the pairs that are asked for are called."""
DRAWN, NODES_DRAWN, DIRECTED = "pairs:drawn", "pairs:nodes", "pairs:directed"
"""Which pairs training draws anew, among how many nodes, and whether the order of two counts."""
DTYPES = ("float", "int", "bool")


@dataclass(frozen=True)
class Type:
    """The type of a value.

    Args:
        shape: the shape at one point of the domain; () is one number.
        dtype: float, int or bool.
        below: for ints, one more than the largest value, where that is known.
        domain: the axes the value varies over, batch first; () is a constant.
        presence: the names of those axes along which points may be absent.
        sparse: whether of its last axis only the numbers are held that are not 0, as `Sparse`.

    Example:
        >>> str(Type((28, 28, 1)))
        '[28, 28, 1]'
        >>> str(Type((), "int", below=10))
        'int [] below 10'
    """

    shape: tuple[int, ...]
    dtype: str = "float"
    below: int | None = None
    domain: tuple[Axis, ...] = (BATCH,)
    presence: frozenset[str] = frozenset({"batch"})
    sparse: bool = False

    @property
    def single(self) -> bool:
        """Whether it is one number for each example."""
        return not self.shape and self.domain == (BATCH,)

    @property
    def size(self) -> int:
        """Numbers per point."""
        return prod(self.shape)

    @property
    def features(self) -> int:
        """The last axis of the shape; 1 for a single number."""
        return self.shape[-1] if self.shape else 1

    @property
    def rank(self) -> int:
        """Axes of the array, the domain's included."""
        return len(self.domain) + len(self.shape)

    def with_shape(self, shape: Iterable[int]) -> Type:
        """The same domain holding floats of another shape, all of them."""
        return replace(self, shape=tuple(shape), dtype="float", below=None, sparse=False)

    def with_last(self, features: int) -> Type:
        """The same with another last axis."""
        return self.with_shape((*self.shape[:-1], features))

    def __str__(self) -> str:
        inner = [axis.name for axis in self.domain if axis != BATCH] + [str(n) for n in self.shape]
        shape = f"[{', '.join(inner)}]"
        if self.dtype == "float":
            return shape
        return f"{self.dtype} {shape}" + (f" below {self.below}" if self.below else "")


def constant(shape: Iterable[int]) -> Type:
    """Floats that are the same at every point: no domain."""
    return Type(tuple(shape), domain=(), presence=frozenset())


def join_domains(types: Iterable[Type]) -> tuple[tuple[Axis, ...], frozenset[str]]:
    """The smallest domain that holds all of them, and its presence.

    A value that lacks an axis is constant over it. Axes keep the order in which they come, but for
    those with a mask, which stand behind the batch as the axes of the mask do.
    """
    axes: dict[Axis, None] = {}
    presence: frozenset[str] = frozenset()
    for each in types:
        axes.update(dict.fromkeys(each.domain))
        presence |= each.presence
    ordered = sorted(axes, key=lambda axis: (axis != BATCH, axis.name not in presence))
    return tuple(ordered), presence


def without(kind: Type, axis: Axis) -> Type:
    """The type of one step of a stream; of a value without the axis its own."""
    domain = tuple(each for each in kind.domain if each != axis)
    return replace(kind, domain=domain, presence=kind.presence - {axis.name})


def time_axes(kind: Type) -> tuple[Axis, ...]:
    """The time axes of a domain."""
    return tuple(axis for axis in kind.domain if axis.kind == "time")


def point_axes(kind: Type) -> tuple[Axis, ...]:
    """The axes of the points of one example: steps, nodes, edges and pairs of nodes."""
    kinds = (TIME.kind, NODES.kind, EDGES.kind, PAIRS.kind)
    return tuple(axis for axis in kind.domain if axis.kind in kinds)


def nodes_axis(kind: Type) -> Axis | None:
    """The axis of the nodes of a graph, where it has one."""
    return next((axis for axis in kind.domain if axis.kind == NODES.kind), None)


def edges_axis(kind: Type) -> Axis | None:
    """The axis of the edges of a graph, where it has one."""
    return next((axis for axis in kind.domain if axis.kind == EDGES.kind), None)


def moved(kind: Type, axis: Axis, to: Axis) -> Type:
    """The same over another axis in the place of one."""
    domain = tuple(to if each == axis else each for each in kind.domain)
    return replace(kind, domain=domain)


def named_axis(name: str) -> Axis:
    """The axis of a name: of nodes, edges or pairs where that is theirs, otherwise of time."""
    return {axis.name: axis for axis in (NODES, EDGES, PAIRS)}.get(name, Axis(name, TIME.kind))


def over(kind: Type, axis: Axis, uneven: bool = False) -> Type:
    """A stream of values of this type, of different length where it is `uneven`."""
    first = tuple(each for each in kind.domain if each == BATCH)
    rest = tuple(each for each in kind.domain if each not in (BATCH, axis))
    presence = kind.presence | {axis.name} if uneven else kind.presence
    return replace(kind, domain=(*first, axis, *rest), presence=presence)


def uneven_axes(kind: Type) -> tuple[Axis, ...]:
    """The axes along which an example may end before the longest: steps or nodes are absent."""
    return tuple(axis for axis in point_axes(kind) if axis.name in kind.presence)


def is_uneven(kind: Type, axis: Axis | None = None) -> bool:
    """Whether steps may be absent along an axis, or along any."""
    return bool(uneven_axes(kind)) if axis is None else axis in uneven_axes(kind)


def uneven(kind: Type, axes: Container[str] | None = None) -> Type:
    """The type of sequences of different length, of one for those of equal length.

    Args:
        axes: the names of the axes along which they differ; all of time if left out.
    """
    names = {axis.name for axis in (time_axes(kind) if axes is None else point_axes(kind))}
    return replace(kind, presence=kind.presence | {n for n in names if axes is None or n in axes})


def lengths_over(axis: str) -> str:
    """What the lengths of sequences over an axis are called beside the fields of examples."""
    return f"{axis}{_LENGTH}"


def are_lengths(name: str) -> bool:
    """Whether lengths are called so; no field is."""
    return name.endswith(_LENGTH)


def counted_over(axis: str) -> str:
    """What it is called which points along an axis count in losses and metrics."""
    return f"{axis}{_COUNTED}"


def is_beside(name: str) -> bool:
    """Whether what stands beside the fields of examples is called so; no field is."""
    reserved = (SENDERS, RECEIVERS, ENDS, DRAWN, NODES_DRAWN, DIRECTED)
    return are_lengths(name) or name.endswith(_COUNTED) or name in reserved


def is_shared(name: str) -> bool:
    """Whether an array is called so that is the same for all examples: it has no axis of them."""
    return name.startswith(SHARED)


LENGTH = lengths_over(TIME.name)
"""The lengths of sequences over `time`."""
