"""The source of weights that are values, and what it computes."""

import ast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import graphc as gc
from graphc.core.span import Source
from graphc.runtime.state import from_canonical, to_canonical

ROWS = 5
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        yield


def model(text, without=()):
    return gc.compile(Source("tied.yaml", text), without=without)


def method(text, owner="Network", name="__call__"):
    """The lines of a method without its header."""
    tree = ast.parse(model(text).source)
    found = next(each for each in tree.body if getattr(each, "name", "") == owner)
    found = next(each for each in found.body if getattr(each, "name", "") == name)
    return [ast.unparse(each) for each in found.body]


def arrays(made, seed=0):
    """The module, random weights by the spec's paths, and the params that hold them."""
    module, weights = made.module(), made.compiled.weights
    model = jax.eval_shape(
        lambda: module.nnx.as_pure(module.nnx.state(module.build(jax.random.key(0))))
    )
    template = {"params": jax.tree.map(lambda each: np.zeros(each.shape, np.float32), model)}
    draw = np.random.default_rng(seed)
    drawn = {
        path: draw.normal(size=each.shape).astype(np.float32) / 2
        for path, each in to_canonical(template, weights).items()
    }
    params = from_canonical(drawn, template, weights)["params"]
    return module, {path.split("/", 1)[1]: each for path, each in drawn.items()}, params


def require_equal(text, reference, batch, without=()):
    """Outputs and gradients are those of a function of the spec's arrays."""
    made = model(text, without)
    module, drawn, params = arrays(made)

    def total(params):
        outputs, _ = module.forward(params, {}, batch)
        return jnp.sum(jnp.sin(outputs)), outputs

    def expected_total(drawn):
        outputs = reference(drawn, **batch)
        return jnp.sum(jnp.sin(outputs)), outputs

    gradients, outputs = jax.jit(jax.grad(total, has_aux=True))(params)
    expected_gradients, expected = jax.grad(expected_total, has_aux=True)(drawn)
    np.testing.assert_allclose(outputs, expected, **TOLERANCE)
    found = to_canonical({"params": gradients}, made.compiled.weights)
    assert found.keys() == {f"params/{path}" for path in expected_gradients}
    for path, each in expected_gradients.items():
        np.testing.assert_allclose(found[f"params/{path}"], each, **TOLERANCE, err_msg=path)


def numbers(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=(ROWS, *shape)).astype(np.float32)


def words(below, *shape):
    return np.random.default_rng(2).integers(0, below, (ROWS, *shape)).astype(np.int32)


LANGUAGE = """
network:
  inputs: {words: {int: [3], below: 11}}
  nodes:
    token: {embed: 4, from: words}
    body: {layers: [flatten, {dense: {features: 4, activation: tanh}}], from: token}
    logits:
      dense: {features: $words.below, kernel: token.table, transpose: true, bias: false}
      from: body
  output: logits
"""


def test_a_tied_output_layer_reads_as_one_line():
    assert method(LANGUAGE)[-1] == "return linear(x, self.token.embedding[...].T)"
    made = method(LANGUAGE, name="__init__")
    assert [each.split(" = ")[0] for each in made] == ["self.token", "self.body_dense"]


def test_gradients_of_a_tied_table_add_up():
    def reference(w, words):
        x = w["token/table"][words].reshape(ROWS, -1)
        x = jnp.tanh(x @ w["body/dense/kernel"] + w["body/dense/bias"][None])
        return x @ w["token/table"].T

    require_equal(LANGUAGE, reference, {"words": words(11, 3)})


AUTOENCODER = """
network:
  inputs: {x: [6]}
  nodes:
    code: {dense: {features: 4, activation: tanh}}
    y: {dense: {features: 6, kernel: code.kernel, transpose: true}, from: code}
  output: y
"""


def test_a_layer_with_a_bias_of_its_own_is_lent_its_kernel():
    assert method(AUTOENCODER, name="__init__")[-1] == (
        "self.y = without(nnx.Linear(4, 6, rngs=nnx.Rngs(at(key, 'y'))), 'kernel')"
    )
    assert method(AUTOENCODER)[-1] == (
        "return with_arrays(self.y, kernel=self.code.kernel[...].T)(code)"
    )


def test_an_autoencoder_with_one_kernel_computes_what_it_says():
    def reference(w, x):
        code = jnp.tanh(x @ w["code/kernel"] + w["code/bias"][None])
        return code @ w["code/kernel"].T + w["y/bias"][None]

    require_equal(AUTOENCODER, reference, {"x": numbers(6)})


