"""Activations and functions of the last axis against PyTorch and against numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

import graphc.ops
from graphc.core.operation import Elementwise
from graphc.core.registry import operations
from graphc.core.types import BATCH, Axis, Type

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
X = np.linspace(-4, 4, 41, dtype=np.float32)
POSITIVE = np.abs(X) + np.float32(0.1)


def value(flax_form, name, x, kind=None, **attributes):
    operation = operations[name](**attributes)
    kind = kind or Type(x.shape[1:])
    x = jnp.asarray(x)
    return flax_form.call(operation, [kind], [x], flax_form.build(operation, [kind]))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def elu(x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


IN_NUMPY = [
    ("relu", {}, lambda x: np.maximum(x, 0)),
    ("relu6", {}, lambda x: np.clip(x, 0, 6)),
    ("leaky_relu", {"negative_slope": 0.2}, lambda x: np.where(x > 0, x, 0.2 * x)),
    ("sigmoid", {}, sigmoid),
    ("log_sigmoid", {}, lambda x: -np.log1p(np.exp(-x))),
    ("hard_sigmoid", {}, lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    ("tanh", {}, np.tanh),
    ("hard_tanh", {}, lambda x: np.clip(x, -1, 1)),
    ("tanh_shrink", {}, lambda x: x - np.tanh(x)),
    ("silu", {}, lambda x: x * sigmoid(x)),
    ("hard_silu", {}, lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    ("mish", {}, lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    ("selu", {}, lambda x: 1.05070099 * elu(x, 1.67326324)),
    ("elu", {"alpha": 0.7}, lambda x: elu(x, 0.7)),
    ("celu", {"alpha": 0.7}, lambda x: 0.7 * elu(x / 0.7, 1) * (x <= 0) + x * (x > 0)),
    ("gelu", {"approximate": False}, lambda x: x * (1 + scipy.special.erf(x / 2**0.5)) / 2),
    ("softplus", {}, lambda x: np.log1p(np.exp(x))),
    ("softsign", {}, lambda x: x / (1 + np.abs(x))),
    ("squareplus", {"b": 2.0}, lambda x: (x + np.sqrt(x * x + 2)) / 2),
    ("soft_shrink", {"threshold": 0.7}, lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.7, 0)),
    ("hard_shrink", {"threshold": 0.7}, lambda x: x * (np.abs(x) > 0.7)),
    ("exp", {}, np.exp),
    ("square", {}, np.square),
    ("abs", {}, np.abs),
    ("sin", {}, np.sin),
    ("cos", {}, np.cos),
    ("sign", {}, np.sign),
    ("floor", {}, np.floor),
    ("ceil", {}, np.ceil),
    ("round", {}, np.round),
    ("clip", {"minimum": -1.0, "maximum": 2.0}, lambda x: np.clip(x, -1, 2)),
    ("clip", {"maximum": 2.0}, lambda x: np.minimum(x, 2)),
    ("negative", {}, np.negative),
    ("identity", {}, np.asarray),
]


@pytest.mark.parametrize(("name", "attributes", "function"), IN_NUMPY)
def test_functions_of_each_number_are_what_numpy_says(flax_form, name, attributes, function):
    found = value(flax_form, name, X, **attributes)
    np.testing.assert_allclose(found, function(X.astype(np.float64)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "function"), [("log", np.log), ("sqrt", np.sqrt)])
def test_functions_of_positive_numbers_are_what_numpy_says(flax_form, name, function):
    np.testing.assert_allclose(value(flax_form, name, POSITIVE), function(POSITIVE), rtol=1e-6)


def test_every_function_of_each_number_is_tested_here():
    tested = {name for name, _, _ in IN_NUMPY} | {"log", "sqrt"}
    assert tested == {each.name for each in operations if each.trait(Elementwise)}


IN_TORCH = {
    "relu6": "ReLU6",
    "log_sigmoid": "LogSigmoid",
    "hard_sigmoid": "Hardsigmoid",
    "hard_tanh": "Hardtanh",
    "tanh_shrink": "Tanhshrink",
    "soft_shrink": "Softshrink",
    "hard_shrink": "Hardshrink",
    "silu": "SiLU",
    "hard_silu": "Hardswish",
    "mish": "Mish",
    "selu": "SELU",
    "elu": "ELU",
    "celu": "CELU",
    "leaky_relu": "LeakyReLU",
    "softplus": "Softplus",
    "softsign": "Softsign",
}


@pytest.mark.parametrize("name", IN_TORCH)
def test_defaults_are_those_of_torch_and_so_are_gradients(flax_form, name):
    torch = pytest.importorskip("torch")
    x = torch.tensor(X, requires_grad=True)
    y = getattr(torch.nn, IN_TORCH[name])()(x)
    y.sum().backward()
    found, gradient = jax.vmap(
        jax.value_and_grad(lambda x: value(flax_form, name, x, Type((), domain=())))
    )(jnp.asarray(X))
    np.testing.assert_allclose(found, y.detach(), rtol=1e-5, atol=1e-6)
    smooth = np.abs(np.abs(X) - 0.5) > 0.01  # two gradients are right where a function has a kink
    for kink in (0, 1, 3):
        smooth &= np.abs(np.abs(X) - kink) > 0.01
    np.testing.assert_allclose(gradient[smooth], x.grad[smooth], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [each.name for each in operations if each.trait(Elementwise)])
def test_code_of_activations_reads_its_input_once(name):
    assert operations[name].call.count("x") == 1


@pytest.mark.parametrize("shared", [False, True])
def test_prelu_is_that_of_torch(flax_form, shared):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    operation, kind = operations["prelu"](shared=shared), Type((4, 5))
    module = flax_form.build(operation, [kind])
    layer = torch.nn.PReLU(1 if shared else 5)
    np.testing.assert_array_equal(module.slope[...], layer.weight.detach())
    slopes = np.linspace(-0.5, 0.5, 5, dtype=np.float32)[: 1 if shared else 5]
    module.slope[...] = jnp.asarray(slopes)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(slopes))
    expected = layer(torch.tensor(np.moveaxis(x, -1, 1))).detach().numpy()
    found = flax_form.call(operation, [kind], [jnp.asarray(x)], module)
    np.testing.assert_allclose(found, np.moveaxis(expected, 1, -1), rtol=1e-6)


HALVES = np.random.default_rng(1).normal(size=(3, 2, 6)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "activation"),
    [
        ("swiglu", lambda x: x * sigmoid(x)),
        ("geglu", lambda x: x * sigmoid(2 * (2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))),
        ("reglu", lambda x: np.maximum(x, 0)),
    ],
)
def test_first_half_gates_the_second_in_the_variants_of_shazeer(flax_form, name, activation):
    found = value(flax_form, name, HALVES)
    expected = activation(HALVES[..., :3]) * HALVES[..., 3:]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_second_half_gates_the_first_in_glu_as_in_torch(flax_form):
    torch = pytest.importorskip("torch")
    found = value(flax_form, "glu", HALVES)
    np.testing.assert_allclose(found, torch.nn.functional.glu(torch.tensor(HALVES)), rtol=1e-5)
    np.testing.assert_allclose(found, HALVES[..., :3] * sigmoid(HALVES[..., 3:]), rtol=1e-5)


def test_maxout_is_the_largest_of_neighbours(flax_form):
    found = value(flax_form, "maxout", HALVES, pieces=3)
    np.testing.assert_array_equal(found[..., 0], HALVES[..., :3].max(-1))
    np.testing.assert_array_equal(found[..., 1], HALVES[..., 3:].max(-1))


def projected(x):
    """The point of the probability simplex nearest to x, by bisection for the threshold."""
    low, high = x.min() - 1, x.max()
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(x - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(x - middle, 0)


def test_sparsemax_is_the_nearest_point_of_the_simplex(flax_form):
    x = np.random.default_rng(2).normal(0, 1.5, size=(5, 4, 7)).astype(np.float32)
    found = value(flax_form, "sparsemax", x)
    expected = np.array([projected(row) for row in x.reshape(-1, 7).astype(np.float64)])
    np.testing.assert_allclose(found.reshape(-1, 7), expected, atol=1e-6)
    assert (found == 0).any()
    np.testing.assert_allclose(value(flax_form, "sparsemax", np.zeros((1, 4))), 0.25)


def test_gradient_of_sparsemax_is_that_of_the_paper(flax_form):
    x = jnp.asarray([[1.0, 0.8, -1.0, 0.1]])
    jacobian = jax.jacobian(lambda x: value(flax_form, "sparsemax", x))(x)[0, :, 0]
    support = np.array(value(flax_form, "sparsemax", x)[0] > 0, float)
    expected = np.diag(support) - np.outer(support, support) / support.sum()
    np.testing.assert_allclose(jacobian, expected, atol=1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "glu", "swiglu", "prelu"])
def test_functions_of_the_last_axis_look_at_each_point_alone(flax_form, name):
    stream = Type((4,), domain=(BATCH, Axis("time", "time")))
    x = np.random.default_rng(3).normal(size=(2, 3, 4)).astype(np.float32)
    found = value(flax_form, name, x, stream)
    for i, j in np.ndindex(2, 3):
        alone = value(flax_form, name, x[i, j][None])
        np.testing.assert_allclose(found[i, j], alone[0], rtol=1e-6, atol=1e-7)
