"""Comparisons: numbers to truth values, which `where` chooses by."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import ClassVar

from graphc.core.code import Code, code
from graphc.core.operands import operand
from graphc.core.operation import Input, Operation, ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.broadcasting import broadcast


class Comparison(Operation):
    """The base of comparisons, `sign` in Python, and of what combines truth values."""

    inputs = (Input("a"), Input("b"))
    sign: ClassVar[str]

    def infer(self, *types: Type) -> Type:
        for each in types:
            self._check(each)
        alike = (replace(each, dtype="float", below=None) for each in types)
        return replace(broadcast(self.name, alike), dtype="bool")

    def _check(self, x: Type) -> None:
        if x.dtype == "bool":
            raise ShapeError(f"`{self.name}` compares numbers, but its input is {x}")

    def flops(self, *types: Type) -> int:
        return self.infer(*types).size

    def call_code(self, *types: Type) -> Code:
        whole = self.infer(*types)
        names = [each.name for each in self.inputs]
        if self.variadic:
            names = [f"item_{i}" for i in range(len(types))]
        texts = [operand(name, own, whole) for name, own in zip(names, types, strict=True)]
        if len({each.dtype for each in types}) > 1:
            texts = [_as_float(text, own) for text, own in zip(texts, types, strict=True)]
        return code(reduce(f"{{}} {self.sign} {{}}".format, texts))


def _as_float(text: str, own: Type) -> str:
    """Whole numbers that are compared with others; JAX is asked to convert nothing by itself."""
    return f"jnp.float32({text})" if own.dtype == "int" else text


def _comparison(word: str, text: str, sign: str) -> type[Comparison]:
    shapes = "Shapes: two numbers, which combine as in formulas, to a bool."
    body = {"name": word, "__doc__": f"Whether a is {text} b: `a {sign} b`.\n\n{shapes}"}
    return type(word.title(), (Comparison,), body | {"sign": sign})


Greater = _comparison("greater", "larger than", ">")
GreaterEqual = _comparison("greater_equal", "as large as, or larger than,", ">=")
Less = _comparison("less", "smaller than", "<")
LessEqual = _comparison("less_equal", "as small as, or smaller than,", "<=")
Equal = _comparison("equal", "equal to", "==")
NotEqual = _comparison("not_equal", "another number than", "!=")


class LogicalAnd(Comparison):
    """Whether all values are true.

    Shapes: bools, which combine as numbers do in formulas.
    """

    name = "logical_and"
    variadic = True
    sign = "&"

    def _check(self, x: Type) -> None:
        _need_bool(self.name, x)


class LogicalOr(Comparison):
    """Whether any value is true.

    Shapes: bools, which combine as numbers do in formulas.
    """

    name = "logical_or"
    variadic = True
    sign = "|"

    def _check(self, x: Type) -> None:
        _need_bool(self.name, x)


class LogicalNot(Operation):
    """Whether the value is false.

    Shapes: a bool, unchanged.
    """

    name = "logical_not"
    call = code("~$x")

    def infer(self, x: Type) -> Type:
        _need_bool(self.name, x)
        return x

    def flops(self, x: Type) -> int:
        return x.size


def _need_bool(name: str, x: Type) -> None:
    if x.dtype != "bool":
        raise ShapeError(
            f"`{name}` needs truth values, but its input is {x}",
            "compare first, for instance with `greater`",
        )


operations.add(Greater, GreaterEqual, Less, LessEqual, Equal, NotEqual)
operations.add(LogicalAnd, LogicalOr, LogicalNot)
