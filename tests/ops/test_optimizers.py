"""Optimisers against those of optax and of PyTorch, and what they say about arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import graphc.ops
from graphc.core.registry import optimizers

assert graphc.ops
STEPS = 4
RATED = sorted(set(optimizers.names()) - {"lbfgs"})


def normal(seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=(3, 2)), jnp.float32)


def moved(rule):
    """The weights after a few steps of the same gradients."""
    weights = {"w": normal()}
    memory = rule.init(weights)
    with jax.numpy_dtype_promotion("standard"):  # optax raises a float to an integer power
        for step in range(STEPS):
            updates, memory = rule.update({"w": normal(step + 1)}, memory, weights)
            weights = optax.apply_updates(weights, updates)
    return np.asarray(weights["w"])


@pytest.mark.parametrize("name", [name for name in RATED if name not in ("momentum", "nesterov")])
def test_without_attributes_an_optimizer_is_that_of_optax(flax_form, name):
    made = flax_form.optimizer(optimizers[name](learning_rate=0.01))
    np.testing.assert_array_equal(moved(made), moved(getattr(optax, name)(0.01)))


@pytest.mark.parametrize(
    ("name", "attributes", "reference"),
    [
        ("momentum", {}, optax.sgd(0.1, momentum=0.9)),
        ("momentum", {"momentum": 0.5, "nesterov": True}, optax.sgd(0.1, 0.5, nesterov=True)),
        ("nesterov", {"momentum": 0.8}, optax.sgd(0.1, 0.8, nesterov=True)),
        ("adam", {"b1": 0.5, "nesterov": True}, optax.adam(0.1, b1=0.5, nesterov=True)),
        ("rmsprop", {"centered": True}, optax.rmsprop(0.1, centered=True)),
        ("lars", {"weight_decay": 0.1}, optax.lars(0.1, weight_decay=0.1)),
    ],
)
def test_attributes_are_those_of_optax(flax_form, name, attributes, reference):
    made = flax_form.optimizer(optimizers[name](learning_rate=0.1, **attributes))
    np.testing.assert_array_equal(moved(made), moved(reference))


@pytest.mark.parametrize(
    ("name", "attributes", "peer", "options"),
    [
        ("sgd", {}, "SGD", {}),
        ("momentum", {"momentum": 0.8}, "SGD", {"momentum": 0.8}),
        ("nesterov", {}, "SGD", {"momentum": 0.9, "nesterov": True}),
        ("adagrad", {"initial": 0.0, "eps": 1e-10}, "Adagrad", {}),
        ("adadelta", {}, "Adadelta", {}),
        ("rmsprop", {"decay": 0.99, "eps": 1e-12}, "RMSprop", {"eps": 1e-12}),
        ("adam", {}, "Adam", {}),
        ("adamax", {}, "Adamax", {}),
        ("adamw", {"weight_decay": 0.3}, "AdamW", {"weight_decay": 0.3}),
    ],
)
def test_optimizers_are_those_of_torch(flax_form, name, attributes, peer, options):
    torch = pytest.importorskip("torch")
    made = flax_form.optimizer(optimizers[name](learning_rate=0.05, **attributes))
    weights = torch.tensor(np.array(normal()), requires_grad=True)
    other = getattr(torch.optim, peer)([weights], lr=0.05, **options)
    for step in range(STEPS):
        weights.grad = torch.tensor(np.array(normal(step + 1)))
        other.step()
    np.testing.assert_allclose(moved(made), weights.detach().numpy(), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", RATED)
def test_what_an_optimizer_sees_is_what_its_update_depends_on(flax_form, name):
    declared = optimizers[name]
    rule = flax_form.optimizer(declared(learning_rate=0.01))
    whole, parts = {"w": normal()}, {"0": normal()[0], "1": normal()[1], "2": normal()[2]}
    gradient = 3 * normal(1)
    with jax.numpy_dtype_promotion("standard"):
        together, _ = rule.update({"w": gradient}, rule.init(whole), whole)
        rows = {str(i): row for i, row in enumerate(gradient)}
        apart, _ = rule.update(rows, rule.init(parts), parts)
    same = np.allclose(together["w"], np.stack([apart[str(i)] for i in range(3)]), rtol=1e-5)
    assert same == (declared.sees == "elements")
