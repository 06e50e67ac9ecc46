"""Pairs of handwritten characters, drawn from those of Omniglot."""

from __future__ import annotations

import numpy as np

from graphc.data.dataset import Arrays
from graphc.data.examples import Examples
from graphc.data.omniglot_files import Drawings, Runs, read_omniglot
from graphc.ops.sources import Omniglot

NAMES = ("different", "same")


def load_omniglot(source: Omniglot, folder: str) -> Examples:
    """Pairs by alphabet, and those of the runs as the test; raises as `read_omniglot`."""
    drawings, runs = read_omniglot(source, folder)
    draw = np.random.default_rng(source.seed)
    which, train = draw_pairs(drawings, source, draw)
    return Examples(
        source.fields(folder),
        train,
        pairs_of_runs(runs, source),
        NAMES,
        groups=drawings.alphabets[which],
    )


def draw_pairs(
    drawings: Drawings, source: Omniglot, draw: np.random.Generator
) -> tuple[np.ndarray, Arrays]:
    """As many pairs of one character as of two of an alphabet, always by two people.

    Returns:
        Of each pair which character the first drawing is of, and the pairs.
    """
    characters, people = drawings.images.shape[:2]
    count = source.pairs
    same = draw.permutation(count) % 2
    one = draw.integers(characters, size=count)
    new = drawings.alphabets[1:] != drawings.alphabets[:-1]
    starts = np.flatnonzero(np.concatenate([[True], new, [True]]))  # of alphabets, and the end
    alphabet = np.searchsorted(starts, one, side="right") - 1
    first = starts[alphabet]
    other = first + _another(one - first, np.diff(starts)[alphabet], draw)
    by = draw.integers(people, size=count)
    images = prepared(drawings.images, source)
    pairs = {
        "first": images[one, by],
        "second": images[np.where(same, one, other), _another(by, people, draw)],
    }
    if source.rotate:
        turns = draw.integers(4, size=count)
        pairs = {name: turned(each, turns) for name, each in pairs.items()}
    return one, {name: each[..., None] for name, each in pairs.items()} | {"same": same}


def pairs_of_runs(runs: Runs, source: Omniglot) -> Arrays:
    """Each drawing that is asked about beside each choice: by run, drawing and choice."""
    count, ways = runs.right.shape
    asked, choices = (prepared(each, source) for each in (runs.asked, runs.choices))
    pairs = {
        "first": np.repeat(asked[:, :, None], ways, axis=2),
        "second": np.repeat(choices[:, None], ways, axis=1),
    }
    shape = (-1, source.size, source.size, 1)
    flat = {name: each.reshape(shape) for name, each in pairs.items()}
    same = runs.right[..., None] == np.arange(ways)
    return flat | {"same": same.reshape(count * ways * ways).astype(np.int32)}


def prepared(images: np.ndarray, source: Omniglot) -> np.ndarray:
    """Images of 0 and 1 as bytes of the size that the source says, centred if it says so."""
    return smaller(centred(images) if source.centre else images, source.size)


def centred(images: np.ndarray) -> np.ndarray:
    """Images of 0 and 1 whose ink is moved until there is as much room on either side of it."""
    found = np.empty_like(images)
    for place in np.ndindex(images.shape[:-2]):
        ink = images[place]
        found[place] = np.roll(ink, (_to_the_middle(ink, 0), _to_the_middle(ink, 1)), axis=(0, 1))
    return found


def _to_the_middle(ink: np.ndarray, axis: int) -> int:
    """How many places to move an image along an axis; what comes around is empty."""
    places = ink.nonzero()[axis]
    if not len(places):
        return 0
    before, behind = int(places.min()), ink.shape[axis] - 1 - int(places.max())
    return (behind - before) // 2


def smaller(images: np.ndarray, size: int) -> np.ndarray:
    """Images of 0 and 1 as bytes [..., size, size]; a pixel is the mean of what falls into it."""
    side = images.shape[-1]
    edges = np.arange(side + 1) * size / side  # of the pixels that there are, in those to come
    upto = np.clip(edges - np.arange(size)[:, None], 0, 1)
    share = np.diff(upto).astype(np.float32)  # [size, side], each row adds up to 1
    means = [share @ each.astype(np.float32) @ share.T for each in images]
    return np.rint(255 * np.stack(means)).astype(np.uint8)


def turned(images: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Each image turned by so many quarters of a circle."""
    found = images.copy()
    for quarter in (1, 2, 3):
        chosen = turns == quarter
        found[chosen] = np.rot90(images[chosen], quarter, axes=(1, 2))
    return found


def _another(taken: np.ndarray, below: np.ndarray | int, draw: np.random.Generator) -> np.ndarray:
    """Numbers below `below`, each other than the one that is taken."""
    return (taken + 1 + draw.integers(below - 1, size=len(taken))) % below
