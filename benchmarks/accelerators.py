"""Large networks in bfloat16 on a GPU or TPU: how fast, and at which share of its peak."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import characters, transformers, workloads
from benchmarks.contest import Contest
from benchmarks.machine import compile_here
from benchmarks.measure import Sample
from benchmarks.options import Options
from benchmarks.peers.with_graphc import settings_of, source
from benchmarks.report import Result, Table, met
from graphc.api.model import default_device
from graphc.insight.roofline import Counter, Peaks

TITLES = {
    "graphc": "graphc",
    "nnx": "NNX, `nnx.jit`",
    "jax": "JAX by hand",
    "torch": "PyTorch, autocast",
    "torch_compile": "PyTorch, autocast and `torch.compile`",
}
NETWORKS: dict[str, Any] = workloads.LARGE | transformers.LARGE
CHOICES = tuple(NETWORKS)
SHARES = {"gpt123m": 0.45}
"""Which part of the peak training is to reach."""


def run(options: Options) -> Result:
    """Every network in turn, then its share of the peak; on a CPU what is asked for alone."""
    if not options.only:
        names = tuple(n for n in CHOICES if n.startswith("small") == options.quick)
        if default_device() == "cpu" and not options.quick:
            return Result([], [f"{' and '.join(names)} are for a GPU or TPU, and there is none"])
        options = replace(options, only=names)
    contest = Contest(NETWORKS, _arrays, TITLES, ("examples", 1), math.inf, 7)
    return _with_shares(contest.run(options))


def _arrays(network: Any) -> dict[str, np.ndarray]:
    if isinstance(network, transformers.Transformer):
        return characters.arrays(network)
    return workloads.arrays(network)


def _with_shares(found: Result) -> Result:
    """The same, with the work of a second and its share of what the device does at most."""
    from graphc.runtime.peaks import measured_peaks

    peaks, rows, notes, numbers = measured_peaks(), [], [], {}
    for name, each in found.numbers.items():
        network = NETWORKS[name]
        work, most = work_of_example(network, peaks), peaks.flops[network.precision]
        shares = {
            form: Sample(tuple(rate * work / most for rate in rates))
            for form, rates in each["examples_per_second"].items()
        }
        rows += [
            [name, TITLES[form], f"{share.median * most / 1e12:.3g}", share.text("{:.1%}")]
            for form, share in shares.items()
        ]
        if name in SHARES:
            reached = met(shares["graphc"].quartiles[1] >= SHARES[name])
            notes.append(f"{name}: graphc at {SHARES[name]:.0%} of the peak: {reached}")
        numbers[name] = {
            **each,
            "flops_of_an_example": work,
            "flops_at_most": most,
            "share": {form: share.values for form, share in shares.items()},
        }
    all_peaks = ", ".join(f"{each / 1e12:.3g} TFLOP/s in {p}" for p, each in peaks.flops.items())
    notes.append(f"products of large matrices reach {all_peaks}")
    table = Table(["network", "form", "TFLOP/s", "of the peak"], rows)
    return Result([*found.tables, table], [*found.notes, *notes], numbers)


def work_of_example(network: Any, peaks: Peaks) -> float:
    """Floating point operations of products, forward and back, of training with one example.

    graphc counts the scores of an attention for a text of one step: no operation knows how many
    there will be. Those of all steps are added, whether or not what comes later is hidden, as in
    Chowdhery et al., "PaLM: Scaling Language Modeling with Pathways", 2022, appendix B.
    """
    steps = getattr(network, "steps", 1)
    lengths: Mapping[str, int] = {"batch": 1, "time": steps}
    checked = compile_here(source(network), settings_of(network)).checked
    found = Counter(lengths, peaks).rows(checked.networks)[-1].work.flops[network.precision]
    if isinstance(network, transformers.Transformer):
        found += 12 * network.depth * steps * (steps - 1) * network.units
    return found
