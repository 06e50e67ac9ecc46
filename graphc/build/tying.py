"""Weights that a step takes from elsewhere, and the arrays of nodes by their names.

A weight of a layer is an input that may be left out: the layer then makes its own. It is told by
name under `from`, or in the braces where an attribute has its name:

    {dense: 10, from: {x: h, kernel: token.table}}
    {dense: {features: 10, kernel: token.table}, from: h}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from graphc.build import syntax
from graphc.build.assembly import Scope
from graphc.build.cycles import is_open
from graphc.build.inputs import joined
from graphc.build.parameters import Environment
from graphc.build.steps import fail, value_reference
from graphc.core.attributes import Either, Kind, Name, Named
from graphc.core.diagnostic import SpecError, listing, similar
from graphc.core.operation import Operation, ShapeError
from graphc.core.registry import operations
from graphc.core.span import Span
from graphc.core.tree import Mapping, Tree
from graphc.core.types import Type
from graphc.graph.node import Ref
from graphc.graph.tied import Tied, nameable

Sources = tuple[syntax.Reference, ...]


@dataclass(frozen=True)
class Given:
    """What a step is given in place of weights.

    Args:
        weights: the values by the weights' names.
        step: the step without them.
        operation: its operation without them.
    """

    weights: dict[str, Sources]
    step: syntax.Step
    operation: Operation

    @classmethod
    def of(cls, operation: Operation, step: syntax.Step) -> Given:
        """Take the weights out of the braces and out of `from`."""
        weights: dict[str, Sources] = {}
        defaults = {}
        for each in operation.attributes():
            value = getattr(operation, each.name)
            if isinstance(value, Name):
                weights[each.name] = (value_reference(value.written, f"`{each.name}`"),)
                defaults[each.name] = each.default
        sources = step.sources
        if isinstance(sources, dict) and type(operation).weights is not Operation.weights:
            inputs = {*operation.names, *(each.name for each in operation.inputs)}
            more = {word: refs for word, refs in sources.items() if word not in inputs}
            sources = {word: refs for word, refs in sources.items() if word in inputs}
            for word in weights.keys() & more.keys():
                raise fail("GC214", f"`{step.operation}` is given `{word}` twice", more[word][0])
            weights |= more
        step = replace(step, sources=sources)
        return cls(weights, step, replace(operation, **defaults) if defaults else operation)

    def tie(
        self, name: str, inputs: tuple[Ref | None, ...], scope: Scope
    ) -> tuple[Operation, tuple[Ref | None, ...]]:
        """The operation with these weights as further inputs, and all its inputs."""
        operation, span = self.operation, self.step.sources_span or self.step.operation_span
        turned = getattr(operation, "transpose", False) and "kernel" in self.weights
        layer = replace(operation, transpose=False) if turned else operation
        types = [scope.assembly.types[ref] for ref in inputs if ref is not None]
        if not self.weights or not _fits(layer, types):
            return layer, inputs
        known = {} if layer.variadic else nameable(layer.weights(*types))
        self._check(known, span)
        found = {
            word: joined(references, f"{name}:{word}", scope, span)
            for word, references in self.weights.items()
        }
        if turned:
            found["kernel"] = self._turned(f"{name}:transpose", found["kernel"], scope)
        order = tuple(word for word in known if word in found)
        return Tied(layer, order), (*inputs, *(found[word] for word in order))

    def _turned(self, name: str, ref: Ref, scope: Scope) -> Ref:
        """The matrix as the part `name` of the step, its axes in the other order."""
        kind = scope.assembly.types[ref]
        if is_open(kind):
            return ref
        if len(kind.shape) != 2:
            message = f"`transpose` turns a matrix, but the `kernel` that is given is {kind}"
            raise fail("GC203", message, self.step.word)
        turning, place = operations["permute"]((1, 0)), self.step.operation_span
        return scope.assembly.add(name, turning, (ref,), place, named=False)

    def _check(self, known: Iterable[str], span: Span) -> None:
        for word in self.weights:
            if word not in known:
                names = [*(each.name for each in self.operation.inputs), *known]
                help = similar(word, names, "input")
                help = help or (f"its inputs are {listing(names)}" if names else None)
                message = f"`{self.step.operation}` has no input `{word}`"
                raise fail("GC214", message, syntax.Reference("", span), help)


def _fits(operation: Operation, types: Iterable[Type]) -> bool:
    """Whether it takes these inputs; where it does not, adding its node says why."""
    try:
        operation.infer(*types)
    except ShapeError:
        return False
    return True


def names_in_braces(
    word: str, tree: Tree | None, environment: Environment
) -> Iterator[syntax.Reference]:
    """The values that the attributes of the operation `word` name; what is no name is skipped."""
    if not isinstance(tree, Mapping) or word not in operations:
        return
    kinds = {each.name: each.kind for each in operations[word].attributes()}
    for key, value in tree:
        kind = kinds.get(key.text)
        if kind is not None and takes_names(kind):
            with suppress(SpecError):
                read = kind.read(environment.substitute(value))
                if isinstance(read, Name):
                    yield value_reference(read.written, f"`{key.text}`")


def takes_names(kind: Kind) -> bool:
    """Whether an attribute of this kind may be the name of a value."""
    kinds = kind.kinds if isinstance(kind, Either) else (kind,)
    return any(isinstance(each, Named) for each in kinds)
