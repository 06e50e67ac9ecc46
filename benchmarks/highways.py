"""Examples per second of training highway networks, which only loops compile in seconds."""

from __future__ import annotations

from benchmarks.options import Options
from benchmarks.perceptrons import TITLES
from benchmarks.report import Result
from benchmarks.throughput import contest
from benchmarks.workloads import WORKLOADS

NETWORKS = {name: each for name, each in WORKLOADS.items() if each.kind == "highway"}
CHOICES = tuple(NETWORKS)


def run(options: Options) -> Result:
    """Every network in turn."""
    return contest(NETWORKS, TITLES).run(options)
