"""The body of one graph: `__init__` and `__call__` of its class, or the function that it is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from graphc.core.code import copy_tree
from graphc.core.operation import Operation
from graphc.core.types import Type
from graphc.emit.filling import Key, Site, activation_of
from graphc.emit.invoke import Invoker
from graphc.emit.masks import Masks
from graphc.emit.names import key_path
from graphc.emit.needs import Needs, copies, live_nodes
from graphc.emit.printing.printer import tagged
from graphc.emit.schedule import Schedule, schedule
from graphc.emit.trees import (
    assign,
    attribute,
    call,
    fresh,
    function,
    name,
    parameters,
    reads,
    set_attribute,
)
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.forms import Beside, Held
from graphc.graph.graph import Graph, identifiers
from graphc.graph.node import Node, Ref
from graphc.graph.slopes import Slope, lowered
from graphc.graph.time import Scan

Tag = Callable[[Node], str]


@dataclass(frozen=True)
class Around:
    """What a function inside of another one sees of it.

    Args:
        masks: what the masks are.
        identifiers: what modules are called.
        given: the values that it reads, which are no arguments of its own.
    """

    masks: Masks
    identifiers: Mapping[str, str]
    given: Mapping[Ref, ast.expr]


@dataclass
class Body:
    """Writes the statements of a graph.

    Args:
        graph: the graph.
        invoker: writes single values.
        tag: the tag of a node's statements.
        around: of a function inside of another one.
    """

    graph: Graph
    invoker: Invoker
    tag: Tag
    around: Around | None = None
    plan: Schedule = field(init=False)
    masks: Masks = field(init=False)
    identifiers: Mapping[str, str] = field(init=False)
    given: Mapping[Ref, ast.expr] = field(init=False)
    whole: Graph = field(init=False)

    def __post_init__(self) -> None:
        around = self.around or Around(Masks.of(self.graph), self.graph.identifiers, {})
        self.masks, self.identifiers, self.given = around.masks, around.identifiers, around.given
        self.whole, self.graph = self.graph, lowered(self.graph)
        used = {word for node in live_nodes(self.whole) for word in self._globals(node)}
        used |= set(map(self.masks.word, self.masks.axes))
        used |= {word for each in self.given.values() for word in reads(each)}
        self.plan = schedule(self.graph, self, used)
        self.invoker.taken = used | set(self.plan.names.values())

    def constructor(self) -> list[ast.stmt]:
        """The assignments of `__init__`: one for each node that has a module."""
        live = live_nodes(self.whole)
        names = {node.name for node in live}
        found: list[ast.stmt] = []
        for node in [*live, *(node for node in self.whole.nodes if node.name not in names)]:
            module = self.invoker.constructor.make(self._site(node), self._key(node))
            if module is not None:
                word = self.identifiers[node.name]
                found.append(tagged(set_attribute(word, module), self.tag(node)))
        return found

    def function(self, word: str, needs: Needs, docstring: str | None = None) -> ast.FunctionDef:
        """`def word(inputs, *, train=False, ...)`, with `self` before them for `__call__`."""
        context: list[tuple[str, object]] = []
        context += [("train", False)] if needs.train else []
        context += [("key", None)] if needs.key else []
        # Sequences of different length cannot be gone through without their mask.
        missing = ... if self.masks.axes else None
        context += [(self.masks.word(axis), missing) for axis in sorted(needs.masks)]
        context += [("graph", ...)] if needs.graph else []
        context += [("pairs", ...)] if needs.pairs else []
        context += [("memory", None)] if needs.memory else []
        context += [("turn", None)] if needs.turn else []
        names = self.invoker.networks
        context += [(names[network], ...) for network in names if network in needs.networks]
        inputs = [*(["self"] if word == "__call__" else []), *self.plan.inputs]
        return function(word, parameters(inputs, context), self.statements(), docstring)

    def statements(self) -> list[ast.stmt]:
        """One statement for each node, and the return."""
        body: list[ast.stmt] = []
        for node in self.plan.statements:
            body += (tagged(each, self.tag(node)) for each in self._statements(node))
        if self.plan.returned is not None:
            return body
        values = [self._operand(ref) for ref in self.plan.outputs(self.graph)]
        single = values[0] if len(values) == 1 else ast.Tuple(values, ast.Load())
        return [*body, ast.Return(single)]

    def _statements(self, node: Node) -> list[ast.stmt]:
        if node is self.plan.returned:
            return [ast.Return(self._value(node))]
        if isinstance(node.operation, Slope):
            return self._slope(node, node.operation)
        if node.operation.ports:
            words = [self.plan.names[Ref(node.name, port)] for port in node.operation.ports]
            return [assign(words, self._value(node))]
        operands = [self._operand(ref) for ref in self.plan.references(node)]
        word = self.plan.names[Ref(node.name)]
        return self.invoker.statements(
            self._site(node), word, operands, self._module(node), self._key(node)
        )

    def _word(self, ref: Ref) -> str:
        return next(iter(identifiers((str(ref),), ()).values()))

    def _slope(self, node: Node, slope: Slope) -> list[ast.stmt]:
        """A function of the nodes that a gradient goes through, and the gradient of it."""
        operands = [self._operand(ref) for ref in self.plan.references(node)]
        words = [word for word, _ in slope.graph.inputs]
        given = {Ref(word): each for word, each in zip(words[1:], operands[1:], strict=True)}
        around = Around(self.masks, self.identifiers, given)
        inner = Body(
            slope.graph, replace(self.invoker, taken=set(), outside=True), self.tag, around
        )
        by, ((_, of), *_) = inner.plan.inputs[0], slope.graph.outputs
        word = fresh(f"{self._word(of)}_of_{by}", self.invoker.taken)
        self.invoker.taken.add(word)
        *body, last = inner.statements()
        assert isinstance(last, ast.Return) and last.value is not None
        value, *aux = last.value.elts if isinstance(last.value, ast.Tuple) else (last.value,)
        site = Site(slope.sum, ("x",), (slope.graph.types[of],), self.masks)
        total = _with(site.call([value], None, Key()), aux)
        tag = self.tag(slope.graph.by_name.get(of.node, node))
        body.append(tagged(ast.Return(total), tag))
        more = {"has_aux": ast.Constant(True)} if aux else {}
        made = ast.Call(call("jax.grad", [name(word)], **more), [operands[0]], [])
        ports = [Ref(node.name, port) for port in slope.ports] or [Ref(node.name)]
        first, *rest = (ast.Name(self.plan.names[ref], ast.Store()) for ref in ports)
        target = ast.Assign([_with(first, rest)], made, lineno=0)
        return [function(word, parameters([by]), body), target]

    def _value(self, node: Node) -> ast.expr:
        operands = [self._operand(ref) for ref in self.plan.references(node)]
        return self.invoker.value(self._site(node), operands, self._module(node), self._key(node))

    def _operand(self, ref: Ref) -> ast.expr:
        """A local, an array of a module, or the expression of a part that stands in its reader."""
        if ref in self.given:
            return copy_tree(self.given[ref])
        if self.graph.is_weight(ref):
            return self._array(ref)
        if ref.node in self.plan.inlined:
            return self._value(self.graph.by_name[ref.node])
        return name(self.plan.names[ref])

    def _array(self, ref: Ref) -> ast.expr:
        """`self.token.embedding[...]`."""
        node = self.graph.by_name[ref.node]
        weight = node.operation.weights(*self.graph.input_types(node))[str(ref.port)]
        module: ast.expr = attribute("self", self.identifiers[ref.node])
        for word in str(weight.stored or ref.port).split("/"):
            module = ast.Attribute(module, word, ast.Load())
        return ast.Subscript(module, ast.Constant(...), ast.Load())

    def _site(self, node: Node) -> Site:
        """The node's operation with the inputs that are given."""
        types = self.graph.input_types(node)
        words = tuple(f"item_{i}" for i in range(len(types)))
        if not node.operation.variadic:
            pairs = zip(node.operation.inputs, node.inputs, strict=True)
            words = tuple(each.name for each, ref in pairs if ref)
        return Site(node.operation, words, types, self.masks, node.remat)

    def _key(self, node: Node) -> Key:
        operation = node.operation.layer if isinstance(node.operation, Held) else node.operation
        if isinstance(operation, Stack | Beside | Scan):
            return Key()  # the paths of its layers start at the graph
        return Key(key_path(node.name))

    def _module(self, node: Node) -> ast.expr | None:
        types = self.graph.input_types(node)
        if not self.invoker.requirements.holds_modules(node.operation, types):
            return None
        return attribute("self", self.identifiers[node.name])

    def is_expression(self, node: Node) -> bool:
        """Whether the node's value is one expression rather than a loop or several values."""
        if node.operation.ports or isinstance(node.operation, Slope):
            return False
        return self.invoker.is_expression(self._site(node))

    def alias(self, node: Node) -> Ref | None:
        """The value that the node is another name for, if its code is just that input."""
        operation = node.operation
        if isinstance(operation, Call | Repeat | Stack | Slope) or activation_of(operation):
            return None
        if node.remat:
            return None
        site = self._site(node)
        words = [f"${word}" for word in site.inputs]
        text = operation.call_code(*site.types).text
        return node.references[words.index(text)] if text in words else None

    def reads_once(self, node: Node, ref: Ref) -> bool:
        """Whether the node's code has this input in one place, outside of loops."""
        operation, position = node.operation, node.references.index(ref)
        if isinstance(operation, Slope):
            return False
        if isinstance(operation, Repeat | Stack):
            return position == 0
        if isinstance(operation, Call) or node.remat:
            return True
        site = self._site(node)
        return operation.call_code(*site.types).count(site.inputs[position]) < 2

    def _globals(self, node: Node) -> Iterable[str]:
        """Names of the module that the node's code reads, which no local may hide."""
        return _names_in(node.operation, self.graph.input_types(node), self.invoker)


