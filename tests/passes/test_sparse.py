"""Inputs that are 0 nearly everywhere are held as their other numbers."""

import jax
import numpy as np
import pytest
from flax import nnx

import graphc as gc

NODES, WORDS = 30, 120
SPEC = """graphc: 1
network:
  inputs: {features: [nodes, 120]}
  layers: [%s]
data: {graph: {nodes: nodes.csv, edges: edges.csv, target: kind%s}}
train: {loss: cross_entropy, optimizer: {adam: 1e-2}, epochs: 3}
"""


@pytest.fixture
def spec(tmp_path):
    """Writes a spec over a graph whose nodes have two words of 120 each."""
    draw = np.random.default_rng(0)
    lines = [f"id,kind,{','.join(f'w{word}' for word in range(WORDS))}"]
    for node in range(NODES):
        words = np.isin(np.arange(WORDS), draw.choice(WORDS, 2, replace=False))
        lines.append(f"{node},{'ab'[node % 2]},{','.join(map(str, words.astype(int)))}")
    (tmp_path / "nodes.csv").write_text("\n".join(lines))
    pairs = draw.integers(0, NODES, (80, 2))
    (tmp_path / "edges.csv").write_text("\n".join(["a,b", *(f"{a},{b}" for a, b in pairs)]))

    def write(layers, data=""):
        path = tmp_path / "spec.yaml"
        path.write_text(SPEC % (layers, data))
        return str(path)

    return write


def slopes(model):
    """The loss and its gradients over the training nodes, without dropout."""
    module, arrays = model.module(), model.dataset().held["train"]
    params = nnx.to_pure_dict(nnx.split(module.build(jax.random.key(0)), nnx.Param, ...)[1])

    def loss(params):
        outputs = module.forward(params, {}, arrays)[0]
        return module.sums(outputs, arrays)["loss"]

    return jax.jit(jax.value_and_grad(loss))(params)


@pytest.mark.parametrize(
    "layer",
    [
        "graph_conv: {features: 5, activation: relu}",
        "graph_attention: {features: 2, heads: 2}",
        "dense: {features: 5, bias: false}",
    ],
)
def test_a_layer_of_few_numbers_is_the_same_layer(spec, layer):
    path = spec(f"{{dropout: 0.5}}, {{{layer}}}, {{graph_conv: 2}}")
    sparse, whole = gc.compile(path), gc.compile(path, without=["sparse"])
    assert sparse.dataset().held["train"]["features:values"].shape == (1, NODES, 2)
    assert "features" in whole.dataset().held["train"]
    for one, other in zip(*map(jax.tree.leaves, (slopes(sparse), slopes(whole))), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_run_of_few_numbers_predicts_of_whole_arrays(spec, tmp_path):
    run = gc.compile(spec("{dropout: 0.5}, {graph_conv: 4}, {graph_conv: 2}")).train(tmp_path / "r")
    before = run.evaluate("test")["loss"]
    dataset = gc.load_run(tmp_path / "r").dataset()
    assert "features:values" in dataset.held["test"]
    arrays = dataset.splits["test"]
    edges = np.stack([arrays["edges:senders"][0], arrays["edges:receivers"][0]])
    outputs = run.predict({"features": arrays["features"], "edges": edges})
    counted, labels = arrays["nodes:counted"][0], arrays["kind"][0]
    chances = np.asarray(jax.nn.log_softmax(outputs[0]))
    loss = -chances[np.arange(NODES), labels][counted].mean()
    assert loss == pytest.approx(before, rel=1e-5)


@pytest.mark.parametrize(
    ("layers", "data", "why"),
    [
        ("{sage_conv: {features: 2, aggregate: max}}", "", "reads all"),
        ("{graph_conv: 140}, {graph_conv: 2}", "", "reads all"),
        ("{dense: 4, precision: bfloat16}, {dense: 2}", "", "reads all"),
        ("{graph_conv: 100}, {graph_conv: 2}", "", "too many for the 100 features of `graph_conv`"),
        ("{dropout: 0.5}, {dense: 2}", ", normalize: standard", None),
    ],
)
def test_what_needs_all_numbers_has_them(spec, layers, data, why):
    compiled = gc.compile(spec(layers, data)).compiled
    assert compiled.program.sparse == ()
    said = [
        each.text
        for report in compiled.passes
        if report.name == "sparse"
        for each in report.remarks
    ]
    assert any(why in each for each in said) if why else not said


def test_behind_a_dropout_more_numbers_are_few(spec):
    path = spec("{dropout: 0.5}, {graph_conv: 100}, {graph_conv: 2}")
    assert gc.compile(path).compiled.program.sparse == ("features",)


def test_other_devices_read_all(spec):
    path = spec("{graph_conv: 2}")
    assert gc.compile(path).compiled.program.sparse == ("features",)
    assert gc.compile(path, device="gpu").compiled.program.sparse == ()
