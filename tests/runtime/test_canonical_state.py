"""The canonical form: what one form of a network saves, another loads, bit for bit."""

import jax
import numpy as np
import pytest

from graphc.runtime.module import module_from_source
from graphc.runtime.state import (
    canonical_shapes,
    from_canonical,
    make_state,
    state_shapes,
    to_canonical,
)


@pytest.fixture(scope="module")
def forms(rolled, unrolled):
    """For each form: blueprint, module and a state whose every number is another."""
    found = {}
    for name, blueprint in (("rolled", rolled), ("unrolled", unrolled)):
        module = module_from_source(blueprint.source, f"<{name}>")
        found[name] = (blueprint, module, make_state(module, 0))
    return found


def test_layers_are_named_and_shaped_by_the_spec(forms):
    blueprint, _, state = forms["rolled"]
    arrays = to_canonical(state, blueprint.weights)
    assert arrays["params/highways/2/h/kernel"].shape == (8, 8)
    assert arrays["statistics/highways/0/norm/var"].shape == (8,)
    assert arrays["optimizer/0/mu/highways/1/gate/bias"].shape == (8,)
    assert arrays["optimizer/0/count"].shape == ()
    assert arrays["step"].dtype == np.int32
    assert not any(path.endswith("highways/h/kernel") for path in arrays)


def test_both_forms_have_the_same_arrays(forms):
    tables = [
        {path: (each.shape, each.dtype) for path, each in to_canonical(state, b.weights).items()}
        for b, _, state in forms.values()
    ]
    assert tables[0] == tables[1]


def test_both_forms_draw_the_same_weights(forms, equal):
    rolled, unrolled = (to_canonical(state, b.weights) for b, _, state in forms.values())
    assert equal(rolled, unrolled)


@pytest.mark.parametrize("source, target", [("rolled", "unrolled"), ("unrolled", "rolled")])
def test_a_state_goes_from_form_to_form_bit_for_bit(forms, equal, source, target):
    blueprint, _, state = forms[source]
    numbers = np.random.default_rng(0)
    state = jax.tree.map(
        lambda each: numbers.normal(size=each.shape).astype(each.dtype), jax.device_get(state)
    )
    arrays = to_canonical(state, blueprint.weights)
    other, module, _ = forms[target]
    there = from_canonical(arrays, state_shapes(module), other.weights)
    assert equal(to_canonical(there, other.weights), arrays)
    back = from_canonical(to_canonical(there, other.weights), state, blueprint.weights)
    assert equal(back, state)


def test_shapes_are_known_without_arrays(forms):
    blueprint, module, state = forms["rolled"]
    shapes = canonical_shapes(state_shapes(module), blueprint.weights)
    arrays = to_canonical(state, blueprint.weights)
    assert {path: each.shape for path, each in shapes.items()} == {
        path: each.shape for path, each in arrays.items()
    }


def test_a_part_of_the_state_can_be_restored(forms, equal):
    blueprint, _, state = forms["rolled"]
    arrays = to_canonical(state, blueprint.weights)
    part = from_canonical(arrays, {"params": state["params"]}, blueprint.weights)
    assert equal(part["params"], state["params"])


def test_an_array_outside_the_spec_keeps_its_place(forms, equal):
    blueprint, _, state = forms["rolled"]
    state = {**state, "params": {**state["params"], "custom": np.arange(3.0, dtype=np.float32)}}
    arrays = to_canonical(state, blueprint.weights)
    assert arrays["params/custom"].tolist() == [0, 1, 2]
    assert equal(from_canonical(arrays, state, blueprint.weights)["params"], state["params"])
