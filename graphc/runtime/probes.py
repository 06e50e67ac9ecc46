"""Watches gradients flow back through an emitted module, node by node.

The statements that compute nodes are wrapped: `h = self.h(x)` becomes `h = probe(self.h(x))`, the
identity, whose backward rule looks at what comes back. Run value by value (`jax.disable_jit`), the
rules are called one after another with numbers, in the order of the backward pass.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

import jax
import jax.numpy as jnp

from graphc.runtime.trace import Sighting, Watch, measure

Range = tuple[float, float]


@dataclass(frozen=True)
class Backward:
    """A node whose gradient came back.

    Attributes:
        sighting: where its value was made; `inputs` has the range of that value.
        gradient: the smallest and largest number of its gradient.
    """

    sighting: Sighting
    gradient: Range | None


class Probes(Watch):
    """Runs a function of a module and its gradient, and notes where that first fails.

    Args:
        filename: of the module.
        source: its text.
        is_node: whether the statement at a line computes a node.

    Attributes:
        bad: the first node, in backward order, whose gradient is not finite.
        before: the node whose gradient came just before, and was finite.
    """

    def __init__(self, filename: str, source: str, is_node: Callable[[int], bool]) -> None:
        super().__init__(filename, source)
        self._source, self._is_node = source, is_node
        self.bad: Backward | None = None
        self.before: Backward | None = None

    def module(self, module: ModuleType) -> dict[str, Any]:
        """The names of the module, with its nodes wrapped; what it imports is taken over."""
        tree = ast.parse(self._source)
        tree.body = [
            each for each in tree.body if not isinstance(each, ast.Import | ast.ImportFrom)
        ]
        tree = ast.fix_missing_locations(_Wrap(self._is_node).visit(tree))
        names = dict(module.__dict__) | {_PROBE: self._probe}
        exec(compile(tree, self._filename, "exec"), names)
        return names

    def _look(self, frame: FrameType, watched: Any, name: str, value: Any) -> None:
        """Values were looked at before: only frames are of interest here."""

    def _probe(self, value: Any) -> Any:
        frame = sys._getframe(1)
        watched = self._frames.get(frame)
        if watched is None:
            return value
        line = self.statements[frame.f_lineno].line
        turns = tuple(self._turns(frame))[::-1]
        sighting = Sighting("", frame.f_code.co_qualname, line, (), turns)
        return _probed(value, sighting, self._came_back)

    def _came_back(self, sighting: Sighting, gradient: Any) -> None:
        if self.bad is not None:
            return
        found = Backward(sighting, measure(gradient))
        if found.gradient is None:
            return
        if jnp.isfinite(gradient).all():
            self.before = found
        else:
            self.bad = found


_PROBE = "_graphc_probe"


def _probed(value: Any, sighting: Sighting, came_back: Callable) -> Any:
    """`value` with a probe on each array of numbers in it."""
    if isinstance(value, tuple | list):
        return type(value)(_probed(each, sighting, came_back) for each in value)
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jnp.floating):
        return _identity(sighting, came_back)(value)
    return value


def _identity(sighting: Sighting, came_back: Callable) -> Callable:
    @jax.custom_vjp
    def same(x: Any) -> Any:
        return x

    def forward(x: Any) -> tuple[Any, Range | None]:
        return x, measure(x)

    def backward(range: Range | None, gradient: Any) -> tuple[Any]:
        inputs = (("", *range),) if range is not None else ()
        place = Sighting(sighting.name, sighting.function, sighting.line, inputs, sighting.turns)
        came_back(place, gradient)
        return (gradient,)

    same.defvjp(forward, backward)
    return same


class _Wrap(ast.NodeTransformer):
    """Puts `probe(...)` around what a node's statement assigns or returns, and lambdas in it."""

    def __init__(self, is_node: Callable[[int], bool]) -> None:
        self._is_node = is_node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        return self._wrapped(node)

    def visit_Return(self, node: ast.Return) -> ast.Return:
        return self._wrapped(node)

    def _wrapped(self, node: Any) -> Any:
        if node.value is not None and self._is_node(node.lineno):
            for each in ast.walk(node.value):
                if isinstance(each, ast.Lambda):
                    each.body = _call(each.body)
            node.value = _call(node.value)
        return node


def _call(value: ast.expr) -> ast.expr:
    made = ast.Call(ast.Name(_PROBE, ast.Load()), [value], [])
    return ast.copy_location(made, value)
