"""Tables of the user's: one column is the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from graphc.core.attributes import Text, Texts
from graphc.core.declaration import attribute
from graphc.core.diagnostic import listing
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import TIME, Type, over, uneven
from graphc.ops.sources.base import normalize_attribute
from graphc.ops.sources.columns import Columns, Missing, Policy
from graphc.ops.sources.files import FileSource
from graphc.ops.tables import (
    DELIMITERS,
    csv_lines,
    is_gap,
    missing_value,
    number,
    parquet_counts,
    parquet_lines,
    require_columns,
    truth_or_number,
)

FEATURES = "features"
_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class TableSource(FileSource):
    """The base of tables: `features` [columns], and the target by its column's name."""

    features: tuple[str, ...] | None = attribute(
        Texts(), "the columns of numbers to learn from; without it all others that hold some", None
    )
    one_hot: tuple[str, ...] = attribute(
        Texts(), "columns of categories, each of which is a 0 or 1 at the end of `features`", ()
    )
    index: tuple[str, ...] = attribute(
        Texts(), "columns of categories that are a field of ints each, for `embed`", ()
    )
    missing: Policy = attribute(
        Missing(),
        "what becomes of a missing value: an `error`; the `mean` or `median` of its column; a"
        " `category` of its own; or `drop` the row",
        "error",
    )
    unknown: str = attribute(
        Text(("error", "missing")),
        "what a category is that the training file has not: an error, or a missing value",
        "error",
    )
    group: str | None = attribute(
        Text(), "a column whose equal values stay in one split (a patient, a day)", None
    )
    split: str | None = attribute(
        Text(), "a column that says `train`, `validation` or `test` in every row", None
    )
    sequence: str | None = attribute(
        Text(), "a column that says which sequence a row is a step of", None
    )
    order: str | None = attribute(
        Text(), "a column of numbers that orders the steps of a sequence; without it the file", None
    )
    target_of: str | None = attribute(
        Text(("sequence", "step")),
        "whether a sequence has one target, the same in all its rows, or each of its steps has one;"
        " default: sequence",
        None,
    )
    normalize: str = normalize_attribute("standard")

    @property
    def marks(self) -> tuple[str, ...]:
        """The columns that say how rows are split and which sequence they belong to."""
        return tuple(each for each in (self.group, self.split, *self.steps) if each is not None)

    @property
    def steps(self) -> tuple[str, ...]:
        """The columns that say which sequence a row is a step of, and which one."""
        return tuple(each for each in (self.sequence, self.order) if each is not None)

    def lines(self, path: str) -> Iterator[tuple[str, list[str]]]:
        """The header, then each row: its place in the file, and its cells."""
        raise NotImplementedError

    def counts(self, path: str, names: Iterable[str]) -> Iterator[Mapping[str, Mapping[str, int]]]:
        """For some rows after the others, how often each cell stands in these columns."""
        lines = self.lines(path)
        header = next(lines)[1]
        places = {name: header.index(name) for name in names}
        many = 1  # who asks may know enough after the first line
        while some := list(islice(lines, many)):
            yield {
                name: Counter(cells[place] for _, cells in some) for name, place in places.items()
            }
            many = min(2 * many, _AT_ONCE)

    def fields(self, folder: str) -> Mapping[str, Type]:
        self.further_files(folder)
        columns = self.columns(folder)
        if self.sequence is None:
            return self.field_types(columns)
        lengths = self._counted(self.file(folder), (self.sequence,))[self.sequence]
        return self.step_types(columns, len(set(lengths.values())) == 1)

    def step_types(self, columns: Columns, even: bool) -> dict[str, Type]:
        """The fields where rows are steps of sequences, which may be of different length."""

        def steps(kind: Type) -> Type:
            return over(kind, TIME) if even else uneven(over(kind, TIME))

        once = self.target if self.target_of != "step" else None
        types = self.field_types(columns)
        return {name: each if name == once else steps(each) for name, each in types.items()}

    def field_types(self, columns: Columns) -> dict[str, Type]:
        """The fields of one row, once the columns are known."""
        width = len(columns.numbers)
        width += sum(self.values(name, each) for name, each in columns.one_hot.items())
        found = {FEATURES: Type((width,))} if width else {}
        for name, each in columns.index.items():
            found[name] = Type((), "int", self.values(name, each))
        classes = columns.classes
        target = Type((1,)) if classes is None else Type((), "int", len(classes))
        return found | {self.target: target}

    def complaint(self) -> str | tuple[str, str] | None:
        if self.split is not None and (self.group is not None or self.folds is not None):
            return f"`split` and `{'group' if self.group else 'folds'}` exclude each other"
        given = next((each for each in ("order", "target_of") if getattr(self, each)), None)
        if self.sequence is None and given is not None:
            return f"`{given}` is about sequences, and `sequence` names no column of theirs"
        policies = (self.missing,) if isinstance(self.missing, str) else dict(self.missing).values()
        if self.sequence is not None and "drop" in policies:
            return "`missing: drop` would take steps out of sequences"
        return super().complaint()

    def test_part(self) -> float | int:
        return super().test_part() if self.split is None else 0

    def lacks_validation(self) -> bool:
        given = self.split is not None or self.validation_path is not None
        return not given and not self.validation_part()

    def validation_part(self) -> float | int:
        return super().validation_part() if self.split is None else 0

    def policy(self, column: str) -> str:
        """What becomes of a missing value of a column, with what fits it where one is for all."""
        if not isinstance(self.missing, str):
            return dict(self.missing).get(column, "error")
        categorical = column in (*self.one_hot, *self.index)
        fits = self.missing == "drop" or categorical == (self.missing == "category")
        return self.missing if fits and (column != self.target or self.drops) else "error"

    @property
    def drops(self) -> bool:
        """Whether one policy drops every row with a gap."""
        return self.missing == "drop"

    def values(self, column: str, categories: tuple[str, ...]) -> int:
        """How many values a column of categories has: a missing one may be one more."""
        return len(categories) + (self.policy(column) == "category")

    def dropped(self, row: Mapping[str, str], columns: Iterable[str]) -> bool:
        """Whether a row is left out for a gap in one of these columns."""
        categorical = (*self.one_hot, *self.index)
        return any(
            is_gap(row[each], words=each not in categorical)
            for each in columns
            if self.policy(each) == "drop"
        )

    def columns(self, folder: str) -> Columns:
        """The columns that are used, read no further into the file than it takes.

        Raises:
            ShapeError: GC511 to GC519; what stands in cells is checked when the data is loaded.
        """
        path = self.file(folder)
        header = next(self.lines(path))[1]
        self._check_names(path, header)
        self._check_policies()
        numbers = self._numbers(path, header) if self.features is None else self.features
        if not (numbers or self.one_hot or self.index):
            message = f"no column of `{path}` besides `{self.target}` holds numbers"
            help = "add a column of numbers to learn from, or name columns in `one_hot`"
            raise ShapeError(message, help, "GC512")
        found, classes = self._values(path, numbers)
        return Columns(
            numbers,
            {name: found[name] for name in self.one_hot},
            {name: found[name] for name in self.index},
            classes,
        )

    def _numbers(self, path: str, header: list[str]) -> tuple[str, ...]:
        """The columns besides those with another purpose that hold a number, true or false."""
        aside = (self.target, *self.one_hot, *self.index, *self.marks)
        others = [each for each in header if each not in aside]
        undecided = set(others)
        for counts in self.counts(path, others):
            undecided -= {
                name
                for name in undecided
                if any(truth_or_number(cell) is not None for cell in counts[name])
            }
            if not undecided:
                break
        return tuple(each for each in others if each not in undecided)

    def _values(
        self, path: str, numbers: tuple[str, ...]
    ) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...] | None]:
        """The categories of each column of them, and the classes of the target."""
        if self.kind == "number" and not (self.one_hot or self.index):
            return {}, None
        used = (*numbers, *self.one_hot, *self.index, self.target)
        goal = (self.target,) if self.kind == "classes" else ()
        drops = any(self.policy(each) == "drop" for each in used)
        found = None if drops else self._counted(path, (*self.one_hot, *self.index, *goal))
        if found is None or any(is_gap(cell) for name in goal for cell in found[name]):
            found = self._counted_by_line(path, used)
        known = {name: set(found[name]) for name in (*self.one_hot, *self.index)}
        counts = found[self.target] if goal else Counter()
        categories = {name: _in_order(values - {""}) for name, values in known.items()}
        self._check_categories(path, categories)
        return categories, self._classes(path, counts)

    def _counted(self, path: str, names: tuple[str, ...]) -> dict[str, Counter[str]]:
        """How often each cell stands in these columns."""
        found: dict[str, Counter[str]] = {name: Counter() for name in names}
        for counts in self.counts(path, names):
            for name in names:
                found[name].update(counts[name])
        return found

    def _counted_by_line(self, path: str, used: tuple[str, ...]) -> dict[str, Counter[str]]:
        """The same in lines that are not dropped; one without a target is an error."""
        found: dict[str, Counter[str]] = {name: Counter() for name in used}
        lines = self.lines(path)
        header = next(lines)[1]
        for place, cells in lines:
            row = dict(zip(header, cells, strict=True))
            if self.dropped(row, used):
                continue
            if self.kind == "classes" and is_gap(row[self.target]):
                raise missing_value(path, place, self.target)
            for name in (*self.one_hot, *self.index, self.target):
                found[name][row[name]] += 1
        return found

    def _check_names(self, path: str, header: list[str]) -> None:
        chosen = [self.target, *(self.features or ()), *self.one_hot, *self.index]
        named = [] if isinstance(self.missing, str) else [each for each, _ in self.missing]
        require_columns(path, header, [*chosen, *self.marks, *named])
        twice = next((each for each in chosen if chosen.count(each) > 1), None)
        if twice is not None:
            message = f"the column `{twice}` is used twice, in `features` or as the target"
            if twice in (*self.one_hot, *self.index):
                message = f"the column `{twice}` is used twice"
            raise ShapeError(message, "name it once", "GC512")
        if FEATURES in (self.target, *self.index):
            what = "the target's field" if self.target == FEATURES else "a field of `index`"
            message = f"{what} would be called `features`, as the features are"
            raise ShapeError(message, "rename the column", "GC512")
        if self.features is None and "" in header:
            message = f"column {header.index('') + 1} of `{path}` has no name"
            raise ShapeError(message, "name it, or list the columns to use in `features`", "GC516")

    def _check_policies(self) -> None:
        """Refuse policies by name that do not fit their columns."""
        for name, policy in () if isinstance(self.missing, str) else self.missing:
            what, allowed = "a column of numbers", ("mean", "median", "drop", "error")
            if name in (*self.one_hot, *self.index):
                what, allowed = "a column of categories", ("category", "drop", "error")
            elif name == self.target:
                what, allowed = "the target", ("drop", "error")
            if policy not in allowed:
                message = f"`missing` says `{policy}` for `{name}`, which is {what}"
                raise ShapeError(message, f"write {listing(allowed)}", "GC512", policy)

    def _check_categories(self, path: str, found: Mapping[str, tuple[str, ...]]) -> None:
        empty = next((name for name, known in found.items() if not known), None)
        if empty is not None:
            message = f"the column `{empty}` of `{path}` has no value at all"
            raise ShapeError(message, "leave it out", "GC513", empty)

    def _classes(self, path: str, counts: Counter[str]) -> tuple[str, ...] | None:
        if self.kind == "number":
            return None
        numbers = [number(each) for each in counts]
        hint = None if None in numbers else "a target that is a quantity has `kind: number`"
        if len(counts) < 2:
            message = f"every row of `{path}` has the same class in column `{self.target}`"
            raise ShapeError(message, hint, "GC517")
        shared = bool(self.test_part() or self.validation_part())
        rare = min(counts, key=lambda each: counts[each])
        if counts[rare] < 2 and shared and self.group is None:
            message = f"only one row of `{path}` has the class `{rare}`, so splits cannot share it"
            raise ShapeError(message, hint or "drop the row or add another of the class", "GC517")
        self.sizes(counts.total(), len(counts))
        return _in_order(counts)


def _in_order(values: Iterable[str]) -> tuple[str, ...]:
    """Sorted as numbers if all are numbers, otherwise as text."""
    values = tuple(values)
    if any(number(each) is None for each in values):
        return tuple(sorted(values))
    return tuple(sorted(values, key=lambda each: (float(each), each)))


@dataclass(frozen=True, kw_only=True)
class Csv(TableSource):
    """A csv file with a header: `features` [columns], and the target by its column's name."""

    name = "csv"

    delimiter: str = attribute(Text(tuple(DELIMITERS)), "what stands between cells", "comma")

    def lines(self, path: str) -> Iterator[tuple[str, list[str]]]:
        return csv_lines(path, self.delimiter)


@dataclass(frozen=True, kw_only=True)
class Parquet(TableSource):
    """A Parquet file: `features` [columns], and the target by its column's name.

    It takes the package pyarrow, an extra of graphc: `pip install graphc[parquet]`.
    """

    name = "parquet"

    def lines(self, path: str) -> Iterator[tuple[str, list[str]]]:
        return parquet_lines(path)

    def counts(self, path: str, names: Iterable[str]) -> Iterator[Mapping[str, Mapping[str, int]]]:
        return parquet_counts(path, names)


sources.add(Csv, Parquet)
