"""The compiled training step of a model: what XLA says of it, beside what graphc counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphc.core.types import BATCH, NODES
from graphc.insight.analysis import StepAnalysis
from graphc.insight.roofline import Counter, lengths_of

if TYPE_CHECKING:
    from graphc.api.model import Model
    from graphc.data.dataset import Dataset


def analysis_of(model: Model) -> StepAnalysis:
    """Compile the training step of a model and measure the device.

    Raises:
        RunError: where the data cannot be read.
        SpecError: where the spec says nothing about training.
    """
    from graphc.runtime.analysis import analyse
    from graphc.runtime.blueprint import settings_of
    from graphc.runtime.peaks import measured_peaks

    dataset, compiled = model.with_data()
    settings = settings_of(compiled, dataset.examples)
    size = settings.learned_size
    made = type(model)(compiled).module()
    xla = analyse(made, dataset, size * settings.batches)
    peaks = measured_peaks()
    lengths = _lengths(model, dataset, size)
    rows = Counter(lengths, peaks).rows(compiled.checked.networks)
    return StepAnalysis(compiled.choices.device, size, xla, peaks, tuple(rows))


def _lengths(model: Model, dataset: Dataset, size: int) -> dict[str, int]:
    """How long each axis is in a step."""
    training = model.compiled.checked.document.training
    shapes = {name: each.shape for name, each in dataset.splits["train"].items()}
    lengths = lengths_of(shapes, dataset.fields) | {BATCH.name: size}
    if training is not None and training.neighbours is not None:
        lengths |= {BATCH.name: 1, NODES.name: size * training.neighbours.nodes}
    return lengths
