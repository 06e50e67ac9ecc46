"""Data from a function of the user's: called, and checked against what the spec declares."""

from __future__ import annotations

import mmap
import os
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, Note, RunError, listing, similar
from graphc.core.importing import importing
from graphc.core.operation import ShapeError
from graphc.core.types import Type, lengths_over, time_axes
from graphc.data.dataset import SPLITS
from graphc.data.examples import Examples
from graphc.data.rows import Array, Filed, Rows, by_row
from graphc.ops.sources import PythonData

_KINDS = {"float": "biuf", "int": "iu", "bool": "b"}


def load_python(source: PythonData, folder: str) -> Examples:
    """What the function returns.

    Raises:
        RunError: GC520 where the code raises.
        ShapeError: GC511 where its file is not there, GC512 and GC516 where what it returns is not
            as declared.
    """
    fields = source.fields(folder)
    found = _returned(source, folder)
    what = f"`{source.definition}`"
    if not isinstance(found, Mapping):
        help = "return a dict of arrays by field, or of such dicts for `train` and `test`"
        raise ShapeError(f"{what} returns {_described(found)}, not a dict", help, "GC516")
    splits = found if "train" in found and isinstance(found["train"], Mapping) else {"train": found}
    unknown = next((str(each) for each in splits if each not in SPLITS), None)
    if unknown is not None:
        help = similar(unknown, SPLITS, "split") or f"the splits are {listing(SPLITS)}"
        raise ShapeError(f"{what} returns a split `{unknown}`", help, "GC516")
    checked = {
        name: _arrays(
            f"{what} returns for the split `{name}`", each, fields, source.lengths_by_axis
        )
        for name, each in splits.items()
    }
    return Examples(
        fields, checked["train"], checked.get("test"), validation=checked.get("validation")
    )


def _returned(source: PythonData, folder: str) -> Any:
    file = source.file(folder)
    try:
        with importing([os.path.abspath(folder)], [os.path.relpath(file, folder)]):
            function = getattr(import_module(source.module), source.word, None)
            if not callable(function):
                message = f"`{file}` has no function `{source.word}`"
                raise ShapeError(message, None, "GC512", source.definition)
            return function(**dict(source.arguments))
    except (ShapeError, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        frames = [
            each for each in traceback.extract_tb(error.__traceback__) if each.filename == file
        ]
        notes = [Note(f"in `{each.name}`, line {each.lineno}: {each.line}") for each in frames[-3:]]
        text = f"{type(error).__name__}: {error}".rstrip(": ")
        message = f"`{source.definition}` raises {text.splitlines()[0]}"
        raise RunError(Diagnostic("GC520", message, notes=tuple(notes))) from error


def _arrays(
    what: str, arrays: object, fields: Mapping[str, Type], lengths: Mapping[str, str]
) -> dict[str, Any]:
    """The arrays of a split, in the types that were declared."""
    if not isinstance(arrays, Mapping):
        raise ShapeError(f"{what} {_described(arrays)}, not a dict of arrays", None, "GC516")
    names = [str(each) for each in arrays]
    wanted = (*fields, *lengths.values())
    for name in wanted:
        if name not in arrays:
            help = similar(name, names, "field") or f"its fields are {listing(names)}"
            raise ShapeError(f"{what} no field `{name}`", help, "GC512", name)
    unknown = next((each for each in names if each not in wanted), None)
    if unknown is not None:
        help = "give its type in `types`, or leave it out"
        raise ShapeError(f"{what} a field `{unknown}` that is not declared", help, "GC512")
    checked = {name: _array(what, name, arrays[name], kind) for name, kind in fields.items()}
    checked |= {lengths_over(axis): np.asarray(arrays[name]) for axis, name in lengths.items()}
    counts = {name: len(each) for name, each in checked.items()}
    if len(set(counts.values())) > 1 or 0 in counts.values():
        each = ", ".join(f"`{name}` has {count}" for name, count in counts.items())
        message = f"{what} arrays that must hold equally many examples, at least one: {each}"
        raise ShapeError(message, None, "GC516")
    return checked


def _array(what: str, name: str, value: object, kind: Type) -> Array:
    array: Array = _filed(value) if isinstance(value, np.memmap) else np.asarray(value)
    if (
        array.dtype.kind not in _KINDS[kind.dtype]
        or array.ndim != kind.rank
        or array.shape[len(kind.domain) :] != kind.shape
    ):
        found = f"{list(array.shape)} of {array.dtype}"
        axes = ["examples", *(axis.name for axis in time_axes(kind)), *map(str, kind.shape)]
        wanted = f"[{', '.join(axes)}] of {kind.dtype}s"
        message = f"{what} `{name}` as {found}, and {wanted} are declared"
        raise ShapeError(message, None, "GC516", name)
    if kind.dtype == "float" and array.dtype.kind != "f":
        return by_row(array, lambda rows: rows.astype(np.float32))
    return array


def _filed(array: np.memmap) -> Array:
    """An array that is mapped from a file, which stays there; a part of one as it is."""
    if not isinstance(array.base, mmap.mmap) or not array.flags.c_contiguous or not array.ndim:
        return np.asarray(array)
    return Rows(Filed(str(array.filename), array.dtype, array.shape, array.offset))


def _described(value: object) -> str:
    return "nothing" if value is None else f"`{type(value).__name__}`"
