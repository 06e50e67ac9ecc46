"""Watches the lines of an emitted module while it runs value by value, for numbers that fail.

Under `jax.disable_jit` every local variable of the module is an array with numbers in it, and
`lax.scan` is a Python loop. A hook looks at what each line has made.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

_RETURN = "(returned)"
_LOOPS = ("scan", "fori_loop", "while_loop", "map")


@dataclass(frozen=True)
class Turn:
    """The statement at `line` was calling a function; for a loop, in its turn `index` (from 0)."""

    line: int
    index: int | None


@dataclass(frozen=True)
class Sighting:
    """The first value that is not finite.

    Attributes:
        name: of the local variable, "" for a value that was returned at once.
        function: the name of the function it is in.
        line: of the statement that made it.
        inputs: name, smallest and largest number of each array that the statement reads.
        turns: the calls it happened in, outermost first.
    """

    name: str
    function: str
    line: int
    inputs: tuple[tuple[str, float, float], ...]
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Statement:
    """A simple statement: its first line, the names it reads, and whether it runs in turns."""

    line: int
    names: tuple[str, ...] = ()
    loops: bool = False


@dataclass
class _Watched:
    """A frame of the module: where it is, and which values have been looked at.

    `items` holds, for each list of several nodes' values, the ranges of what it was made from.
    """

    caller: FrameType | None
    index: int
    line: int
    seen: dict[str, int]
    items: dict[str, tuple] = field(default_factory=dict)
    calls: dict[tuple[int, CodeType], int] = field(default_factory=dict)
    negative: dict[str, Sighting] = field(default_factory=dict)


class Watch:
    """Notes the first value of the module that is not finite.

    Args:
        filename: of the module, as its code objects have it.
        source: its text.

    Attributes:
        found: the first value with a NaN or a positive infinity, or the negative one behind it.
        negative: the first with a negative infinity, which masks and paddings have for a reason.
    """

    def __init__(self, filename: str, source: str) -> None:
        self._filename = filename
        self.statements = statements(source)
        self._lists = _whose_items_are_read(source)
        self._frames: dict[FrameType, _Watched] = {}
        self.found: Sighting | None = None
        self.negative: Sighting | None = None

    def run(self, function: Callable[[], Any]) -> Any:
        """What `function` returns, run value by value and watched."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            with jax.disable_jit():
                return function()
        finally:
            sys.settrace(before)
            self._frames.clear()

    def _enter(self, frame: FrameType, event: str, _: Any) -> Callable | None:
        if frame.f_code.co_filename != self._filename or self.found is not None:
            return None
        caller = frame.f_back
        while caller is not None and caller not in self._frames:
            caller = caller.f_back
        index = 0
        if caller is not None:
            calls = self._frames[caller].calls
            key = (caller.f_lineno, frame.f_code)
            index = calls.get(key, 0)
            calls[key] = index + 1
        seen = {name: id(value) for name, value in frame.f_locals.items()}
        self._frames[frame] = _Watched(caller, index, frame.f_lineno, seen)
        return self._step

    def _step(self, frame: FrameType, event: str, value: Any) -> Callable | None:
        watched = self._frames.get(frame)
        if watched is None:
            return None
        if self.found is None:
            for name, each in list(frame.f_locals.items()):
                if watched.seen.get(name) != id(each):
                    watched.seen[name] = id(each)
                    self._look(frame, watched, name, each)
            if event == "return":
                self._look(frame, watched, _RETURN, value)
        watched.line = frame.f_lineno
        if event == "return":
            del self._frames[frame]
        return self._step

    def _look(self, frame: FrameType, watched: _Watched, name: str, value: Any) -> None:
        kind = _failure(value)
        if kind is None or self.found is not None:
            return
        statement = self._statement(watched)
        if isinstance(value, list) and (frame.f_code.co_firstlineno, name) in self._lists:
            # Values of several nodes: the statement of each takes its item.
            watched.items[name] = tuple(_ranges(frame, statement.names, exclude=name))
            return
        shown = "" if name == _RETURN else name
        function = frame.f_code.co_qualname
        inputs = [word for word in statement.names if word not in watched.items]
        ranges = tuple(_ranges(frame, inputs, exclude=name))
        ranges += tuple(row for word in statement.names for row in watched.items.get(word, ()))
        turns = tuple(self._turns(frame))[::-1]
        sighting = Sighting(shown, function, statement.line, ranges, turns)
        if kind == "negative":
            watched.negative.setdefault(name, sighting)
            self.negative = self.negative or sighting
            return
        # A negative infinity that this statement reads is where it came from.
        causes = [watched.negative[n] for n in statement.names if n in watched.negative]
        self.found = causes[0] if causes else sighting

    def _turns(self, frame: FrameType) -> Iterator[Turn]:
        watched = self._frames[frame]
        while watched.caller is not None:
            outer = self._frames[watched.caller]
            statement = self._statement(outer)
            yield Turn(statement.line, watched.index if statement.loops else None)
            watched = outer

    def _statement(self, watched: _Watched) -> Statement:
        return self.statements.get(watched.line) or Statement(watched.line)


