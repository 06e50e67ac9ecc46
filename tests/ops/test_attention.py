"""Attention and positions against PyTorch and against numpy written after the papers."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from points import DOMAINS, at_points

from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.emit.library.attention import Attention, read_by, rotate
from graphc.emit.library.products import dot_bfloat16

pytestmark = pytest.mark.usefixtures("quick_compile")
QUERY, MEMORY = Type((5, 8)), Type((3, 6))
NAMES = ("query", "key", "value", "out")


def attention(**attributes):
    return operations["attention"](**{"heads": 2} | attributes)


def drawn(flax_form, operation, types):
    """A module with random biases too, and its arrays by their paths."""
    module = flax_form.build(operation, types)
    generator = np.random.default_rng(3)
    arrays = {}
    for name in NAMES:
        layer = getattr(module, name)
        layer.bias[...] = jnp.asarray(generator.normal(size=layer.bias.shape), jnp.float32)
        arrays[f"{name}/kernel"] = np.asarray(layer.kernel[...])
        arrays[f"{name}/bias"] = np.asarray(layer.bias[...])
    return module, arrays


def values(*types, seed=0):
    generator = np.random.default_rng(seed)
    return [jnp.asarray(generator.normal(size=(4, *each.shape)), jnp.float32) for each in types]


def carried(torch, arrays, heads, query, memory):
    """The module of PyTorch with these weights; it keeps kernels transposed."""
    layer = torch.nn.MultiheadAttention(
        query.features, heads, kdim=memory.features, vdim=memory.features, batch_first=True
    )
    kernels = {name: torch.tensor(arrays[f"{name}/kernel"].T) for name in NAMES}
    with torch.no_grad():
        if query.features == memory.features:
            layer.in_proj_weight.copy_(torch.cat([kernels[name] for name in NAMES[:3]]))
        else:
            layer.q_proj_weight.copy_(kernels["query"])
            layer.k_proj_weight.copy_(kernels["key"])
            layer.v_proj_weight.copy_(kernels["value"])
        biases = [torch.tensor(arrays[f"{name}/bias"]) for name in NAMES]
        layer.in_proj_bias.copy_(torch.cat(biases[:3]))
        layer.out_proj.weight.copy_(kernels["out"])
        layer.out_proj.bias.copy_(biases[3])
    return layer


CASES = {
    "itself": (attention(), QUERY, None, None),
    "four heads": (attention(heads=4), QUERY, None, None),
    "causal": (attention(causal=True), QUERY, None, None),
    "a memory": (attention(), QUERY, MEMORY, None),
    "a memory as wide": (attention(), QUERY, Type((3, 8)), None),
    "some tokens": (attention(), QUERY, MEMORY, Type((3,), "bool")),
    "some tokens of itself": (attention(), QUERY, None, Type((5,), "bool")),
    "some pairs": (attention(), QUERY, MEMORY, Type((5, 3), "bool")),
}


def seen(kind, generator):
    """Truth values, of which the first of each row is true."""
    array = generator.integers(0, 2, (4, *kind.shape)).astype(bool)
    array[..., 0] = True
    return array


@pytest.mark.parametrize(("operation", "query", "memory", "visible"), CASES.values(), ids=CASES)
def test_attention_is_that_of_torch(flax_form, operation, query, memory, visible):
    torch = pytest.importorskip("torch")
    types = [query, memory, visible]
    module, arrays = drawn(flax_form, operation, types)
    inputs = values(*(each for each in (query, memory) if each is not None))
    mask = None if visible is None else seen(visible, np.random.default_rng(1))
    given = [*inputs, *([] if mask is None else [jnp.asarray(mask)])]

    layer = carried(torch, arrays, operation.heads, query, memory or query)
    tensors = [torch.tensor(np.asarray(each), requires_grad=True) for each in inputs]
    hidden = {}
    if operation.causal:
        hidden["attn_mask"] = torch.triu(torch.ones(5, 5, dtype=bool), 1)
    if mask is not None and mask.ndim == 2:
        hidden["key_padding_mask"] = torch.tensor(~mask)
    elif mask is not None:
        hidden["attn_mask"] = torch.tensor(~mask).repeat_interleave(operation.heads, 0)
    expected, _ = layer(tensors[0], tensors[-1], tensors[-1], **hidden)
    found = flax_form.call(operation, types, given, module)
    np.testing.assert_allclose(found, expected.detach(), rtol=1e-4, atol=1e-5)

    expected.square().sum().backward()
    gradient = jax.grad(
        lambda first: jnp.sum(
            jnp.square(flax_form.call(operation, types, [first, *given[1:]], module))
        )
    )
    np.testing.assert_allclose(gradient(inputs[0]), tensors[0].grad, rtol=1e-3, atol=1e-4)


def test_a_causal_token_that_sees_nothing_before_it_reads_nothing_after_it(flax_form):
    operation, types = attention(causal=True), [QUERY, None, Type((5,), "bool")]
    module, _ = drawn(flax_form, operation, types)
    (x,) = values(QUERY)
    visible = jnp.broadcast_to(jnp.arange(5) > 1, (4, 5))
    found = flax_form.call(operation, types, [x, visible], module)
    other = flax_form.call(operation, types, [x.at[:, 2:].multiply(3.0), visible], module)
    np.testing.assert_array_equal(found[:, :2], other[:, :2])
    assert not np.allclose(found[:, 2:], other[:, 2:])


def softmax(x):
    weights = np.exp(x - x.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def turned(x, base):
    """Rotary positions as complex numbers: token t times exp(i t base ** (-2 j / n))."""
    tokens, n = x.shape
    rates = base ** (-2 * np.arange(n // 2) / n)
    pairs = (x[:, ::2] + 1j * x[:, 1::2]) * np.exp(1j * np.arange(tokens)[:, None] * rates)
    return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)


def reference(arrays, heads, base=None):
    """Attention of one point in numpy, head by head."""

    def run(query, memory):
        def project(name, x):
            return x @ arrays[f"{name}/kernel"] + arrays[f"{name}/bias"]

        parts = [project("query", query), project("key", memory), project("value", memory)]
        read = []
        for q, k, v in zip(*(np.split(each, heads, axis=-1) for each in parts), strict=True):
            if base is not None:
                q, k = turned(q, base), turned(k, base)
            read.append(softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v)
        return project("out", np.concatenate(read, axis=-1))

    return run


@pytest.mark.parametrize("domains", DOMAINS.values(), ids=DOMAINS)
def test_attention_with_sizes_of_its_own_over_every_domain(flax_form, domains):
    operation = attention(heads=3, features=7, head_features=4, rotary=True, rotary_base=100.0)
    types = [
        replace(each, domain=domains(i), presence=frozenset())
        for i, each in enumerate([QUERY, MEMORY])
    ]
    module, arrays = drawn(flax_form, operation, [*types, None])
    inputs = [flax_form.array(each, seed) for seed, each in enumerate(types)]
    found = flax_form.call(operation, [*types, None], inputs, module)
    expected = at_points(reference(arrays, 3, 100.0), types, inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_products_of_rotated_tokens_depend_on_their_distance_alone():
    x, y = np.random.default_rng(0).normal(size=(2, 6)).astype(np.float32)
    rows = [rotate(jnp.broadcast_to(each, (7, 1, 6)), 50.0)[:, 0] for each in (x, y)]
    products = np.asarray(rows[0] @ rows[1].T)
    for distance in range(-6, 7):
        diagonal = np.diagonal(products, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], rtol=1e-3, atol=1e-4)


def test_no_token_reads_one_that_is_hidden_or_comes_later(flax_form):
    operation, types = attention(causal=True), [QUERY, None, Type((5,), "bool")]
    module = flax_form.build(operation, types)
    (x,) = values(QUERY)
    visible = jnp.asarray([[True, True, False, True, True]] * 4)

    def first_three(x):
        return flax_form.call(operation, types, [x, visible], module)[:, :3].sum()

    gradient = jax.grad(first_three)(x)
    assert (gradient[:, 3:] == 0).all()
    hidden = flax_form.call(operation, types, [x.at[:, 2].set(9.0), visible], module)
    seen = flax_form.call(operation, types, [x, visible], module)
    np.testing.assert_array_equal(hidden[:, 3:], seen[:, 3:])


def test_where_nothing_is_visible_values_and_gradients_are_finite(flax_form):
    operation, types = attention(), [QUERY, None, Type((5,), "bool")]
    module = flax_form.build(operation, types)
    (x,) = values(QUERY)

    def total(x):
        return flax_form.call(operation, types, [x, jnp.zeros((4, 5), bool)], module).sum()

    assert jnp.isfinite(total(x)) and jnp.isfinite(jax.grad(total)(x)).all()


def test_dropout_of_weights_depends_on_its_key_and_evaluation_has_none(flax_form):
    operation, types = attention(dropout=0.5), [QUERY, None, None]
    module = flax_form.build(operation, types)
    inputs = values(QUERY)
    one, again, other = (
        flax_form.call(operation, types, inputs, module, seed=seed) for seed in (1, 1, 2)
    )
    assert (one == again).all() and not (one == other).all()
    off = flax_form.call(operation, types, inputs, module, train=False)
    without = flax_form.call(attention(), types, inputs, module)
    np.testing.assert_array_equal(off, without)
    assert flax_form.source(operation, types) == "self(query, train=train, key=key)"
    assert flax_form.source(attention(), types) == "self(query)"


def read_as_written(scores, values, kept):
    weights = jax.nn.softmax(scores)
    weights = weights if kept is None else weights * kept
    return jnp.einsum("...hqk,...khn->...qhn", weights, values)


@pytest.mark.parametrize("dropped", [False, True])
def test_what_is_read_has_the_gradient_and_the_second_one_of_its_formula(dropped):
    draw = np.random.default_rng(0)
    scores = draw.normal(scale=4, size=(2, 3, 4, 5)).astype(np.float32)
    scores[:, :, 1, 2:] = np.finfo(np.float32).min
    values = draw.normal(size=(2, 5, 3, 6)).astype(np.float32)
    kept = 2.0 * draw.integers(0, 2, scores.shape).astype(np.float32) if dropped else None

    def slopes(form):
        def total(scores, values):
            return jnp.sum(jnp.sin(form(scores, values, kept)))

        def steepness(scores, values):
            return sum(jnp.sum(jnp.cos(each)) for each in jax.grad(total, (0, 1))(scores, values))

        return [jax.value_and_grad(f, (0, 1))(scores, values) for f in (total, steepness)]

    found, expected = jax.jit(slopes, static_argnums=0)(read_by), slopes(read_as_written)
    for pair in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(*pair, rtol=1e-4, atol=1e-5)


def test_a_projection_is_drawn_by_its_name_whatever_the_others_are(flax_form):
    types = [QUERY, None, None]
    one = flax_form.build(attention(), types)
    other = flax_form.build(attention(bias=False, features=3), types)
    for name in NAMES[:3]:
        kernels = [getattr(each, name).kernel[...] for each in (one, other)]
        np.testing.assert_array_equal(*kernels)
    assert not np.array_equal(one.query.kernel[...], one.key.kernel[...])


def test_projections_multiply_with_the_dot_of_a_precision():
    options = {"heads": 2, "rngs": nnx.Rngs(0)}
    wide = Attention(8, **options)
    narrow = Attention(8, **options | {"rngs": nnx.Rngs(0)}, dot_general=dot_bfloat16)
    (x,) = values(QUERY)
    found, expected = narrow(x), wide(x)
    assert found.dtype == jnp.float32 and not (found == expected).all()
    np.testing.assert_allclose(found, expected, rtol=0.1, atol=0.05)


def test_sinusoidal_positions_are_those_of_the_paper(flax_form):
    operation, kind = operations["position"]("sinusoidal"), Type((6, 5))
    (x,) = values(kind)
    expected = np.zeros((6, 5))
    for t in range(6):
        for i in range(5):
            angle = t / 10000 ** (2 * (i // 2) / 5)
            expected[t, i] = np.cos(angle) if i % 2 else np.sin(angle)
    found = flax_form.call(operation, [kind], [x])
    np.testing.assert_allclose(found - x, np.broadcast_to(expected, x.shape), atol=1e-5)


def test_learned_positions_are_an_embedding_of_each_place(flax_form):
    operation, kind = operations["position"](), Type((6, 5))
    module = flax_form.build(operation, [kind])
    (x,) = values(kind)
    found = flax_form.call(operation, [kind], [x], module)
    for place in range(6):
        np.testing.assert_array_equal(found[:, place], x[:, place] + module(jnp.array([place])))
    assert flax_form.source(operation, [kind]) == "x + self.embedding[None]"


def test_patches_are_tiles_row_by_row(flax_form):
    operation, kind = operations["patches"]((2, 3)), Type((4, 9, 2))
    (x,) = values(kind)
    found = flax_form.call(operation, [kind], [x])
    tiles = [x[:, i : i + 2, j : j + 3].reshape(4, -1) for i in (0, 2) for j in (0, 3, 6)]
    np.testing.assert_array_equal(found, np.stack(tiles, axis=1))


def test_patches_of_signals_and_volumes(flax_form):
    signal, volume = Type((6, 2)), Type((2, 4, 2, 3))
    (x,), (film,) = values(signal), values(volume)
    found = flax_form.call(operations["patches"]((3,)), [signal], [x])
    np.testing.assert_array_equal(found, np.stack([x[:, :3], x[:, 3:]], 1).reshape(4, 2, 6))
    found = flax_form.call(operations["patches"](2), [volume], [film])
    tiles = [film[:, :, i : i + 2].reshape(4, -1) for i in (0, 2)]
    np.testing.assert_array_equal(found, np.stack(tiles, axis=1))
