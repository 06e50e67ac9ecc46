"""The numbers in which emitted modules differ, as arguments of one program.

Trials of a search often differ in a learning rate or a weight decay alone. The syntax trees of
their sources are then equal but for literals of the functions that training calls, and one module
in which these are looked up in `NUMBERS` stands for all of them. What it computes is the same up to
rounding: where a literal was folded into a constant before, there is an argument now.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp

from graphc.data.dataset import Dataset
from graphc.runtime.module import module_from_source
from graphc.runtime.state import initial
from graphc.runtime.steps import NUMBERS, batch_shapes, numbered

_FUNCTIONS = ("losses", "penalty", "optimizer", "train_step")
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Lifted:
    """One source for several.

    Attributes:
        source: with `NUMBERS[i]` where they differ.
        numbers: what that is for each of them.
    """

    source: str
    numbers: tuple[Numbers, ...]

    def module(self) -> ModuleType:
        """The source as a module, with the numbers of the first."""
        module = module_from_source(self.source, "<graphc, several trials>")
        setattr(module, NUMBERS, self.numbers[0])
        return module

    def arguments(self) -> tuple[jax.Array, ...]:
        """The numbers as arrays [sources]."""
        return tuple(jnp.asarray(each, jnp.float32) for each in zip(*self.numbers, strict=True))


def likeness(source: str) -> str:
    """A text that is equal for sources which differ in nothing but such numbers."""
    tree = ast.parse(source)
    return ast.unparse(_Lifting(range(len(_literals(tree)))).visit(tree))


def lifted(sources: Sequence[str]) -> Lifted:
    """One source for those of equal `likeness`.

    Example:
        >>> several = [f"def optimizer():\\n    return sgd({rate}, 0.9)" for rate in (0.1, 0.2)]
        >>> print(lifted(several).source)
        def optimizer():
            return sgd(NUMBERS[0], 0.9)
        >>> lifted(several).numbers
        ((0.1,), (0.2,))
    """
    trees = [ast.parse(each) for each in sources]
    columns = list(zip(*([each.value for each in _literals(tree)] for tree in trees), strict=True))
    places = [i for i, column in enumerate(columns) if len(set(column)) > 1]
    numbers = tuple(tuple(columns[i][k] for i in places) for k in range(len(sources)))
    return Lifted(ast.unparse(_Lifting(places).visit(trees[0])), numbers)


def _literals(tree: ast.AST) -> list[Any]:
    """The numbers with a point in the functions that training calls, in their order."""
    return [each for function in _functions(tree) for each in ast.walk(function) if _is_float(each)]


def _functions(tree: ast.AST) -> Iterator[ast.AST]:
    for each in ast.iter_child_nodes(tree):
        if isinstance(each, ast.FunctionDef) and each.name in _FUNCTIONS:
            yield each


def _is_float(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is float


class _Lifting(ast.NodeTransformer):
    """Replaces the literals at some places by `NUMBERS[0]`, `NUMBERS[1]`, ..."""

    def __init__(self, places: Sequence[int]) -> None:
        self._places = {place: number for number, place in enumerate(places)}
        self._numbers: dict[int, int] = {}

    def visit_Module(self, node: ast.Module) -> ast.AST:
        for place, each in enumerate(_literals(node)):
            if place in self._places:
                self._numbers[id(each)] = self._places[place]
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if id(node) not in self._numbers:
            return node
        index = ast.Constant(self._numbers[id(node)])
        return ast.Subscript(ast.Name(NUMBERS, ast.Load()), index, ast.Load())


def can_be_lifted(lifted: Lifted, data: Dataset, batch_size: int) -> bool:
    """Whether a module takes its numbers as arguments, and starts from the same state for all."""
    module, numbers = lifted.module(), lifted.numbers[0]
    key = jax.random.key(0)
    try:
        start = jax.make_jaxpr(numbered(module, initial(module)))(numbers, key).jaxpr
        state = jax.eval_shape(numbered(module, initial(module)), numbers, key)
        batch = batch_shapes(data.learned, batch_size)
        jax.eval_shape(numbered(module, module.train_step), numbers, state, batch, key)
    except (TypeError, ValueError):  # a number decides in Python how the program goes on
        return False
    finally:
        setattr(module, NUMBERS, numbers)
    return not needed(start) & {id(each) for each in start.invars[: len(numbers)]}


def needed(program: Any) -> set[int]:
    """The identities of the variables on which the results of a jaxpr depend."""
    found = {id(each) for each in program.outvars}
    for equation in reversed(program.eqns):
        if found & {id(each) for each in equation.outvars}:
            found |= {id(each) for each in equation.invars}
    return found
