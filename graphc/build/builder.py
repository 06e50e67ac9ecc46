"""Graphs built in Python: every operation and every block is a method.

    g = Graph(image=(28, 28, 1))
    h = g.conv("image", 32, activation="relu", name="stem")
    h = g.residual(h, body=lambda g, x: g.conv(x, 32))
    g.output(logits=g.dense(g.flatten(h), 10))

A call goes the way of a step in a spec, so it means the same and its mistakes read the same, with
the line of the Python file in place of that of the spec.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import networkx as nx

from graphc.build import syntax
from graphc.build.assembly import Assembly, Bound, Scope
from graphc.build.context import Context
from graphc.build.expand import Expander
from graphc.build.formula import parse
from graphc.build.formulas import expand_formula
from graphc.build.library import Library
from graphc.build.parameters import Callback, Environment
from graphc.build.signatures import document_of, signature_of
from graphc.build.steps import fail
from graphc.core.diagnostic import Report, SpecError
from graphc.core.span import Source, Span
from graphc.core.tree import Mapping, Scalar, Tree, from_plain
from graphc.core.types import Type
from graphc.graph.graph import Graph as FrozenGraph
from graphc.graph.node import Ref


@dataclass(frozen=True)
class Value:
    """The value of a node, to be handed to further calls.

    `value.port` is one of its outputs, or one of its weights: `token.table`.
    """

    _ref: Ref
    _owner: Assembly

    @property
    def type(self) -> Type:
        """What it holds."""
        return self._owner.types[self._ref]

    def __getattr__(self, port: str) -> Value:
        ref = None if port.startswith("_") else self._owner.port(self._ref, port)
        if ref is None:
            raise AttributeError(f"`{self._ref}` has no output or weight `{port}`")
        return Value(ref, self._owner)

    def __str__(self) -> str:
        return str(self._ref)


Argument = Value | str


class Graph:
    """A graph in the making.

    Args:
        library: where blocks come from; None for those that ship with graphc.
        inputs: the shape of each input, or a `Type`.

    Example:
        >>> g = Graph(x=(4,))
        >>> g.output(y=g.dense("x", 3))
        >>> g.graph.output_type.shape
        (3,)
    """

    def __init__(self, library: Library | None = None, **inputs: Iterable[int] | Type) -> None:
        types = {
            name: each if isinstance(each, Type) else Type(tuple(each))
            for name, each in inputs.items()
        }
        assembly = Assembly("network", types)
        scope = Scope(assembly, {name: Ref(name) for name in types})
        context = Context(Expander(Report()), library or Library(), Environment(inputs=types))
        self._place = _Place(scope, context, "")
        self._outputs: dict[str, Ref] = {}

    def __getattr__(self, word: str) -> Callable[..., Value]:
        if word.startswith("_"):
            raise AttributeError(word)
        place = self._place
        span = _caller()
        try:
            found = place.context.library.find(word, span)
        except SpecError as error:
            raise AttributeError(str(error)) from None

        def method(*values: object, **attributes: object) -> Value:
            return place.call(word, values, attributes)

        method.__name__, method.__doc__ = word, document_of(found)
        method.__signature__ = signature_of(found)  # type: ignore[attr-defined]
        return method

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._place.context.library.names()]

    def formula(self, text: str, name: str) -> Value:
        """A node by its formula: `g.formula("gate * h + (1 - gate) * x", "y")`."""
        place = self._place
        expression = parse(Scalar(text, _caller(), quoted=True))
        return place.add(name, lambda: expand_formula(expression, name, place.scope, place.context))

    def output(self, *values: Argument, **ports: Argument) -> None:
        """Say what the graph gives: one value, or several by name."""
        given = {str(each): each for each in values} | ports
        for port, each in given.items():
            self._outputs[port] = self._place.scope.find(_reference(each, _caller()))

    @property
    def graph(self) -> FrozenGraph:
        """The frozen graph."""
        if not self._outputs:
            raise fail("GC218", "this graph has no output", syntax.Reference("", _caller()))
        return self._place.scope.assembly.finish(tuple(self._outputs.items()))

    @property
    def nx(self) -> nx.MultiDiGraph:
        """The networkx view of the frozen graph."""
        return self.graph.nx


@dataclass
class _Place:
    """Where calls add their nodes: a graph, or the body of one of its steps."""

    scope: Scope
    context: Context
    prefix: str

    def call(self, word: str, values: tuple, attributes: dict) -> Value:
        span = _caller(3)
        name, precision, remat = (attributes.pop(w, None) for w in ("name", "precision", "remat"))
        sources, given = self._sources(word, list(values), attributes, span)
        tree = self._attributes(given, span)
        written = None if name is None else Scalar(name, span, quoted=True)
        narrow, again = (
            None if each is None else from_plain(each, span) for each in (precision, remat)
        )
        step = syntax.Step(word, span, tree, span, written, sources, span, narrow, remat=again)
        free = self.scope.assembly.free_name(self.prefix + (name or word.replace("/", "_")))
        self.scope.assembly.reserved.add(free)
        expander = self.context.expander
        short = free[len(self.prefix) :]
        return self.add(
            short,
            lambda: expander.step(step, free, self.scope, None, self.context, name is not None),
        )

    def add(self, name: str, make: Callable[[], Ref]) -> Value:
        """Run a step; what it reports is raised at once."""
        expander = self.context.expander
        ref = expander.attempt(make)
        report = expander.report  # inside a body, that of the block around it
        problems, report.diagnostics[:] = list(report.errors), []
        if problems:
            raise SpecError(problems)
        assert ref is not None
        self.scope.names[name] = ref
        return Value(ref, self.scope.assembly)

    def _sources(self, word: str, values: list, attributes: dict, span: Span):
        """The inputs among the arguments; what is left are attributes."""
        found: list[syntax.Reference] = []
        if self._attribute_first(word, values, span):
            values.append(values.pop(0))
        while values and self._is_value(values[0]):
            first = values.pop(0)
            items = first if isinstance(first, (list, tuple)) else (first,)
            found += [_reference(each, span) for each in items]
        inputs = self._input_names(word, span)
        named = {
            key: (_reference(attributes.pop(key), span),)
            for key in [k for k, v in attributes.items() if isinstance(v, Value) or k in inputs]
        }
        if len(values) > 1 or (values and attributes and len(values) == 1 and not found and named):
            what = syntax.Reference(word, span)
            raise fail("GC214", f"`{word}` takes its inputs, then one primary attribute", what)
        given: object = attributes
        if values:
            definition = self.context.library.find(word, span)
            given = self._with_primary(definition, word, values[0], attributes, span)
        if named and found:
            first = self._input_names(word, span)[:1]
            named = {**dict.fromkeys(first, tuple(found)), **named}
        return (named or tuple(found) or None), given

    def _attribute_first(self, word: str, values: list, span: Span) -> bool:
        """Whether the primary attribute stands before any number of values."""
        variadic = getattr(self.context.library.find(word, span), "variadic", False)
        return variadic and len(values) > 1 and not self._is_value(values[0])

    def _input_names(self, word: str, span: Span) -> list[str]:
        """The inputs that may be given by name."""
        found = self.context.library.find(word, span)
        if isinstance(found, type):
            return [each.name for each in found.inputs]
        block = getattr(found, "block", None)
        declared = block.section.inputs if block is not None else None
        return ["x"] if declared is None else [each.name.text for each in declared]

    def _with_primary(self, definition, word: str, value, attributes: dict, span: Span) -> dict:
        first = definition.primary() if isinstance(definition, type) else None
        if first is None and hasattr(definition, "block"):
            required = [p for p in definition.block.parameters if p.default is None]
            first = required[0].name if len(required) == 1 else None
        if first is None:
            what = syntax.Reference(word, span)
            raise fail("GC211", f"`{word}` has no primary attribute", what)
        return {getattr(first, "name", None) or first.text: value, **attributes}

    def _is_value(self, value) -> bool:
        if isinstance(value, (list, tuple)):
            return bool(value) and all(self._is_value(each) for each in value)
        if isinstance(value, str):
            return self.scope.owner(value.split(".")[0]) is not None
        return isinstance(value, Value)

    def _attributes(self, given: dict, span: Span) -> Tree | None:
        if not given:
            return None
        entries = []
        for key, value in given.items():
            tree = Callback(self._body(value), span) if callable(value) else from_plain(value, span)
            entries.append((Scalar(key, span, quoted=True), tree))
        return Mapping(tuple(entries), span)  # type: ignore[arg-type]

    def _body(self, function: Callable) -> Callable:
        """A Python function of (graph, value) as the steps of a body."""

        def build(scope: Scope, prefix: str, source: Ref, context: Context) -> Ref:
            inner = Graph.__new__(Graph)
            inner._place = _Place(scope, context, prefix)
            inner._outputs = {}
            result = function(inner, Value(source, scope.assembly))
            return result._ref

        return build


def _reference(value: Argument, span: Span) -> syntax.Reference:
    if isinstance(value, Value):
        return Bound(str(value), span, ref=value._ref, owner=value._owner)
    name, _, port = value.partition(".")
    return syntax.Reference(name, span, port or None)


def _caller(depth: int = 2) -> Span:
    """The line of the user's file that called into this one."""
    frame = sys._getframe(depth)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    name, line = frame.f_code.co_filename, frame.f_lineno
    source = _source(name, "".join(linecache.getlines(name)))
    shown = source.line(line)
    start = len(shown) - len(shown.lstrip()) + 1
    return Span(source, line, start, line, max(len(shown.rstrip()) + 1, start + 1))


@lru_cache(maxsize=32)
def _source(name: str, text: str) -> Source:
    """The same object for the same file, so that places in it can be told from those of others."""
    return Source(name, text)