def measure(value: Any) -> tuple[float, float] | None:
    """The smallest and largest number of an array (NaN where one is), None for other values."""
    array = _numbers(value)
    if array is None or array.size == 0:
        return None
    return float(np.min(array)), float(np.max(array))


def _failure(value: Any) -> str | None:
    """How an array, or one in a tuple or dict, is not finite: "nan", "negative" or not at all."""
    leaves = value if isinstance(value, (tuple, list)) else [value]
    if isinstance(value, dict):
        leaves = list(value.values())
    worst = None
    for leaf in leaves:
        array = _numbers(leaf)
        if array is None or np.isfinite(array).all():
            continue
        if np.isnan(array).any() or np.isposinf(array).any():
            return "nan"
        worst = "negative"
    return worst


def _numbers(value: Any) -> np.ndarray | None:
    """The numbers of a floating-point array that has them; tracers have none."""
    if isinstance(value, Tracer) or not isinstance(value, (jax.Array, np.ndarray)):
        return None
    if not jax.numpy.issubdtype(value.dtype, jax.numpy.floating):
        return None
    return np.asarray(value).astype(np.float64)


def _ranges(frame: FrameType, names: Sequence[str], exclude: str) -> Iterator[tuple]:
    for name in names:
        if name == exclude:
            continue
        first, *rest = name.split(".")
        value = frame.f_locals.get(first)
        if rest:
            yield from _module_ranges(getattr(value, rest[0], None), rest[0])
        elif (found := measure(value)) is not None:
            yield (name, *found)


def _module_ranges(value: Any, name: str) -> Iterator[tuple]:
    """The arrays of a layer such as `self.h`."""
    from flax import nnx

    if isinstance(value, nnx.Variable):
        value = {"": value[...]}
    elif isinstance(value, nnx.Module):
        value = nnx.to_pure_dict(nnx.state(value, (nnx.Param, nnx.BatchStat)))
    else:
        return
    for path, array in jax.tree.leaves_with_path(value):
        word = jax.tree_util.keystr(path, simple=True, separator="/")
        if (found := measure(array)) is not None:
            yield (f"{name}/{word}".rstrip("/"), *found)


def statements(source: str) -> dict[int, Statement]:
    """The simple statement that each line belongs to."""
    found: dict[int, Statement] = {}
    _add_statements(ast.parse(source).body, False, found)
    return found


def _add_statements(body: list, inside: bool, found: dict[int, Statement]) -> None:
    for node in body:
        if not hasattr(node, "body"):
            statement = Statement(node.lineno, tuple(_read_names(node)), inside or _scans(node))
            for line in range(node.lineno, node.end_lineno + 1):
                found[line] = statement
            continue
        here = isinstance(node, (ast.For, ast.While)) or (
            inside and not isinstance(node, (ast.FunctionDef, ast.ClassDef))
        )
        for part in ("body", "orelse", "handlers", "finalbody"):
            _add_statements(getattr(node, part, []), here, found)


def _whose_items_are_read(source: str) -> set[tuple[int, str]]:
    """The local variables of which items are read, by the first lines of their functions."""
    return {
        (min(each.lineno for each in (function, *function.decorator_list)), part.value.id)
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef)
        for part in ast.walk(function)
        if isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name)
    }


def _scans(node: ast.AST) -> bool:
    """Whether it calls a loop of JAX, which runs a function in turns."""
    return any(isinstance(each, ast.Attribute) and each.attr in _LOOPS for each in ast.walk(node))


def _read_names(node: ast.AST) -> Iterator[str]:
    """Local names, and members of `self` as `self.NAME`, in the order written, each once."""
    found: dict[str, int] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            if each.value.id == "self":
                found.setdefault(f"self.{each.attr}", each.col_offset + 1000 * each.lineno)
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and each.id != "self":
            found.setdefault(each.id, each.col_offset + 1000 * each.lineno)
    yield from sorted(found, key=found.__getitem__)
