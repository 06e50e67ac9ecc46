"""Numbers in generated code that may differ from one use to the next.

A *slot* is a literal that filled a hole of target code (see `graphc.core.code.literal`). Trees
that differ in their slots only are one tree with the slots' values for each. A keyword argument
that has its default carries a mark; it is dropped when all trees agree that it may be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphc.core.code import copy_tree, literal


def slots(tree: ast.AST) -> Iterator[ast.expr]:
    """The slots in the order in which they are written."""
    if hasattr(tree, "value_of_hole"):
        yield tree  # type: ignore[misc]
        return
    for child in ast.iter_child_nodes(tree):
        yield from slots(child)


def outline(tree: ast.AST) -> str:
    """What two trees have in common if they differ in their slots only."""
    return ast.dump(_Outline().visit(copy_tree(tree)))


class _Outline(ast.NodeTransformer):
    def visit(self, node: ast.AST) -> ast.AST:
        if hasattr(node, "value_of_hole"):
            return ast.Name(f"${node.hole}", ast.Load())  # type: ignore[attr-defined]
        return super().generic_visit(node)


def value_of(slot: ast.expr) -> object:
    """The plain value of a slot."""
    return slot.value_of_hole  # type: ignore[attr-defined]


def same(one: object, other: object) -> bool:
    """Whether two values are written alike: 1, 1.0 and True are three values."""
    if isinstance(one, (tuple, list)) and type(one) is type(other):
        return len(one) == len(other) and all(map(same, one, other))  # type: ignore[arg-type]
    return type(one) is type(other) and one == other


@dataclass
class Vector:
    """The slots that have the same values throughout, and those values, one for each tree."""

    places: list[int]
    holes: list[str]
    values: list[object]

    @property
    def varies(self) -> bool:
        return not all(same(self.values[0], value) for value in self.values)


def vectors(trees: Sequence[ast.AST]) -> list[Vector]:
    """The values of the slots of trees with one outline."""
    columns = [list(slots(tree)) for tree in trees]
    found: list[Vector] = []
    for place, row in enumerate(zip(*columns, strict=True)):
        values = [value_of(slot) for slot in row]
        equal = next((each for each in found if same(each.values, values)), None)
        if equal is None:
            equal = Vector([], [], values)
            found.append(equal)
        equal.places.append(place)
        equal.holes.append(row[0].hole)  # type: ignore[attr-defined]
    return found


def replace_slots(tree: ast.AST, values: dict[int, ast.expr]) -> ast.AST:
    """The tree with the slots at these places replaced."""
    return _Replacer(values).visit(tree)


class _Replacer(ast.NodeTransformer):
    def __init__(self, values: dict[int, ast.expr]) -> None:
        self.values, self.place = values, -1

    def visit(self, node: ast.AST) -> ast.AST:
        if not hasattr(node, "value_of_hole"):
            return super().generic_visit(node)
        self.place += 1
        return self.values.get(self.place, node)


def slot(value: object, hole: str) -> ast.expr:
    """A literal that is a slot."""
    return literal(value, hole)


def agree_on_defaults(trees: Sequence[ast.AST]) -> None:
    """Keep the mark of a default only where all trees have it."""
    for row in zip(*map(_keywords, trees), strict=True):
        if not all(hasattr(keyword, "default") for keyword in row):
            for keyword in row:
                keyword.__dict__.pop("default", None)


def drop_defaults(tree: ast.AST) -> None:
    """Remove the keyword arguments that have their default."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [each for each in node.keywords if not hasattr(each, "default")]


def _keywords(tree: ast.AST) -> list[ast.keyword]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.keyword)]
