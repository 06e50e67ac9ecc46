"""Examples per second of training perceptrons, of which a step takes as long as a call."""

from __future__ import annotations

from benchmarks.options import Options
from benchmarks.report import Result
from benchmarks.throughput import TITLES as OF_IMAGES
from benchmarks.throughput import contest
from benchmarks.workloads import WORKLOADS

TITLES = {
    **{form: OF_IMAGES[form] for form in ("graphc", "nnx", "jax", "keras")},
    "keras_steps": "Keras 3, `steps_per_execution`",
    **{form: OF_IMAGES[form] for form in ("torch", "torch_compile")},
}
NETWORKS = {name: each for name, each in WORKLOADS.items() if each.kind == "dense"}
CHOICES = tuple(NETWORKS)


def run(options: Options) -> Result:
    """Every network in turn."""
    return contest(NETWORKS, TITLES).run(options)
