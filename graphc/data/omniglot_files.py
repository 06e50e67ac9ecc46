"""The files of Omniglot: those of its authors, archives of images, or arrays made of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphc.data.decoding import decode_all
from graphc.data.files import ARRAYS_OF_OMNIGLOT, KNOWN, KnownFile, candidates, locate, read
from graphc.ops.sources import RUNS, WAYS, Omniglot

SIDE = 105
_WHITE = 128
SETS = {"both": (1, 2), "small1": (1,), "small2": (2,)}


@dataclass(frozen=True, eq=False)
class Drawings:
    """Characters, each drawn by the same number of people.

    Attributes:
        images: [characters, people, 105, 105], 1 for ink.
        alphabets: of each character the name of its alphabet.
    """

    images: np.ndarray
    alphabets: np.ndarray


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of one-shot classification.

    Attributes:
        choices: [runs, ways, 105, 105], a drawing of each character, 1 for ink.
        asked: [runs, ways, 105, 105], the drawings that are asked about.
        right: int [runs, ways], which of the choices shows the same character.
    """

    choices: np.ndarray
    asked: np.ndarray
    right: np.ndarray


def read_omniglot(source: Omniglot, folder: str) -> tuple[Drawings, Runs]:
    """The background sets and the runs, out of the arrays where there are such files.

    Raises:
        RunError: GC502 to GC505, and GC503 also where a file is not what it should be.
        ShapeError: GC519 where pillow, which reads the images, is not installed.
    """
    arrays = KNOWN[ARRAYS_OF_OMNIGLOT]
    for place in candidates(source, folder):
        if all((place / file.name).is_file() for file in arrays):
            return _read_arrays(source, place)
    return _read_archives(source, locate(source, folder))


def _read_arrays(source: Omniglot, place: Path) -> tuple[Drawings, Runs]:
    """Files of arrays: drawings as bits, beside alphabet, character and person of each."""
    *backgrounds, runs = KNOWN[ARRAYS_OF_OMNIGLOT]
    parts = []
    for which in SETS[source.background]:
        found = _arrays(place, backgrounds[which - 1])
        names = found["alphabet_names"][found["alphabet"]]
        parts.append(_by_character(_unpacked(found["images_packed"]), names, found["character"]))
    found = _arrays(place, runs)
    choices, asked = (_unpacked(found[f"{part}_packed"]) for part in ("train", "test"))
    return _joined(parts), Runs(choices, asked, found["test_class"].astype(np.int64))


def _arrays(place: Path, file: KnownFile) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(read(place, file)), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _unpacked(bits: np.ndarray) -> np.ndarray:
    images = np.unpackbits(bits, axis=-1)[..., : SIDE * SIDE]
    return images.reshape(*bits.shape[:-1], SIDE, SIDE)


def _read_archives(source: Omniglot, place: Path) -> tuple[Drawings, Runs]:
    """Archives of images, as they were published."""
    *backgrounds, runs = KNOWN[source.folder]
    parts = [_background(place, backgrounds[which - 1]) for which in SETS[source.background]]
    return _joined(parts), _runs(place, runs)


def _background(place: Path, file: KnownFile) -> Drawings:
    """Images called SET/ALPHABET/CHARACTER/DRAWING.png."""
    with _archive(place, file) as archive:
        names = sorted(each for each in archive.namelist() if each.endswith(".png"))
        images = _images(archive, names, str(place / file.name))
    parts = np.array([each.split("/")[-3:-1] for each in names])
    return _by_character(images, parts[:, 0], parts[:, 1])


def _runs(place: Path, file: KnownFile) -> Runs:
    """Runs called runNN: images test/itemNN.png and training/classNN.png, and a list of pairs."""
    counted = [f"{i + 1:02d}" for i in range(WAYS)]
    runs = [f"run{i + 1:02d}" for i in range(RUNS)]
    with _archive(place, file) as archive:
        choices, asked = (
            _images(
                archive,
                [f"{run}/{part}{number}.png" for run in runs for number in counted],
                str(place / file.name),
            ).reshape(RUNS, WAYS, SIDE, SIDE)
            for part in ("training/class", "test/item")
        )
        lists = [archive.read(f"{run}/class_labels.txt").decode().split() for run in runs]
    right = [[int(each[-6:-4]) - 1 for each in one[1::2]] for one in lists]
    return Runs(choices, asked, np.array(right))


def _archive(place: Path, file: KnownFile) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(read(place, file)))


def _images(archive: zipfile.ZipFile, names: Sequence[str], file: str) -> np.ndarray:
    files = [(f"{file}: {name}", io.BytesIO(archive.read(name))) for name in names]
    return (decode_all(files, (SIDE, SIDE), 1)[..., 0] < _WHITE).astype(np.uint8)


def _by_character(images: np.ndarray, alphabets: np.ndarray, characters: np.ndarray) -> Drawings:
    """Drawings in the order of their people, gathered by alphabet and character."""
    order = np.lexsort((characters, alphabets))  # keeps the order of those that are equal
    images, alphabets, characters = images[order], alphabets[order], characters[order]
    new = (alphabets[1:] != alphabets[:-1]) | (characters[1:] != characters[:-1])
    first = np.flatnonzero(np.append(True, new))
    return Drawings(images.reshape(len(first), -1, SIDE, SIDE), alphabets[first])


def _joined(parts: Sequence[Drawings]) -> Drawings:
    """Several sets as one; an alphabet that stands in more than one of them is taken once."""
    known: set[str] = set()
    taken = []
    for part in parts:
        new = ~np.isin(part.alphabets, list(known))
        known.update(part.alphabets.tolist())
        taken.append(Drawings(part.images[new], part.alphabets[new]))
    return Drawings(
        np.concatenate([each.images for each in taken]),
        np.concatenate([each.alphabets for each in taken]),
    )
