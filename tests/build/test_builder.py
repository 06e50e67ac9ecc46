"""Graphs built in Python are the graphs of specs."""

import networkx as nx
import pytest

import graphc as gc
from graphc.core.span import Source


def spec(text):
    return gc.load(Source("same.yaml", text))


def test_a_chain_of_calls_is_the_chain_of_a_spec():
    g = gc.Graph(x=(8, 8, 3))
    h = g.conv("x", 4, activation="relu")
    h = g.flatten(h)
    g.output(dense=g.dense(h, 3))
    text = "network: {inputs: {x: [8, 8, 3]}, layers: [{conv: {features: 4, activation: relu}}, flatten, {dense: 3}]}"
    assert g.graph == spec(text)


def test_a_body_is_a_function():
    g = gc.Graph(x=(8,))
    g.output(residual=g.residual("x", body=lambda g, x: g.relu(g.dense(x, 8))))
    text = "network: {inputs: {x: [8]}, layers: [{residual: [{dense: 8}, relu]}]}"
    assert g.graph == spec(text)


def test_a_repeat_takes_a_function():
    g = gc.Graph(x=(8,))
    g.output(repeat=g.repeat("x", times=5, layers=lambda g, x: g.dense(x, 8)))
    assert g.graph == spec(
        "network: {inputs: {x: [8]}, layers: [{repeat: {times: 5, layers: [{dense: 8}]}}]}"
    )


def test_a_formula_is_a_node():
    g = gc.Graph(x=(8,))
    g.dense("x", 8, name="a")
    g.output(y=g.formula("tanh(a) * 2 - x", "y"))
    text = "network: {inputs: {x: [8]}, nodes: {a: {dense: 8}, y: tanh(a) * 2 - x}, output: y}"
    assert g.graph == spec(text)


def test_inputs_are_given_by_name_where_there_are_several():
    g = gc.Graph(x=(8,))
    wide = g.dense("x", 12, name="wide")
    g.output(y=g.shortcut(x="x", like=wide, kind="project"))
    text = """
network:
  inputs: {x: [8]}
  nodes:
    wide: {dense: 12}
    shortcut: {shortcut: project, from: {x: x, like: wide}}
    y: shortcut
  output: y
"""
    assert g.graph == spec(text)


def test_a_mistake_is_located_in_the_python_file():
    g = gc.Graph(x=(8, 8, 3))
    with pytest.raises(gc.SpecError) as caught:
        g.dense("x", 3)  # the marked line
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GC203"
    assert diagnostic.span.source.name == __file__
    assert "the marked line" in diagnostic.span.source.line(diagnostic.span.line)


def test_after_a_mistake_the_graph_goes_on():
    g = gc.Graph(x=(8,))
    with pytest.raises(gc.SpecError):
        g.dense("x", features=0)
    g.output(y=g.dense("x", 3))
    assert g.graph.output_type.shape == (3,)


def test_the_networkx_view_takes_every_algorithm():
    g = gc.Graph(x=(8,))
    a = g.dense("x", 8, name="a")
    b = g.dense(a, 8, name="b")
    g.output(c=g.add(a, b, name="c"))
    assert nx.descendants(g.nx, "a") == {"b", "c"}
    assert nx.dag_longest_path(nx.DiGraph(g.nx)) == ["x", "a", "b", "c"]


def test_a_graph_is_dumped_and_loaded(tmp_path):
    g = gc.Graph(x=(8,))
    g.output(y=g.dense(g.dense("x", 8, name="a"), 3))
    gc.dump(g, tmp_path / "mine.yaml")
    assert gc.load(tmp_path / "mine.yaml") == g.graph


def test_a_graph_trains_with_sections_given_in_python(tmp_path):
    g = gc.Graph(features=(4,))
    g.output(logits=g.dense("features", 3))
    train = {"loss": "cross_entropy", "epochs": 2, "optimizer": {"adam": 0.05}}
    run = gc.compile(g, data="iris", train=train).train(tmp_path / "run", cache=False)
    assert run.result["epochs"] == 2
    assert set(run.evaluate("test")) == {"loss", "accuracy"}
