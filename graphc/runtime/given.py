"""Weights that are not drawn: read out of the data or a file where a run starts."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from graphc.checker import Checked
from graphc.core.diagnostic import Diagnostic, InternalError, RunError
from graphc.core.operation import ShapeError
from graphc.core.span import Span
from graphc.data.dataset import Dataset
from graphc.data.decoding import decode_all, decode_middle
from graphc.ops.given import FromField, FromImage, Given
from graphc.plan.starting import given


@dataclass(frozen=True)
class Started:
    """What a weight starts as: the array, and in words where it is from."""

    array: np.ndarray
    source: str


@dataclass(frozen=True)
class Starting:
    """A weight that is not drawn.

    Args:
        start: what the spec says of it.
        shape: its shape.
        folder: the folder of the spec.
        dataset: the data; its fields are called as there.
        place: where the spec says so, for messages.
    """

    start: Given
    shape: tuple[int, ...]
    folder: str
    dataset: Dataset
    place: Span

    def read(self) -> Started:
        """The array; raises RunError GC511 to GC519 where an image cannot be read."""
        if isinstance(self.start, FromField):
            return self._field(self.start)
        if isinstance(self.start, FromImage):
            return self._image(self.start)
        raise InternalError(f"the initializer `{self.start.name}` is declared but has no reader")

    def _field(self, start: FromField) -> Started:
        array = self.dataset.splits["train"][start.field][:1][0]
        return Started(np.array(array), f"`{start.field}` of the first example")

    def _image(self, start: FromImage) -> Started:
        height, width, channels = self.shape
        file, size = start.file(self.folder), (height, width)
        try:
            if start.resize:
                pixels = decode_middle(file, file, size, channels)
            else:
                (pixels,) = decode_all([(file, file)], size, channels)
        except ShapeError as error:
            problem = Diagnostic(error.code, error.message, self.place, help=error.help)
            raise RunError(problem) from error
        return Started(
            np.divide(pixels, 255, dtype=np.float32), f"the image `{os.path.relpath(file)}`"
        )


def starting(checked: Checked, dataset: Dataset) -> dict[str, Starting]:
    """By path, the weights of a spec that are not drawn."""
    document, found = checked.document, {}
    for entry, start in given(checked.own):
        if isinstance(start, FromField) and start.field in document.fields:
            start = FromField(document.fields[start.field].text)
        shape, place = entry.weight.shape or (), entry.nodes[-1].span
        found[entry.path] = Starting(start, shape, document.folder, dataset, place)
    return found
