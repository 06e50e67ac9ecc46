"""The work of nodes in a training step, and what bounds their time."""

import pytest

from graphc.checker import check
from graphc.core.span import Source
from graphc.insight.compiled import seconds, size
from graphc.insight.roofline import Counter, Peaks, Work

PEAKS = Peaks({"float32": 1e9, "bfloat16": 4e9}, 1e9)


def rows_of(text, **lengths):
    networks = check(Source("a.yaml", f"graphc: 1\n{text}")).networks
    return {row.name: row for row in Counter({"batch": 10} | lengths, PEAKS).rows(networks)}


def test_a_layer_reads_its_input_and_its_weights_and_writes_its_output():
    rows = rows_of("network: {inputs: {x: [8]}, layers: [{dense: 4}]}")
    work = rows["dense"].work
    # (2 * 8 + 1) * 4 operations for each of 10 examples, three times: forward and back to both
    assert work.flops == {"float32": 3 * 10 * 68}
    # 10 * 8 numbers in, 10 * 4 out, 8 * 4 + 4 weights, of four bytes
    assert work.bytes == 3 * 4 * (80 + 40 + 36)
    assert rows["total"].work == work


def test_values_over_steps_are_counted_at_each_of_them():
    text = "network: {inputs: {x: [time, 8]}, layers: [{dense: 4}, last]}"
    rows = rows_of(text, time=5)
    assert rows["dense"].work.flops == {"float32": 3 * 50 * 68}


def test_a_repeat_is_the_sum_of_its_layers_and_a_network_that_is_called_stands_in_its_calls():
    text = "network: {inputs: {x: [8]}, layers: [{repeat: {times: 6, layers: [{dense: 8}]}}]}"
    rows = rows_of(text)
    assert rows["repeat"].work == rows["0..5 (each)"].work * 6
    assert rows["repeat"].seconds == pytest.approx(6 * rows["0..5 (each)"].seconds)
    both = """networks:
  inner: {inputs: {x: [8]}, layers: [{dense: 8}]}
  outer: {inputs: {x: [8]}, layers: [inner, inner]}
"""
    rows = rows_of(both)
    assert rows["total"].work == rows["dense"].work * 2


def test_products_in_bfloat16_have_a_peak_of_their_own():
    text = "network: {precision: bfloat16, inputs: {x: [8]}, layers: [{dense: 4}]}"
    assert rows_of(text)["dense"].work.computing(PEAKS) == 3 * 680 / 4e9


def test_what_takes_longer_bounds_the_time():
    assert Work({"float32": 2e9}, 1e9).bound(PEAKS) == "compute"
    assert Work({"float32": 1e8}, 1e9).bound(PEAKS) == "memory"
    assert Work({"float32": 0}).bound(PEAKS) == ""


def test_bytes_and_times_have_three_digits():
    assert [size(each) for each in (0, 950, 2048, 3.5 * 2**20)] == [
        *("0 B", "950 B", "2.00 KiB", "3.50 MiB")
    ]
    assert [seconds(each) for each in (2.5e-7, 0.0123, 2)] == ["0.25 us", "12.3 ms", "2.00 s"]
