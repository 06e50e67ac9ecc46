"""Normalisations against PyTorch and against numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc.ops
from graphc.core.registry import operations
from graphc.core.types import BATCH, Axis, Type

assert graphc.ops
pytestmark = pytest.mark.usefixtures("quick_compile")
SHAPES = [(5, 6), (4, 3, 6), (2, 3, 4, 6)]
STREAM = (BATCH, Axis("time", "time"))


def normal(shape, seed=0):
    values = np.random.default_rng(seed).normal(1, 2, size=shape)
    return jnp.asarray(values, jnp.float32)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)


def with_random_weights(flax_form, operation, kind):
    module = flax_form.build(operation, [kind])
    for seed, name in enumerate(("scale", "bias"), 1):
        if getattr(module, name, None) is not None:
            getattr(module, name)[...] = normal((kind.features,), seed)
    return module


def in_torch(torch, layer, module, x):
    """The value of a layer of PyTorch, which has channels second, with the module's weights."""
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(np.asarray(module.scale[...])))
        layer.bias.copy_(torch.tensor(np.asarray(module.bias[...])))
    y = layer(torch.tensor(np.moveaxis(np.asarray(x), -1, 1)))
    return np.moveaxis(y.detach().numpy(), 1, -1)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("groups", [1, 2, 6])
def test_group_norm_is_that_of_torch_over_any_number_of_places(flax_form, shape, groups):
    torch = pytest.importorskip("torch")
    kind, x = Type(shape), normal((3, *shape))
    operation = operations["group_norm"](groups=groups, epsilon=1e-5)
    module = with_random_weights(flax_form, operation, kind)
    expected = in_torch(torch, torch.nn.GroupNorm(groups, 6), module, x)
    close(flax_form.call(operation, [kind], [x], module), expected)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_instance_norm_is_that_of_torch_over_any_number_of_places(flax_form, shape):
    torch = pytest.importorskip("torch")
    kind, x = Type(shape), normal((3, *shape))
    operation = operations["instance_norm"](epsilon=1e-5)
    module = with_random_weights(flax_form, operation, kind)
    kinds = [torch.nn.InstanceNorm1d, torch.nn.InstanceNorm2d, torch.nn.InstanceNorm3d]
    layer = kinds[len(shape) - 2](6, affine=True)
    close(flax_form.call(operation, [kind], [x], module), in_torch(torch, layer, module, x))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_is_that_of_torch_over_any_number_of_places(flax_form, shape):
    torch = pytest.importorskip("torch")
    kind, x = Type(shape), normal((3, *shape))
    operation = operations["batch_norm"](momentum=0.9)
    module = with_random_weights(flax_form, operation, kind)
    kinds = [torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d]
    layer = kinds[len(shape) - 2](6, momentum=0.1)
    expected = in_torch(torch, layer, module, x)
    close(flax_form.call(operation, [kind], [x], module), expected)
    close(module.mean[...], layer.running_mean)
    count = x.size // 6  # PyTorch keeps the unbiased variance
    unbiased = 0.9 + (module.var[...] - 0.9) * count / (count - 1)
    close(unbiased, layer.running_var)
    layer.eval()
    layer.running_var.copy_(torch.tensor(np.asarray(module.var[...])))
    expected = in_torch(torch, layer, module, x)
    close(flax_form.call(operation, [kind], [x], module, train=False), expected)


def test_rms_norm_and_layer_norm_are_those_of_torch(flax_form):
    torch = pytest.importorskip("torch")
    kind, x = Type((4, 6)), normal((3, 4, 6))
    for name, layer in (("rms_norm", torch.nn.RMSNorm), ("layer_norm", torch.nn.LayerNorm)):
        operation = operations[name](epsilon=1e-5)
        module = with_random_weights(flax_form, operation, kind)
        made = layer(6, eps=1e-5)
        with torch.no_grad():
            for word, weight in made.named_parameters():
                own = module.scale if word == "weight" else module.bias
                weight.copy_(torch.tensor(np.asarray(own[...])))
            expected = made(torch.tensor(np.asarray(x)))
        close(flax_form.call(operation, [kind], [x], module), expected)


@pytest.mark.parametrize("name", ["group_norm", "instance_norm"])
@pytest.mark.parametrize("domain", [(), (BATCH,), STREAM], ids=len)
def test_each_point_of_any_domain_is_normalised_alone(flax_form, name, domain):
    kind = Type((3, 4), domain=domain)
    attributes = {"groups": 2} if name == "group_norm" else {}
    operation = operations[name](**attributes)
    module = with_random_weights(flax_form, operation, kind)
    x = normal((*(2, 5)[: len(domain)], 3, 4))
    found = flax_form.call(operation, [kind], [x], module)
    one = Type((3, 4))
    for place in np.ndindex(*x.shape[:-2]):
        alone = flax_form.call(operation, [one], [x[place][None]], module)[0]
        close(found[place], alone)


def test_flax_norms_are_called_as_they_are_where_they_can_be(flax_form):
    operation = operations["group_norm"](groups=2)
    assert flax_form.source(operation, [Type((3, 4))]) == "self(x)"
    stream = Type((3, 4), domain=STREAM)
    assert flax_form.source(operation, [stream]) == "as_batch(self, x, 2)"


@pytest.mark.parametrize(
    ("radius", "k", "alpha", "beta"), [(2, 2.0, 1e-4, 0.75), (1, 1.0, 0.5, 0.5), (9, 1.0, 2.0, 1.0)]
)
@pytest.mark.parametrize("shape", [(7,), (3, 7), (3, 2, 7)], ids=str)
def test_local_response_norm_is_that_of_torch(flax_form, shape, radius, k, alpha, beta):
    torch = pytest.importorskip("torch")
    kind, x = Type(shape), 5 * normal((3, *shape))
    operation = operations["local_response_norm"](radius=radius, k=k, alpha=alpha, beta=beta)
    size = 2 * radius + 1
    layer = torch.nn.LocalResponseNorm(size, alpha=alpha * size, beta=beta, k=k)
    channels_second = np.moveaxis(np.asarray(x).reshape(3, -1, 7), -1, 1)
    expected = np.moveaxis(layer(torch.tensor(channels_second)).numpy(), 1, -1)
    close(flax_form.call(operation, [kind], [x]), expected.reshape(x.shape))


def test_local_response_norm_is_what_the_loops_say(flax_form):
    x = np.asarray(5 * normal((2, 6)))
    found = flax_form.call(operations["local_response_norm"](radius=2), [Type((6,))], [x])
    for i in range(6):
        near = x[:, max(0, i - 2) : i + 3]
        close(found[:, i], x[:, i] / (2 + 1e-4 * np.sum(near**2, axis=1)) ** 0.75)


def test_l2_normalize_gives_length_one_and_a_finite_gradient_at_zero(flax_form):
    x = normal((3, 2, 5))
    operation, kind = operations["l2_normalize"](), Type((2, 5))
    y = flax_form.call(operation, [kind], [x])
    close(y, np.asarray(x) / np.linalg.norm(x, axis=-1, keepdims=True))

    def total(x):
        return jnp.sum(flax_form.call(operation, [kind], [x]))

    assert jnp.isfinite(jax.grad(total)(jnp.zeros((1, 2, 5)))).all()
