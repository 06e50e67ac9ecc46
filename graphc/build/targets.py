"""Targets of losses and metrics that are a number of the spec: for classes, the number of one."""

from __future__ import annotations

from dataclasses import replace

from graphc.build.assembly import Assembly
from graphc.core.operation import ShapeError
from graphc.core.types import Type
from graphc.graph.node import Ref
from graphc.ops.arithmetic import Constant
from graphc.ops.measures import ClassNumber, Measuring


def class_number(
    measuring: Measuring, output: Ref, target: Ref, assembly: Assembly
) -> ClassNumber | None:
    """The class that a bare number stands for; None where it is none, or stands for numbers."""
    node, kind = assembly.nodes.get(target.node), assembly.types[output]
    if node is None or not isinstance(node.operation, Constant) or not kind.shape:
        return None
    one = replace(kind, shape=kind.shape[:-1], dtype="int", below=kind.features)
    if _fits(measuring, kind, kind) or not _fits(measuring, kind, one):
        return None
    return ClassNumber(node.operation.value)


def _fits(measuring: Measuring, output: Type, target: Type) -> bool:
    try:
        measuring.made.check(output, target)
    except ShapeError:
        return False
    return True
