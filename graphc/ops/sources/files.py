"""The user's own files: what csv and npz have in common."""

from __future__ import annotations

import os
from dataclasses import dataclass

from graphc.core.attributes import Text
from graphc.core.declaration import attribute, primary
from graphc.core.diagnostic import similar
from graphc.core.operation import ShapeError
from graphc.ops.sources.base import Undivided


@dataclass(frozen=True, kw_only=True)
class FileSource(Undivided):
    """The base of sources that are a file of the user's; `target` is also the field's name."""

    path: str = primary(Text(), "the file, relative to the folder of the spec")
    # The base's class variable is an attribute here: the user's own name for the target.
    target: str = attribute(  # pyright: ignore[reportIncompatibleVariableOverride]
        Text(), "what is predicted: the name of a column or an array"
    )
    kind: str = attribute(
        Text(("classes", "number")),
        "what the target is: `classes` for an int below their number (or, in an npz file, truth"
        " values), `number` for floats",
        "classes",
    )
    test_path: str | None = attribute(  # pyright: ignore[reportIncompatibleVariableOverride]
        Text(), "a second file, the test split, in place of `test`", None
    )

    validation_path: str | None = attribute(
        Text(), "a further file, the validation split, in place of `validation`", None
    )

    def validation_part(self) -> float | int:
        if self.validation_path is None:
            return super().validation_part()
        if self.folds is not None:
            message = "`folds` and `validation_path` exclude each other"
            raise ShapeError(message, "drop one of them", "GC518")
        if self.validation != Undivided.validation:
            message = "`validation` and `validation_path` exclude each other"
            raise ShapeError(message, "drop one of them", "GC518")
        return 0

    def further_files(self, folder: str) -> dict[str, str]:
        """Where the files of the other splits are, as far as they are given; raises as `file`."""
        paths = {"test": self.test_path, "validation": self.validation_path}
        return {split: self.file(folder, path) for split, path in paths.items() if path is not None}

    def file(self, folder: str, path: str | None = None) -> str:
        """Where `path` (the training file if None) is; raises ShapeError GC511."""
        return file_at(folder, path or self.path)


def file_at(folder: str, path: str) -> str:
    """Where a file of the user's is; raises ShapeError GC511 where it is not there."""
    found = os.path.join(folder, os.path.expanduser(path))
    if not os.path.isfile(found):
        parent, name = os.path.split(found)
        listed = os.listdir(parent or ".") if os.path.isdir(parent or ".") else []
        near = [each for each in listed if os.path.isfile(os.path.join(parent, each))]
        help = similar(name, near, "file") or "a path starts from the folder of the spec"
        what = "a folder, not a file" if os.path.isdir(found) else "not there"
        raise ShapeError(f"the data file `{found}` is {what}", help, "GC511", path)
    return found
