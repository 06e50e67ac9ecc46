"""The same training in several forms, each in a process of its own, interleaved round by round."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Sample, interleaved
from benchmarks.options import Options
from benchmarks.peer import LeftOut, Peer
from benchmarks.report import Result, Table, met, speed

SECONDS, QUICK = 1.0, 2
"""How long a turn is at least, and the steps of an epoch that only shows that it works."""
ALIKE = 0.05
LIMIT = 60.0
OUTSIDE = {
    "keras": "keras",
    "keras_steps": "keras",
    "torch": "torch",
    "torch_compile": "torch",
    "torch_geometric": "torch_geometric",
}
"""The packages of forms that the interpreter of graphc need not have."""


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
        kinds: of forms that are not for all networks, the kinds for which they are.
    """

    workloads: Mapping[str, Any]
    arrays: Callable[[Any], dict[str, np.ndarray]]
    titles: Mapping[str, str]
    unit: tuple[str, int]
    chance: float
    rounds: int
    falls: bool = True
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def run(self, options: Options) -> Result:
        """Every network in turn; its forms are interleaved."""
        pythons, notes = self._pythons(options)
        rows, numbers = [], {}
        for name in options.chosen(self.workloads):
            workload = self.workloads[name]
            if options.quick:
                workload = replace(workload, examples=QUICK * workload.batch)
            own = {form: each for form, each in pythons.items() if self._suits(workload, form)}
            found = _Found.of(self, workload, own, options)
            rows += self._rows(workload, found)
            notes += [f"{name}: {self.titles[form]} {why}" for form, why in found.left_out.items()]
            notes.append(self._alike(name, found))
            numbers[name] = {
                f"{self.unit[0]}_per_second": {
                    form: each.values for form, each in found.samples.items()
                },
                "seconds_to_first_epoch": found.of_each(lambda peer: peer.first),
                "seconds_to_compile": found.of_each(lambda peer: peer.to_compile),
                "megabytes": found.of_each(lambda peer: peer.megabytes),
                "left_out": found.left_out,
                "losses": found.of_each(lambda peer: peer.losses[:20]),
            }
        header = ["network", "form", f"{self.unit[0]}/s", "graphc : it", "compile, s", "memory, MB"]
        return Result([Table(header, rows)], notes, numbers)

    def _suits(self, workload: Any, form: str) -> bool:
        return form not in self.kinds or workload.kind in self.kinds[form]

    def _pythons(self, options: Options) -> tuple[dict[str, str], list[str]]:
        """Which interpreter runs each form; those that none can import are left out with a note."""
        pythons = dict.fromkeys(options.forms(self.titles), sys.executable)
        notes: dict[str, str] = {}
        for form in filter(OUTSIDE.__contains__, tuple(pythons)):
            package, pythons[form] = OUTSIDE[form], options.peer_python or sys.executable
            if package not in notes:
                notes[package] = _version(package, pythons[form])
            if "cannot" in notes[package]:
                del pythons[form]
        return pythons, list(notes.values())

    def _rows(self, workload: Any, found: _Found) -> list[list[str]]:
        rows = [
            [
                workload.name,
                self.titles[form],
                speed(sample),
                found.samples["graphc"].over(sample).text("{:.2f}"),
                f"{found.peers[form].to_compile:.1f}",
                f"{found.peers[form].megabytes:,.0f}",
            ]
            for form, sample in found.samples.items()
        ]
        return rows + [
            [workload.name, self.titles[form], why, "", "", ""]
            for form, why in found.left_out.items()
        ]

    def _alike(self, name: str, found: _Found) -> str:
        """Whether all have the same loss in the first epochs, and at last less than by chance."""
        losses = found.of_each(lambda peer: peer.losses)
        count = min(3, *(len(each) for each in losses.values()))
        curves = {form: each[:count] for form, each in losses.items()}
        apart = max(
            abs(loss / ours - 1)
            for each in curves.values()
            for loss, ours in zip(each, curves["graphc"], strict=True)
        )
        several = (each for each in curves.values() if count > 1)
        falls = all(each[-1] < min(self.chance, each[0]) or not self.falls for each in several)
        shown = ", ".join(f"{loss:.3f}" for loss in curves["graphc"])
        text = f"{name}: the losses of the first {count} epochs ({shown}) agree to {apart:.2%}"
        return f"{text}{' and fall' * self.falls}: {met(apart < ALIKE and falls)}"


@dataclass(frozen=True)
class _Found:
    """What the forms of one network did.

    Attributes:
        samples: how much per second.
        peers: the processes, which have ended.
        left_out: the forms that have no first epoch, with the reason.
    """

    samples: dict[str, Sample]
    peers: dict[str, Peer]
    left_out: dict[str, str]

    @classmethod
    def of(
        cls, contest: Contest, workload: Any, pythons: dict[str, str], options: Options
    ) -> _Found:
        rounds = options.rounds or (2 if options.quick else contest.rounds)
        seconds = str(0.2 if options.quick else SECONDS)
        peers: dict[str, Peer] = {}
        left_out: dict[str, str] = {}
        with tempfile.TemporaryDirectory() as folder:
            data, weights = (str(Path(folder) / f"{name}.npz") for name in ("data", "weights"))
            np.savez(data, **contest.arrays(workload))
            given = [workload.name, str(workload.examples), data, weights, seconds]
            try:
                for form, python in pythons.items():
                    try:
                        limit = None if form == "graphc" else options.limit or LIMIT
                        peers[form] = Peer.start(form, python, given, contest.unit[1], limit)
                    except LeftOut as why:
                        if form == "graphc":
                            raise SystemExit(f"{workload.name}: graphc {why}") from why
                        left_out[form] = str(why)
                turns = {form: peer.train for form, peer in peers.items()}
                samples = interleaved(turns, rounds)
            finally:
                for peer in peers.values():
                    peer.end()
        return cls(samples, peers, left_out)

    def of_each(self, what: Callable[[Peer], Any]) -> dict[str, Any]:
        return {form: what(peer) for form, peer in self.peers.items()}


def _version(package: str, python: str) -> str:
    """A note of the version of a package, or that it cannot be imported."""
    program = f"import os; os.environ['KERAS_BACKEND'] = 'jax'; import {package}; "
    program += f"print({package}.__version__)"
    found = subprocess.run([python, "-c", program], capture_output=True, text=True)
    if found.returncode:
        return f"{package} is left out: it cannot be imported"
    return f"{package}: version {found.stdout.strip()}"
