"""Where the arrays of a source are put as they are read: into the memory, or on the disk.

    ~/.cache/graphc/streams/KEY/
      0.bin ...      the numbers of an array each
      layout.json    names, dtypes, shapes and checksums; written last

The key is made of the content of the file and of how it is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format

from graphc.core.diagnostic import Diagnostic, RunError
from graphc.data.files import cache_folder
from graphc.data.rows import Filed, Rows
from graphc.data.scaling import Arrays
from graphc.ops.tables import npz_arrays

Pieces = Callable[[], Iterator[Arrays]]
_VERSION = 2
_LAYOUT = "layout.json"
_BUFFER = 1 << 24


class Store:
    """Where arrays are put: final classes are `Memory` and `Disk`."""

    def keep(self, key: object, files: Iterable[str], pieces: Pieces) -> Arrays:
        """The arrays whose rows come in pieces.

        Args:
            key: how the files are read.
            files: those that are read.
            pieces: gives dicts of arrays [some examples, ...], of texts or numbers; at least one.
        """
        raise NotImplementedError

    def archive(self, path: str, names: tuple[str, ...]) -> Arrays:
        """Arrays of an npz file; raises ShapeError GC512 and GC516."""
        raise NotImplementedError


class Memory(Store):
    """Puts arrays into the memory."""

    def keep(self, key: object, files: Iterable[str], pieces: Pieces) -> Arrays:
        found = list(pieces())
        return {name: np.concatenate([each[name] for each in found]) for name in found[0]}

    def archive(self, path: str, names: tuple[str, ...]) -> Arrays:
        return npz_arrays(path, names)


class Disk(Store):
    """Leaves arrays on the disk: where they lie, or written once to the user's cache."""

    def keep(self, key: object, files: Iterable[str], pieces: Pieces) -> Arrays:
        folder = _folder(key, files)
        found = _read(folder)
        if found is None:
            with _writing(folder):
                _write(folder, pieces())
            found = _read(folder)
        assert found is not None
        return found

    def archive(self, path: str, names: tuple[str, ...]) -> Arrays:
        with zipfile.ZipFile(path) as archive:
            found = {name: _member(path, archive, name) for name in names}
        packed = tuple(name for name, array in found.items() if array is None)
        if packed:
            found |= self.keep(("npz", packed), [path], lambda: _unpacked(path, packed))
        return found  # type: ignore[return-value]


def streams_folder() -> Path:
    """Where what is streamed is kept: beside downloaded data."""
    return cache_folder().parent / "streams"


def _folder(key: object, files: Iterable[str]) -> Path:
    digest = hashlib.sha256(repr((_VERSION, key)).encode())
    for name in files:
        with open(name, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return streams_folder() / digest.hexdigest()[:32]


def _read(folder: Path) -> Arrays | None:
    """The arrays that were written, or None where they are not there or not what was written."""
    try:
        layout = json.loads((folder / _LAYOUT).read_bytes())
        for row in layout:
            with (folder / row["file"]).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != row["sha256"]:
                    return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {row["name"]: _stored(folder, row) for row in layout}


def _stored(folder: Path, row: dict[str, Any]) -> Any:
    dtype, shape = np.dtype(row["dtype"]), tuple(row["shape"])
    if dtype.kind == "U":
        return np.fromfile(folder / row["file"], dtype).reshape(shape)
    return Rows(Filed(str(folder / row["file"]), dtype, shape))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"the data cannot be kept for streaming in `{folder.parent}`: {reason}"
        help = "make room there, or name another place in XDG_CACHE_HOME"
        raise RunError(Diagnostic("GC530", message, help=help)) from error


def _write(folder: Path, several: Iterator[Arrays]) -> None:
    """Write all pieces beside the folder, whose name is taken only when all of them are there."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        layout = _fill(part, several)
        (part / _LAYOUT).write_text(json.dumps(layout), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fill(part: Path, several: Iterator[Arrays]) -> list[dict[str, Any]]:
    writers: dict[str, _Writer] = {}
    try:
        for piece in several:
            for name, array in piece.items():
                if name not in writers:
                    writers[name] = _Writer(part / f"{len(writers)}.bin", name)
                writers[name].add(array)
        return [each.finish() for each in writers.values()]
    finally:
        for each in writers.values():
            each.close()


class _Writer:
    """Puts the pieces of one array end to end; texts, which differ in width, at the end."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._file: IO[bytes] = path.open("wb")
        self._digest = hashlib.sha256()
        self._texts: list[np.ndarray] = []
        self._count, self._shape, self._dtype = 0, (), ""

    def add(self, array: np.ndarray) -> None:
        if array.dtype.kind == "U":
            self._texts.append(array)
        else:
            self._put(array)

    def _put(self, array: np.ndarray) -> None:
        data = np.ascontiguousarray(array).data.cast("B") if array.size else b""
        self._file.write(data)
        self._digest.update(data)
        self._count += len(array)
        self._shape, self._dtype = array.shape[1:], array.dtype.str

    def finish(self) -> dict[str, Any]:
        if self._texts:
            joined = np.concatenate(self._texts)
            self._put(joined.view(np.uint8).reshape(len(joined), -1))
            self._shape, self._dtype = (), joined.dtype.str
        self._file.flush()
        os.fsync(self._file.fileno())
        return {
            "name": self._name,
            "file": self._path.name,
            "dtype": self._dtype,
            "shape": [self._count, *self._shape],
            "sha256": self._digest.hexdigest(),
        }

    def close(self) -> None:
        self._file.close()


def _member(path: str, archive: zipfile.ZipFile, name: str) -> Rows | None:
    """An array of an npz file where it lies; None where it is packed, or laid out by columns."""
    about = archive.getinfo(f"{name}.npy")
    if about.compress_type != zipfile.ZIP_STORED:
        return None
    with archive.open(about) as file, open(path, "rb") as whole:
        shape, fortran, dtype = _header(file)
        if fortran:
            return None
        whole.seek(about.header_offset + 26)
        lengths = np.frombuffer(whole.read(4), "<u2")  # of the name and of what is extra
        start = about.header_offset + 30 + int(lengths.sum()) + file.tell()
    return Rows(Filed(path, dtype, shape, start))


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    readers = {(1, 0): format.read_array_header_1_0, (2, 0): format.read_array_header_2_0}
    return readers[format.read_magic(file)](file)


def _unpacked(path: str, names: tuple[str, ...]) -> Iterator[Arrays]:
    """Packed arrays in pieces, one after the other; what is laid out by columns at once."""
    with zipfile.ZipFile(path) as archive:
        for name in names:
            with archive.open(f"{name}.npy") as file:
                shape, fortran, dtype = _header(file)
                if fortran:
                    yield npz_arrays(path, (name,))
                    continue
                row = dtype.itemsize * int(np.prod(shape[1:]))
                several = max(1, _BUFFER // row)
                for start in range(0, shape[0], several):
                    count = min(several, shape[0] - start)
                    data = file.read(count * row)
                    yield {name: np.frombuffer(data, dtype).reshape(count, *shape[1:])}