SIAMESE = """
network:
  inputs: {left: [4], right: [4]}
  nodes:
    a: {dense: {features: 3, activation: tanh}, from: left}
    b: {dense: {features: 3, activation: tanh, kernel: a.kernel, bias: a.bias}, from: right}
    y: a * b
  output: y
"""


def test_a_layer_with_nothing_of_its_own_has_no_module():
    def reference(w, left, right):
        kernel, bias = w["a/kernel"], w["a/bias"][None]
        return jnp.tanh(left @ kernel + bias) * jnp.tanh(right @ kernel + bias)

    assert method(SIAMESE)[1] == "b = nnx.tanh(linear(right, self.a.kernel[...], self.a.bias[...]))"
    require_equal(SIAMESE, reference, {"left": numbers(4), "right": numbers(4, seed=3)})


EMBEDDINGS = """
network:
  inputs: {words: {int: [], below: 5}, others: {int: [], below: 5}}
  nodes:
    one: {embed: 3, from: words}
    other: {embed: {features: 3, table: one.table}, from: others}
    y: one - other
  output: y
"""


def test_two_embeddings_may_have_one_table():
    def reference(w, words, others):
        return w["one/table"][words] - w["one/table"][others]

    require_equal(EMBEDDINGS, reference, {"words": words(5), "others": words(5)[::-1]})


NORMALIZED = """
network:
  inputs: {x: [4]}
  nodes:
    direction: {weight: {shape: [4, 3], init: lecun_normal}}
    length: {weight: {shape: [], init: 1}}
    kernel: length * direction / sum(direction ** 2) ** 0.5
    y: {dense: {features: 3, kernel: kernel}, from: x}
  output: y
"""


def test_a_kernel_may_be_computed():
    def reference(w, x):
        kernel = w["length"] * w["direction"] / jnp.sqrt(jnp.sum(w["direction"] ** 2))
        return x @ kernel + w["y/bias"][None]

    require_equal(NORMALIZED, reference, {"x": numbers(4)})


CONVOLUTIONS = """
network:
  inputs: {image: [5, 5, 2]}
  nodes:
    c1: {conv: {features: 2, kernel: 3, activation: tanh}}
    c2: {conv: {features: 2, kernel: 3}, from: {x: c1, kernel: c1.kernel}}
    y: {global_average_pool: , from: c2}
  output: y
"""


def test_convolutions_may_have_one_kernel():
    def convolve(x, kernel, bias):
        numbers = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=numbers)
        return x + bias[None, None, None]

    def reference(w, image):
        x = jnp.tanh(convolve(image, w["c1/kernel"], w["c1/bias"]))
        return convolve(x, w["c1/kernel"], w["c2/bias"]).mean((1, 2))

    require_equal(CONVOLUTIONS, reference, {"image": numbers(5, 5, 2)})


REPEATED = """
network:
  inputs: {x: [4]}
  nodes:
    shared: {dense: 4}
    shift: {weight: {shape: [4], init: 0.1}}
    y:
      repeat:
        times: 4
        layers:
          - {dense: {features: 4, kernel: shared.kernel, activation: tanh}, name: a}
          - {weight: [4], name: own}
          - {add: {}, from: [a, shift, own]}
      from: x
  output: y
"""


@pytest.mark.parametrize("without", [(), ("roll",)], ids=["rolled", "unrolled"])
def test_every_layer_of_a_repeat_is_given_the_same_array(without):
    text = REPEATED.replace("from: x", "from: shared")

    def reference(w, x):
        x = x @ w["shared/kernel"] + w["shared/bias"][None]
        for i in range(4):
            x = jnp.tanh(x @ w["shared/kernel"] + w[f"y/{i}/a/bias"][None])
            x = x + (w["shift"] + w[f"y/{i}/own"])[None]
        return x

    assert ("scan_layers" in model(text, without).source) == (not without)
    require_equal(text, reference, {"x": numbers(4)}, without)


UNEQUAL = """
network:
  inputs: {x: [4], z: [4]}
  nodes:
    shared: {dense: 4, from: x}
    y:
      repeat:
        each:
          - [{dense: {features: 4, kernel: shared.kernel}, name: a}, {tanh: {}, name: b}]
          - [{dense: {features: 4, kernel: shared.kernel}}]
          - [{dense: {features: 4, kernel: shared.kernel, bias: false}}]
      from: shared
    w:
      repeat:
        input: before
        each:
          - [{multiply: {}, from: [before, z]}, tanh, abs]
          - [{power: {}, from: {base: before, exponent: z}}]
      from: y
  output: w
"""


