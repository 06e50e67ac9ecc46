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
from graphc.data.cifar import load_cifar10, load_cifar10_jpeg, load_cifar10_subset
from graphc.data.dataset import SPLITS, Arrays, Dataset, Form, Scaling
from graphc.data.examples import Examples, require_finite, require_integers
from graphc.data.housing import load_california_housing
from graphc.data.image_folder import load_image_folder
from graphc.data.images import load_fashion_mnist, load_mnist, load_usps
from graphc.data.made_of_digits import load_digit_scenes, load_moving_digits
from graphc.data.npz import load_npz
from graphc.data.signals import load_signals
from graphc.data.splits import Kinds, fold_indices, sample, split_groups, split_indices
from graphc.data.tables import load_table
from graphc.data.user_code import load_python
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
    sources.Cifar10: load_cifar10,
    sources.Cifar10Subset: load_cifar10_subset,
    sources.Cifar10Jpeg: load_cifar10_jpeg,
    sources.CaliforniaHousing: load_california_housing,
    sources.Signals: load_signals,
    sources.DigitScenes: load_digit_scenes,
    sources.MovingDigits: load_moving_digits,
    sources.Csv: load_table,
    sources.Parquet: load_table,
    sources.Npz: load_npz,
    sources.ImageFolder: load_image_folder,
    sources.PythonData: load_python,
}
"""For each declaration, what reads it: (source, folder) -> Examples; a table takes kept columns."""


def load(
    source: DataSource, folder: str, span: Span | None = None, form: Form | None = None
) -> Dataset:
    """The data that `source` declares.

    Args:
        source: one of the declarations of `graphc.ops.sources`.
        folder: the folder that relative paths of the spec start from.
        span: where the spec names the source, for messages.
        form: what a run kept of it: then prepared as it was for that run.

    Raises:
        RunError: GC502 to GC519, see `graphc help`.
    """
    if not isinstance(source, ArraySource) or type(source) not in LOADERS:
        raise InternalError(f"the data source `{source.name}` is declared but has no loader")
    try:
        kept = () if form is None or form.columns is None else (form.columns,)
        examples = LOADERS[type(source)](source, folder, *kept)
        return prepare(source, examples, form)
    except ShapeError as error:
        problem = Diagnostic(error.code, error.message, span, help=error.help)
        raise RunError(problem) from error
    except RunError as error:
        problems = [replace(each, span=each.span or span) for each in error.diagnostics]
        raise RunError(problems) from error


def prepare(source: ArraySource, examples: Examples, form: Form | None = None) -> Dataset:
    """Check the examples, split them as `source` says and scale them, as `form` says if given."""
    fields, target = dict(examples.fields), source.target
    source.check_target(fields[target])
    for part, arrays in examples.parts().items():
        file = examples.files.get(part)
        name = f"the {part} data" if file is None else f"`{file}`"
        _check(name, arrays, fields, examples.policies)
    indices = _indices(source, examples)
    splits = {name: _take(examples.train, fields, index) for name, index in indices.items()}
    _require_classes(splits["train"][target], fields[target], examples.class_names)
    for name, arrays in (("validation", examples.validation), ("test", examples.test)):
        if arrays is not None:
            splits[name] = _take(arrays, fields, slice(None))
    missing = {
        name: {each: int(np.isnan(arrays[each]).sum()) for each in examples.policies}
        for name, arrays in splits.items()
    }
    scaling = _scaling(source, examples, splits["train"]) if form is None else form.scaling
    splits = {
        name: _convert(scaling.apply(splits[name]), fields) for name in SPLITS if name in splits
    }
    return Dataset(
        splits=splits,
        fields=fields,
        target=target,
        class_names=examples.class_names,
        scaling=scaling,
        columns=examples.columns,
        balance=source.balance,
        missing=missing,
    )


def _require_classes(labels: np.ndarray, kind: Type, names: tuple[str, ...] | None) -> None:
    """Raise RunError GC517 where all examples to train on have one class."""
    if kind.dtype == "int" and not kind.shape and labels.min() == labels.max():
        name = names[labels[0]] if names else labels[0]
        message = f"every example to train on has the class `{name}`"
        help = "there is nothing to learn: look at how the data is split"
        raise RunError(Diagnostic("GC517", message, help=help))


def _scaling(source: ArraySource, examples: Examples, train: Arrays) -> Scaling:
    floats = [name for name, type in examples.fields.items() if type.dtype == "float"]
    scaled = [name for name in floats if name != source.target and source.normalize != "none"]
    return Scaling.fit(train, scaled, source.normalize, examples.policies, examples.categories)


def _indices(source: ArraySource, examples: Examples) -> dict[str, np.ndarray]:
    target, kind = examples.train[source.target], examples.fields[source.target]
    kinds = Kinds(
        target if kind.dtype in ("int", "bool") and not kind.shape else None,
        examples.class_names,
        examples.groups,
    )
    found = _shares(source, examples, kinds)
    left = found["train"]
    count = source.taken(len(left), kinds.count)
    if count < len(left):
        found["train"] = sample(left, count, kinds, source.split_seed)
    return found


def _shares(source: ArraySource, examples: Examples, kinds: Kinds) -> dict[str, np.ndarray]:
    if examples.given is not None:
        return {
            name: np.flatnonzero(examples.given == name)
            for name in SPLITS
            if (examples.given == name).any()
        }
    count, seed = len(examples.train[source.target]), source.split_seed
    sizes = source.sizes(count, kinds.count, examples.brought())
    if source.folds is not None and "validation" not in examples.brought():
        return fold_indices(count, sizes["test"], source.folds, source.fold or 0, kinds, seed)
    if kinds.groups is not None:
        return split_groups(kinds.groups, sizes, seed)
    return split_indices(count, sizes, kinds.labels, seed, kinds.names)


def _check(
    part: str, arrays: Arrays, fields: Mapping[str, Type], gaps: Mapping[str, object]
) -> None:
    """Refuse numbers that are not finite; in fields that may have gaps, NaN is one."""
    for name, type in fields.items():
        if type.dtype == "int":
            require_integers(f"`{name}` of {part}", arrays[name], type.below)
        elif arrays[name].dtype.kind == "f":
            array = arrays[name]
            known = np.where(np.isnan(array), 0, array) if name in gaps else array
            require_finite(f"`{name}` of {part}", known)


def _take(
    arrays: Mapping[str, np.ndarray], fields: Mapping[str, Type], index: np.ndarray | slice
) -> Arrays:
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
