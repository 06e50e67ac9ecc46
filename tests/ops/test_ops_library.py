"""The functions that emitted modules contain."""

import ast
import zlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import graphc.ops
from graphc.core.registry import initializers
from graphc.emit import imports
from graphc.emit.library.arrays import present
from graphc.emit.library.keys import at, layer_keys, named_keys
from graphc.emit.library.layers import scan_layers, stack
from graphc.emit.library.products import conv_bfloat16, dot_bfloat16
from graphc.testing import forms

assert graphc.ops
KEY = jax.random.key(7)


def bits(tree):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def same_bits(one, other):
    return all(np.array_equal(a, b) for a, b in zip(bits(one), bits(other), strict=True))


def data(keys):
    return np.asarray(jax.random.key_data(keys))


FILES = sorted(Path(imports.__file__).with_name("library").glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_library_holds_nothing_but_imports_and_documented_definitions(file):
    for node in ast.parse(file.read_text()).body[1:]:
        assert isinstance(node, ast.Import | ast.ImportFrom | imports.Definition)
        assert not isinstance(node, imports.Definition) or ast.get_docstring(node)


def test_no_two_definitions_have_one_name():
    trees = [ast.parse(file.read_text()) for file in FILES]
    names = [each.name for tree in trees for each in tree.body if hasattr(each, "name")]
    assert len(set(names)) == len(names) == len(imports.library())


def test_at_folds_names_by_crc32_and_indices_as_they_are():
    by_hand = jax.random.fold_in(jax.random.fold_in(KEY, zlib.crc32(b"block")), 3)
    assert np.array_equal(data(at(KEY, "block", 3)), data(by_hand))
    assert at(None, "block", 3) is None
    assert np.array_equal(data(at(KEY)), data(KEY))


def test_layer_keys_are_the_keys_one_by_one():
    together = data(layer_keys(KEY, 4))
    assert np.array_equal(together, [data(at(KEY, i)) for i in range(4)])
    assert layer_keys(None, 4) is None


def test_named_keys_are_the_keys_one_by_one():
    names = ["h1", "h2", "a longer name"]
    together = data(named_keys(KEY, names))
    assert np.array_equal(together, [data(at(KEY, name)) for name in names])
    assert named_keys(None, names) is None


def initial(name):
    """An initialising function."""
    attributes = {each.name: 0.3 for each in initializers[name].attributes() if each.required}
    return forms.initializer(initializers[name](**attributes))


def test_weights_drawn_together_have_the_bits_of_weights_drawn_one_by_one():
    draws = {each.name: initial(each.name) for each in initializers}
    shapes = dict.fromkeys(draws, (3, 4, 6)) | {"spectral_radius": (6, 6)}

    def every(key):
        return {name: draw(key, shapes[name], jnp.float32) for name, draw in draws.items()}

    keys = layer_keys(KEY, 3)
    together, alone = jax.jit(jax.vmap(every))(keys), jax.jit(every)
    for i, key in enumerate(keys):
        one = alone(key)
        different = [name for name in draws if not same_bits(together[name][i], one[name])]
        assert different == []


def test_stacked_layers_start_with_the_bits_of_layers_made_one_by_one():
    def state(key):
        return nnx.as_pure(nnx.state(Layer(key=key)))

    keys = layer_keys(KEY, 3)
    stacked = jax.jit(lambda keys: nnx.as_pure(nnx.state(stack(make, keys))))(keys)
    for i in range(3):
        alone = jax.jit(state)(at(KEY, i))
        assert same_bits(jax.tree.map(lambda leaf, i=i: leaf[i], stacked), alone)


def make(key):
    return Layer(key=key)


class Layer(nnx.Module):
    """Everything that a rolled layer may hold: weights, running statistics, noise."""

    def __init__(self, *, key):
        self.linear = nnx.Linear(5, 5, rngs=nnx.Rngs(params=at(key, "linear")))
        self.norm = nnx.BatchNorm(5, rngs=nnx.Rngs(params=at(key, "norm")))
        self.drop = nnx.Dropout(0.4)

    def __call__(self, x, *, train, mask, key):
        h = nnx.relu(self.linear(x))
        shaped = present(mask, h)
        h = self.norm(h, use_running_average=not train, mask=shaped)
        return x + self.drop(h, deterministic=not train, rngs=at(key, "drop"))


class Rolled(nnx.Module):
    def __init__(self, key):
        keys = layer_keys(key, 3)
        self.layers = stack(make, keys)

    def __call__(self, x, train, mask, key):
        def call(layer, x, key):
            return layer(x, train=train, mask=mask, key=key)

        return scan_layers(call, self.layers, x, layer_keys(key, 3))


class Unrolled(nnx.Module):
    def __init__(self, key):
        self.layers = nnx.List([Layer(key=at(key, i)) for i in range(3)])

    def __call__(self, x, train, mask, key):
        for i, layer in enumerate(self.layers):
            x = layer(x, train=train, mask=mask, key=at(key, i))
        return x


def trained(network, x, train, mask, key):
    """Value, gradients and running statistics after one call."""
    graphdef, params, rest = nnx.split(network(KEY), nnx.Param, ...)

    @jax.jit
    def step(params, rest, x, mask, key):
        def total(params, x):
            model = nnx.merge(graphdef, params, rest)
            y = model(x, train, mask, key)
            return jnp.sum(jnp.square(y)), (y, nnx.as_pure(nnx.split(model, nnx.Param, ...)[2]))

        gradients, (y, statistics) = jax.grad(total, argnums=(0, 1), has_aux=True)(params, x)
        return y, gradients, statistics

    return step(nnx.as_pure(params), nnx.as_pure(rest), x, mask, key)


def stacked_layers(tree):
    """The trees of an unrolled network with a leading axis, as the rolled one holds them."""
    if isinstance(tree, dict | nnx.State) and "layers" in tree:
        layers = tree["layers"]
        return {"layers": jax.tree.map(lambda *leaves: jnp.stack(leaves), *layers.values())}
    return tree


@pytest.mark.parametrize(("train", "masked"), [(True, True), (True, False), (False, False)])
def test_scanned_layers_equal_unrolled_layers(train, masked):
    x = jax.random.normal(KEY, (6, 5))
    mask = jnp.arange(6) < 4 if masked else None
    key = jax.random.key(3) if train else None
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        y, (weights, inputs), statistics = trained(Rolled, x, train, mask, key)
        y_, (weights_, inputs_), statistics_ = trained(Unrolled, x, train, mask, key)
    one = jax.tree.leaves([y, weights, inputs, statistics])
    other = jax.tree.leaves([y_, stacked_layers(weights_), inputs_, stacked_layers(statistics_)])
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6 * max(1, np.abs(b).max()))
    moved = not np.allclose(statistics["layers"]["norm"]["mean"], 0)
    assert moved == train


