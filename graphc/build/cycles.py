"""Cycles over time: the types of values that are read before they are made.

The type of `h@t-1` must be known before `h` is. It is found by expanding the nodes of a cycle on
trial: what is delayed starts as open, and whatever has one type for any input tells its own (a
layer by its `features`, a sum by its other operand), until nothing changes any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from graphc.core.operation import Concatenates, Operation, ShapeError
from graphc.core.types import Axis, Type, join_domains, over
from graphc.graph.calls import Call, NetworkCall, Repeat
from graphc.graph.graph import value_types
from graphc.graph.node import Ref
from graphc.graph.tied import Tied

OPEN = Type((), "open", domain=())
"""An array of which nothing is known yet, the same at every point."""
_PROBES = ((), (7,), (11,), (5, 7), (6, 9), (3, 5, 7), (4, 6, 9))


def open_type(axis: Axis, uneven: bool = False) -> Type:
    """The type of a stream of which nothing is known yet."""
    return over(Type((), "open"), axis, uneven)


def is_open(kind: Type) -> bool:
    """Whether nothing is known of a value yet."""
    return kind.dtype == "open"


def infer(operation: Operation, types: Iterable[Type]) -> Type | dict[str, Type]:
    """What `operation.infer` gives; open where that depends on inputs that are."""
    types = list(types)
    unknown = [kind for kind in types if is_open(kind)]
    if isinstance(operation, NetworkCall):
        wanted = [kind for _, kind in operation.graph.inputs]
        types = [wanted[i] if is_open(kind) else kind for i, kind in enumerate(types)]
    if not unknown or isinstance(operation, NetworkCall):
        return operation.infer(*types)
    if isinstance(operation, Call):
        return _of_call(operation)
    if isinstance(operation, Tied):  # the arrays that it is given say nothing of what it gives
        return infer(operation.layer, types[: -len(operation.given)])
    known = [kind for kind in types if not is_open(kind)]
    found = []
    if operation.trait(Concatenates) and all(map(_is_row, known)):
        return _over_all(unknown[0], known)  # as wide as all of them
    if operation.variadic:
        found = [_over_all(operation.infer(*known), unknown)] if known else []
    elif not isinstance(operation, Repeat):
        found = _for_any(operation, types)
    if found and all(each == found[0] for each in found):
        return found[0]
    return dict.fromkeys(operation.ports, unknown[0]) if operation.ports else _along(found, unknown)


def _along(found: list, unknown: list[Type]) -> Type:
    """An open value over the axes that all that was found has, where these are the same."""
    axes = {(each.domain, each.presence) for each in found if isinstance(each, Type)}
    if len(axes) != 1:
        return unknown[0]
    ((domain, presence),) = axes
    return replace(unknown[0], domain=domain, presence=presence)


def _over_all(kind: Type | dict[str, Type], others: Iterable[Type]) -> Type | dict[str, Type]:
    """What some values give, over the axes of others too."""
    if not isinstance(kind, Type):
        return kind
    domain, presence = join_domains([kind, *others])
    return replace(kind, domain=domain, presence=presence)


def _is_row(kind: Type) -> bool:
    return kind.dtype == "float" and len(kind.shape) < 2


def _of_call(call: Call) -> Type | dict[str, Type]:
    """The values of a block that was expanded for inputs some of which are open."""
    types = {Ref(name): kind for name, kind in call.graph.inputs}
    for node in call.graph.nodes:
        types |= dict(value_types(node, infer(node.operation, [types[ref] for ref in node.before])))
        types |= {ref: OPEN for ref in call.graph.tied.get(node.name, ())}
    values = {port: types[ref] for port, ref in call.graph.outputs}
    return values if call.ports else next(iter(values.values()))


def _for_any(operation: Operation, types: list[Type]) -> list[Type | dict[str, Type]]:
    """What it gives for open inputs of different shapes."""
    found = []
    for shape in _PROBES:
        probed = [_probe(kind, shape) if is_open(kind) else kind for kind in types]
        try:
            found.append(operation.infer(*probed))
        except ShapeError:
            continue
    return found


def _probe(kind: Type, shape: tuple[int, ...]) -> Type:
    return replace(kind, shape=shape, dtype="float")
