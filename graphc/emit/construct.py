"""Expressions that make modules: what stands on the right in `__init__`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from graphc.core.code import copy_tree
from graphc.emit.filling import Key, Site
from graphc.emit.names import key_path
from graphc.emit.needs import copies
from graphc.emit.slots import (
    agree_on_defaults,
    outline,
    replace_slots,
    slot,
    vectors,
)
from graphc.emit.trees import call, lambda_, name, part
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.forms import Beside, Held
from graphc.graph.graph import Graph

INDICES = "ijklmnpqrstuvw"
POSITIONAL = 2


@dataclass
class Class:
    """A block in the emitted module: a class, or a function if it holds no modules.

    Args:
        name: the name of the class or function.
        is_function: whether it holds no modules.
        keyed: whether its constructor takes `key`.
        parameters: what else its constructor takes.
        values: the values of those parameters for each graph that became this class.
    """

    name: str
    is_function: bool = False
    keyed: bool = False
    parameters: tuple[str, ...] = ()
    values: dict[Graph, tuple[object, ...]] = field(default_factory=dict)

    def make(self, graph: Graph, key: Key) -> ast.expr:
        """`Class(50, key=key)`."""
        given = [
            slot(value, word)
            for word, value in zip(self.parameters, self.values[graph], strict=True)
        ]
        made = call(self.name, given[:POSITIONAL])
        for word, value in list(zip(self.parameters, given, strict=True))[POSITIONAL:]:
            made.keywords.append(ast.keyword(word, value))
        if self.keyed:
            made.keywords.append(ast.keyword("key", key.tree))
        return made


@dataclass(frozen=True)
class Constructor:
    """Makes modules; `class_of` finds the class of a block that has been written before."""

    class_of: Callable[[Call], Class]

    def make(self, site: Site, key: Key, depth: int = 0) -> ast.expr | None:
        """The expression of the module of an operation, None if it has none."""
        operation = site.operation
        if isinstance(operation, NetworkCall):
            return None
        if isinstance(operation, Call):
            block = self.class_of(operation)
            return None if block.is_function else block.make(operation.graph, key)
        if isinstance(operation, Repeat):
            return self._list(site, operation, key, depth)
        if isinstance(operation, Stack):
            return self._stack(site, operation, key)
        if isinstance(operation, Held):
            names = [each.name for each in operation.layer.inputs][: len(operation.types)]
            return self.make(Site(operation.layer, tuple(names), operation.types), key, depth)
        if isinstance(operation, Beside):
            return self._beside(site, operation, key)
        return site.build(key)

    def _beside(self, site: Site, operation: Beside, key: Key) -> ast.expr:
        pairs = zip(operation.layers, operation.paths, strict=True)
        layers = [self.make(site.of(layer), key.under(*key_path(path))) for layer, path in pairs]
        return call("beside", [layer for layer in layers if layer])

    def _stack(self, site: Site, operation: Stack, key: Key) -> ast.expr | None:
        layer = self.make(site.of(operation.layer), Key())
        if layer is None:
            return None
        return call("stack", [lambda_(["key"], layer), layer_keys(operation, key)])

    def _list(self, site: Site, operation: Repeat, key: Key, depth: int) -> ast.expr | None:
        index = INDICES[depth]
        sites = [site.of(*each) for each in copies(operation, site.types)]
        layers = [self.make(each, key.under(name(index)), depth + 1) for each in sites]
        if not any(layers):
            return None
        if all(layers) and len({outline(layer) for layer in layers if layer}) == 1:
            short = _comprehension([layer for layer in layers if layer], operation, index)
            if short is not None:
                return call("nnx.List", [short])
        for i, each in enumerate(sites):
            layers[i] = self.make(each, key.under(i), depth + 1)
        items = [layer or ast.Constant(None) for layer in layers]
        return call("nnx.List", [ast.List(items, ast.Load())])


def _comprehension(layers: list[ast.expr], repeat: Repeat, index: str) -> ast.expr | None:
    """`[layer for i in range(4)]`, or over the values if the layers differ in one only."""
    agree_on_defaults(layers)
    layer = copy_tree(layers[0])
    differing = [each for each in vectors(layers) if each.varies]
    if len(differing) > 1:
        return None
    indexed = any(isinstance(node, ast.Name) and node.id == index for node in ast.walk(layer))
    counter = index if indexed else "_"
    target: ast.expr = ast.Name(counter, ast.Store())
    if not differing:
        times: ast.expr = call("range", [slot(len(repeat.copies), "times")])
    else:
        vector = differing[0]
        word = word_of_hole(vector.holes[0])
        values = slot(tuple(vector.values), word)
        replace_slots(layer, {place: name(word) for place in vector.places})
        target = ast.Name(word, ast.Store())
        times = values
        if indexed:
            target = ast.Tuple([ast.Name(index, ast.Store()), target], ast.Store())
            times = call("enumerate", [values])
    return ast.ListComp(layer, [ast.comprehension(target, times, [], 0)])


def layer_keys(stack: Stack, key: Key) -> ast.expr:
    """The keys of the layers of a stack; `key` is that of the graph around it.

    `layer_keys(at(key, "layers"), 48)` for the layers of a repeat, `named_keys(key, names)` for
    nodes beside one another.
    """
    paths = [key_path(path) for path in stack.paths]
    *shared, _ = paths[0]
    last = [path[-1] for path in paths]
    if all(list(path[:-1]) == shared for path in paths):
        above = key.under(*shared).tree
        if last == list(range(len(last))):
            return call("layer_keys", [above, part(len(last))])
        if all(isinstance(each, str) for each in last):
            return call("named_keys", [above, ast.Tuple([part(each) for each in last], ast.Load())])
    each = ast.List([key.under(*path).tree for path in paths], ast.Load())
    is_none = ast.Compare(name(key.root), [ast.Is()], [ast.Constant(None)])
    return ast.IfExp(is_none, ast.Constant(None), call("jnp.stack", [each]))


def word_of_hole(hole: str) -> str:
    """What to call the values of a hole: `x.features` is `in_features`, `arguments.n` is `n`."""
    owner, _, member = hole.rpartition(".")
    return f"in_{member}" if owner and owner != "arguments" else member
