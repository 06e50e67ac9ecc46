"""Examples per second of training perceptrons, of which a step takes as long as a call."""

from __future__ import annotations

from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.throughput import TITLES as ALL
from benchmarks.throughput import contest
from benchmarks.workloads import WORKLOADS

FORMS = ("graphc", "nnx", "jax", "keras", "keras_steps", "torch", "torch_compile")
TITLES = {form: ALL[form] for form in FORMS}
NETWORKS = {name: each for name, each in WORKLOADS.items() if each.kind == "dense"}
CHOICES = tuple(NETWORKS)


def run(options: Options) -> Result:
    """Every network in turn."""
    return contest(NETWORKS, TITLES).run(options)
