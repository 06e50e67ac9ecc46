"""Operations that hold graphs: calls of blocks and networks, repeats, and stacks of layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphc.core.code import code
from graphc.core.operation import Input, Operation, ShapeError
from graphc.core.types import Type
from graphc.graph.graph import Graph


@dataclass(frozen=True)
class Call(Operation):
    """A block as a node: a graph with weights of its own.

    Args:
        graph: what it computes, made for the types of this call's inputs.
        arguments: the block's parameters; kept for names and messages, not compared.
        inline: whether it was written in place, as steps of a `repeat`, rather than as a block.
        aside: the networks it is or calls whose running statistics it does not move, though it runs
            in training mode.
        in_turn: those of which it moves them in the turns of some objectives alone, and these.
    """

    name = "call"
    call = code("$self($items)")

    graph: Graph
    arguments: tuple[tuple[str, object], ...] = field(default=(), compare=False)
    inline: bool = field(default=False, compare=False)
    aside: tuple[str, ...] = ()
    in_turn: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def title(self) -> str:
        """The name of the block."""
        return self.graph.name

    @property
    def described(self) -> str:
        """What it is, for the docstring of its class."""
        return f"Block `{self.title}`"

    @property
    def inputs(self) -> tuple[Input, ...]:  # type: ignore[override]
        return tuple(Input(name) for name, _ in self.graph.inputs)

    @property
    def ports(self) -> tuple[str, ...]:  # type: ignore[override]
        outputs = self.graph.outputs
        return tuple(port for port, _ in outputs) if len(outputs) > 1 else ()

    def infer(self, *types: Type) -> Type | dict[str, Type]:
        for (name, wanted), given in zip(self.graph.inputs, types, strict=True):
            if wanted != given:
                what = "one for all examples" if wanted.domain and not given.domain else str(given)
                raise ShapeError(
                    f"`{self.title}` takes {wanted} as its `{name}`, and is given {what}"
                )
        values = {port: self.graph.types[ref] for port, ref in self.graph.outputs}
        return values if self.ports else next(iter(values.values()))


@dataclass(frozen=True)
class NetworkCall(Call):
    """A network as a node: calls with the same `network` share its weights.

    Args:
        still: whether it runs in evaluation mode whatever the mode around it.
    """

    network: str = ""
    still: bool = False


@dataclass(frozen=True)
class Repeat(Operation):
    """Layers one after another, each a copy with weights of its own.

    Args:
        copies: the operation of each layer; the first input runs through them, any further ones
            are the same for all.
    """

    name = "repeat"
    call = code("$self($items)")

    copies: tuple[Operation, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:  # type: ignore[override]
        return self.copies[0].inputs

    def infer(self, x: Type, *others: Type) -> Type:
        for copy in self.copies:
            x = copy.infer(x, *others)  # type: ignore[assignment]
        return x


def depends_on_turn(operation: Operation) -> bool:
    """Whether it moves the statistics of a network in the turns of some objectives alone."""
    if isinstance(operation, Repeat):
        return any(map(depends_on_turn, operation.copies))
    return isinstance(operation, Call) and bool(operation.in_turn)


def distinct(
    operation: Operation, types: tuple[Type, ...]
) -> Iterator[tuple[Operation, tuple[Type, ...]]]:
    """The operation with the types of its inputs; of a repeat, that of each distinct layer."""
    if not isinstance(operation, Repeat):
        yield operation, types
        return
    seen: set[Operation] = set()
    for each in operation.copies:
        if each not in seen:
            yield each, types
        seen.add(each)
        types = (each.infer(*types), *types[1:])  # type: ignore[assignment]


@dataclass(frozen=True)
class Stack(Operation):
    """Equal layers in one: every array has a leading axis, and one scan runs through them.

    Args:
        layer: the operation of one layer; its output has its first input's type.
        paths: the spec's path of each layer below the graph that holds the stack, in order.
    """

    name = "stack"
    call = code("$self($items)")

    layer: Operation
    paths: tuple[str, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:  # type: ignore[override]
        return self.layer.inputs

    def infer(self, x: Type, *others: Type) -> Type:
        result = self.layer.infer(x, *others)
        if result != x:
            raise ShapeError(f"a stack's layer gives {result} from {x}")
        return x
