"""Sequences of different length: arrays [examples, longest, ...], padded, beside their lengths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.core.operation import ShapeError
from graphc.core.span import Span
from graphc.core.types import NODES, Type, are_lengths, lengths_over, uneven_axes
from graphc.data.examples import Examples
from graphc.data.rows import Array, Make, Rows
from graphc.data.scaling import Arrays

OF_LENGTHS = Type((), "int")
"""The type of the field of lengths."""


class _Padded:
    """Sequences of the same length, of which the last step is repeated behind the end.

    So what stands there are ordinary numbers, whatever the source pads with.

    Args:
        base: [examples, any, ...].
        lengths: int [examples].
        longest: the length that they get.
    """

    def __init__(self, base: Array, lengths: np.ndarray, longest: int) -> None:
        self._base, self._lengths = base, lengths
        self._steps = np.arange(longest)

    def __len__(self) -> int:
        return len(self._base)

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        found = self._base[rows]
        places = np.minimum(self._steps, self._lengths[rows][:, None] - 1)
        return found[np.arange(len(found))[:, None], places]


class Present:
    """The steps that are there, of sequences and their lengths: [steps, ...] for some examples."""

    def __init__(self, base: Array, lengths: np.ndarray, make: tuple[Make, ...] = ()) -> None:
        self._base, self._lengths, self._make = base, lengths, make
        self.shape = base.shape

    def __len__(self) -> int:
        return len(self._base)

    def __getitem__(self, rows: slice) -> np.ndarray:
        found = self._base[rows]
        found = found[np.arange(found.shape[1]) < self._lengths[rows][:, None]]
        for make in self._make:
            found = make(found)
        return found

    def map(self, make: Make) -> Present:
        """What a function makes of each step."""
        return Present(self._base, self._lengths, (*self._make, make))


def present(name: str, arrays: Mapping[str, Any], fields: Mapping[str, Type]) -> Any:
    """The numbers of a field that count: without padding where it has some."""
    lengths = lengths_of(fields[name])
    return arrays[name] if lengths is None else Present(arrays[name], arrays[lengths])


def lengths_of(kind: Type) -> str | None:
    """What the lengths of sequences of this type are called, where they differ."""
    axes = uneven_axes(kind)
    return lengths_over(axes[0].name) if axes else None


def words_of(lengths: str) -> tuple[str, str]:
    """What has lengths that are called so, and what they count, for messages."""
    return ("graph", NODES.name) if lengths == lengths_over(NODES.name) else ("sequence", "steps")


def by_lengths(fields: Mapping[str, Type]) -> dict[str, list[str]]:
    """The fields with sequences of different length, by what their lengths are called."""
    found: dict[str, list[str]] = {}
    for name, kind in fields.items():
        if (lengths := lengths_of(kind)) is not None:
            found.setdefault(lengths, []).append(name)
    return found


def filled(array: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The sequences with their last step in place of what is behind it."""
    return _Padded(array, lengths, array.shape[1])[:]


def padded(examples: Examples, streamed: bool) -> Examples:
    """The examples with the lengths as a field, and all sequences as long as the longest.

    Raises:
        ShapeError: GC515 for a length that is 0 or more than the array has, GC516 where there is
            none for each example.
    """
    for lengths, names in by_lengths(examples.fields).items():
        examples = _along_one(examples, lengths, names, streamed)
    return examples


def _along_one(examples: Examples, lengths: str, names: list[str], streamed: bool) -> Examples:
    """The examples with the lengths over one axis, and the fields over it as long."""
    parts = examples.parts()
    for part, arrays in parts.items():
        _check(part, arrays, lengths, names)
    longest = max(int(arrays[lengths].max()) for arrays in parts.values())
    train, validation, test = (
        _all_padded(parts[part], lengths, names, longest, streamed) if part in parts else None
        for part in ("training", "validation", "test")
    )
    fields = {**examples.fields, lengths: OF_LENGTHS}
    return replace(examples, fields=fields, train=train, validation=validation, test=test)


