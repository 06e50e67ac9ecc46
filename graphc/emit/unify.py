"""Drafts of one block that differ in numbers only become one class with parameters."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphc.core.code import copy_tree
from graphc.emit.construct import word_of_hole
from graphc.emit.needs import Needs
from graphc.emit.slots import (
    Vector,
    agree_on_defaults,
    drop_defaults,
    outline,
    replace_slots,
    same,
    vectors,
)
from graphc.emit.trees import fresh, function, name, parameters
from graphc.graph.graph import Graph


@dataclass(eq=False)
class Draft:
    """A graph as a class, with its own numbers.

    Args:
        graph: the graph.
        arguments: the parameters of the block that made it, for names.
        constructor: the assignments of `__init__`.
        call: `__call__`, or the function if there are no modules.
        needs: what has to be handed down to it.
    """

    graph: Graph
    arguments: Mapping[str, object]
    constructor: list[ast.stmt]
    call: ast.FunctionDef
    needs: Needs

    @property
    def shape(self) -> tuple[str, str]:
        """What drafts of one class have in common."""
        return outline(ast.Module(self.constructor, [])), ast.dump(self.call)

    @property
    def keyed(self) -> bool:
        """Whether something in the constructor reads the key."""
        return any(
            isinstance(node, ast.Name) and node.id == "key"
            for statement in self.constructor
            for node in ast.walk(statement)
        )


def group(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """The drafts that can be one class, in the order of their first."""
    groups: dict[tuple[str, str], list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(draft.shape, []).append(draft)
    return list(groups.values())


def unify(
    drafts: Sequence[Draft],
) -> tuple[list[ast.stmt], tuple[str, ...], dict[Graph, tuple[object, ...]]]:
    """One constructor for a group: its statements, parameters, and their values for each graph."""
    trees = [copy_tree(ast.Module(draft.constructor, [])) for draft in drafts]
    if len(drafts) > 1:
        agree_on_defaults(trees)
    for tree in trees:
        drop_defaults(tree)
    differing = [vector for vector in vectors(trees) if vector.varies] if len(trees) > 1 else []
    taken = _names(trees[0])
    words: list[str] = []
    replaced: dict[int, ast.expr] = {}
    owners = _owners(trees[0]) if differing else []
    for vector in differing:
        word = _word(vector, drafts, owners, taken)
        taken.add(word)
        words.append(word)
        replaced |= {place: name(word) for place in vector.places}
    replace_slots(trees[0], replaced)
    values = {
        draft.graph: tuple(vector.values[i] for vector in differing)
        for i, draft in enumerate(drafts)
    }
    return trees[0].body, tuple(words), values


def _word(vector: Vector, drafts: Sequence[Draft], owners: Sequence[str], taken: set[str]) -> str:
    """The block's own parameter with these values, or else the name of the hole they fill."""
    for word in drafts[0].arguments:
        given = [draft.arguments.get(word) for draft in drafts]
        if same(given, vector.values) and word not in taken:
            return word
    hole = next((hole for hole in vector.holes if "." not in hole), vector.holes[0])
    word = word_of_hole(hole)
    if word in taken:
        word = f"{owners[vector.places[0]]}_{word}"
    return fresh(word, taken)


def _owners(tree: ast.Module) -> list[str]:
    """For each slot the attribute whose assignment it is in."""
    owners: list[str] = []
    for statement in tree.body:
        count = sum(len(each.places) for each in vectors([statement]))
        owners += [statement.targets[0].attr] * count  # type: ignore[attr-defined]
    return owners


def _names(tree: ast.AST) -> set[str]:
    """The names that occur, which no parameter may hide."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {"key"}


def constructor(statements: list[ast.stmt], words: Sequence[str], keyed: bool) -> ast.FunctionDef:
    """`def __init__(self, features, *, key):`."""
    arguments = parameters(["self", *words], [("key", ...)] if keyed else [])
    return function("__init__", arguments, statements)
