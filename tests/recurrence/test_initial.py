"""What a value is before the first step, in every form that a spec can say it."""

import numpy as np
import pytest

SPEC = """
network:
  inputs: {{x: [time, 6], single: [], row: [5]}}
  nodes:
    h: {{dense: {{features: 5, activation: tanh}}, from: [x, h@t-1]}}
    moved: h@t-2
    both: h + 0 * single + 0 * row
  initial: {{h: {value}}}
  outputs: [both, moved]
"""
FORMS = {
    "2": 2.0,
    "-0.5": -0.5,
    "ones": 1.0,
    "3 * 2 - 1": 5.0,
    "{constant: 3}": 3.0,
    "{constant: 2, shape: [5]}": 2.0,
    "{learned: {init: ones}}": None,
    "single": None,
    "row": None,
}


def beginning(value, made, given):
    if value in given:
        return given[value].reshape(4, -1) + np.zeros((4, 5))
    if "learned" in value:
        return made.weights["initial/h"] + np.zeros((4, 5))
    return np.full((4, 5), FORMS[value])


@pytest.mark.parametrize("value", FORMS)
def test_a_cycle_begins_with_what_is_said(value, compiled, sequences):
    made = compiled(SPEC.format(value=value))
    draw = np.random.default_rng(2)
    given = {"single": draw.normal(size=4), "row": draw.normal(size=(4, 5))}
    given = {name: each.astype(np.float32) for name, each in given.items()}
    begun = h = beginning(value, made, given)
    kernel, bias = made.weights["h/kernel"], made.weights["h/bias"]
    found = []
    for step in range(9):
        h = np.tanh(np.concatenate([sequences[:, step], h], axis=1) @ kernel + bias)
        found.append(h)
    both, moved = made(x=sequences, **given)
    np.testing.assert_allclose(both, np.stack(found, 1), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(moved, np.stack([begun, begun, *found[:-2]], 1), 1e-5, 1e-5)


@pytest.mark.parametrize("value", ["1", "1 + 2", "start"])
def test_integers_and_truth_values_begin_as_such(value, compiled):
    made = compiled(
        f"""
network:
  inputs: {{word: {{int: [time], below: 4}}, known: {{bool: [time]}}, start: {{int: [], below: 4}}}}
  nodes:
    table: {{embed: 3, from: word@t-1}}
    beside: {{embed: 3, from: start}}
    y: where(known@t-1, table, 7) + 0 * beside
  initial: {{word: {value}, known: 1}}
  output: y
"""
    )
    word = np.array([[0, 1, 2, 3]], np.int32)
    batch = {"word": word, "known": word > 1, "start": np.array([2], np.int32)}
    begun = {"1": 1, "1 + 2": 3, "start": 2}[value]
    table = made.weights["table/table"]
    expected = [table[begun], np.full(3, 7), np.full(3, 7), table[2]]
    np.testing.assert_allclose(made(**batch)[0], expected, rtol=1e-6)