def _with(value: ast.expr, aux: list[ast.expr]) -> ast.expr:
    """`value`, `value, other` or `value, (other, another)`."""
    context = ast.Store() if isinstance(getattr(value, "ctx", None), ast.Store) else ast.Load()
    if not aux:
        return value
    return ast.Tuple([value, aux[0] if len(aux) == 1 else ast.Tuple(aux, context)], context)


def _names_in(operation: Operation, types: tuple[Type, ...], invoker: Invoker) -> Iterable[str]:
    needs = invoker.requirements.of(operation, types)
    if needs.memory:
        yield from ("memory", "within", "scan_recurrent")
    if needs.graph:
        yield "graph"
    if needs.pairs:
        yield "pairs"
    if needs.turn:
        yield from ("turn", "in_turn")
    if isinstance(operation, NetworkCall):
        needed = invoker.requirements.of(operation, types).networks
        yield from (invoker.networks[network] for network in needed)
        yield "at"
    elif isinstance(operation, Call):
        needed = invoker.requirements.of(operation, types).networks
        yield from (invoker.networks[network] for network in needed)
        yield invoker.constructor.class_of(operation).name
        yield "at"
    elif isinstance(operation, Repeat):
        yield from ("range", "enumerate")
        for copy, inputs in copies(operation, types):
            yield from _names_in(copy, inputs, invoker)
    elif isinstance(operation, Stack):
        yield from ("scan_layers", "layer_keys", "named_keys", "jnp", "range")
        yield from _names_in(operation.layer, types, invoker)
    else:
        yield "at"
        yield from operation.call_code(*types).names
        activation = activation_of(operation)
        if activation is not None:
            yield from _names_in(activation, (operation.infer(*types),), invoker)  # type: ignore[arg-type]
