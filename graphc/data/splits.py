"""Drawing the splits: stratified by class, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping

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
