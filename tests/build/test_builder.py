"""What only graphs built in Python do; tests/invariants compares them with specs."""

import pytest

import graphc as gc
from graphc.core.span import Source


def spec(text):
    return gc.load(Source("same.yaml", text))


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


def test_after_a_mistake_the_graph_goes_on():
    g = gc.Graph(x=(8,))
    with pytest.raises(gc.SpecError):
        g.dense("x", features=0)
    g.output(y=g.dense("x", 3))
    assert g.graph.output_type.shape == (3,)


def test_a_graph_trains_with_sections_given_in_python(tmp_path):
    g = gc.Graph(features=(4,))
    g.output(logits=g.dense("features", 3))
    train = {"loss": "cross_entropy", "epochs": 2, "optimizer": {"adam": 0.05}}
    run = gc.compile(g, data="iris", train=train).train(tmp_path / "run", cache=False)
    assert run.result["epochs"] == 2
    assert set(run.evaluate("test")) == {"loss", "accuracy"}
