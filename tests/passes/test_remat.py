"""What is computed again on the way back: the same values, statistics and gradients."""

import textwrap

import jax
import numpy as np
import pytest

import graphc as gc
from graphc.checker import check
from graphc.compiler import compile
from graphc.core.span import Source
from graphc.spec.dump import dump

MANY = """\
graphc: 1
blocks:
  wide:
    inputs: {x: any}
    layers: [{dense: {features: 16, activation: gelu}}, {dropout: 0.3}, batch_norm, {dense: 8}]
network:
  inputs: {features: [4]}
  nodes:
    a: {dense: {features: 8, activation: tanh}, from: features, remat: true}
    b: {wide: {}, from: a, remat: true}
    c:
      repeat: {times: 4, layers: [{residual: [{dense: 8}, gelu, {dropout: 0.2}, batch_norm]}]}
      from: b
      remat: true
    d: {repeat: {times: 2, layers: [{dense: 8}, tanh, batch_norm]}, from: c, remat: true}
    e: {gelu: {}, from: d, remat: true}
    y: {dense: 3, from: e}
  output: y
data: iris
train: {loss: cross_entropy, batch_size: 16}
"""
STEPS = """\
graphc: 1
network:
  inputs: {text: {int: [time], below: 11}}
  layers:
    - embed: 8
    - gru: 8
      remat: true
    - repeat: {times: 4, layers: [{residual: [{lstm: 8}, {dropout: 0.1}]}]}
      remat: true
    - dense: 11
"""


def without(text):
    return text.replace(", remat: true", "").replace("      remat: true\n", "")


def model_of(text):
    return gc.compile(Source("given.yaml", text), device="cpu")


def trained(model, steps):
    module = model.module()
    state, step = module.init(jax.random.key(0)), jax.jit(module.train_step)
    totals = []
    for i in range(steps):
        x = jax.random.normal(jax.random.key(10 + i), (16, 4))
        batch = {"features": x, "label": np.arange(16, dtype=np.int32) % 3}
        batch |= {"mask": np.arange(16) < 14}
        state, total = step(state, batch, jax.random.key(i))
        totals.append(total)
    return state, totals


def test_training_is_the_same_but_for_rounding():
    with_marks, plain = model_of(MANY), model_of(without(MANY))
    assert with_marks.source != plain.source
    first, second = trained(with_marks, 2), trained(plain, 2)
    assert any("batch_norm" in str(path) for path, _ in jax.tree.leaves_with_path(first[0]))
    for (path, mine), its in zip(
        jax.tree.leaves_with_path(first), jax.tree.leaves(second), strict=True
    ):
        np.testing.assert_allclose(mine, its, rtol=1e-3, atol=1e-6, err_msg=str(path))


def test_the_source_says_it_around_blocks_and_in_the_bodies_of_loops():
    source = model_of(MANY).source
    assert "a = nnx.remat(lambda a, features: nnx.tanh(a(features)))(self.a, features)" in source
    assert "jax.checkpoint(lambda d: nnx.gelu(d))(d)" in source
    assert source.count("nnx.remat(") == 4 and source.count("prevent_cse=False") == 1


def test_layers_that_are_rolled_keep_one_value_each():
    def temporaries(text):
        module = model_of(text).module()
        params = jax.eval_shape(module.init, jax.random.key(0))["params"]
        batch = {"features": jax.ShapeDtypeStruct((512, 4), np.float32)}

        def loss(params, batch):
            return (module.forward(params, {}, batch)[0] ** 2).sum()

        compiled = jax.jit(jax.grad(loss)).lower(params, batch).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    layers = "{repeat: {times: 20, layers: [{residual: [{dense: 64}, gelu, {dense: 16}]}]}%s}"
    text = textwrap.dedent("""\
        graphc: 1
        network: {inputs: {features: [4]}, layers: [{dense: 16}, %s, {dense: 3}]}
        data: iris
        train: {loss: cross_entropy}
        """)
    least, most = (temporaries(text % (layers % mark)) for mark in (", remat: true", ""))
    assert least < most / 2


def test_a_network_with_marks_goes_step_by_step_as_without():
    with_marks, plain = (model_of(each).module() for each in (STEPS, without(STEPS)))
    text = jax.random.randint(jax.random.key(1), (2, 6), 0, 11)
    model, other = (each.build(jax.random.key(0)) for each in (with_marks, plain))
    whole = plain.call(other, {"text": text})
    np.testing.assert_allclose(with_marks.call(model, {"text": text}), whole, rtol=1e-5, atol=1e-6)
    state = with_marks.begin(model, 2)
    for i in range(6):
        found, state = with_marks.step(model, state, {"text": text[:, i : i + 1]})
        np.testing.assert_allclose(found[:, 0], whole[:, i], rtol=1e-4, atol=1e-5)


def test_marks_are_dumped_and_read_back():
    checked = check(Source("given.yaml", MANY))
    again = check(Source("again.yaml", dump(checked.networks)))
    assert again.networks == checked.networks
    assert check(Source("plain.yaml", without(MANY))).networks != checked.networks


def test_a_graph_in_python_says_it_too():
    g = gc.Graph(x=(4,))
    g.output(y=g.dense("x", 3, activation="gelu", remat=True))
    assert "nnx.remat" in gc.compile(g).source


def test_a_program_for_inference_has_no_marks():
    texts = (MANY, without(MANY))
    first, second = (compile(Source("given.yaml", each), inference=True) for each in texts)
    assert first.program.networks == second.program.networks


@pytest.mark.parametrize("mark", ["", ", remat: true"])
def test_gradients_go_through_what_is_computed_again(mark):
    text = f"""\
graphc: 1
network:
  inputs: {{x: [2]}}
  nodes:
    h: {{residual: [{{dense: {{features: 2, activation: tanh}}}}], from: x{mark}}}
    u: {{sum: {{}}, from: h}}
    slope: {{gradient: {{of: u, with_respect_to: x}}}}
  output: slope
"""
    made = model_of(text)
    assert ("jax.checkpoint(lambda x: self.h(x))(x)" in made.source) == bool(mark)
    module = made.module()
    model = module.build(jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (3, 2))
    found = module.call(model, {"x": x})
    kernel = model.h.body_dense.kernel[...]
    inner = np.asarray(x @ kernel)
    wanted = 1 + (1 - np.tanh(inner) ** 2) @ np.asarray(kernel).T
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pattern", ['"c"', '"c/*"', "[c, a]", '"*"'])
def test_train_marks_nodes_by_their_paths(pattern):
    plain = without(MANY).replace("batch_size: 16", f"batch_size: 16, remat: {pattern}")
    marks = check(Source("given.yaml", plain)).networks[""]
    names = {node.name for node in marks.nodes if node.remat}
    assert (
        names == {'"c"': {"c"}, '"c/*"': {"c"}, "[c, a]": {"a", "c"}, '"*"': set("abcde")}[pattern]
    )


def test_train_marks_what_stands_in_blocks_and_layers():
    plain = without(MANY).replace(
        "batch_size: 16", 'batch_size: 16, remat: ["b/dense", "d/*/tanh"]'
    )
    source = model_of(plain).source
    assert "nnx.remat(lambda dense, x: nnx.gelu(dense(x)))(self.dense, x)" in source
    assert "jax.checkpoint(lambda x: nnx.tanh(x))(x)" in source
