"""Values of the graph of training, as they are of some examples: written down, or drawn anew.

Written down are `samples/NAME/epoch_0001.png` of a run for images, and `.npz` for all else. The
examples and the draws are the same each time, so that pictures can be compared.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np

from graphc.core.diagnostic import listing, similar
from graphc.data.batches import take
from graphc.data.dataset import Dataset
from graphc.data.grid import picture_of_values
from graphc.data.png import uri
from graphc.ops.training import Training
from graphc.runtime.errors import fail, writing
from graphc.runtime.evaluation import evaluated
from graphc.runtime.events import EpochEnded
from graphc.runtime.files import write_bytes
from graphc.runtime.settings import Settings
from graphc.runtime.steps import Program
from graphc.runtime.use import require_split

FOLDER = "samples"
_ORDER = ("validation", "train")


def sampling_key(seed: int) -> jax.Array:
    """What the draws of samples are made from: neither weights nor steps have it."""
    return jax.random.fold_in(jax.random.key(seed), 2)


class Sampler:
    """Writes down the values that a spec wants to look at.

    Args:
        folder: of the run.
        settings: which values, of how many examples, and how often.
    """

    def __init__(
        self, module: ModuleType, dataset: Dataset, folder: Path, settings: Settings
    ) -> None:
        self._program, self._key = Program(module.samples), sampling_key(settings.seed)
        self._dataset, self._folder, self._settings = dataset, folder / FOLDER, settings
        split = next(each for each in _ORDER if dataset.splits.get(each))
        most = max(1, *settings.samples.values())
        self._batch = some_examples(dataset, split, 0, most)

    def take(self, event: EpochEnded) -> None:
        """Write what there is to look at after an epoch; after the last one in any case.

        Raises:
            RunError: GC604 or GC608 where it cannot be written.
        """
        done = event.epoch + 1
        if done % self._settings.sample_epochs and done != self._settings.epochs:
            return
        state = evaluated(event.snapshot.alone().state)
        found = jax.device_get(self._program(as_params(state), self._batch, self._key))
        for name, count in self._settings.samples.items():
            self._write(name, np.asarray(found[name]), count, f"epoch_{done:04}")

    def _write(self, name: str, values: np.ndarray, count: int, word: str) -> None:
        folder = self._folder / name
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        several = values[:count] if count else values[None]
        picture = picture_of_values(several, self._dataset, self._batch)
        if picture is not None:
            write_bytes(folder / f"{word}.png", picture)
        else:
            write_bytes(folder / f"{word}.npz", as_npz(name, several))


def as_params(weights: Mapping[str, Any]) -> dict[str, Any]:
    """What evaluation reads of a state, a moving average in the place of the weights."""
    return {
        "statistics": weights["statistics"],
        "params": weights.get("average", weights["params"]),
    }


def some_examples(dataset: Dataset, split: str, first: int, count: int) -> dict[str, Any]:
    """A batch of so many examples of a split from one on; after the last comes the first again."""
    arrays = dataset.held[split]
    return take(arrays, (first + np.arange(count)) % dataset.count(split))


@dataclass(frozen=True)
class Drawing:
    """A value of a run that has ended.

    Args:
        name: of it.
        function: `samples` of a module that looks at it.
        weights: `params` and `statistics`.
        size: of how many examples it is drawn at a time; 0: it is a weight.
    """

    name: str
    function: Callable
    weights: Mapping[str, Any]
    size: int

    def draw(self, dataset: Dataset, count: int, seed: int, split: str | None) -> np.ndarray:
        """[count, ...] of a split; of a weight, that alone.

        Raises:
            RunError: GC613 for a split that the data does not have.
        """
        if split is None:
            split = next(each for each in ("test", *_ORDER) if dataset.splits.get(each))
        require_split(dataset, split)
        program, key, size = Program(self.function), sampling_key(seed), max(self.size, 1)
        found = []
        for number in range(-(-count // size) if self.size else 1):
            batch = some_examples(dataset, split, number * size, size)
            drawn = program(self.weights, batch, jax.random.fold_in(key, number))
            found.append(np.asarray(drawn[self.name]))
        return np.concatenate(found)[:count] if self.size else found[0][None]


def require_value(name: str, training: Training | None, path: Path) -> None:
    """Raise RunError GC634 unless a spec names the value."""
    values = training.values if training is not None else None
    known = [key.text for key, _ in values] if values is not None else []
    if not known:
        message = f"the run in `{path}` has no `values`"
        raise fail("GC634", message, "ask a run that was trained on `objectives`")
    if name not in known:
        message = f"the run in `{path}` has no value `{name}`"
        raise fail("GC634", message, similar(name, known, "value") or f"they are {listing(known)}")


def last_pictures(run: Path) -> dict[str, str]:
    """The last picture of each value of a run, as data URIs."""
    folders = sorted(run.glob(f"{FOLDER}/*/"))
    several = {each.name: sorted(each.glob("epoch_*.png")) for each in folders}
    return {name: uri(files[-1].read_bytes()) for name, files in several.items() if files}


def as_npz(name: str, values: np.ndarray) -> bytes:
    """An array as the file that numpy reads."""
    buffer = io.BytesIO()
    np.savez(buffer, **{name: values})  # type: ignore[arg-type]
    return buffer.getvalue()