def _all_padded(
    arrays: Arrays, word: str, names: list[str], longest: int, streamed: bool
) -> Arrays:
    lengths = np.asarray(arrays[word])
    found: dict[str, Any] = {**arrays, word: lengths.astype(np.int32)}
    for name in names:
        whole = _Padded(arrays[name], lengths, longest)
        found[name] = Rows(whole) if streamed or isinstance(arrays[name], Rows) else whole[:]
    return found


def _check(part: str, arrays: Arrays, word: str, names: list[str]) -> None:
    lengths, count = np.asarray(arrays[word][:]), len(arrays[names[0]])
    if lengths.shape != (count,) or lengths.dtype.kind not in "iu":
        found = f"{list(lengths.shape)} of {lengths.dtype}"
        message = f"the lengths of {count} sequences are as many integers, not {found}"
        raise ShapeError(message, code="GC516")
    arrays[word] = lengths
    for name in names:
        steps = arrays[name].shape[1]
        bad = (lengths < 1) | (lengths > steps)
        if bad.any():
            first = int(bad.argmax())
            _, points = words_of(word)
            message = f"example {first + 1} of the {part} data has the length {lengths[first]}, but"
            message += f" `{name}` has 1 to {steps} {points}"
            help = f"the length of an example is the number of its {points} before the padding"
            raise ShapeError(message, help, "GC515")


def require_at_most(
    fields: Mapping[str, Type],
    splits: Mapping[str, Mapping[str, Any]],
    longest: Iterable[tuple[str, int, Span]],
) -> None:
    """Raise RunError GC531 where a field has sequences longer than its input declares.

    Args:
        fields: the types of the fields.
        splits: the prepared arrays, by split and field.
        longest: fields, the most steps that they may have, and where that is said.
    """
    for name, most, span in longest:
        word = lengths_of(fields[name]) or ""
        what, points = words_of(word)
        for split, arrays in splits.items():
            lengths = arrays.get(word, np.full(1, arrays[name].shape[1]))
            if lengths.max() > most:
                message = f"a {what} of `{name}` in the {split} split has {lengths.max()} {points},"
                message += f" and at most {most} are declared"
                larger = "leave out what is larger" if what == "graph" else "cut what is longer"
                help = f"{larger}, or declare more"
                raise RunError(Diagnostic("GC531", message, span, help=help))


def require_pieces(
    arrays: Mapping[str, Any], longest: int | None, truncate: int | None, span: Span
) -> None:
    """Raise RunError GC532 where sequences of one length have no pieces of one length.

    Args:
        arrays: the training examples.
        longest: the steps of the longest sequence.
        truncate: the steps of a piece, if sequences are learnt from in pieces.
        span: where that is said.
    """
    uneven = any(map(are_lengths, arrays))
    if truncate is None or longest is None or uneven or longest % truncate == 0:
        return
    message = f"sequences of {longest} steps have no equal pieces of {truncate}"
    equal = [steps for steps in range(1, longest + 1) if longest % steps == 0]
    near = sorted(equal, key=lambda steps: abs(steps - truncate))[:2]
    help = f"say {' or '.join(f'`truncate: {steps}`' for steps in sorted(near))}"
    raise RunError(Diagnostic("GC532", message, span, help=help))


def together(several: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Sequences one by one as a padded array, with their lengths: int32 [examples].

    Raises:
        ValueError: where they are no arrays, or differ in more than their length.

    Example:
        >>> together([[1, 2], [3]])[0].tolist()
        [[1, 2], [3, 3]]
    """
    arrays = [np.asarray(each) for each in several]
    lengths = np.array([len(each) for each in arrays], np.int32)
    if not lengths.all():
        raise ValueError("one of them is empty")
    whole = [each[np.minimum(np.arange(lengths.max()), len(each) - 1)] for each in arrays]
    return np.stack(whole), lengths
