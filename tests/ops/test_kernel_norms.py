"""Kernels that are normalised or thinned out before each product, against PyTorch and numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import graphc.ops
from graphc.core.operation import ShapeError
from graphc.core.registry import initializers, kernel_norms, operations
from graphc.core.types import Type

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
KIND = Type((5,))
X = jnp.asarray(np.random.default_rng(0).normal(size=(3, 5)), jnp.float32)


def dense(name=None, drop_connect=0.0, **attributes):
    norm = None if name is None else kernel_norms[name](**attributes)
    return operations["dense"](4, kernel_norm=norm, drop_connect=drop_connect)


def gradients(flax_form, operation, module):
    """Of the sum of squares, by the names of the parameters."""
    definition, params, rest = nnx.split(module, nnx.Param, ...)

    def total(params):
        layer = nnx.merge(definition, params, nnx.as_pure(rest))
        return jnp.sum(jnp.square(flax_form.call(operation, [KIND], [X], layer)))

    return nnx.to_pure_dict(jax.grad(total)(nnx.as_pure(params)))


def in_torch(torch, module):
    layer = torch.nn.Linear(5, 4)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(np.asarray(module.kernel[...].T)))
        layer.bias.copy_(torch.tensor(np.asarray(module.bias[...])))
    return layer


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_weight_norm_is_that_of_torch_and_so_are_its_gradients(flax_form):
    torch = pytest.importorskip("torch")
    operation = dense("weight_norm")
    module = flax_form.build(operation, [KIND])
    layer = torch.nn.utils.parametrizations.weight_norm(in_torch(torch, module))
    lengths, direction = layer.parametrizations.weight.parameters()
    close(module.scale[...], lengths.detach()[:, 0])
    module.scale[...] = jnp.asarray([2.0, -1.0, 0.5, 3.0])
    with torch.no_grad():
        lengths.copy_(torch.tensor([[2.0], [-1.0], [0.5], [3.0]]))
    y = layer(torch.tensor(np.asarray(X)))
    close(flax_form.call(operation, [KIND], [X], module), y.detach())
    (y**2).sum().backward()
    found = gradients(flax_form, operation, module)
    close(found["scale"], lengths.grad[:, 0])
    close(found["kernel"], direction.grad.T)


def test_weight_norm_changes_nothing_at_first(flax_form):
    normed, plain = dense("weight_norm"), dense()
    one, other = (flax_form.build(each, [KIND], seed=3) for each in (normed, plain))
    close(
        flax_form.call(normed, [KIND], [X], one),
        flax_form.call(plain, [KIND], [X], other),
    )


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("steps", [1, 3])
def test_spectral_norm_moves_as_in_torch_and_so_do_gradients(flax_form, steps):
    torch = pytest.importorskip("torch")
    operation = dense("spectral_norm", steps=steps)
    module = flax_form.build(operation, [KIND])
    layer = torch.nn.utils.spectral_norm(in_torch(torch, module), n_power_iterations=steps)
    layer.weight_u.copy_(torch.tensor(np.asarray(module.u[...])))
    for _ in range(3):
        layer.zero_grad()
        found = gradients(flax_form, operation, module)
        y = layer(torch.tensor(np.asarray(X)))
        (y**2).sum().backward()
        close(found["kernel"], layer.weight_orig.grad.T)
        close(flax_form.call(operation, [KIND], [X], module), y.detach())
        close(module.u[...], layer.weight_u)


def test_spectral_norm_finds_the_largest_singular_value(flax_form):
    operation = dense("spectral_norm", steps=50)
    module = flax_form.build(operation, [KIND])
    flax_form.call(operation, [KIND], [X], module)
    kernel = np.asarray(module.kernel[...])
    normed = kernel / np.linalg.svd(kernel)[1][0]
    bias = np.asarray(module.bias[...])
    for train in (True, False):
        close(flax_form.call(operation, [KIND], [X], module, train=train), X @ normed + bias[None])


def test_spectral_norm_moves_its_direction_in_training_alone(flax_form):
    operation = dense("spectral_norm")
    module = flax_form.build(operation, [KIND])
    before = np.asarray(module.u[...])
    np.testing.assert_allclose(np.linalg.norm(before), 1, rtol=1e-5)
    one, again = (flax_form.call(operation, [KIND], [X], module, train=False) for _ in range(2))
    assert (module.u[...] == before).all()
    assert (one == again).all()
    flax_form.call(operation, [KIND], [X], module)
    assert (module.u[...] != before).any()


def test_standardized_kernels_have_mean_0_and_variance_1(flax_form):
    operation = dense("weight_standardization", epsilon=1e-12)
    module = flax_form.build(operation, [KIND])
    kernel = np.asarray(module.kernel[...])
    standard = (kernel - kernel.mean(0)) / kernel.std(0)
    close(flax_form.call(operation, [KIND], [X], module), np.asarray(X) @ standard)


def test_a_kernel_of_single_numbers_cannot_be_standardized():
    with pytest.raises(ShapeError, match="each output reads a single number"):
        dense("weight_standardization").infer(Type((1,)))


def test_drop_connect_drops_numbers_of_the_kernel_while_training(flax_form):
    operation, kind = operations["dense"](300, drop_connect=0.25), Type((200,))
    module, x = flax_form.build(operation, [kind]), jnp.eye(200)

    def kernel(**options):
        return np.asarray(flax_form.call(operation, [kind], [x], module, **options))

    whole = np.asarray(module.kernel[...])
    np.testing.assert_array_equal(kernel(train=False), whole)
    one, again, other = kernel(seed=1), kernel(seed=1), kernel(seed=2)
    assert (one == again).all()
    assert (one != other).any()
    assert 0.24 < (one == 0).mean() < 0.26
    close(one[one != 0], (whole / 0.75)[one != 0])


@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm", "weight_standardization"])
def test_a_kernel_of_zeros_has_finite_gradients(flax_form, name):
    norm = kernel_norms[name]()
    operation = operations["dense"](4, kernel_norm=norm, kernel_init=initializers["zeros"]())
    module = flax_form.build(operation, [KIND])
    found = gradients(flax_form, operation, module)
    assert all(bool(jnp.isfinite(each).all()) for each in jax.tree.leaves(found))
    assert (flax_form.call(operation, [KIND], [X], module) == 0).all()


@pytest.mark.parametrize(
    ("name", "drop", "text"),
    [
        (None, 0.0, "self(x)"),
        ("weight_norm", 0.0, "weight_norm(self)(x)"),
        ("spectral_norm", 0.0, "spectral_norm(self, train=train)(x)"),
        (None, 0.5, "drop_connect(self, 0.5, train=train, key=key)(x)"),
        ("weight_norm", 0.5, "drop_connect(weight_norm(self), 0.5, train=train, key=key)(x)"),
    ],
)
def test_a_layer_is_called_with_its_kernel_of_the_moment(flax_form, name, drop, text):
    assert flax_form.source(dense(name, drop), [KIND]) == text


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm"])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_norms_of_kernels_that_slide_are_those_of_torch(flax_form, name, axes):
    torch = pytest.importorskip("torch")
    kind = Type((*(6, 5, 4)[:axes], 4))
    x = np.random.default_rng(1).normal(size=(2, *kind.shape)).astype(np.float32)
    operation = operations["conv"](
        6, kernel=3, groups=2, padding="valid", kernel_norm=kernel_norms[name]()
    )
    module = flax_form.build(operation, [kind])
    kinds = [torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d]
    layer = kinds[axes - 1](4, 6, 3, groups=2)
    with torch.no_grad():
        kernel = np.moveaxis(np.asarray(module.kernel[...]), (-1, -2), (0, 1))
        layer.weight.copy_(torch.tensor(kernel))
        layer.bias.zero_()
    layer = getattr(torch.nn.utils, name)(layer)
    if name == "spectral_norm":
        layer.weight_u.copy_(torch.tensor(np.asarray(module.u[...])))
    else:
        module.scale[...] *= 2
        with torch.no_grad():
            layer.weight_g *= 2
    expected = layer(torch.tensor(np.moveaxis(x, -1, 1))).detach().numpy()
    found = flax_form.call(operation, [kind], [jnp.asarray(x)], module)
    close(found, np.moveaxis(expected, 1, -1))


def test_channels_that_slide_alone_are_normalised_alone(flax_form):
    kind = Type((6, 3))
    operation = operations["depthwise_conv"](
        kernel=3, kernel_norm=kernel_norms["weight_standardization"](1e-12)
    )
    module = flax_form.build(operation, [kind])
    plain = operations["depthwise_conv"](kernel=3)
    other = flax_form.build(plain, [kind])
    kernel = np.asarray(module.kernel[...])
    other.kernel[...] = jnp.asarray((kernel - kernel.mean((0, 1))) / kernel.std((0, 1)))
    x = jnp.asarray(np.random.default_rng(1).normal(size=(2, 6, 3)), jnp.float32)
    close(
        flax_form.call(operation, [kind], [x], module),
        flax_form.call(plain, [kind], [x], other),
    )
