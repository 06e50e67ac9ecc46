"""An example of anything a spec can name: its required attributes filled in, on inputs that fit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

from graphc.core.attributes import Bool, Either, Float, Int, Ints, Kind, Many, Text, Texts
from graphc.core.code import Code
from graphc.core.declaration import Declaration
from graphc.core.diagnostic import SpecError
from graphc.core.operation import Operation, ShapeError
from graphc.core.registry import Registry, operations
from graphc.core.span import nowhere
from graphc.core.tree import from_plain
from graphc.core.types import BATCH, EDGES, NODES, TIME, Type
from graphc.emit.filling import Key, Site, fill
from graphc.emit.imports import user_imports
from graphc.emit.optimizing import rate_of
from graphc.emit.slots import drop_defaults
from graphc.emit.trees import assign
from graphc.graph.tied import nameable
from graphc.ops.given import Given
from graphc.ops.kernels import KernelNorm
from graphc.ops.objectives import Loss
from graphc.ops.per_axis import Around, PerAxis
from graphc.ops.rates import Schedule

FLOATS = (Type((32,)), Type((8, 8, 3)), Type((16, 32)), Type(()))
INTS = (Type((), "int", 10),)
TYPES = (*FLOATS, *INTS, Type((), "bool"))
GIVEN: dict[str, dict[str, object]] = {
    "adaptive_average_pool": {"size": 3},
    "attention": {"heads": 4},
    "clip": {"minimum": 0.0, "maximum": 1.0},
    "color_jitter": {"brightness": 0.2, "contrast": 0.2},
    "conv": {"features": 32, "kernel": 5},
    "conv_transpose": {"features": 32, "kernel": 4, "stride": 2, "padding": 1},
    "einsum": {"equation": "ij,jk->ik"},
    "csv": {"path": "flowers.csv", "target": "species"},
    "cutout": {"size": 8},
    "group_norm": {"groups": 8},
    "maxout": {"pieces": 2},
    "parquet": {"path": "flowers.parquet", "target": "species"},
    "graph": {"nodes": "papers.csv", "edges": "cites.csv", "target": "kind"},
    "series": {"path": "speeds.csv", "edges": "roads.csv"},
    "links": {"of": "karate"},
    "graph_pool": {"aggregate": "attention"},
    "graphs_npz": {"path": "molecules.npz", "target": "active"},
    "graph_npz": {"path": "papers.npz", "target": "kind"},
    "npz": {"path": "images.npz", "target": "label", "inputs": ["image"]},
    "python": {
        "definition": "layers:Gate",
        "arguments": {"features": 32},
        "target": "label",
        "types": {"x": [4], "label": {"int": [], "below": 3}},
    },
    "random_affine": {"rotate": 10.0, "shift": 0.1},
    "random_crop": {"padding": 4},
    "reshape": {"shape": [4, 8]},
    "piecewise": {"rates": [0.1, 0.01], "at": [30]},
    "step": {"rate": 0.1, "every": 30},
    "stream": {"to": "time"},
    "text": {"path": "book.txt"},
    "multi30k": {"vocabulary": 4000},
    "permute": {"axes": [2, 0, 1]},
    "shortcut": {"kind": "project"},
    "slice": {"start": 1, "stop": -1},
    "split": {"into": ["mean", "log_variance"]},
    "top_k": {"count": 5},
}
"""Attributes of examples, where values by kind would make no sense."""

_SEQUENCE = Type((32,), domain=(BATCH, TIME))
_NODES = Type((32,), domain=(BATCH, NODES))
_EDGES = Type((32,), domain=(BATCH, EDGES))
_FITTING = {
    **dict.fromkeys(
        ("chebyshev_conv", "gin_conv", "graph_attention", "graph_conv", "graph_pool", "sage_conv"),
        (_NODES,),
    ),
    "edge_score": (_NODES,),
    **dict.fromkeys(("senders", "receivers"), (_NODES,)),
    **dict.fromkeys(("aggregate", "edge_softmax"), (_EDGES,)),
    "first": (_SEQUENCE,),
    "last": (_SEQUENCE,),
    "reverse": (_SEQUENCE,),
    "einsum": (Type((8, 4)), Type((4, 2))),
    "matmul": (Type((8, 4)), Type((4, 2))),
    "python": (Type((32,)),),
    "shortcut": (Type((8, 8, 3)), Type((4, 4, 16))),
    "squeeze": (Type((32, 1)),),
    "pixel_shuffle": (Type((8, 8, 12)),),
}
_NUMBERS = (0.5, 1.0, 2.0, -1.0)
_LEARNING_RATE = 0.001
_EPOCHS = 20
_COMPARED = (
    (Type((10,)), Type((), "int", 10)),
    (Type((9,), domain=(BATCH, TIME)), Type((), "int", 9, (BATCH, TIME))),
    (Type(()), Type((), "bool")),
    (Type((10,)), Type((10,))),
)
_PLACES = {
    "initializer": "dense: {{features: 32, kernel_init: {}}}",
    "kernel norm": "dense: {{features: 32, kernel_norm: {}}}",
    "loss": "loss: {}",
    "schedule": "optimizer: {{adam: {{learning_rate: {}}}}}",
    "metric": "metrics: {}",
    "optimizer": "optimizer: {}",
    "data source": "data: {}",
}

_OF_WEIGHTS = "w: {{weight: {{shape: [32, 32, 3], init: {}}}}}"


@dataclass(frozen=True)
class Example:
    """An instance, and for an operation the types of its inputs."""

    declaration: Declaration
    types: tuple[Type, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        operation = self.declaration
        assert isinstance(operation, Operation)
        if operation.variadic:
            return ("a", "b")[: len(self.types)]
        return tuple(each.name for each in operation.inputs if not each.optional)

    def spec_lines(self, registry: Registry) -> Iterator[str]:
        """How a spec writes it."""
        attributes = self.declaration.write()
        name = self.declaration.name
        word = name if attributes is None else f"{name}: {flow(attributes)}"
        if registry.noun in _PLACES:
            inner = word if attributes is None else f"{{{word}}}"
            place = _OF_WEIGHTS if isinstance(self.declaration, Given) else _PLACES[registry.noun]
            yield place.format(inner)
        elif len(self.names) < 2:
            yield f"- {word}"
        elif named := getattr(self.declaration, "names", ()):
            yield f"y: {{{name}: {flow(dict(zip(named, self.names, strict=True)))}}}"
        else:
            word = f"{name}: {flow(attributes if attributes is not None else {})}"
            variadic = getattr(self.declaration, "variadic", False)
            values = {each: each for each in self.names}
            yield f"y: {{{word}, from: {flow(list(values) if variadic else values)}}}"

    def weight_lines(self) -> Iterator[str]:
        """The arrays of the example by their names."""
        assert isinstance(self.declaration, Operation)
        for name, weight in self.declaration.weights(*self.types).items():
            kind = {"": "", "frozen": ", frozen"}.get(weight.kind, ", a running statistic")
            inputs = " and ".join(str(each) for each in self.types)
            inputs = f" for an input {inputs}" if inputs else ""
            if weight.shape is None:
                yield "those of the module, by its own names"
            else:
                yield f"{name or 'the value'}: {list(weight.shape)}{inputs}{kind}"
        if nameable(self.declaration.weights(*self.types)):
            yield "those that are trained may be given under `from` by their names instead"

    def flax_lines(self) -> Iterator[str]:
        """The expressions that build it and call it."""
        operation = self.declaration
        if not isinstance(operation, Operation):
            yield from _plain_lines(operation)
            return
        items = tuple(f"item_{i}" for i in range(len(self.types)))
        site = Site(operation, items if operation.variadic else self.names, self.types)
        lines: list[ast.stmt] = []
        module = None
        if (tree := site.build(Key())) is not None:
            drop_defaults(tree)
            lines.append(assign(operation.name, tree))
            module = ast.Name(operation.name)
        value = site.call([ast.Name(each) for each in self.names], module, Key())
        lines.append(ast.Expr(value))
        for each in [*user_imports(lines)[1:], *lines]:
            yield _text(each)


def example_of(declaration: type[Declaration]) -> Example | None:
    """An example, or None where no values by kind make one."""
    values = GIVEN.get(declaration.name, {})
    rates: tuple[str, ...] = ("rate",) if issubclass(declaration, Schedule) else ("learning_rate",)
    numbers = dict.fromkeys(rates, _LEARNING_RATE)
    given = {
        each.name: values.get(each.name, numbers.get(each.name, _value(each.kind)))
        for each in declaration.attributes()
        if each.required or each.name in values
    }
    try:
        made = declaration.read(from_plain(given, nowhere()), nowhere())
    except SpecError:
        return None
    if not isinstance(made, Operation):
        return Example(made)
    count = 2 if made.variadic else sum(not each.optional for each in made.inputs)
    if made.name in _FITTING:
        return Example(made, _FITTING[made.name])
    for types in [*((each,) * count for each in TYPES), *product(TYPES, repeat=min(count, 3))]:
        if len(types) == count and _fits(made, types):
            return Example(made, types)
    return None


def _plain_lines(declaration: Declaration) -> Iterator[str]:
    """The expression of a loss, an optimiser and the like; a layer with a kernel norm."""
    if isinstance(declaration, KernelNorm):
        dense = operations["dense"](32, kernel_norm=declaration)
        yield from Example(dense, FLOATS[:1]).flax_lines()
        return
    if isinstance(declaration, Schedule):
        yield _text(rate_of(declaration, _EPOCHS))
        return
    values = {each.name: getattr(declaration, each.name) for each in declaration.attributes()}
    template = getattr(declaration, "build", None)
    if isinstance(declaration, Loss):
        values |= {"output": ast.Name("output"), "target": ast.Name("target")}
        template = next(_loss_code(declaration))
    if template is not None:
        yield _text(fill(template, values))


def _loss_code(loss: Loss) -> Iterator[Code]:
    for output, target in _COMPARED:
        with suppress(ShapeError):
            loss.check(output, target)
            yield loss.call_code(output, target)


def _fits(operation: Operation, types: tuple[Type, ...]) -> bool:
    try:
        operation.infer(*types)
    except (ShapeError, TypeError):
        return False
    return True


def _value(kind: Kind) -> object:
    """A value of a kind, as plain data."""
    if isinstance(kind, Int):
        return max(kind.minimum or 0, 32)
    if isinstance(kind, Float):
        return next(each for each in _NUMBERS if kind._allows(each))
    if isinstance(kind, Bool):
        return True
    if isinstance(kind, Text):
        return kind.choices[0] if kind.choices else "name"
    if isinstance(kind, Texts):
        return ["name"]
    if isinstance(kind, Ints):
        return [2]
    if isinstance(kind, (PerAxis, Around)):
        return 2
    if isinstance(kind, Many):
        return _value(kind.kind)
    return _value(kind.kinds[0]) if isinstance(kind, Either) else None


def flow(value: object) -> str:
    """Plain data as YAML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(flow(each) for each in value)}]"
    if isinstance(value, str) and "," in value:
        return f'"{value}"'
    words = {True: "true", False: "false", None: "none"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _text(tree: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(tree))
