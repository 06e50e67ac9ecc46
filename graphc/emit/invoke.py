"""Expressions and statements that compute values: what stands in `__call__`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graphc.core.code import literal
from graphc.core.types import Axis, Type
from graphc.emit.construct import INDICES, Constructor, layer_keys
from graphc.emit.filling import Key, Site
from graphc.emit.masks import Masks
from graphc.emit.names import key_path
from graphc.emit.needs import Needs, Requirements, copies
from graphc.emit.rematerialising import again, kept_outside, remat
from graphc.emit.trees import (
    assign,
    attribute,
    call,
    fresh,
    function,
    lambda_,
    name,
    parameters,
    reads,
)
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.time import Scan

Module = ast.expr | None
Operands = Sequence[ast.expr]


@dataclass
class Invoker:
    """Computes values in the body of one function.

    Args:
        constructor: knows the classes of blocks.
        requirements: knows what has to be handed down.
        networks: what each other network is called in this module.
        taken: the local names of the function, to which loop variables are added.
        outside: whether the function stands in another one, whose modules it reads.
    """

    constructor: Constructor
    requirements: Requirements
    networks: Mapping[str, str]
    taken: set[str]
    outside: bool = False

    def is_expression(self, site: Site) -> bool:
        """Whether the value is one expression rather than a loop of statements."""
        if isinstance(site.operation, Stack):
            layer = site.of(site.operation.layer)
            return self._has_module(site) and self.is_expression(layer)
        return not isinstance(site.operation, Repeat)

    def value(self, site: Site, operands: Operands, module: Module, key: Key) -> ast.expr:
        """The expression of the value; for a stack, `key` is that of the graph around it."""
        operation = site.operation
        if site.remat and not isinstance(operation, Stack):
            return self._again(site, operands, module, key)
        if isinstance(operation, NetworkCall):
            called = self._network(operation, operation.network)
            return self._handing_down(called, operands, site, key, {operation.network})
        if isinstance(operation, Scan):
            return self._over_time(site, operation, operands, module, key)
        if isinstance(operation, Call):
            block = self.constructor.class_of(operation)
            called = name(block.name) if block.is_function else module
            return self._handing_down(called, operands, site, key, set())
        if isinstance(operation, Stack):
            return self._scan(site, operation, operands, module, key)
        return site.call(operands, module, key)

    def _again(self, site: Site, operands: Operands, module: Module, key: Key) -> ast.expr:
        """The value, computed again on the way back."""
        plain, needs = replace(site, remat=False), self._needs(site)

        def value(inner: list[ast.expr], module: Module) -> ast.expr:
            return self.value(plain, inner, module, key)

        if self.outside:
            return kept_outside(value, operands, module)
        networks = [word for other, word in self.networks.items() if other in needs.networks]
        return again(value, operands, module, networks, needs.memory)

    def statements(
        self, site: Site, target: str, operands: Operands, module: Module, key: Key
    ) -> list[ast.stmt]:
        """`target = value`, or the loop that computes it."""
        operation = site.operation
        if self.is_expression(site):
            return _unless_same(target, self.value(site, operands, module, key))
        if isinstance(operation, Repeat):
            sites = [site.of(*each) for each in copies(operation, site.types)]
            return self._loop(sites, target, operands, module, key)
        assert isinstance(operation, Stack)
        if self._has_module(site):
            return self._scan_of_statements(site, operation, target, operands, module, key)
        layer, found = site.of(operation.layer), []
        for path in operation.paths:
            found += self.statements(layer, target, operands, None, key.under(*key_path(path)))
            operands = [name(target), *operands[1:]]
        return found

    def _has_module(self, site: Site) -> bool:
        return self.requirements.holds_modules(site.operation, site.types)

    def _needs(self, site: Site) -> Needs:
        return self.requirements.of(site.operation, site.types)

    def _handing_down(
        self, called: Module, operands: Operands, site: Site, key: Key, without: set[str]
    ) -> ast.expr:
        """`called(operands, train=train, ...)` with what the callee needs."""
        assert called is not None
        assert isinstance(site.operation, Call)
        graph = self.requirements.graph_of(site.operation)
        needs = self.requirements.of_graph(graph)
        if isinstance(site.operation, NetworkCall) and site.operation.still:
            needs = needs.in_evaluation
        made = call(called, operands)
        remembers = needs.memory and not isinstance(site.operation, Scan)
        given = {"train": needs.train and name("train"), "key": needs.key and key.tree}
        masks = Masks.of(graph)
        given |= {masks.word(axis): site.masks.along(axis) for axis in sorted(needs.masks)}
        given |= {"graph": needs.graph and name("graph"), "pairs": needs.pairs and name("pairs")}
        given["memory"] = remembers and key.memory
        for network, word in self.networks.items():
            handed = network in needs.networks - without
            given[word] = handed and self._network(site.operation, network)
        made.keywords = [ast.keyword(word, value) for word, value in given.items() if value]
        return made

    def _network(self, operation: Call, network: str) -> ast.expr:
        """The module of a network for a call; a clone where that leaves its statistics alone."""
        module = name(self.networks[network])
        for other, objectives in operation.in_turn:
            if other == network:
                return call("in_turn", [module, literal(objectives), name("turn")])
        return call("nnx.clone", [module]) if network in operation.aside else module

    def _over_time(
        self, site: Site, scan: Scan, operands: Operands, module: Module, key: Key
    ) -> ast.expr:
        """`over_time(self.step, [x], [zeros])`: a step's code, its streams and what it begins with.

        A pure step that multiplies by kernels is `recur`, to which these are given apart.
        """
        block = self.constructor.class_of(scan)
        step = name(block.name) if block.is_function else module
        handed = self._handing_down(step, [], site, key, set())
        if handed.keywords:
            step = ast.Call(attribute("functools", "partial"), [step], handed.keywords)
        last = len(operands) - len(scan.states)
        kinds = zip(operands, site.types, strict=True)
        streams = [_steps_first(each, kind, scan.axis) for each, kind in [*kinds][: scan.now]]
        pure = scan.kernels and block.is_function and not handed.keywords
        split = scan.now + (scan.kernels if pure else 0)
        lists = [streams, operands[last:]]
        lists += [operands[scan.now : split]] if pure else []
        lists += [operands[split:last]] if split < last else []
        word = "recur" if pure else "over_time"
        given = [step, *(ast.List([*each], ast.Load()) for each in lists)]
        if scan.is_uneven(*site.types):
            word, given = "while_present", [name(word), site.masks.along(scan.axis.name), *given]
        made = call(word, given)
        if scan.given > 1:
            made.keywords.append(ast.keyword("give", ast.Constant(scan.given)))
        if scan.reverse:
            made.keywords.append(ast.keyword("reverse", ast.Constant(True)))
        if scan.unroll > 1:
            made.keywords.append(ast.keyword("unroll", ast.Constant(scan.unroll)))
        if scan.kept:
            names = ast.List([ast.Constant(word) for word in scan.states], ast.Load())
            made.keywords += [ast.keyword("memory", name("memory")), ast.keyword("names", names)]
        return made

    # Repeats

    def _loop(
        self, sites: list[Site], target: str, operands: Operands, module: Module, key: Key
    ) -> list[ast.stmt]:
        before = set(self.taken)
        index, layer = self._variable(*INDICES), self._variable("layer", "inner")
        running = [name(target), *operands[1:]]
        bodies = []
        for site in sites:
            inner = name(layer) if self._has_module(site) else None
            bodies.append(self.statements(site, target, running, inner, key.under(name(index))))
        self.taken = before  # the variables of one loop are free for the next
        if len({ast.dump(ast.Module(body, [])) for body in bodies}) > 1:
            return self._one_by_one(sites, target, operands, module, key)
        if not bodies[0]:  # `identity`, again and again
            return _unless_same(target, operands[0])
        words = set(reads(ast.Module(bodies[0], [])))
        if module is None:
            over: ast.expr = call("range", [ast.Constant(len(sites))])
            words_of_loop = [index if index in words else "_"]
        elif index in words:
            over, words_of_loop = call("enumerate", [module]), [index, layer]
        else:
            over, words_of_loop = module, [layer]
        names: list[ast.expr] = [ast.Name(word, ast.Store()) for word in words_of_loop]
        loop_target = names[0] if len(names) == 1 else ast.Tuple(names, ast.Store())
        loop = ast.For(loop_target, over, bodies[0], [], lineno=0)
        return [*_unless_same(target, operands[0]), loop]

    def _one_by_one(
        self, sites: list[Site], target: str, operands: Operands, module: Module, key: Key
    ) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for i, site in enumerate(sites):
            inner = None
            if module is not None and self._has_module(site):
                inner = ast.Subscript(module, ast.Constant(i), ast.Load())
            found += self.statements(site, target, operands, inner, key.under(i))
            operands = [name(target), *operands[1:]]
        return found

    def _variable(self, *words: str) -> str:
        """The first of these words that is no local name, or the last with underscores."""
        found = next((word for word in words if word not in self.taken), None)
        found = found or fresh(words[-1], self.taken)
        self.taken.add(found)
        return found

    # Stacks

    def _scan(
        self, site: Site, stack: Stack, operands: Operands, module: Module, key: Key
    ) -> ast.expr:
        layer, x, inner, others = self._layer_names(operands)
        one = replace(site.of(stack.layer), remat=False)
        value = self.value(one, [name(x), *others], name(layer), Key(root=inner))
        words = [layer, x, inner, *self._memory(site)]
        return self._scanned(lambda_(words, value), site, stack, operands, module, key)

    def _scan_of_statements(
        self, site: Site, stack: Stack, target: str, operands: Operands, module: Module, key: Key
    ) -> list[ast.stmt]:
        """A layer that is a loop itself needs a function with a name."""
        layer, x, inner, others = self._layer_names(operands)
        word = self._variable("one_layer")
        self.taken |= {layer, x}
        body = self.statements(
            replace(site.of(stack.layer), remat=False),
            x,
            [name(x), *others],
            name(layer),
            Key(root=inner),
        )
        body.append(ast.Return(name(x)))
        value = self._scanned(name(word), site, stack, operands, module, key)
        words = [layer, x, inner, *self._memory(site)]
        return [function(word, parameters(words), body), assign(target, value)]

    def _memory(self, site: Site) -> list[str]:
        return ["memory"] if self._needs(site).memory else []

    def _layer_names(self, operands: Operands) -> tuple[str, str, str, list[ast.expr]]:
        others = list(operands[1:])
        taken = {word for each in others for word in reads(each)} | set(self.networks.values())
        return fresh("layer", taken), fresh("x", taken), "key", others

    def _scanned(
        self,
        layer: ast.expr,
        site: Site,
        stack: Stack,
        operands: Operands,
        module: Module,
        key: Key,
    ) -> ast.expr:
        assert module is not None
        keyed = self._needs(site).key
        keys = layer_keys(stack, key) if keyed else ast.Constant(None)
        if self._memory(site):
            memory = key.under(*_shared(stack)).memory
            if site.remat:
                layer = remat(layer, True, True)
            return call("scan_recurrent", [layer, module, operands[0], keys, memory])
        if site.remat:
            layer = remat(layer, True, False, looped=True)
        return call("scan_layers", [layer, module, operands[0], keys])


def _steps_first(x: ast.expr, kind: Type, axis: Axis) -> ast.expr:
    """A stream with the axis that is gone over right behind the batch."""
    place = kind.domain.index(axis)
    if place == 1:
        return x
    return call("jnp.moveaxis", [x, ast.Constant(place), ast.Constant(1)])


def _shared(stack: Stack) -> tuple[str | int, ...]:
    """Where the values of a stack are: the path of a repeat, or that of the first layer."""
    path = key_path(stack.paths[0])
    return path[:-1] if isinstance(path[-1], int) else path


def _unless_same(target: str, value: ast.expr) -> list[ast.stmt]:
    """`target = value`, unless that is `x = x`."""
    if isinstance(value, ast.Name) and value.id == target:
        return []
    return [assign(target, value)]
