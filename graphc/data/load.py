"""From a declaration to arrays: read, check, split, scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from graphc.core.diagnostic import Diagnostic, InternalError, RunError
from graphc.core.operation import ShapeError
from graphc.core.span import Span
from graphc.core.types import Type
from graphc.data.bundled import load_bundled
from graphc.data.dataset import Arrays, Dataset, Scaling
from graphc.data.examples import Examples, require_finite, require_integers
from graphc.data.images import load_cifar10_subset, load_fashion_mnist, load_mnist, load_usps
from graphc.data.made_of_digits import load_digit_scenes, load_moving_digits
from graphc.data.signals import load_signals
from graphc.data.splits import split_indices
from graphc.data.tables import load_csv, load_npz
from graphc.ops import sources
from graphc.ops.sources import ArraySource, DataSource

LOADERS: Mapping[type[DataSource], Callable[..., Examples]] = {
    sources.Digits: load_bundled,
    sources.Iris: load_bundled,
    sources.Wine: load_bundled,
    sources.BreastCancer: load_bundled,
    sources.Diabetes: load_bundled,
    sources.Mnist: load_mnist,
    sources.FashionMnist: load_fashion_mnist,
    sources.Usps: load_usps,
    sources.Cifar10Subset: load_cifar10_subset,
    sources.Signals: load_signals,
    sources.DigitScenes: load_digit_scenes,
    sources.MovingDigits: load_moving_digits,
    sources.Csv: load_csv,
    sources.Npz: load_npz,
}
"""For each declaration, what reads it: (source, folder) -> Examples."""


def load(source: DataSource, folder: str, span: Span | None = None) -> Dataset:
    """The data that `source` declares.

    Args:
        source: one of the declarations of `graphc.ops.sources`.
        folder: the folder that relative paths of the spec start from.
        span: where the spec names the source, for messages.

    Raises:
        RunError: GC502 to GC518, see `graphc help`.
    """
    if not isinstance(source, ArraySource) or type(source) not in LOADERS:
        raise InternalError(f"the data source `{source.name}` is declared but has no loader")
    try:
        examples = LOADERS[type(source)](source, folder)
        return prepare(source, examples)
    except ShapeError as error:
        problem = Diagnostic(error.code, error.message, span, help=error.help)
        raise RunError(problem) from error
    except RunError as error:
        problems = [replace(each, span=each.span or span) for each in error.diagnostics]
        raise RunError(problems) from error


def prepare(source: ArraySource, examples: Examples) -> Dataset:
    """Check the examples, split them as `source` says and scale them."""
    fields, target = dict(examples.fields), source.target
    for part, arrays in examples.parts().items():
        _check(part, arrays, fields)
    indices = _indices(source, examples)
    splits = {name: _take(examples.train, fields, index) for name, index in indices.items()}
    if examples.test is not None:
        splits["test"] = _take(examples.test, fields, slice(None))
    scaled = [name for name, type in fields.items() if type.dtype == "float" and name != target]
    standard = source.normalize == "standard"
    scaling = Scaling.fit(splits["train"], scaled if standard else [])
    splits = {name: _convert(scaling.apply(arrays), fields) for name, arrays in splits.items()}
    return Dataset(splits, fields, target, examples.class_names, scaling)


def _indices(source: ArraySource, examples: Examples) -> dict[str, np.ndarray]:
    target, kind = examples.train[source.target], examples.fields[source.target]
    labels = target if kind.dtype == "int" and not kind.shape else None
    classes = 1 if labels is None else len(np.unique(labels))
    sizes = source.sizes(len(target), classes)
    return split_indices(len(target), sizes, labels, source.split_seed, examples.class_names)


def _check(part: str, arrays: Arrays, fields: Mapping[str, Type]) -> None:
    for name, type in fields.items():
        if type.dtype == "int":
            require_integers(f"`{name}` of the {part} data", arrays[name], type.below)
        elif arrays[name].dtype.kind == "f":
            require_finite(f"`{name}` of the {part} data", arrays[name])


def _take(arrays: Arrays, fields: Mapping[str, Type], index: np.ndarray | slice) -> Arrays:
    """The examples at `index`; bytes of a field of floats are pixels and become 0..1."""
    taken = {name: arrays[name][index] for name in fields}
    return {
        name: np.divide(array, np.float32(255), dtype=np.float32)
        if array.dtype == np.uint8 and fields[name].dtype == "float"
        else array
        for name, array in taken.items()
    }


_DTYPES = {"float": np.float32, "int": np.int32, "bool": np.bool_}


def _convert(arrays: Arrays, fields: Mapping[str, Type]) -> Arrays:
    return {
        name: np.ascontiguousarray(array, dtype=_DTYPES[fields[name].dtype])
        for name, array in arrays.items()
    }
