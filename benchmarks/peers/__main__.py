"""A process that trains: `python -m benchmarks.peers PEER WORKLOAD DATA.npz WEIGHTS.npz`.

It trains one epoch, which compiles, and says so in a line of JSON; for every line that it reads it
then trains for SECONDS and says what it did.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time

import numpy as np

from benchmarks.characters import CHARACTERS
from benchmarks.citations import CITATIONS
from benchmarks.players import PLAYERS
from benchmarks.workloads import WORKLOADS


def main(peer: str, name: str, data: str, weights: str, seconds: str) -> None:
    """Talk to benchmarks.contest."""
    # Libraries that print must not disturb the conversation.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**found: object) -> None:
        print(json.dumps(found), file=out, flush=True)

    workload = (WORKLOADS | CHARACTERS | CITATIONS | PLAYERS)[name]
    package = "benchmarks.peers" if peer == "graphc" else workload.forms
    form = importlib.import_module(f"{package}.with_{peer}")
    initial = weights if peer == "graphc" else dict(np.load(weights))
    started = time.perf_counter()
    train = form.start(workload, dict(np.load(data)), initial)
    losses = [train(0)]
    say(losses=losses, seconds=time.perf_counter() - started)
    for _ in sys.stdin:
        began, spent, losses_now = len(losses), 0.0, []
        started = time.perf_counter()
        while spent < float(seconds):
            losses_now.append(train(began + len(losses_now)))
            spent = time.perf_counter() - started
        losses += losses_now
        say(losses=losses_now, seconds=spent, examples=workload.examples * len(losses_now))


if __name__ == "__main__":
    main(*sys.argv[1:])
