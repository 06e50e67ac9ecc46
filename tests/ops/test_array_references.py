"""Array operations against numpy, point by point, over every domain."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from points import DOMAINS, at_points

from graphc.core.operation import ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type

pytestmark = pytest.mark.usefixtures("quick_compile")
LABEL, KNOWN = Type((2,), "int", 3), Type((2,), "bool")


def made(name, *attributes, **named):
    return operations[name](*attributes, **named)


def _kept(function, x):
    return function(x, axis=(0, 2), keepdims=True)


def _cosine(a, b):
    return (a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))


def _sum(a, b, c):
    return np.einsum("ij,jk,k->ki", a, b, c)


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
    "mean": (made("mean"), [(2, 3)], np.mean),
    "sum of rows": (made("sum", 0), [(2, 3)], lambda x: x.sum(0)),
    "sum of several axes": (made("sum", (0, -1), True), [(2, 3, 2)], lambda x: _kept(np.sum, x)),
    "prod": (made("prod"), [(2, 3)], np.prod),
    "max": (made("max", -1), [(2, 3)], lambda x: x.max(-1)),
    "min": (made("min", -1, True), [(2, 3)], lambda x: x.min(-1, keepdims=True)),
    "variance": (made("variance"), [(2, 3)], np.var),
    "std": (made("std", -1), [(2, 3)], lambda x: x.std(-1)),
    "norm": (made("norm", 1), [(2, 3)], lambda x: np.linalg.norm(x, axis=1)),
    "argmax": (made("argmax", 0), [(3, 2)], lambda x: x.argmax(0)),
    "argmin": (made("argmin"), [(3, 2)], lambda x: x.argmin(-1)),
    "cumulative_sum": (made("cumulative_sum", 0), [(3, 2)], lambda x: x.cumsum(0)),
    "greater": (made("greater"), [(2, 3), (2, 1)], np.greater),
    "greater_equal": (made("greater_equal"), [LABEL, LABEL], np.greater_equal),
    "less": (made("less"), [(3,), ()], np.less),
    "less_equal": (made("less_equal"), [LABEL, LABEL], np.less_equal),
    "equal": (made("equal"), [LABEL, LABEL], np.equal),
    "not_equal": (made("not_equal"), [LABEL, (2,)], np.not_equal),
    "logical_and": (made("logical_and"), [KNOWN, KNOWN, KNOWN], lambda a, b, c: a & b & c),
    "logical_or": (made("logical_or"), [KNOWN, KNOWN], np.logical_or),
    "logical_not": (made("logical_not"), [KNOWN], np.logical_not),
    "matmul": (made("matmul"), [(2, 3), (3, 4)], np.matmul),
    "matmul of a row": (made("matmul"), [(3,), (3, 4)], np.matmul),
    "matmul of a column": (made("matmul"), [(2, 3), (3,)], np.matmul),
    "matmul of vectors": (made("matmul"), [(3,), (3,)], np.matmul),
    "matmul of several": (made("matmul"), [(2, 2, 3), (3, 4)], np.matmul),
    "matmul of one by several": (made("matmul"), [(5, 3), (2, 3, 4)], np.matmul),
    "matmul of pairs": (made("matmul"), [(2, 5, 3), (2, 3, 4)], np.matmul),
    "matmul of a row by several": (made("matmul"), [(3,), (2, 3, 4)], np.matmul),
    "dot": (made("dot"), [(3,), (3,)], np.dot),
    "dot of rows": (made("dot"), [(2, 3), (3,)], np.dot),
    "dot of pairs": (made("dot"), [(2, 3), (2, 3)], lambda a, b: (a * b).sum(-1)),
    "outer": (made("outer"), [(2,), (3,)], np.outer),
    "outer of a matrix": (made("outer"), [(2, 3), (4,)], np.multiply.outer),
    "cosine": (made("cosine_similarity"), [(4, 3), (3,)], _cosine),
    "cosine of pairs": (made("cosine_similarity"), [(2, 3), (2, 3)], _cosine),
    "einsum": (made("einsum", "ij,jk,k->ki"), [(2, 3), (3, 4), (4,)], _sum),
    "einsum of a diagonal": (made("einsum", "ii->i"), [(3, 3)], lambda x: np.einsum("ii->i", x)),
    "softmax": (made("softmax", 0), [(3, 2)], lambda x: np.exp(x) / np.exp(x).sum(0)),
    "log_softmax": (made("log_softmax", 0), [(3, 2)], lambda x: x - np.log(np.exp(x).sum(0))),
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


def test_top_k_gives_the_largest_numbers_and_where_they_stand(flax_form):
    x = Type((2, 5))
    array = flax_form.array(x)
    values, places = flax_form.call(made("top_k", 3), [x], [array])
    order = np.argsort(-np.asarray(array), axis=-1)[..., :3]
    np.testing.assert_array_equal(places, order)
    np.testing.assert_array_equal(values, np.take_along_axis(np.asarray(array), order, axis=-1))
    assert made("top_k", 3).infer(x)["places"].below == 5


@pytest.mark.parametrize("name", ["std", "norm", "cosine_similarity"])
def test_the_gradient_at_zero_is_zero(flax_form, name):
    types = [Type((3,), domain=())] * len(operations[name].inputs)
    gradient = jax.grad(lambda *arrays: flax_form.call(made(name), types, arrays))
    zeros = [jnp.zeros(3)] * len(types)
    assert (gradient(*zeros) == 0).all()


def test_cosine_similarity_is_that_of_torch(flax_form):
    torch = pytest.importorskip("torch")
    types = [Type((4, 3)), Type((4, 3))]
    arrays = [flax_form.array(each, seed) for seed, each in enumerate(types)]
    arrays[0] = arrays[0].at[:, 0].set(0)
    found = flax_form.call(made("cosine_similarity", 0.5), types, arrays)
    tensors = [torch.tensor(np.asarray(each)) for each in arrays]
    expected = torch.nn.functional.cosine_similarity(*tensors, dim=-1, eps=0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("operation", "shapes", "domains", "source"),
    [
        ("matmul", [(2, 3), (3, 4)], "stream", "jnp.matmul(a, b)"),
        ("matmul", [(3,), (3, 4)], "batch", "jnp.einsum('...j,...jk->...k', a, b)"),
        ("matmul", [(3,), (3, 4)], "none", "jnp.einsum('j,jk->k', a, b)"),
        (
            "outer",
            [(3,), (4,)],
            "first alone",
            "jnp.einsum('...i,j->...ij', a, b)",
        ),
        ("dot", [(3,), (3,)], "other order", "jnp.einsum('abci,acbi->abc', a, b)"),
    ],
)
def test_domains_are_dots_where_they_are_the_same_and_letters_elsewhere(
    flax_form, operation, shapes, domains, source
):
    types = [typed(shape, DOMAINS[domains](i)) for i, shape in enumerate(shapes)]
    assert flax_form.source(made(operation), types) == source


def test_a_value_with_more_axes_than_letters_is_refused():
    deep = Type((1,) * 40)
    with pytest.raises(ShapeError, match="more axes than there are letters"):
        made("outer").infer(deep, deep)


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
