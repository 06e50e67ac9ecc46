"""What the emitted module takes from elsewhere: imports, and definitions of the library."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from graphc.emit.printing.printer import Blank
from graphc.emit.trees import fresh

Definition = ast.FunctionDef | ast.ClassDef
IMPORTS = """
import copy
import fnmatch
import functools
import itertools
import math
import zlib

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.extend.random import threefry_2x32
from jax.scipy.ndimage import map_coordinates
"""


@cache
def library() -> dict[str, Definition]:
    """The functions and classes of the folder `library`, which is read and never run."""
    files = sorted(Path(__file__).with_name("library").glob("*.py"))
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    return {each.name: each for tree in trees for each in tree.body if isinstance(each, Definition)}


@cache
def _needed_by(word: str) -> frozenset[str]:
    return frozenset(free_names([library()[word]]))


def library_definitions(statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    """What the statements name of the library, and what that names."""
    waiting, needed = list(free_names(statements)), set()
    while waiting:
        word = waiting.pop()
        if word in library() and word not in needed:
            needed.add(word)
            waiting += _needed_by(word)
    return [each for word, each in library().items() if word in needed]


def imports(statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The import statements for the names in the statements, in the order of a formatter."""
    used = free_names(statements)
    standard, others = [], []
    for statement in ast.parse(IMPORTS).body:
        assert isinstance(statement, ast.Import | ast.ImportFrom)
        alias = statement.names[0]
        if (alias.asname or alias.name) in used:
            group = standard if alias.name in sys.stdlib_module_names else others
            group.append(statement)
    return [*standard, Blank(), *others]


def user_imports(statements: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The imports of what stands as `module:name`, which becomes a plain name in the statements.

    A name that means something else anywhere in the module gets the module's before it.
    """
    nodes = [node for statement in statements for node in ast.walk(statement)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    taken = {*library(), *_words_of(ast.parse(IMPORTS).body), *_words_of(nodes)}
    given: dict[str, str] = {}
    plain: dict[str, list[ast.alias]] = {}
    renamed: list[tuple[str, ast.alias]] = []
    for each in sorted({node.id for node in names if ":" in node.id}):
        module, word = each.split(":")
        if word not in taken:
            given[each] = word
            plain.setdefault(module, []).append(ast.alias(word))
        else:
            given[each] = fresh(f"{module.replace('.', '_')}_{word}", taken)
            renamed.append((module, ast.alias(word, given[each])))
        taken.add(given[each])
    for node in names:
        node.id = given.get(node.id, node.id)
    groups = [*plain.items(), *((module, [alias]) for module, alias in renamed)]
    groups.sort(key=lambda group: group[0])
    return [Blank(), *(ast.ImportFrom(*group, 0) for group in groups)] if groups else []


def _words_of(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """What means something in a module: the names read, given, imported or defined in it."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, Definition):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def free_names(statements: Iterable[ast.stmt]) -> set[str]:
    """The names that statements read from the module around them."""
    return {word for statement in statements for word in _free(statement)}


def _free(tree: ast.AST) -> Iterator[str]:
    if isinstance(tree, ast.ClassDef):
        for child in ast.iter_child_nodes(tree):
            yield from _free(child)
        return
    bound, read = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
    yield from read - bound
