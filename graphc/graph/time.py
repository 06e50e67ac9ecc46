"""Time in graphs: values of other steps, and the cycles that they close.

A stream has an axis of kind `time` in its domain, one value per step. `h@t-1` is a `Delay`, whose
first input is an edge against the order of the graph: what it reads may depend on it. So a graph
stays a flat list of nodes. The pass `cycles` finds the cycles and makes each a `Scan`, and of a
delay that is on none a `Shift`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphc.core.code import Code, code
from graphc.core.operands import operand, steps_first, steps_mask
from graphc.core.operation import Input, Operation, ShapeError
from graphc.core.types import BATCH, TIME, Axis, Type, is_uneven, over, without
from graphc.graph.calls import Call
from graphc.graph.graph import Graph

_MEMORY = ", memory=$carried, name=$kept"
_DTYPES = {"float": "", "int": ", int", "bool": ", bool"}


@dataclass(frozen=True)
class Delay(Operation):
    """The value that another node had some steps before (`@t-1`) or will have after (`@t+1`).

    Args:
        kind: the type of that value, found before the value itself.
        axis: its time axis.
        offset: how many steps away, below 0 for those before.
    """

    name = "delay"
    inputs = (Input("x"), Input("initial", optional=True))
    feedback = True

    kind: Type
    axis: Axis
    offset: int = -1

    @property
    def step(self) -> Type:
        """The type of the value at one step."""
        return without(self.kind, self.axis)

    def infer(self, *types: Type) -> Type:
        return self.kind


@dataclass(frozen=True)
class Begin(Operation):
    """What a value is before the first step (or behind the last), for every example.

    Shapes: like [batch, ...], others that have the further axes of the value, and last the initial
    value, [batch, *shape], [*shape] or [], if there is one -> [batch, *shape].

    Args:
        kind: the type of the value at one step.
        value: what it is everywhere, where no initial value is given.
        given: whether one is.
    """

    name = "begin"
    variadic = True

    kind: Type
    value: float | int | bool = 0
    given: bool = False

    def infer(self, *types: Type) -> Type:
        return self.kind

    def call_code(self, *types: Type) -> Code:
        last, own = f"item_{len(types) - 1}", types[-1]
        whole = own.domain == self.kind.domain == (BATCH,) and own.shape == self.kind.shape
        if self.given and whole:
            return code(f"${last}")
        likes = types[:-1] if self.given else types
        lengths = [_length(axis, likes) for axis in self.kind.domain]
        sizes = "".join(f", {each}" for each in lengths[1:])
        sizes += "".join(f", $size_{i}" for i in range(len(self.kind.shape)))
        shape = f"({lengths[0]}{sizes or ','})"
        if self.given and not own.rank:
            return code(f"jnp.full({shape}, ${last}, {self.kind.dtype})")
        if self.given:
            value = operand(last, own, self.kind) if own.domain else f"${last}"
            return code(f"jnp.broadcast_to({value}, {shape})")
        if self.value:
            return code(f"jnp.full({shape}, $value)")
        return code(f"jnp.zeros({shape}{_DTYPES[self.kind.dtype]})")

    def holes(self, *types: Type) -> dict[str, object]:
        return {"value": self.value} | {f"size_{i}": size for i, size in enumerate(self.kind.shape)}


def _length(axis: Axis, likes: tuple[Type, ...]) -> str:
    """The code of the length of an axis that one of these values has."""
    number = next(i for i, like in enumerate(likes) if axis in like.domain)
    place = likes[number].domain.index(axis)
    return f"$item_{number}.shape[{place}]"


@dataclass(frozen=True)
class Clock(Operation):
    """Truth at every so many steps, the first one among them.

    Shapes: like [batch, time, ...] -> bool [batch, time].

    Args:
        axis: the time axis.
        every: how many steps lie from one to the next.
        kept: what a memory calls the number of steps so far, where there is one.
    """

    name = "clock"
    inputs = (Input("like"),)

    axis: Axis
    every: int
    kept: str | None = None

    def infer(self, like: Type) -> Type:
        kind = Type((), "bool", presence=like.presence & {BATCH.name})
        return over(kind, self.axis, is_uneven(like, self.axis))

    def holes(self, like: Type) -> dict[str, object]:
        return {"every": self.every, "kept": self.kept}

    def call_code(self, like: Type) -> Code:
        like_steps = steps_first("$like", like.domain.index(self.axis))
        return code(f"ticks({like_steps}, $every{_MEMORY * bool(self.kept)})")


@dataclass(frozen=True)
class Shift(Operation):
    """A stream some steps later or earlier; where it is not there, what `begin` says.

    What comes behind the end of a sequence is not there either.

    Shapes: x [batch, time, ...], begin [batch, ...] -> [batch, time, ...].

    Args:
        axis: the time axis.
        offset: as for `Delay`.
        kept: what a memory calls the last steps, where there is one.
    """

    name = "shift"
    inputs = (Input("x"), Input("begin"))

    axis: Axis
    offset: int
    kept: str | None = None

    def infer(self, x: Type, begin: Type) -> Type:
        return x

    def call_code(self, x: Type, begin: Type) -> Code:
        place = x.domain.index(self.axis)
        stream = steps_first("$x", place)
        if self.offset > 0 and is_uneven(x, self.axis):
            stream = f"where_present({steps_mask(self.axis)}, {stream}, $begin[:, None])"
        moved = f"shift({stream}, $begin, $offset{_MEMORY * bool(self.kept)})"
        return code(moved if place == 1 else f"jnp.moveaxis({moved}, 1, {place})")

    def holes(self, x: Type, begin: Type) -> dict[str, object]:
        return {"offset": self.offset, "kept": self.kept}


@dataclass(frozen=True)
class Affine(Operation):
    """A cycle `h: factor * h@t-1 + term`, number by number, for all steps at once.

    Args:
        kind: the type of the value.
        axis: the time axis.
        reverse: whether the last step comes first.
        state: what the value that it carries is called.
        kept: whether a memory may have it.
    """

    name = "affine"
    inputs = (Input("factor"), Input("begin"), Input("term", optional=True))

    kind: Type
    axis: Axis
    reverse: bool = False
    state: str = ""
    kept: bool = False

    def infer(self, *types: Type) -> Type:
        return self.kind

    def call_code(self, factor: Type, begin: Type, *term: Type) -> Code:
        given = operand("factor", factor, self.kind), "$begin"
        given += (operand("term", term[0], self.kind),) if term else ()
        options = ", reverse=True" * self.reverse + _MEMORY * self.kept
        if is_uneven(self.kind, self.axis):
            mask = steps_mask(self.axis)
            return code(f"affine_while_present({mask}, {', '.join(given)}{options})")
        return code(f"affine_scan({', '.join(given)}{options})")

    def holes(self, *types: Type) -> dict[str, object]:
        return {"kept": self.state}


@dataclass(frozen=True)
class Scan(Call):
    """A cycle: one step of it, which is gone through over time.

    The graph is that of a step. Its inputs are values of this step (`now` of them), values that are
    the same at all steps, and last what the carried values were before. Its outputs are what is
    read outside (`given` of them) and last the carried values in the same order; one value may be
    both, in the middle.

    Args:
        axis: the time axis.
        now: how many of the inputs are streams.
        kernels: how many of those behind them only multiply what the step computes, so that their
            gradients can be taken out of the backward loop.
        given: how many of the outputs are read outside.
        states: what the values are called that go from step to step.
        reverse: whether the last step comes first.
        unroll: how many steps are one round of the loop.
        kept: whether a memory may have them.
    """

    name = "scan"

    axis: Axis = TIME
    now: int = 0
    kernels: int = 0
    given: int = 1
    states: tuple[str, ...] = ()
    reverse: bool = False
    unroll: int = 1
    kept: bool = False

    @property
    def described(self) -> str:
        return "One step of a cycle"

    @property
    def ports(self) -> tuple[str, ...]:  # type: ignore[override]
        words = [word for word, _ in self.graph.outputs[: self.given]]
        return tuple(words) if len(words) > 1 else ()

    def is_uneven(self, *types: Type) -> bool:
        """Whether it stops at the end of each sequence, which may come before that of others."""
        return any(is_uneven(each, self.axis) for each in types)

    def infer(self, *types: Type) -> Type | dict[str, Type]:
        for (name, wanted), given in zip(self.graph.inputs, types, strict=True):
            if without(given, self.axis) != wanted:
                raise ShapeError(
                    f"a step of `{self.title}` takes {wanted} as `{name}`, not {given}"
                )
        kinds = ((word, self.graph.types[ref]) for word, ref in self.graph.outputs[: self.given])
        uneven = self.is_uneven(*types)
        found = {word: over(kind, self.axis, uneven) for word, kind in kinds}
        return found if self.ports else next(iter(found.values()))


def unrolled(graph: Graph, times: int) -> Graph:
    """The graph whose loops over time do so many steps in a round."""
    nodes = [
        replace(node, operation=replace(node.operation, unroll=times))
        if isinstance(node.operation, Scan)
        else node
        for node in graph.nodes
    ]
    return graph.replace_nodes(nodes)
