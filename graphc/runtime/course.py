"""What a run goes through: its examples in their order, and the random key of its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from graphc.data.batches import bootstrap_sample, epoch_order, round_order
from graphc.data.dataset import Dataset
from graphc.runtime.evaluation import Batches
from graphc.runtime.settings import Settings


@dataclass(frozen=True)
class Course:
    """What is run through.

    Args:
        data: the training split, on the device or streamed.
        order: for an epoch (from 0), its examples, int32 [steps, batch], -1 where none is.
        validation: padded batches, on the device or made each time; empty without such a split.
        epochs: how many in all, those before a resume included.
        steps_per_dispatch: after how many steps Python hears of it.
        snapshot_steps: ask for a checkpoint after every so many steps, None for never.
        key: the random key of the run.
    """

    data: Mapping[str, Any]
    order: Callable[[int], np.ndarray]
    validation: Sequence[Any] | Batches
    epochs: int
    steps_per_dispatch: int
    key: Any
    snapshot_steps: int | None = None


def course_of(dataset: Dataset, settings: Settings) -> Course:
    """What a run with these settings goes through."""
    arrays = dataset.learned
    validation = measured(dataset, "validation", settings)
    return Course(
        data=arrays if dataset.streamed else jax.device_put(dict(arrays)),
        order=_order(dataset, settings),
        validation=validation if dataset.streamed else list(validation),
        epochs=settings.epochs,
        steps_per_dispatch=settings.steps_per_dispatch,
        key=training_key(settings.seed),
        snapshot_steps=settings.checkpoint_steps,
    )


def measured(dataset: Dataset, split: str, settings: Settings) -> Batches:
    """The batches that a split is measured on."""
    return Batches(*measured_arrays(dataset, split, settings))


def measured_arrays(
    dataset: Dataset, split: str, settings: Settings
) -> tuple[Mapping[str, Any], int]:
    """The arrays of a split that is measured, and how many examples or nodes a batch has."""
    if settings.drawn_nodes is not None:
        return dataset.drawn_from(split), settings.drawn_nodes
    return dataset.held.get(split, {}), settings.batch_size


def another_course(course: Course, dataset: Dataset, settings: Settings) -> Course:
    """That of a run that differs in what is drawn by its seed; the data on the device is shared."""
    key = training_key(settings.seed)
    return replace(course, order=_order(dataset, settings), key=key)


def _order(dataset: Dataset, settings: Settings) -> Callable[[int], np.ndarray]:
    count, size, seed = dataset.examples, settings.learned_size, settings.seed
    first, batches = settings.first_batches, settings.batches
    if batches > 1:
        classes = dataset.balanced
        return lambda epoch: round_order(count, size, seed, epoch, first, batches, classes)
    sample = bootstrap_sample(count, seed) if settings.bootstrap else None
    return lambda epoch: epoch_order(count, size, seed, epoch, dataset.balanced, sample)


def training_key(seed: int) -> jax.Array:
    """The random key of a run's steps; its weights are drawn from `jax.random.key(seed)`."""
    return jax.random.fold_in(jax.random.key(seed), 1)