def test_scanned_layers_take_further_inputs_by_closure_and_any_tree_as_value():
    layers = stack(lambda key: nnx.Linear(2, 2, rngs=nnx.Rngs(params=key)), layer_keys(KEY, 4))
    extra = jnp.ones((3, 2))
    total, count = scan_layers(
        lambda layer, x, key: (x[0] + layer(extra), x[1] + 1), layers, (extra, 0), None
    )
    assert total.shape == (3, 2)
    assert count == 4


def test_present_shapes_the_mask_like_what_it_masks():
    mask = jnp.array([True, False])
    assert present(mask, jnp.ones((2, 3, 3, 1))).shape == (2, 1, 1, 1)
    assert present(jnp.ones((2, 5), bool), jnp.ones((2, 5, 3))).shape == (2, 5, 1)
    assert present(None, jnp.ones((2, 3))) is None


def products(function, *arguments):
    """The operand and result types of every product and convolution in a function."""
    found = []

    def walk(jaxpr):
        for equation in jaxpr.eqns:
            if equation.primitive.name in ("dot_general", "conv_general_dilated"):
                types = [v.aval.dtype.name for v in (*equation.invars, *equation.outvars)]
                found.append(tuple(types))
            for value in jax.tree.leaves(list(equation.params.values()), is_leaf=_is_jaxpr):
                if _is_jaxpr(value):
                    walk(getattr(value, "jaxpr", value))

    walk(jax.make_jaxpr(function)(*arguments).jaxpr)
    return found


def _is_jaxpr(value):
    return hasattr(value, "eqns") or hasattr(value, "jaxpr")


