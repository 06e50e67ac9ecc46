"""Arrays of the user's: one of them is the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphc.core.attributes import Either, Int, Text, Texts
from graphc.core.by_path import ByName
from graphc.core.declaration import attribute
from graphc.core.diagnostic import similar
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import TIME, Axis, Type, over
from graphc.ops.sources.axes import ByAxis, by_axis, complaint_of_lengths
from graphc.ops.sources.files import FileSource
from graphc.ops.tables import npz_arrays, npz_headers, npz_present, require_lengths


@dataclass(frozen=True, kw_only=True)
class Npz(FileSource):
    """An npz file of numpy: one field for each array, the first axis counting the examples."""

    name = "npz"

    inputs: tuple[str, ...] = attribute(Texts(), "the arrays to learn from")
    pixels: tuple[str, ...] = attribute(
        Texts(), "those of the inputs that hold bytes and are divided by 255", ()
    )

    below: tuple[tuple[str, int | str], ...] = attribute(
        ByName(Either((Int(1), Text(("data",))))),
        "for inputs of integers from 0, as `embed` wants them, the number that they are below;"
        " `data`: one more than the largest in the file",
        (),
    )

    steps: tuple = attribute(
        ByAxis(Texts()),
        "the arrays that hold sequences: their axis behind the examples is `time`, or where there"
        " are several axes, the one that stands before them: `{source: [words], target: [reply]}`",
        (),
    )
    lengths: str | tuple | None = attribute(
        ByAxis(Text()),
        "the array that says how many steps each example has, where that differs; what `steps`"
        " hold behind them is padding; for several axes an array each: `{source: n, target: m}`",
        None,
    )

    def complaint(self) -> str | tuple[str, str] | None:
        missing = "`lengths` is for sequences, and `steps` names no array of them"
        found = complaint_of_lengths(self.lengths, self.axes.values(), missing)
        return found or super().complaint()

    @property
    def axes(self) -> dict[str, str]:
        """The axis of the steps of each array that holds sequences."""
        several = by_axis(self.steps, TIME.name)
        return {name: axis for axis, names in several.items() for name in names}

    @property
    def lengths_by_axis(self) -> dict[str, str]:
        """The arrays of lengths."""
        return by_axis(self.lengths, next(iter(self.axes.values()), TIME.name))

    def lengths_of(self, name: str) -> str | None:
        """The array of the lengths of the sequences of another one."""
        return self.lengths_by_axis.get(self.axes.get(name, ""))

    @property
    def arrays(self) -> tuple[str, ...]:
        """The arrays that are read."""
        return (*self.inputs, self.target, *dict.fromkeys(self.lengths_by_axis.values()))

    def fields(self, folder: str) -> Mapping[str, Type]:
        path = self.file(folder)
        headers = npz_headers(path, self.arrays)
        stray = next((each for each in self.pixels if each not in self.inputs), None)
        if stray is not None:
            help = similar(stray, self.inputs, "input")
            message = f"`pixels` names `{stray}`, which is none of the inputs"
            raise ShapeError(message, help, "GC512", stray)
        if not self.inputs or self.target in self.inputs:
            message = "`inputs` names the target" if self.inputs else "`inputs` is empty"
            raise ShapeError(message, "name the arrays to learn from", "GC512")
        self.sizes(headers[self.target][0][0], brought=self.further_files(folder))
        self._check_steps(path, {each: headers[each][0] for each in self.arrays})
        types = {each: self._input(path, each, *self._step(headers, each)) for each in self.inputs}
        self._check_bounds(types)
        types |= {self.target: self._target(path, *self._step(headers, self.target))}
        return {name: self._over_steps(name, kind) for name, kind in types.items()}

    def _over_steps(self, name: str, kind: Type) -> Type:
        axis = self.axes.get(name)
        uneven = self.lengths_of(name) is not None
        return kind if axis is None else over(kind, Axis(axis, TIME.kind), uneven)

    def _step(
        self, headers: Mapping[str, tuple[tuple[int, ...], str]], name: str
    ) -> tuple[tuple[int, ...], str]:
        """The shape of an array without its steps, and its dtype."""
        shape, dtype = headers[name]
        return ((shape[0], *shape[2:]) if name in self.axes else shape), dtype

    def _check_steps(self, path: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
        known = (*self.inputs, self.target)
        for name in self.axes:
            if name not in known:
                message = f"`steps` names `{name}`, which is none of the inputs and not the target"
                raise ShapeError(message, similar(name, known, "array"), "GC512", name)
            if len(shapes[name]) < 2:
                message = f"the array `{name}` of `{path}` has one axis, so that there are no steps"
                help = "sequences are [examples, time, ...]"
                raise ShapeError(message, help, "GC516", name)
        for axis in dict.fromkeys(self.axes.values()):
            names = [name for name in self.axes if self.axes[name] == axis]
            self._check_axis(path, {name: shapes[name][1] for name in names})
        for axis, lengths in self.lengths_by_axis.items():
            if lengths in known or len(shapes[lengths]) != 1:
                message = f"`lengths` is an array of one integer for each example, not `{lengths}`"
                raise ShapeError(message, code="GC516", word=lengths)
            name = next(name for name in self.axes if self.axes[name] == axis)
            require_lengths(path, lengths, shapes[name][1])

    def _check_axis(self, path: str, counts: Mapping[str, int]) -> None:
        if len(set(counts.values())) > 1:
            each = ", ".join(f"`{name}` has {count}" for name, count in counts.items())
            message = f"the arrays of `{path}` must have equally many steps: {each}"
            help = "those over other axes are told apart: `steps: {source: [...], target: [...]}`"
            raise ShapeError(message, help, "GC516")

    def _present(self, path: str, name: str) -> Any:
        """The numbers of an array, without what pads it."""
        lengths = self.lengths_of(name)
        if lengths is None:
            return npz_arrays(path, (name,))[name]
        return npz_present(path, name, lengths)

    def _input(self, path: str, name: str, shape: tuple[int, ...], dtype: str) -> Type:
        if name in self.pixels and dtype != "uint8":
            message = f"`pixels` wants bytes (uint8), but the array `{name}` holds {dtype}"
            raise ShapeError(message, code="GC516")
        if dtype == "bool":
            return Type(shape[1:], "bool")
        if name in self.pixels or not dtype.startswith(("int", "uint")):
            return Type(shape[1:])
        below = dict(self.below).get(name)
        if below == "data":
            below = int(self._present(path, name).max()) + 1
        return Type(shape[1:], "int", below)  # type: ignore[arg-type]

    def _check_bounds(self, types: Mapping[str, Type]) -> None:
        for name, _ in self.below:
            if name not in types:
                message = f"`below` names `{name}`, which is none of the inputs"
                raise ShapeError(message, similar(name, types, "input"), "GC512", name)
            if types[name].dtype != "int":
                message = f"`below` is for integers, but `{name}` is {types[name]}"
                raise ShapeError(message, "leave it out there", "GC516", name)

    def _target(self, path: str, shape: tuple[int, ...], dtype: str) -> Type:
        if self.kind == "number":
            return Type(shape[1:] or (1,))
        if dtype == "bool":
            return Type(shape[1:], "bool")
        if len(shape) != 1 or not dtype.startswith(("int", "uint")):
            what = f"`{self.target}` has shape {list(shape)} of {dtype}"
            message = f"classes are one integer for each example, but {what}"
            help = "a target that is a quantity has `kind: number`"
            if len(shape) > 1 and not dtype.startswith("float"):
                help += ", several labels of which any may be right are truth values (bool)"
            raise ShapeError(message, help, "GC516")
        labels = self._present(path, self.target)
        low, high = int(labels.min()), int(labels.max())
        if low < 0:
            message = f"the array `{self.target}` of `{path}` holds the class {low}"
            raise ShapeError(message, "count classes from 0", "GC515")
        if low == high:
            raise ShapeError(f"every example of `{path}` has the class {low}", code="GC517")
        return Type((), "int", high + 1)


sources.add(Npz)
