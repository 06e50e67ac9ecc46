"""A process that trains: `python -m benchmarks.peers PEER WORKLOAD EXAMPLES DATA WEIGHTS SECONDS`.

It trains one epoch, which compiles, and says so in a line of JSON; for every line that it reads it
then trains for SECONDS and says what it did.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import transformers, workloads
from benchmarks.characters import CHARACTERS
from benchmarks.citations import CITATIONS
from benchmarks.players import PLAYERS

LARGE = workloads.LARGE | transformers.LARGE
ALL = workloads.WORKLOADS | CHARACTERS | CITATIONS | PLAYERS | transformers.TRANSFORMERS | LARGE


def main(peer: str, name: str, examples: str, data: str, weights: str, seconds: str) -> None:
    """Talk to benchmarks.contest."""
    # Libraries that print must not disturb the conversation.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**found: object) -> None:
        print(json.dumps(found), file=out, flush=True)

    workload = replace(ALL[name], examples=int(examples))
    ours = peer.startswith("graphc")
    form = importlib.import_module(f"{'benchmarks.peers' if ours else workload.forms}.with_{peer}")
    initial, arrays = weights if ours else dict(np.load(weights)), dict(np.load(data))
    base = _megabytes("VmRSS")
    started = time.perf_counter()
    train = form.start(workload, arrays, initial)
    settle = getattr(form, "settle", lambda: None)
    losses = [train(0)]
    settle()
    say(losses=losses, seconds=time.perf_counter() - started, megabytes=_megabytes("VmHWM") - base)
    for _ in sys.stdin:
        began, spent, losses_now = len(losses), 0.0, []
        started = time.perf_counter()
        while spent < float(seconds):
            losses_now.append(train(began + len(losses_now)))
            spent = time.perf_counter() - started
        settle()
        spent = time.perf_counter() - started
        losses += losses_now
        seen, most = workload.examples * len(losses_now), _megabytes("VmHWM") - base
        say(losses=losses_now, seconds=spent, examples=seen, megabytes=most)


def _megabytes(word: str) -> float:
    """What Linux says of this process: VmRSS is its memory, VmHWM the most that it was."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next(
        (float(line.split()[1]) / 1024 for line in lines if line.startswith(word)), math.nan
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