@pytest.mark.parametrize("shape", [(8, 16), (2, 3, 16), (16,)])
def test_dot_bfloat16_multiplies_in_bfloat16_forward_and_backward(shape):
    x = jax.random.normal(KEY, shape)

    def total(linear, x):
        return jnp.sum(jnp.square(linear(x)))

    def linear(**options):
        return nnx.Linear(16, 4, rngs=nnx.Rngs(0), **options)

    narrow, wide = linear(dot_general=dot_bfloat16), linear()
    definition, state = nnx.split(narrow)

    def both(state, x):
        return total(nnx.merge(definition, state), x)

    gradient = jax.grad(both, argnums=(0, 1))
    found = gradient(nnx.as_pure(state), x)
    kernel, bias = found[0]["kernel"], found[0]["bias"]
    assert kernel.dtype == bias.dtype == found[1].dtype == jnp.float32
    expected = jax.grad(lambda k: total_of(k, wide, x))(wide.kernel[...])
    np.testing.assert_allclose(kernel, expected, rtol=0.05, atol=0.2)
    np.testing.assert_allclose(narrow(x), wide(x), rtol=0.05, atol=0.05)
    kinds = products(gradient, nnx.as_pure(state), x)
    assert len(kinds) == 3
    assert set(kinds) == {("bfloat16", "bfloat16", "float32")}


def total_of(kernel, linear, x):
    return jnp.sum(jnp.square(x @ kernel + jnp.broadcast_to(linear.bias[...], (*x.shape[:-1], 4))))


def test_derived_gradient_of_a_bfloat16_product_is_not_in_bfloat16():
    """Why `dot_bfloat16` writes its gradient out; when this fails it has become superfluous."""

    def product(a, b):
        a, b = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)
        numbers = (((1,), (0,)), ((), ()))
        return jnp.sum(jax.lax.dot_general(a, b, numbers, preferred_element_type=jnp.float32))

    kinds = products(jax.grad(product, argnums=(0, 1)), jnp.ones((2, 3)), jnp.ones((3, 4)))
    assert set(kinds) != {("bfloat16", "bfloat16", "float32")}


CONVOLUTIONS = [
    {},
    {"padding": "VALID", "strides": 2},
    {"strides": (2, 3), "kernel_dilation": (2, 1), "padding": ((3, 0), (1, 2))},
    {"feature_group_count": 2, "strides": 2},
    {"feature_group_count": 4, "padding": "REFLECT"},
]


@pytest.mark.parametrize("options", CONVOLUTIONS)
def test_conv_bfloat16_multiplies_in_bfloat16_forward_and_backward(options):
    check_convolution((3, 3), (9, 8), options)


@pytest.mark.parametrize(("kernel", "sizes"), [((4,), (9,)), ((2, 3, 1), (4, 5, 3))])
def test_conv_bfloat16_takes_any_number_of_axes(kernel, sizes):
    check_convolution(kernel, sizes, {"strides": 2})


def check_convolution(kernel, sizes, options):
    """The convolution in bfloat16 against that of the same, rounded numbers in float32."""

    def conv(**more):
        return nnx.Conv(4, 8, kernel, rngs=nnx.Rngs(0), **options, **more)

    def rounded(array):
        return array.astype(jnp.bfloat16).astype(jnp.float32)

    def derivatives(layer, x, gradient):
        definition, state = nnx.split(layer)
        state = jax.tree.map(rounded, nnx.as_pure(state))
        value, back = jax.vjp(lambda state, x: nnx.merge(definition, state)(x), state, x)
        (found, of_x) = back(gradient)
        return value, found["kernel"], of_x

    x = rounded(jax.random.normal(KEY, (2, *sizes, 4)))
    narrow, wide = conv(conv_general_dilated=conv_bfloat16), conv()
    gradient = rounded(jax.random.normal(KEY, wide(x).shape))
    for found, expected in zip(
        derivatives(narrow, x, gradient), derivatives(wide, x, gradient), strict=True
    ):
        assert found.dtype == jnp.float32
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    kinds = products(lambda *all: derivatives(narrow, *all), x, gradient)
    assert kinds == [("bfloat16", "bfloat16", "float32")] * 3
