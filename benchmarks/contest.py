"""The same training in several forms, each in a process of its own, interleaved round by round."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Sample, interleaved
from benchmarks.options import Options
from benchmarks.report import Result, Table, met
from benchmarks.specs import ROOT

SECONDS = 1.0
ALIKE = 0.05
OUTSIDE = ("keras", "torch", "torch_geometric")


@dataclass(frozen=True)
class Contest:
    """What is compared.

    Args:
        workloads: the networks by their names.
        arrays: makes the data of one.
        titles: the forms, and what to call them; `graphc` is the first.
        unit: what is counted, and how much of it an example is.
        chance: the loss of who knows nothing.
        rounds: how often everything takes its turn.
        falls: whether the loss falls in the first epochs: that of players need not.
    """

    workloads: Mapping[str, Any]
    arrays: Callable[[Any], dict[str, np.ndarray]]
    titles: Mapping[str, str]
    unit: tuple[str, int]
    chance: float
    rounds: int
    falls: bool = True

    def run(self, options: Options) -> Result:
        """Every network in turn; its forms are interleaved."""
        pythons, notes = self._pythons(options)
        rows, numbers = [], {}
        for name in options.chosen(self.workloads):
            samples, firsts, losses = self._workload(self.workloads[name], pythons, options)
            rows += self._rows(name, samples, firsts)
            notes.append(self._alike(name, losses))
            numbers[name] = {
                f"{self.unit[0]}_per_second": {peer: each.values for peer, each in samples.items()},
                "seconds_to_first_epoch": firsts,
                "losses": {peer: each[:20] for peer, each in losses.items()},
            }
        header = ["network", "form", f"{self.unit[0]}/s", "graphc : it", "first epoch, s"]
        return Result([Table(header, rows)], notes, numbers)

    def _pythons(self, options: Options) -> tuple[dict[str, str], list[str]]:
        """Which interpreter runs each form; those that none can import are left out with a note."""
        pythons, notes = dict.fromkeys(self.titles, sys.executable), []
        for name in filter(self.titles.__contains__, OUTSIDE):
            pythons[name] = options.peer_python or sys.executable
            program = f"import os; os.environ['KERAS_BACKEND'] = 'jax'; import {name}; "
            program += f"print({name}.__version__)"
            found = subprocess.run([pythons[name], "-c", program], capture_output=True, text=True)
            if found.returncode:
                del pythons[name]
                notes.append(f"{self.titles[name]} is left out: it cannot be imported")
            else:
                notes.append(f"{self.titles[name]}: version {found.stdout.strip()}")
        return pythons, notes

    def _workload(
        self, workload: Any, pythons: dict[str, str], options: Options
    ) -> tuple[dict[str, Sample], dict[str, float], dict[str, list[float]]]:
        rounds = options.rounds or (2 if options.quick else self.rounds)
        seconds = str(0.2 if options.quick else SECONDS)
        peers: dict[str, Peer] = {}
        with tempfile.TemporaryDirectory() as folder:
            data, weights = (str(Path(folder) / f"{name}.npz") for name in ("data", "weights"))
            np.savez(data, **self.arrays(workload))
            try:
                for name, python in pythons.items():
                    given = [workload.name, data, weights, seconds]
                    peers[name] = Peer.start(name, python, given, self.unit[1])
                turns: dict[str, Callable[[], float]] = {
                    name: peer.train for name, peer in peers.items()
                }
                samples = interleaved(turns, rounds)
            finally:
                for peer in peers.values():
                    peer.end()
        firsts = {name: peer.first for name, peer in peers.items()}
        return samples, firsts, {name: peer.losses for name, peer in peers.items()}

    def _rows(
        self, name: str, samples: dict[str, Sample], firsts: dict[str, float]
    ) -> list[list[str]]:
        return [
            [
                name,
                self.titles[peer],
                sample.text("{:,.0f}"),
                samples["graphc"].over(sample).text("{:.2f}"),
                f"{firsts[peer]:.1f}",
            ]
            for peer, sample in samples.items()
        ]

    def _alike(self, name: str, losses: dict[str, list[float]]) -> str:
        """Whether all forms have the same loss in the first epochs, and less than by chance."""
        count = min(3, *(len(each) for each in losses.values()))
        curves = {peer: each[:count] for peer, each in losses.items()}
        apart = max(
            abs(loss / ours - 1)
            for each in curves.values()
            for loss, ours in zip(each, curves["graphc"], strict=True)
        )
        several = (each for each in curves.values() if count > 1)
        falls = all(self.chance > each[0] > each[-1] or not self.falls for each in several)
        shown = ", ".join(f"{loss:.3f}" for loss in curves["graphc"])
        text = f"{name}: the losses of the first {count} epochs ({shown}) agree to {apart:.2%}"
        return f"{text}{' and fall' * self.falls}: {met(apart < ALIKE and falls)}"


@dataclass
class Peer:
    """A process that trains when it is told to.

    Attributes:
        first: the seconds until its first epoch was done, compilation included.
        losses: the mean of every epoch so far.
        each: how much of what is counted an example is.
    """

    process: subprocess.Popen
    losses: list[float]
    first: float
    each: int

    @classmethod
    def start(cls, name: str, python: str, arguments: list[str], each: int) -> Peer:
        command = [python, "-m", "benchmarks.peers", name, *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
        found = _read(process, name)
        return cls(process, found["losses"], found["seconds"], each)

    def train(self) -> float:
        """How much per second over one turn."""
        assert self.process.stdin is not None
        print("go", file=self.process.stdin, flush=True)
        found = _read(self.process, "a peer")
        self.losses += found["losses"]
        return self.each * found["examples"] / found["seconds"]

    def end(self) -> None:
        self.process.communicate()


def _read(process: subprocess.Popen, name: str) -> dict:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{name} ended with status {process.wait()}")
    return json.loads(line)
