"""Drawing the splits: stratified by class, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from graphc.core.diagnostic import Diagnostic, RunError


def split_indices(
    count: int,
    sizes: Mapping[str, int],
    labels: np.ndarray | None,
    seed: int,
    names: tuple[str, ...] | None = None,
) -> dict[str, np.ndarray]:
    """Which of `count` examples go into which split, in the order of the source.

    Args:
        count: how many examples there are.
        sizes: how many of them for `train`, `validation` and `test`, `count` in all; a split of
            size 0 is left out.
        labels: int [count], the classes of which each split gets its share; None: none.
        seed: draws the splits.
        names: the names of the classes, for messages.

    Raises:
        RunError: GC517 for a class too rare to share, GC518 for a split too small for all classes.
    """
    rest = np.arange(count)
    splits: dict[str, np.ndarray] = {}
    for split in ("test", "validation"):
        if sizes[split]:
            classes = None if labels is None else labels[rest]
            if classes is not None:
                _check_classes(split, sizes[split], classes, names)
            rest, splits[split] = _hold_out(rest, sizes[split], classes, seed)
    return {"train": rest} | {name: splits[name] for name in reversed(splits)}


def split_groups(groups: np.ndarray, sizes: Mapping[str, int], seed: int) -> dict[str, np.ndarray]:
    """Splits of about these sizes, in which no group is divided.

    Args:
        groups: [count], the name of the group of each example.
        sizes: how many for `train`, `validation` and `test`; a split of size 0 is left out.
        seed: draws the splits.

    Raises:
        RunError: GC518 where there are fewer groups than splits.
    """
    wanted = sum(size > 0 for size in sizes.values())
    names = np.unique(groups)
    if len(names) < wanted:
        message = f"{len(names)} groups cannot be shared among {wanted} splits"
        help = "hold nothing out for the test or the validation: `test: 0`, `validation: 0`"
        raise RunError(Diagnostic("GC518", message, help=help))
    rest = np.arange(len(groups))
    splits: dict[str, np.ndarray] = {}
    for split in ("test", "validation"):
        if sizes[split]:
            left = len(np.unique(groups[rest]))
            needed = wanted - len(splits) - 1  # groups that must be left for the other splits
            share = max(1, min(round(left * sizes[split] / len(rest)), left - needed))
            rest, splits[split] = _hold_out_groups(rest, share, groups, seed)
    return {"train": rest} | {name: splits[name] for name in reversed(splits)}


@dataclass(frozen=True, eq=False)
class Kinds:
    """What examples have in common.

    Args:
        labels: int [count], their classes, of which every split gets its share.
        names: of the classes, for messages.
        groups: [count], the names of groups that are not divided.
    """

    labels: np.ndarray | None = None
    names: tuple[str, ...] | None = None
    groups: np.ndarray | None = None

    @property
    def count(self) -> int:
        """How many classes there are; 1 where there are none."""
        return 1 if self.labels is None else len(np.unique(self.labels))


def sample(rest: np.ndarray, size: int, kinds: Kinds, seed: int) -> np.ndarray:
    """So many of the examples `rest`, with their share of each class.

    Raises:
        RunError: GC517 for a class too rare to share, GC518 where they are too few for all classes.
    """
    classes = None if kinds.labels is None else kinds.labels[rest]
    if classes is not None:
        _check_classes("train", size, classes, kinds.names)
    return _hold_out(rest, size, classes, seed)[1]


def fold_indices(
    count: int, test: int, folds: int, fold: int, kinds: Kinds, seed: int
) -> dict[str, np.ndarray]:
    """The splits of one fold: the test is that of all folds, the validation a part of the rest.

    Args:
        count: how many examples there are.
        test: how many of them are held out for the test.
        folds: in how many parts the rest is divided.
        fold: the part that is the validation, counted from 0.
        kinds: what the examples have in common.
        seed: draws the test and the parts.

    Raises:
        RunError: GC517 for a class with fewer examples than folds, GC518 for too few examples.
    """
    sizes = {"train": count - test, "validation": 0, "test": test}
    if kinds.groups is not None:
        splits = split_groups(kinds.groups, sizes, seed)
    else:
        splits = split_indices(count, sizes, kinds.labels, seed, kinds.names)
    rest = splits["train"]
    _check_folds(rest, folds, kinds)
    kept, held = list(_splitter(folds, kinds, seed, rest))[fold]
    return splits | {"train": rest[np.sort(kept)], "validation": rest[np.sort(held)]}


def _splitter(folds: int, kinds: Kinds, seed: int, rest: np.ndarray):
    """The folds of the examples `rest`, as scikit-learn draws them."""
    from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

    options = {"shuffle": True, "random_state": seed % 2**32}
    if kinds.groups is not None:
        return GroupKFold(folds, **options).split(rest, groups=kinds.groups[rest])
    if kinds.labels is not None:
        return StratifiedKFold(folds, **options).split(rest, kinds.labels[rest])
    return KFold(folds, **options).split(rest)


def _check_folds(rest: np.ndarray, folds: int, kinds: Kinds) -> None:
    """Refuse more folds than examples, groups, or examples of a class."""
    groups = rest if kinds.groups is None else np.unique(kinds.groups[rest])
    if len(groups) < folds:
        what = "examples" if kinds.groups is None else "groups"
        message = f"{len(groups)} {what} cannot be shared among {folds} folds"
        raise RunError(Diagnostic("GC518", message, help="ask for fewer folds"))
    if kinds.labels is None or kinds.groups is not None:
        return
    present, counts = np.unique(kinds.labels[rest], return_counts=True)
    if counts.min() < folds:
        label = int(present[counts.argmin()])
        name = kinds.names[label] if kinds.names else label
        message = f"class `{name}` has {counts.min()} examples to share among {folds} folds"
        raise RunError(Diagnostic("GC517", message, help="ask for fewer folds, or add examples"))


def _hold_out_groups(
    rest: np.ndarray, count: int, groups: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import GroupShuffleSplit

    splitter = GroupShuffleSplit(n_splits=1, test_size=count, random_state=seed % 2**32)
    kept, held = next(splitter.split(rest, groups=groups[rest]))
    return rest[np.sort(kept)], rest[np.sort(held)]


def _hold_out(
    rest: np.ndarray, size: int, classes: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

    # scikit-learn takes seeds of 32 bits.
    kept, held = train_test_split(rest, test_size=size, stratify=classes, random_state=seed % 2**32)
    return np.sort(kept), np.sort(held)


def _check_classes(
    split: str, size: int, classes: np.ndarray, names: tuple[str, ...] | None
) -> None:
    present, counts = np.unique(classes, return_counts=True)
    if counts.min() < 2:
        label = int(present[counts.argmin()])
        name = names[label] if names else label
        message = f"only one example of class `{name}` is left to share with the {split} split"
        help = f"add examples of the class, drop it, or write `{split}: 0`"
        raise RunError(Diagnostic("GC517", message, help=help))
    smallest = min(size, len(classes) - size)
    if smallest < len(present):
        message = (
            f"the {split} split divides {len(classes)} examples into {len(classes) - size} and"
            f" {size}: too few for all {len(present)} classes"
        )
        help = f"give `{split}` a count from {len(present)} to {len(classes) - len(present)}, or 0"
        raise RunError(Diagnostic("GC518", message, help=help))
