"""The run directory: everything that a run is made from and all that came of it.

spec.yaml       the spec
model.py        the source that is trained
*.py            copies of the user's own files that `python` steps name, and of what these import
model.json      weight map, line map, choices, settings; written last, so that it marks a run
from_run/       what networks compute that were taken from other runs
data.json       what new examples must be like and how they are scaled; see `data.dataset.Form`
init_from.json  what was taken of another run, where it started from one; see `start`
metrics.jsonl   one line for each epoch and event
result.json     what came out
samples/        values that a spec wants to look at; see `sampling`
confusion.svg   the confusion matrix of the test split, where it was measured
checkpoints/    see `keeper`
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

from graphc.data.dataset import Form
from graphc.graph.weights import WeightMap
from graphc.runtime.errors import fail, writing
from graphc.runtime.files import append_line, read_lines, write_bytes, write_json, write_text
from graphc.runtime.lock import NAME as LOCK
from graphc.runtime.lock import Lock
from graphc.runtime.module import CONTRACT
from graphc.runtime.several import one_of_several, runs_in

Lines = Mapping[int, tuple[str, str, int, int, int]]
_MARK = "model.json"
_FORM = "data.json"
_OWN = ("spec.yaml", "model.py")


@dataclass(frozen=True)
class Blueprint:
    """What a run is made from.

    Attributes:
        name: of the spec.
        spec: its text, every value written out with its origin.
        source: the emitted module.
        weights: from the spec's arrays to the module's.
        lines: for lines of the source, the path of the node and its place in the spec: file, line,
            column and end column.
        choices: what was decided by table; kept, so that a resumed run decides the same.
        folder: the folder that the spec's relative paths start from.
        files: the Python files of the user's that `source` imports, and what networks compute that
            were taken from other runs, by their paths in the run.
    """

    name: str
    spec: str
    source: str
    weights: WeightMap
    lines: Lines = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)
    folder: str = "."
    files: Mapping[str, bytes] = field(default_factory=dict)


class RunDirectory:
    """A run on the disk; `with` holds its lock.

    Attributes:
        path: the directory.
        blueprint: what the run is made from.
        settings: the settings it was started with, as plain data.
    """

    def __init__(
        self, path: Path, blueprint: Blueprint, settings: dict[str, Any], lock: Lock | None
    ) -> None:
        self.path, self.blueprint, self.settings = path, blueprint, settings
        self._lock = lock

    @classmethod
    def create(cls, path: str | Path, blueprint: Blueprint, settings: Mapping[str, Any]) -> Self:
        """Make the directory of a new run and lock it.

        Raises:
            RunError: GC604 where it cannot be written, GC605 where it is not empty, GC608 for a
                full disk, GC609 where another process uses it.
        """
        path = Path(path).absolute()
        _refuse_used(path)
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        lock = Lock(path)
        try:
            _refuse_used(path)
            with writing(path):
                (path / "checkpoints").mkdir()
            write_text(path / "spec.yaml", blueprint.spec)
            write_text(path / "model.py", blueprint.source)
            for name, data in blueprint.files.items():
                with writing(path / name):
                    (path / name).parent.mkdir(parents=True, exist_ok=True)
                write_bytes(path / name, data)
            write_json(path / _MARK, _as_json(blueprint, settings))
        except BaseException:
            _clear(path, blueprint.files)
            lock.release()
            raise
        return cls(path, blueprint, dict(settings), lock)

    @classmethod
    def open(cls, path: str | Path, *, lock: bool = False) -> Self:
        """An existing run; with `lock`, to write to it.

        Raises:
            RunError: GC606 where there is no run, GC607 where a file that it was made from was
                changed, GC609 where another process uses it.
        """
        path = Path(path).absolute()
        try:
            # Bytes: reading as text would change the ends of lines, and with them the checksum.
            spec = (path / "spec.yaml").read_bytes().decode()
            source = (path / "model.py").read_bytes().decode()
            stored = json.loads((path / _MARK).read_bytes())
            files = {each: _read(path / each) for each in stored["sha256"] if each not in _OWN}
            blueprint = _from_json(spec, source, files, stored)
        except (OSError, ValueError, KeyError, TypeError) as error:
            what = "is no directory" if not path.is_dir() else "is no run of graphc"
            help = "name the directory that `graphc train` wrote"
            message = f"`{os.path.normpath(path)}` {what}"
            problem = one_of_several(path) or fail("GC606", message, help)
            raise problem from error
        for name, data in _hashed(blueprint).items():
            if digest(data) != stored["sha256"].get(name):
                message = f"`{path / name}` was changed since the run was made"
                raise fail("GC607", message, "restore it, or train into another directory")
        return cls(path, blueprint, stored["settings"], Lock(path) if lock else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the lock."""
        if self._lock is not None:
            self._lock.release()

    @property
    def model(self) -> Path:
        """The file of the emitted module."""
        return self.path / "model.py"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def keep_form(self, form: Form) -> None:
        """Put down how the data was prepared."""
        write_json(self.path / _FORM, form.as_dict())

    def form(self) -> Form | None:
        """How the data was prepared; None in a run that was made before this was kept.

        Raises:
            RunError: GC607 where the file cannot be read.
        """
        path = self.path / _FORM
        if not path.exists():
            return None
        try:
            return Form.from_dict(json.loads(path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"`{path}` was changed since the run was made"
            raise fail("GC607", message, "restore it, or remove it") from error

    def require_same(self, blueprint: Blueprint) -> None:
        """Raise RunError GC607 unless the run was made from this spec, number of epochs aside."""
        before, after = _essential(self.blueprint.spec), _essential(blueprint.spec)
        pairs = zip_longest(before, after, fillvalue="")
        changed = next(((then, now) for then, now in pairs if then != now), None)
        if changed is not None:
            message = f"`{self.path}` was made from another spec than `{blueprint.name}`"
            help = "restore the spec, or train into another directory"
            then, now = (line.strip() or "nothing" for line in changed)
            raise fail("GC607", message, help, (f"the first difference: `{then}` is `{now}` now",))

    def log(self, record: Mapping[str, Any]) -> None:
        """Add a line to `metrics.jsonl`; its `epoch` is the number of epochs that were done."""
        append_line(self.path / "metrics.jsonl", dict(record))

    def history(self) -> list[dict]:
        """The lines of `metrics.jsonl`."""
        return read_lines(self.path / "metrics.jsonl")

    def rewind(self, epochs: int) -> None:
        """Drop from the history what came after the first `epochs` epochs: it will come again."""
        kept = [line for line in self.history() if line["epoch"] <= epochs]
        write_text(self.path / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in kept))

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Put down what came out."""
        write_json(self.path / "result.json", dict(result))


def free_directory(folder: str, name: str, resume: bool) -> Path:
    """FOLDER/NAME, or the first of FOLDER/NAME-2, ... that is free; to resume, the last one."""
    path, count = Path(folder) / name, 1
    while (path / _MARK).exists() or runs_in(path):
        following = Path(folder) / f"{name}-{count + 1}"
        if resume and not following.exists():
            break
        path, count = following, count + 1
    return path


def digest(data: bytes) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(data).hexdigest()


def _hashed(blueprint: Blueprint) -> dict[str, bytes]:
    """The files that a run is made from, and must stay as they are."""
    return {
        "spec.yaml": blueprint.spec.encode(),
        "model.py": blueprint.source.encode(),
        **blueprint.files,
    }


def _read(path: Path) -> bytes:
    """A file, which is empty where it is gone."""
    return path.read_bytes() if path.is_file() else b""


def _refuse_used(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise fail("GC605", f"`{path}` is a file", "name a directory")
    with writing(path):
        names = {each.name for each in path.iterdir()} - {LOCK}
    if _MARK in names:
        help = "continue it with `--resume`, or name another directory"
        raise fail("GC605", f"`{path}` holds a run already", help)
    if names:
        message = f"`{path}` is not empty and holds no run"
        raise fail("GC605", message, "name a directory that is empty or does not exist")


def _clear(path: Path, files: Iterable[str]) -> None:
    """Take back what `create` wrote, so that the directory can be used again."""
    for name in (*files, "spec.yaml", "model.py", _MARK, LOCK):
        (path / name).unlink(missing_ok=True)
    folders = {parent for name in files for parent in (path / name).relative_to(path).parents}
    for each in sorted({*folders, Path("checkpoints")} - {Path(".")}, reverse=True):
        if (path / each).is_dir():
            (path / each).rmdir()


def _essential(spec: str) -> list[str]:
    """The lines of a resolved spec without origins, but for what a resumed run may change."""
    lines = [line.split("  #")[0].rstrip() for line in spec.splitlines()]
    return [line for line in lines if line.strip().split(":")[0] != "epochs"]


def _as_json(blueprint: Blueprint, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "contract": CONTRACT,
        "name": blueprint.name,
        "sha256": {name: digest(data) for name, data in _hashed(blueprint).items()},
        "settings": dict(settings),
        "choices": dict(blueprint.choices),
        "folder": blueprint.folder,
        "weights": blueprint.weights.as_list(),
        "lines": {str(line): list(place) for line, place in blueprint.lines.items()},
    }


def _from_json(
    spec: str, source: str, files: Mapping[str, bytes], stored: Mapping[str, Any]
) -> Blueprint:
    return Blueprint(
        stored["name"],
        spec,
        source,
        WeightMap.from_list(stored["weights"]),
        {int(line): tuple(place) for line, place in stored["lines"].items()},
        stored["choices"],
        stored["folder"],
        files,
    )
