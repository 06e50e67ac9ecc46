"""Data from code of the user's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphc.core.attributes import Int, Ints, Kind, Text
from graphc.core.declaration import attribute, primary
from graphc.core.diagnostic import Report, similar
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.tree import Mapping as MappingTree
from graphc.core.tree import Scalar, Sequence, Tree
from graphc.core.types import TIME, Axis, Type, named_axis, over, time_axes, uneven
from graphc.ops.sources.axes import AXIS_SCHEMA, ByAxis, by_axis, complaint_of_lengths
from graphc.ops.sources.base import Undivided
from graphc.ops.user_code import Arguments, Reference

_HELP = "write a shape (`[28, 28, 1]`), or `{int: [], below: 10}`"


@dataclass(frozen=True)
class FieldTypes(Kind):
    """The types of fields by their names, written as those of a network's inputs."""

    def read(self, tree: Tree) -> tuple[tuple[str, Type], ...]:
        if not isinstance(tree, MappingTree) or not len(tree):
            raise self.refuse(tree, "write `{x: [4], label: {int: [], below: 3}}`")
        report = Report()
        rows = [(key.text, report.attempt(self._type, each)) for key, each in tree]
        report.stop()
        return tuple(rows)  # type: ignore[return-value]

    def _type(self, tree: Tree) -> Type:
        if isinstance(tree, Sequence):
            return self._shape(tree)
        words = [key.text for key, _ in tree] if isinstance(tree, MappingTree) else []
        kind = next((each for each in ("int", "bool", "float") if each in words), None)
        if kind is None or set(words) - {kind, "below" if kind == "int" else kind}:
            raise self.refuse(tree, _HELP)
        assert isinstance(tree, MappingTree)
        shape, below = tree.get(kind), tree.get("below")
        assert shape is not None
        below = None if below is None else Int(1).read(below)
        return replace(self._shape(shape), dtype=kind, below=below)

    def _shape(self, tree: Tree) -> Type:
        """The floats of a shape, `[8]`, or of a sequence of them, `[time, 8]`."""
        first = tree.items[0] if isinstance(tree, Sequence) and tree.items else None
        if not isinstance(first, Scalar) or not first.text.isidentifier():
            return Type(Ints().read(tree))
        assert isinstance(tree, Sequence)
        if named_axis(first.text).kind != TIME.kind:
            raise self.refuse(
                first, "a function gives no graphs; `graph` and `graph_npz` read one of files"
            )
        shape = Ints().read(Sequence(tree.items[1:], tree.span))
        return over(Type(shape), Axis(first.text, TIME.kind))

    def write(self, value: object) -> object:
        assert isinstance(value, tuple)
        return {name: _written(kind) for name, kind in value}

    def schema(self) -> dict:
        size = {"anyOf": [{"type": "integer", "minimum": 0}, AXIS_SCHEMA]}
        shape = {"type": "array", "items": size}
        words = {
            word: {"description": f"the shape of {word}s", **shape}
            for word in ("int", "bool", "float")
        }
        below = {"type": "integer", "minimum": 1, "description": "for ints, how many values"}
        long = {
            "type": "object",
            "properties": words | {"below": below},
            "additionalProperties": False,
        }
        types = {"anyOf": [shape, long]}
        return {"type": "object", "minProperties": 1, "additionalProperties": types}

    def __str__(self) -> str:
        return "a mapping of fields to their types"


def _written(kind: Type) -> object:
    shape = [*(axis.name for axis in time_axes(kind)), *kind.shape]
    if kind.dtype == "float":
        return shape
    return {kind.dtype: shape} | ({"below": kind.below} if kind.below else {})


@dataclass(frozen=True, kw_only=True)
class PythonData(Undivided):
    """Arrays that a function in a Python file of your own returns: the fields that you declare.

    `function(**arguments)` returns a dict of arrays [examples, *shape] by field, which is split as
    `test` and `validation` say, or a dict of such dicts for `train` and, if it likes,
    `validation` and `test`. `graphc check` never runs it; what it returns is checked against
    `types`.
    """

    name = "python"

    definition: str = primary(Reference(), "the file `module.py`, and a function in it")
    # The base's class variable is an attribute here: the user's own name for the target.
    target: str = attribute(  # pyright: ignore[reportIncompatibleVariableOverride]
        Text(), "what is predicted: the name of a field"
    )
    types: tuple[tuple[str, Type], ...] = attribute(  # pyright: ignore[reportIncompatibleVariableOverride]
        FieldTypes(), "the type of each field, written as those of inputs"
    )
    arguments: tuple[tuple[str, object], ...] = attribute(
        Arguments(), "what the function is called with, by name; lists arrive as tuples", ()
    )

    lengths: str | tuple | None = attribute(
        ByAxis(Text()),
        "what says how many steps each example has, where that differs: beside the fields, integers"
        " [examples] under this name; what `[time, ...]` holds behind them is padding; for several"
        " axes a name each: `{source: n, target: m}`",
        None,
    )

    def complaint(self) -> str | tuple[str, str] | None:
        missing = "`lengths` is for sequences, and `types` has none: `{x: [time, 3]}`"
        return complaint_of_lengths(self.lengths, self._axes, missing) or super().complaint()

    @property
    def _axes(self) -> list[str]:
        return [axis.name for _, kind in self.types for axis in time_axes(kind)]

    @property
    def lengths_by_axis(self) -> dict[str, str]:
        """What the lengths are called."""
        return by_axis(self.lengths, next(iter(self._axes), TIME.name))

    @property
    def module(self) -> str:
        """The module's name."""
        return self.definition.partition(":")[0]

    @property
    def word(self) -> str:
        """The name of the function."""
        return self.definition.partition(":")[2]

    def file(self, folder: str) -> str:
        """Where the module's file is; raises ShapeError GC511."""
        path = os.path.join(folder, *self.module.split("."))
        for found in (f"{path}.py", os.path.join(path, "__init__.py")):
            if os.path.isfile(found):
                return found
        message = f"the file `{path}.py` is not there"
        help = "`module:function` is the function in `module.py` in the folder of the spec"
        raise ShapeError(message, help, "GC511", self.definition)

    def fields(self, folder: str) -> Mapping[str, Type]:
        self.file(folder)
        found = dict(self.types)
        known = self.lengths_by_axis
        for name, kind in self.types:
            if any(axis.name in known for axis in time_axes(kind)):
                found[name] = uneven(kind)
        if self.target not in found:
            help = similar(self.target, found, "field") or "give its type in `types`"
            message = f"`types` has no field `{self.target}`, which is the target"
            raise ShapeError(message, help, "GC512", self.target)
        return found


sources.add(PythonData)
