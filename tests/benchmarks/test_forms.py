"""Benchmarks of forms say where the table that the compiler goes by is wrong."""

from __future__ import annotations

import pytest

from benchmarks.forms import Compared, together, verdict, wrong
from benchmarks.measure import Sample

FAST, SLOW = Sample((1.9, 2.0, 2.1)), Sample((0.4, 0.5, 0.6))
NOISE = Sample((0.9, 1.2, 1.4))


def by(**forms: Sample) -> dict[str, dict[str, Sample]]:
    return {form: {"forward": FAST, "training": each} for form, each in forms.items()}


def test_a_form_that_trains_faster_than_what_is_taken_is_named_with_its_figure():
    (note,) = wrong("here", "loop", by(scan=FAST, other=SLOW), "loop")
    assert note == "here: scan trains 2.00 (1.95 to 2.05) times as fast as loop, which is taken"


def test_what_all_are_compared_with_may_be_the_faster_one():
    (note,) = wrong("here", "scan", by(scan=SLOW), "loop")
    assert "loop trains 2.00 (1.83 to 2.25) times as fast as scan" in note


def test_two_forms_are_compared_round_by_round():
    uneven = by(scan=Sample((1.0, 2.0, 8.0)), other=Sample((1.3, 2.6, 10.4)))
    (note,) = wrong("here", "scan", uneven)
    assert "other trains 1.30 (1.30 to 1.30) times as fast as scan" in note


@pytest.mark.parametrize("taken", ["loop", "scan"])
def test_what_may_be_noise_is_no_reason(taken):
    assert not wrong("here", taken, by(scan=NOISE), "loop")


def test_a_table_that_is_right_is_said_to_be():
    assert verdict([]) == ["nowhere is a form more than 1.1 times as fast as the one that is taken"]


def test_tables_say_of_which_choice_they_speak():
    table = Compared("loop : scan", {"small": {"scan, training": FAST}}, ["small: scan is faster"])
    result = together({"recurrences": table})
    assert result.notes == ["recurrences, small: scan is faster"]
    assert result.numbers == {"recurrences": {"small": {"scan, training": FAST.values}}}
    assert "| small | 2.00 (1.95 to 2.05) |" in result.markdown()