def test_layers_of_a_repeat_may_differ_in_how_they_take_an_array():
    def reference(w, x, z):
        x = x @ w["shared/kernel"] + w["shared/bias"][None]
        x = jnp.tanh(x @ w["shared/kernel"] + w["y/0/a/bias"][None])
        x = (x @ w["shared/kernel"] + w["y/1/bias"][None]) @ w["shared/kernel"]
        return jnp.abs(jnp.tanh(x * z)) ** z

    require_equal(UNEQUAL, reference, {"x": numbers(4), "z": abs(numbers(4, seed=3)) + 1})


def test_equal_layers_in_a_row_with_one_kernel_are_rolled():
    def reference(w, x):
        for i in range(5):
            x = jnp.tanh(x @ w["kernel"] + w[f"h{i}/bias"][None])
        return x

    lines = ["    kernel: {weight: {shape: [4, 4], init: orthogonal}}"]
    for i, before in enumerate(["x", "h0", "h1", "h2", "h3"]):
        layer = "dense: {features: 4, kernel: kernel, activation: tanh}"
        lines.append(f"    h{i}: {{{layer}, from: {before}}}")
    nodes = "\n".join(lines)
    text = f"network:\n  inputs: {{x: [4]}}\n  nodes:\n{nodes}\n  output: h4\n"
    assert "scan_layers" in model(text).source
    require_equal(text, reference, {"x": numbers(4)})


READ = """
network:
  inputs: {x: [4]}
  nodes:
    h0: {dense: {features: 4, activation: tanh}, from: x}
    h1: {dense: {features: 4, activation: tanh}, from: h0}
    h2: {dense: {features: 4, activation: tanh}, from: h1}
    h3: {dense: {features: 4, activation: tanh}, from: h2}
    h4: {dense: {features: 4, activation: tanh}, from: h3}
    y: {dense: {features: 4, kernel: KERNEL}, from: h4}
  output: y
"""


@pytest.mark.parametrize("place", range(5))
def test_a_layer_whose_array_is_read_is_not_rolled_away(place):
    def reference(w, x):
        for i in range(5):
            x = jnp.tanh(x @ w[f"h{i}/kernel"] + w[f"h{i}/bias"][None])
        return x @ w[f"h{place}/kernel"] + w["y/bias"][None]

    text = READ.replace("KERNEL", f"h{place}.kernel")
    assert ("scan_layers" in model(text).source) == (place in (0, 4))
    require_equal(text, reference, {"x": numbers(4)})


DEAD = """
network:
  inputs: {x: [4]}
  nodes:
    before: {dense: 5}
    dead: {dense: 4, from: before}
    wide: {dense: 3, from: dead}
    y: {dense: {features: 3, kernel: wide.kernel, bias: false}, from: x}
  output: y
"""


def test_a_value_that_is_read_for_its_array_alone_is_not_computed():
    assert method(DEAD) == ["return linear(x, self.wide.kernel[...])"]
    assert "wide/kernel" in {each.path for each in model(DEAD).compiled.weights.entries}


def test_learned_arrays_are_parameters_of_the_module():
    length = "nnx.Param(nnx.initializers.constant(1.0)(at(key, 'length'), ()))"
    assert f"self.length = {length}" in method(NORMALIZED, name="__init__")
    params = model(NORMALIZED).module().build(jax.random.key(0))
    assert params.length[...] == 1


def test_calls_of_a_block_that_differ_in_the_shape_of_an_array_are_one_class():
    text = """
blocks:
  shifted:
    params: {size: int}
    nodes: {w: {weight: [$size]}, y: {dense: $size}, z: y + w}
    output: z
network: {inputs: {x: [4]}, layers: [{shifted: 3}, {shifted: 2}]}
"""
    source = model(text).source
    assert source.count("class ") == 2
    assert "def __init__(self, in_features, size, shape, *, key):" in source


def test_an_untied_layer_starts_with_the_same_numbers():
    tied = model(AUTOENCODER).module().build(jax.random.key(3))
    plain = model(AUTOENCODER.replace(", kernel: code.kernel, transpose: true", ""))
    plain = plain.module().build(jax.random.key(3))
    assert jnp.array_equal(tied.code.kernel[...], plain.code.kernel[...])


def test_a_layer_that_is_lent_an_array_keeps_its_running_statistics():
    text = """
network:
  inputs: {x: [4]}
  nodes:
    scale: {weight: {shape: [4], init: 2}}
    y: {batch_norm: {}, from: {x: x, scale: scale}}
  output: y
"""
    module = model(text).module()
    built = module.build(jax.random.key(0))
    outputs = module.call(built, {"x": numbers(4)}, train=True)
    assert not jnp.allclose(built.y.mean[...], 0)
    np.testing.assert_allclose(jnp.std(outputs, axis=0), 2 * np.ones(4), rtol=1e-3)
