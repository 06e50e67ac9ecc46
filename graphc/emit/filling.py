"""The target code of one operation with its holes filled."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphc.core.code import OMIT, Code
from graphc.core.declaration import Declaration
from graphc.core.operation import Operation
from graphc.core.types import Type
from graphc.emit.masks import Masks
from graphc.emit.slots import drop_defaults
from graphc.emit.trees import Part, call, name, part

BFLOAT16 = {"dot_general": "dot_bfloat16", "conv_general_dilated": "conv_bfloat16"}
"""What multiplies in bfloat16, by the keyword of a layer that takes it."""


@dataclass(frozen=True)
class Key:
    """A random key: `at(root, *path)`."""

    path: tuple[Part, ...] = ()
    root: str = "key"

    def under(self, *parts: Part) -> Key:
        return replace(self, path=(*self.path, *parts))

    @property
    def tree(self) -> ast.expr:
        if not self.path:
            return name(self.root)
        return call("at", [name(self.root), *map(part, self.path)])

    @property
    def memory(self) -> ast.expr:
        """The part of the memory that has the same path."""
        memory = name("memory")
        return call("within", [memory, *map(part, self.path)]) if self.path else memory


@dataclass(frozen=True)
class Site:
    """An operation where it stands: with the names and types of the inputs that are given.

    Args:
        masks: what the masks around it are.
        remat: whether its value is computed again on the way back.
    """

    operation: Operation
    inputs: tuple[str, ...]
    types: tuple[Type, ...]
    masks: Masks = field(default_factory=Masks)
    remat: bool = False

    def of(self, operation: Operation, types: tuple[Type, ...] | None = None) -> Site:
        """Another operation on the same inputs, which it may call otherwise."""
        types = self.types if types is None else types
        # Inputs that are left out stand behind those that are given.
        named = tuple(each.name for each in operation.inputs)[: len(types)]
        inputs = self.inputs if operation.variadic else named
        return Site(operation, inputs, types, self.masks, self.remat)

    def build(self, key: Key) -> ast.expr | None:
        """The expression of the module, if there is one; defaults are marked, not left out."""
        template = self.operation.build_code(*self.types)
        if template is None:
            return None
        values = self._values(template) | {"rngs": call("nnx.Rngs", [key.tree]), "key": key.tree}
        return fill(template, values, keep_defaults=True)

    def call(self, operands: Sequence[ast.expr], module: ast.expr | None, key: Key) -> ast.expr:
        """The expression of the value, the activation's around it."""
        template = self.operation.call_code(*self.types)
        values = self._values(template)
        values |= {each.name: None for each in self.operation.inputs}
        values |= dict(zip(self.inputs, operands, strict=True)) | {"items": list(operands)}
        values |= {"self": module, "key": key.tree, "train": name("train")}
        values |= {"graph": name("graph"), "pairs": name("pairs")}
        values |= {"carried": name("memory"), "own_carried": key.memory}
        values |= self.masks.values(template, self.types)
        value = fill(template, values)
        activation = activation_of(self.operation)
        if activation is None:
            return value
        result = self.operation.infer(*self.types)
        assert isinstance(result, Type), "an operation with several ports has no activation"
        return Site(activation, ("x",), (result,), self.masks).call([value], None, key)

    def _values(self, template: Code) -> dict[str, object]:
        types = dict(zip(self.inputs, self.types, strict=True))
        values = {
            each.name: getattr(self.operation, each.name) for each in self.operation.attributes()
        }
        for hole in template.holes:
            owner, _, member = hole.partition(".")
            # `$x.shape` is that of the array, with its axes of examples and steps.
            if member not in ("", "shape") and hasattr(types.get(owner), member):
                values[hole] = getattr(types[owner], member)
        forms = self._products()
        values |= {word: name(forms[word]) if word in forms else OMIT for word in BFLOAT16}
        return values | self.operation.holes(*self.types)

    def _products(self) -> Mapping[str, str]:
        """What multiplies in the place of jax's own, by the keyword of a layer that takes it."""
        if self.types and self.types[0].sparse:
            return {"dot_general": "sparse_dot"}
        if getattr(self.operation, "precision", None) == "bfloat16":
            return BFLOAT16
        flat = getattr(self.operation, "flat", "")
        return {"dot_general": flat} if flat else {}


def activation_of(operation: Operation) -> Operation | None:
    """What is applied to the result, if anything."""
    found = getattr(operation, "activation", None)
    return found if isinstance(found, Operation) else None


def fill(template: Code, values: Mapping[str, object], keep_defaults: bool = False) -> ast.expr:
    """`template` with its holes filled; declarations among the values become their own code.

    With `keep_defaults`, keyword arguments that have their default stay, marked.
    """
    defaults = template.defaults
    marked = {hole for hole in defaults if hole in values and _same(values[hole], defaults[hole])}
    used = {hole.partition(".")[0] for hole in template.holes} | template.holes
    written = {
        hole: _written(value, hole, keep_defaults) for hole, value in values.items() if hole in used
    }
    tree = replace(template, defaults={}).fill(written)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                _judge(keyword, marked)
    if not keep_defaults:
        drop_defaults(tree)
    return tree


def _judge(keyword: ast.keyword, marked: set[str]) -> None:
    """Mark the keyword if it has its default, unless a template inside this one has done so."""
    if not hasattr(keyword, "judged"):
        keyword.judged = True  # type: ignore[attr-defined]
        if getattr(keyword.value, "hole", None) in marked:
            keyword.default = True  # type: ignore[attr-defined]


def _same(value: object, default: object) -> bool:
    return type(value) is type(default) and value == default


def _written(value: object, hole: str, keep_defaults: bool) -> object:
    if isinstance(value, Declaration):
        if isinstance(value, Operation):
            return None  # an activation: it is written around the call
        fields = {each.name: getattr(value, each.name) for each in value.attributes()}
        tree = fill(value.build, fields, keep_defaults)  # type: ignore[attr-defined]
        tree.hole = hole  # type: ignore[attr-defined]
        return tree
    if isinstance(value, tuple) and any(isinstance(item, Declaration) for item in value):
        return [_written(item, hole, keep_defaults) for item in value]
    return value
