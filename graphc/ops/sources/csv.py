"""Tables of the user's: one column is the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Text, Texts
from graphc.core.declaration import attribute
from graphc.core.operation import ShapeError
from graphc.core.types import Type
from graphc.ops.sources.base import normalize_attribute
from graphc.ops.sources.files import FileSource
from graphc.ops.tables import DELIMITERS, csv_lines, missing_value, number, require_columns


@dataclass(frozen=True)
class Columns:
    """What a csv file holds: the feature columns, and the classes of the target in their order."""

    features: tuple[str, ...]
    classes: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class Csv(FileSource):
    """A csv file with a header: `features` [columns], and the target by its column's name."""

    name = "csv"

    features: tuple[str, ...] | None = attribute(
        Texts(), "the columns to learn from; without it all others that hold numbers", None
    )
    delimiter: str = attribute(Text(tuple(DELIMITERS)), "what stands between cells", "comma")
    normalize: str = normalize_attribute("standard")

    def fields(self, folder: str) -> Mapping[str, Type]:
        return self.types(self.columns(folder))

    def types(self, columns: Columns) -> dict[str, Type]:
        """The fields, once the columns are known."""
        classes = columns.classes
        target = Type((1,)) if classes is None else Type((), "int", len(classes))
        return {"features": Type((len(columns.features),)), self.target: target}

    def columns(self, folder: str) -> Columns:
        """The columns that are used, read no further into the file than it takes.

        Raises:
            ShapeError: GC511 to GC518; what stands in cells is checked when the data is loaded.
        """
        shared = bool(self.test_part() or self.validation)
        path = self.file(folder)
        lines = csv_lines(path, self.delimiter)
        header = next(lines)[1]
        self._check_names(path, header)
        others = [each for each in header if each != self.target]
        undecided = set(others if self.features is None else ())
        counts: Counter[str] = Counter()
        for line, cells in lines:
            row = dict(zip(header, cells, strict=True))
            undecided -= {each for each in undecided if number(row[each]) is not None}
            if self.kind == "number" and not undecided:
                break
            if self.kind == "classes" and row[self.target].lower() in ("", "nan"):
                raise missing_value(path, line, self.target)
            counts[row[self.target]] += 1
        features = self.features or tuple(each for each in others if each not in undecided)
        if not features:
            message = f"no column of `{path}` besides `{self.target}` holds numbers"
            raise ShapeError(message, "add a column of numbers to learn from", "GC512")
        return Columns(features, self._classes(path, counts, shared))

    def _check_names(self, path: str, header: list[str]) -> None:
        chosen = [self.target, *(self.features or ())]
        require_columns(path, header, chosen)
        twice = next((each for each in chosen if chosen.count(each) > 1), None)
        if twice is not None:
            message = f"the column `{twice}` is used twice, in `features` or as the target"
            raise ShapeError(message, "name it once", "GC512")
        if self.target == "features":
            message = "the target's field would be called `features`, as the features are"
            raise ShapeError(message, "rename the column", "GC512")
        if self.features is None and "" in header:
            message = f"column {header.index('') + 1} of `{path}` has no name"
            raise ShapeError(message, "name it, or list the columns to use in `features`", "GC516")

    def _classes(self, path: str, counts: Counter[str], shared: bool) -> tuple[str, ...] | None:
        if self.kind == "number":
            return None
        numbers = [number(each) for each in counts]
        hint = None if None in numbers else "a target that is a quantity has `kind: number`"
        if len(counts) < 2:
            message = f"every row of `{path}` has the same class in column `{self.target}`"
            raise ShapeError(message, hint, "GC517")
        rare = min(counts, key=lambda each: counts[each])
        if counts[rare] < 2 and shared:
            message = f"only one row of `{path}` has the class `{rare}`, so splits cannot share it"
            raise ShapeError(message, hint or "drop the row or add another of the class", "GC517")
        self.sizes(counts.total(), len(counts))
        if None in numbers:
            return tuple(sorted(counts))
        return tuple(sorted(counts, key=lambda each: (float(each), each)))
