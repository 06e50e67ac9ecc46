"""Large networks: which run, and their work."""

from __future__ import annotations

import pytest

from benchmarks.accelerators import NETWORKS, run, work_of_example
from benchmarks.options import Options
from graphc.insight.roofline import Peaks

PEAKS = Peaks({"float32": 1.0, "bfloat16": 1.0}, 1.0)


def test_on_a_cpu_none_runs_that_was_not_asked_for():
    found = run(Options())
    assert not found.tables and not found.numbers and "there is none" in found.notes[0]


def test_the_work_of_a_gpt_is_that_of_its_weights_and_of_attention():
    each = NETWORKS["small_gpt"]
    weights = 12 * each.depth * each.units**2 + each.units * each.symbols
    products = 6 * weights * each.steps
    attention = 12 * each.depth * each.steps**2 * each.units
    assert work_of_example(each, PEAKS) == pytest.approx(products + attention, rel=0.02)


def test_the_work_of_resnet50_is_that_of_its_paper():
    # 3.8e9 multiplications and additions for an image, without those of the larger stride.
    assert work_of_example(NETWORKS["resnet50"], PEAKS) == pytest.approx(6 * 4.1e9, rel=0.05)
