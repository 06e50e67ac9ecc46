"""From a declaration to arrays: read, check, split, scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.core.operation import ShapeError
from graphc.core.span import Span
from graphc.core.types import Type
from graphc.data.dataset import SPLITS, Arrays, Dataset, Form, Scaling
from graphc.data.examples import Examples, require_finite, require_integers
from graphc.data.lengths import padded, present
from graphc.data.loaders import SERIES, WHOLE, loader
from graphc.data.rows import Array, Rows, by_row, pieces
from graphc.data.splits import Kinds, fold_indices, sample, split_groups, split_indices
from graphc.data.store import Disk, Memory
from graphc.data.streaming import STREAMED, Limit, estimate, size_of
from graphc.ops import sources
from graphc.ops.sources import ArraySource, DataSource


def load(
    source: DataSource,
    folder: str,
    span: Span | None = None,
    form: Form | None = None,
    device: int | None = None,
) -> Dataset:
    """The data that `source` declares.

    Args:
        source: one of the declarations of `graphc.ops.sources`.
        folder: the folder that relative paths of the spec start from.
        span: where the spec names the source, for messages.
        form: what a run kept of it: then prepared as it was for that run.
        device: the bytes of the memory of the device that it is for, where that is not the host.

    Raises:
        RunError: GC502 to GC530, see `graphc help`.
    """
    try:
        read = loader(source.name)
        if source.name in WHOLE:
            return _like(form, read(source, folder))
        if source.name in SERIES:
            return _like(form, read(source, folder).dataset(source, folder, form))
        assert isinstance(source, ArraySource)
        kept = () if form is None else _kept(source, form)
        limit = Limit(device)
        files = isinstance(source, STREAMED)
        streamed = files and limit.streams(source, partial(estimate, source, folder))
        store = {"store": Disk() if streamed else Memory()} if files else {}
        examples = read(source, folder, *kept, **store)
        streamed = streamed or limit.streams(source, partial(size_of, examples))
        return _like(form, prepare(source, examples, form, streamed))
    except ShapeError as error:
        problem = Diagnostic(error.code, error.message, span, help=error.help)
        raise RunError(problem) from error
    except RunError as error:
        problems = [replace(each, span=each.span or span) for each in error.diagnostics]
        raise RunError(problems) from error


def _like(form: Form | None, found: Dataset) -> Dataset:
    """The data set; raises RunError GC607 where it is not like what a run kept."""
    if form is not None:
        form.require_alike(found)
    return found


def _kept(source: ArraySource, form: Form) -> tuple[Any, ...]:
    """What a loader takes of what a run kept: the columns of a table, the symbols of a text."""
    if form.columns is not None:
        return (form.columns,)
    texts = isinstance(source, sources.TextSource | sources.WordSource)
    return (form.class_names,) if texts and form.class_names else ()


def prepare(
    source: ArraySource, examples: Examples, form: Form | None = None, streamed: bool = False
) -> Dataset:
    """Check the examples, split them as `source` says and scale them, as `form` says if given.

    Where they are `streamed`, an example is taken and scaled when it is asked for.
    """
    examples = padded(examples, streamed)
    fields, target = dict(examples.fields), source.target
    source.check_target(fields[target])
    for part, arrays in examples.parts().items():
        file = examples.files.get(part)
        name = f"the {part} data" if file is None else f"`{file}`"
        _check(name, arrays, fields, examples.policies)
    indices = _indices(source, examples)
    take = _streamed if streamed else _take
    splits = {name: take(examples.train, fields, index) for name, index in indices.items()}
    for name, arrays in (("validation", examples.validation), ("test", examples.test)):
        if arrays is not None:
            splits[name] = take(arrays, fields, np.arange(len(arrays[target])))
    _require_classes(splits["train"][target], fields[target], examples.class_names)
    missing = {
        name: {each: _gaps(arrays[each]) for each in examples.policies}
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
        directed=examples.directed,
        balance=source.balance,
        missing=missing,
        left_out=dict(examples.left_out),
    )


def _gaps(array: Array) -> int:
    return sum(int(np.isnan(piece).sum()) for _, piece in pieces(array))


def _require_classes(labels: Array, kind: Type, names: tuple[str, ...] | None) -> None:
    """Raise RunError GC517 where all examples to train on have one class."""
    if kind.dtype != "int" or not kind.single:
        return
    labels = labels[:]
    if labels.min() == labels.max():
        name = names[labels[0]] if names else labels[0]
        message = f"every example to train on has the class `{name}`"
        help = "there is nothing to learn: look at how the data is split"
        raise RunError(Diagnostic("GC517", message, help=help))


def _scaling(source: ArraySource, examples: Examples, train: Arrays) -> Scaling:
    floats = [name for name, type in examples.fields.items() if type.dtype == "float"]
    scaled = [name for name in floats if name != source.target and source.normalize != "none"]
    measured = {*scaled, *examples.policies}
    known = train | {name: _measured(name, train, examples.fields) for name in measured}
    return Scaling.fit(known, scaled, source.normalize, examples.policies, examples.categories)


def _measured(name: str, train: Arrays, fields: Mapping[str, Type]) -> Any:
    """The numbers of a field that count, with an axis of features behind steps that have none."""
    found, kind = present(name, train, fields), fields[name]
    if kind.shape or kind.single:
        return found
    return by_row(found, lambda steps: steps[..., None])


def _indices(source: ArraySource, examples: Examples) -> dict[str, np.ndarray]:
    target, kind = examples.train[source.target], examples.fields[source.target]
    kinds = Kinds(
        target[:] if kind.dtype in ("int", "bool") and kind.single else None,
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
    part: str, arrays: Mapping[str, Any], fields: Mapping[str, Type], gaps: Mapping[str, object]
) -> None:
    """Refuse numbers that are not finite; in fields that may have gaps, NaN is one."""
    for name, type in fields.items():
        what = f"`{name}` of {part}"
        if type.dtype == "int":
            for start, piece in pieces(arrays[name]):
                require_integers(what, piece, type.below, start)
        elif arrays[name].dtype.kind == "f":
            for start, piece in pieces(arrays[name]):
                known = np.where(np.isnan(piece), 0, piece) if name in gaps else piece
                require_finite(what, known, start)


def _take(arrays: Mapping[str, Array], fields: Mapping[str, Type], index: np.ndarray) -> Arrays:
    """The examples at `index`."""
    return {name: _pixels(arrays[name][index], type) for name, type in fields.items()}


def _streamed(
    arrays: Mapping[str, Array], fields: Mapping[str, Type], index: np.ndarray
) -> dict[str, Any]:
    """The same, each when it is asked for; single integers, which are little, at once."""
    found: dict[str, Any] = {}
    for name, type in fields.items():
        array = arrays[name]
        if type.dtype != "float" and type.single:
            found[name] = array[index]
        else:
            rows = array.take(index) if isinstance(array, Rows) else Rows(array, index)
            found[name] = rows.map(partial(_pixels, kind=type))
    return found


def _pixels(array: np.ndarray, kind: Type) -> np.ndarray:
    """The same; bytes of a field of floats are pixels and become 0..1."""
    if array.dtype == np.uint8 and kind.dtype == "float":
        return np.divide(array, np.float32(255), dtype=np.float32)
    return array


_DTYPES = {"float": np.float32, "int": np.int32, "bool": np.bool_}


def _convert(arrays: Mapping[str, Any], fields: Mapping[str, Type]) -> dict[str, Any]:
    return {
        name: by_row(array, partial(np.ascontiguousarray, dtype=_DTYPES[fields[name].dtype]))
        for name, array in arrays.items()
    }
