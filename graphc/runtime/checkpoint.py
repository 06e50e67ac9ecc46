"""One checkpoint on the disk: orbax for the arrays, checksums over every file.

    00000512/
      arrays/        the arrays, written by orbax
      about.json     position, metrics, and the dtype and shape of every array
      SHA256SUMS     a checksum for each file, and one for itself

orbax alone would load a flipped byte without a word. A checkpoint appears under its name only
when all of it is on the disk.

orbax 0.11 is the newest that jax2onnx takes, and calls `save` and `load` `save_pytree` and
`load_pytree`; each reads what the other wrote.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graphc.runtime.errors import writing
from graphc.runtime.files import printable, write_durably

SUMS = "SHA256SUMS"
_ARRAYS, _ABOUT, _FORMAT = "arrays", "about.json", 1


class Damaged(Exception):
    """A checkpoint is not as it was written; the text says how."""


@dataclass(frozen=True)
class Checkpoint:
    """What was saved.

    Attributes:
        arrays: by path, see `to_canonical`.
        about: plain data, as it was given to `write`.
    """

    arrays: dict[str, np.ndarray]
    about: dict[str, Any]


def write(folder: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Save to `folder`, whose name is taken only when everything is on the disk.

    Raises:
        RunError: GC604 or GC608; what was at `folder` is then untouched.
    """
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    with writing(folder):
        try:
            _clear(temporary)
            temporary.mkdir(parents=True)
            _fill(temporary, arrays, about)
            if folder.exists():
                os.replace(folder, old)
            os.replace(temporary, folder)
            _sync(folder.parent)
        finally:
            _clear(temporary)
            _clear(old)


def read(folder: Path) -> Checkpoint:
    """Load and verify.

    Raises:
        Damaged: where a file is missing, cut, changed or unknown.
    """
    verify(folder)
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    table = {path: (np.dtype(dtype), tuple(shape)) for path, dtype, shape in about.pop("arrays")}
    if about.pop("format") != _FORMAT:
        raise Damaged("it was written by another version of graphc")
    stored = _load(folder / _ARRAYS)
    arrays = {
        path: np.asarray(stored[path]) if path in stored else np.zeros(shape, dtype)
        for path, (dtype, shape) in table.items()
    }
    for path, (dtype, shape) in table.items():
        if (arrays[path].dtype, arrays[path].shape) != (dtype, shape):
            raise Damaged(f"the array `{path}` is not the one that was saved")
    return Checkpoint(arrays, about)


def verify(folder: Path) -> None:
    """Compare every file with its checksum; raises Damaged."""
    sums = _read_sums(folder)
    found = {path.relative_to(folder).as_posix() for path in _files(folder)} - {SUMS}
    if missing := sorted(sums.keys() - found):
        raise Damaged(f"`{missing[0]}` is missing")
    if unknown := sorted(found - sums.keys()):
        raise Damaged(f"`{unknown[0]}` does not belong to it")
    for name, digest in sums.items():
        if _digest(folder / name) != digest:
            raise Damaged(f"`{name}` was changed or cut")


def _fill(folder: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    table = [[path, each.dtype.name, list(each.shape)] for path, each in sorted(arrays.items())]
    text = json.dumps(printable({"format": _FORMAT, **about, "arrays": table}), allow_nan=False)
    write_durably(folder / _ABOUT, text.encode())
    # orbax refuses arrays without elements; their shape says all there is.
    _save(folder / _ARRAYS, {path: each for path, each in arrays.items() if each.size})
    files = sorted(_files(folder))
    for path in files:
        _sync(path)
    rows = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    text = "".join(rows)
    own = hashlib.sha256(text.encode()).hexdigest()
    write_durably(folder / SUMS, f"{text}{own}  {SUMS}\n".encode())


def _read_sums(folder: Path) -> dict[str, str]:
    try:
        text = (folder / SUMS).read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Damaged(f"`{SUMS}` cannot be read") from error
    rows = text.splitlines(keepends=True)
    body = "".join(rows[:-1])
    if not rows or rows[-1] != f"{hashlib.sha256(body.encode()).hexdigest()}  {SUMS}\n":
        raise Damaged(f"`{SUMS}` was changed or cut")
    return {row[66:-1]: row[:64] for row in rows[:-1]}


def _save(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    from orbax.checkpoint import v1 as ocp

    save = getattr(ocp, "save", None) or ocp.save_pytree  # type: ignore[attr-defined]
    with _hushed():
        try:
            save(str(folder), arrays)
        except TimeoutError:  # its minutes go by the clock on the wall: the computer was asleep
            shutil.rmtree(folder, ignore_errors=True)
            save(str(folder), arrays)


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep orbax from logging the tracebacks of what it raises anyway."""
    log = logging.getLogger("absl")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


def _load(folder: Path) -> dict[str, Any]:
    from orbax.checkpoint import v1 as ocp

    load = getattr(ocp, "load", None) or ocp.load_pytree  # type: ignore[attr-defined]
    with _hushed():
        return load(str(folder))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_dir()]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Damaged(f"`{path.name}` cannot be read: {error.strerror}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
