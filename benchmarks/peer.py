"""A process that trains when it is told to, seen from outside: see benchmarks.peers."""

from __future__ import annotations

import json
import os
import select
import statistics
import subprocess
from dataclasses import dataclass, field

from benchmarks.specs import ROOT


class LeftOut(Exception):
    """A form has no first epoch, for this reason."""


@dataclass
class Peer:
    """The process of one form.

    Attributes:
        losses: the mean of every epoch so far.
        first: the seconds until its first epoch was done, compilation included.
        each: how much of what is counted an example is.
        megabytes: the most memory so far, without libraries and data.
        epochs: the seconds of an epoch in each turn.
    """

    process: subprocess.Popen
    losses: list[float]
    first: float
    each: int
    megabytes: float
    epochs: list[float] = field(default_factory=list)

    @classmethod
    def start(
        cls, form: str, python: str, arguments: list[str], each: int, limit: float | None
    ) -> Peer:
        """Raises LeftOut if its first epoch is not done within `limit` seconds, or it ends."""
        command = [python, "-m", "benchmarks.peers", form, *arguments]
        pipe = subprocess.PIPE
        kept = "JAX_COMPILATION_CACHE_DIR"
        environment = {name: each for name, each in os.environ.items() if name != kept}
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment
        )
        if not select.select([process.stdout], [], [], limit)[0]:
            process.kill()
            process.communicate()
            raise LeftOut(f"took more than {limit:g} s to its first epoch")
        found = _read(process)
        return cls(process, found["losses"], found["seconds"], each, found["megabytes"])

    @property
    def to_compile(self) -> float:
        """The seconds that the first epoch took more than a later one."""
        return max(0.0, self.first - statistics.median(self.epochs))

    def train(self) -> float:
        """How much per second over one turn."""
        assert self.process.stdin is not None
        print("go", file=self.process.stdin, flush=True)
        found = _read(self.process)
        self.losses += found["losses"]
        self.megabytes = found["megabytes"]
        self.epochs.append(found["seconds"] / len(found["losses"]))
        return self.each * found["examples"] / found["seconds"]

    def end(self) -> None:
        self.process.communicate()


def _read(process: subprocess.Popen) -> dict:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.communicate()
        raise LeftOut(f"ended with status {process.returncode}")
    return json.loads(line)
