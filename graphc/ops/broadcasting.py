"""How values of different shapes and domains meet: the one rule of formulas.

A value that lacks an axis of the domain is constant over it. Feature shapes must be equal, `[]`, or
have a last axis of 1; nothing else is stretched. JAX is asked to refuse arrays of different rank
(it would align them from the right, which puts a batch against features), so every operand is
written with the axes it lacks: `gate[:, None] * h`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from graphc.core.operation import ShapeError
from graphc.core.types import Type, join_domains
from graphc.ops.checks import need_floats

RULE = "shapes must be equal, `[]`, or differ only in a last axis of 1"


def broadcast(name: str, types: Iterable[Type]) -> Type:
    """The floats that come of combining floats of these types number by number."""
    several = list(types)
    need_floats(name, *several)
    whole = several[0]
    for each in several:
        whole = replace(whole, shape=_joined(name, whole, each))
    domain, presence = join_domains(several)
    return replace(whole, domain=domain, presence=presence)


def _joined(name: str, one: Type, other: Type) -> tuple[int, ...]:
    a, b = one.shape, other.shape
    if not a or not b:
        return a or b
    if len(a) != len(b) or a[:-1] != b[:-1] or (a[-1] != b[-1] and 1 not in (a[-1], b[-1])):
        raise ShapeError(f"`{name}` cannot combine {list(a)} with {list(b)}", RULE)
    return max(a, b)
