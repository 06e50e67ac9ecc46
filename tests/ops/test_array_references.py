"""Array operations against numpy, point by point, over every domain."""

from dataclasses import replace

import numpy as np
import pytest
from points import DOMAINS, at_points

from graphc.core.registry import operations
from graphc.core.types import Type

pytestmark = pytest.mark.usefixtures("quick_compile")
LABEL = Type((2,), "int", 3)


def made(name, *attributes, **named):
    return operations[name](*attributes, **named)


CASES = {
    "concat": (made("concat"), [(2, 3), (2, 1)], lambda a, b: np.concatenate([a, b], -1)),
    "concat of rows": (made("concat", 0), [(2, 3), (4, 3)], lambda a, b: np.concatenate([a, b])),
    "concat of numbers": (made("concat"), [(), (3,)], lambda a, b: np.append(a, b)),
    "stack": (made("stack"), [(2, 3), (2, 3)], lambda a, b: np.stack([a, b])),
    "stack at the end": (made("stack", -1), [(3,), (3,)], lambda a, b: np.stack([a, b], -1)),
    "stack of numbers": (made("stack"), [(), ()], lambda a, b: np.stack([a, b])),
    "tile": (made("tile", 2), [(2, 3)], lambda x: np.tile(x, 2)),
    "tile of rows": (made("tile", 2, 0), [(2, 3)], lambda x: np.tile(x, (2, 1))),
    "permute": (made("permute", (2, 0, -2)), [(2, 3, 4)], lambda x: np.transpose(x, (2, 0, 1))),
    "expand_dims": (made("expand_dims", 1), [(2, 3)], lambda x: x[:, None]),
    "squeeze": (made("squeeze", 0), [(1, 3)], lambda x: x[0]),
    "slice": (made("slice", 1, -1), [(2, 5)], lambda x: x[:, 1:-1]),
    "slice by steps": (made("slice", -4, None, 2, 0), [(5, 2)], lambda x: x[-4::2]),
    "flip": (made("flip"), [(2, 3)], lambda x: x[:, ::-1]),
    "roll": (made("roll", 1, 0), [(3, 2)], lambda x: np.roll(x, 1, axis=0)),
    "pick": (made("pick"), [(2, 3), LABEL], lambda x, i: x[np.arange(2), i]),
}


def typed(shape, domain):
    own = shape if isinstance(shape, Type) else Type(shape)
    return replace(own, domain=domain, presence=frozenset())


@pytest.mark.parametrize("domains", DOMAINS.values(), ids=DOMAINS)
@pytest.mark.parametrize(("operation", "shapes", "function"), CASES.values(), ids=CASES)
def test_an_operation_does_to_each_point_what_numpy_does(
    flax_form, operation, shapes, function, domains
):
    types = [typed(shape, domains(i)) for i, shape in enumerate(shapes)]
    arrays = [flax_form.array(each, seed) for seed, each in enumerate(types)]
    module = flax_form.build(operation, types)
    found = flax_form.call(operation, types, arrays, module)
    expected = at_points(function, types, arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert found.shape[len(found.shape) - len(operation.infer(*types).shape) :] == (
        operation.infer(*types).shape
    )


def test_the_parts_of_a_split_lie_side_by_side(flax_form):
    x = Type((2, 6))
    array = flax_form.array(x)
    split = operations["split"](("one", "two", "three"), (1, 3, 2))
    parts = flax_form.call(split, [x], [array])
    assert [each.shape for each in parts] == [(3, 2, 1), (3, 2, 3), (3, 2, 2)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1), array)
    assert flax_form.source(split, [x]) == "jnp.split(x, (1, 4), axis=-1)"
    halves = operations["split"](("one", "two"), axis=0)
    assert flax_form.source(halves, [x]) == "jnp.split(x, 2, axis=-2)"
