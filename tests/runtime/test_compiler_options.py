"""What the emitted module tells XLA about convolutions on a CPU."""

from dataclasses import replace

import numpy as np
import pytest

from graphc.compiler import compile
from graphc.core.forms import CPU, YNNPACK
from graphc.core.span import Source
from graphc.insight.explanation import explanation
from graphc.runtime.module import module_from_source
from graphc.runtime.steps import Program, compiler_options

CONVOLUTION = """\
graphc: 1
network:
  inputs: {image: [8, 8, 16]}
  layers: [{conv: {features: 32, kernel: 3}}, relu, flatten, {dense: 10}]
"""
DENSE = "graphc: 1\nnetwork: {inputs: {x: [4]}, layers: [{dense: 3}]}\n"
SAID = "convolutions: XLA's own, not those of YNNPACK"


def compiled(text, device="cpu", **forms):
    forms = replace(CPU, **forms) if forms else None
    return compile(Source("given.yaml", text), device=device, forms=forms)


def module_of(text, **options):
    return module_from_source(compiled(text, **options).source, "<given>")


def test_convolutions_of_the_library_are_not_those_of_ynnpack_on_a_cpu():
    module = module_of(CONVOLUTION)
    kinds = module.COMPILER_OPTIONS[YNNPACK].split(",")
    assert kinds == ["LIBRARY_FUSION_TYPE_DOT", "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"]
    assert SAID in explanation(compiled(CONVOLUTION))


@pytest.mark.parametrize(
    ("text", "options"),
    [(DENSE, {}), (CONVOLUTION, {"device": "gpu"}), (CONVOLUTION, {"ynnpack": True})],
)
def test_nothing_is_said_elsewhere(text, options):
    found = compiled(text, **options)
    assert "COMPILER_OPTIONS" not in found.source
    assert SAID not in explanation(found)
    assert compiler_options(module_of(text, **options)) is None


def test_rows_are_products():
    """Those that go row by row are no library convolutions."""
    few = CONVOLUTION.replace("16]", "1]").replace("32", "8")
    assert "COMPILER_OPTIONS" not in compiled(few).source


def test_xla_is_told():
    def text_of(options):
        program = Program(lambda x: x @ x, options=options)
        program.compile(np.zeros((64, 64), np.float32))
        return program._run.as_text()

    usual, without = text_of(None), text_of({YNNPACK: "LIBRARY_FUSION_TYPE_INVALID"})
    if "ynn" not in usual:
        pytest.skip("this XLA leaves nothing to YNNPACK")
    assert usual != without


def test_what_xla_does_not_know_is_left_out():
    module = module_of(CONVOLUTION)
    known = compiler_options(module)
    module.COMPILER_OPTIONS["xla_cpu_of_another_time"] = "1"
    assert compiler_options(module) == known
