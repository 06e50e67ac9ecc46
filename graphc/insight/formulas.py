"""What a formula computes, apart from the names of what it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphc.core.operation import Operation
from graphc.core.span import Span
from graphc.insight.example import flow


@dataclass(frozen=True)
class Formula:
    """An operation on values and on other formulas; `a * b + a` is add(multiply(a, b), a)."""

    operation: Operation
    values: tuple[object, ...]

    def operands(self) -> Iterator[object]:
        """The values that it reads, from left to right."""
        for each in self.values:
            if isinstance(each, Formula):
                yield from each.operands()
            else:
                yield each

    def structure(self) -> str:
        """What it does with its operands, each a `_`."""
        inside = [each.structure() if isinstance(each, Formula) else "_" for each in self.values]
        given = attributes_of(self.operation)
        words = [f"{name}={flow(value)}" for name, value in given.items()]
        return f"{self.operation.name}({', '.join([*inside, *words])})"


def written(span: Span | None) -> str:
    """What was written for a formula, on one line; nothing for a step."""
    if span is None or span.line == 0 or span.line != span.end_line:
        return ""
    text = span.source.line(span.line)[span.column - 1 : span.end_column - 1].strip()
    return "" if re.fullmatch(r"[\w/]*", text) else text


def attributes_of(operation: Operation) -> dict[str, object]:
    """The attributes that differ from their defaults, as plain data."""
    values = {}
    for each in operation.attributes():
        value = getattr(operation, each.name)
        if each.required or value != each.default:
            values[each.name] = None if value is None else each.kind.write(value)
    return values
