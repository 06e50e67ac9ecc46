"""A graph built in Python is the graph of the spec that says the same."""

import networkx as nx
import pytest

import graphc as gc
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source


def of_spec(text):
    return gc.load(Source("written.yaml", text))


def test_a_chain_is_the_same_graph():
    g = gc.Graph(image=(8, 8, 1))
    h = g.conv("image", 6, kernel=5, activation="relu", name="c1")
    h = g.max_pool(h, 2)
    h = g.dense(g.flatten(h), features=12, activation="tanh")
    g.output(logits=g.dense(g.dropout(h, 0.2), 3, name="logits"))
    assert g.graph == of_spec("""
        network:
          inputs: {image: [8, 8, 1]}
          layers:
            - {conv: {features: 6, kernel: 5, activation: relu}, name: c1}
            - max_pool: 2
            - flatten
            - dense: {features: 12, activation: tanh}
            - dropout: 0.2
            - {dense: 3, name: logits}
    """)


def test_bodies_formulas_and_several_inputs_are_the_same_graph():
    g = gc.Graph(x=(4,), y=(3,))
    both = g.dense(["x", "y"], 4, name="both")
    g.residual(both, body=lambda g, x: g.batch_norm(g.dense(g.tanh(x), 4)), name="deep")
    g.highway("deep", body=lambda g, x: g.dense(x, 4), name="gated")
    g.formula("tanh(gated) * deep + 0.5 * x", "mixed")
    g.output("mixed", deep="deep")
    assert g.graph == of_spec("""
        network:
          inputs: {x: [4], y: [3]}
          nodes:
            both: {dense: 4, from: [x, y]}
            deep: {residual: [tanh, {dense: 4}, batch_norm], from: both}
            gated: {highway: [{dense: 4}], from: deep}
            mixed: tanh(gated) * deep + 0.5 * x
          outputs: [mixed, deep]
    """)


def test_a_repeat_is_the_same_graph():
    g = gc.Graph(x=(4,))
    h = g.repeat("x", times=5, layers=lambda g, x: g.dropout(g.dense(x, 4), 0.1), name="tower")
    g.output(logits=g.dense(h, 3, name="logits"))
    assert g.graph == of_spec("""
        network:
          inputs: {x: [4]}
          layers:
            - {repeat: {times: 5, layers: [{dense: 4}, {dropout: 0.1}]}, name: tower}
            - {dense: 3, name: logits}
    """)


def test_integer_inputs_and_outer_values_are_the_same_graph():
    g = gc.Graph(tokens=gc.Type((3,), "int", 7), scale=(4,))
    h = g.dense(g.flatten(g.embed("tokens", 2)), 4, name="h")
    h = g.residual(
        h, body=lambda g, x: g.multiply([g.dense(x, 4, name="inner"), "scale"]), name="r"
    )
    g.output(h)
    assert g.graph == of_spec("""
        network:
          inputs: {tokens: {int: [3], below: 7}, scale: [4]}
          nodes:
            embed: {embed: 2, from: tokens}
            flatten: {flatten: {}, from: embed}
            h: {dense: 4, from: flatten}
            r:
              residual:
                - {dense: 4, name: inner}
                - {multiply: {}, from: [inner, scale]}
              from: h
          output: r
    """)


def test_a_built_graph_survives_its_dump():
    g = gc.Graph(x=(4,))
    h = g.dense("x", 4, name="stem")
    h = g.repeat(h, times=4, layers=lambda g, x: g.add([g.tanh(g.dense(x, 4)), x]))
    h = g.highway(h, body=lambda g, x: g.add([g.dense(x, 4, name="stem"), "stem"]))
    g.output(h, g.dense(h, 3, name="logits"))
    assert of_spec(gc.dump(g)) == g.graph


def test_an_error_carries_the_line_of_python():
    g = gc.Graph(image=(8, 8, 1))
    with pytest.raises(SpecError) as caught:
        g.dense("image", 10)  # this line
    (problem,) = caught.value.diagnostics
    assert problem.code == "GC203"
    assert problem.span.source.name == __file__
    assert problem.span.source.line(problem.span.line).endswith("# this line")


def test_an_error_inside_a_body_carries_its_line():
    g = gc.Graph(x=(4,))
    with pytest.raises(SpecError) as caught:
        g.residual(
            "x",
            body=lambda g, x: g.dense(
                g.conv(x, 3),  # that line
                4,
            ),
        )
    lines = [each.span.source.line(each.span.line) for each in caught.value.diagnostics]
    assert [line.split("#")[-1].strip() for line in lines] == ["that line"]


def test_an_unknown_operation_or_attribute_is_named():
    g = gc.Graph(x=(4,))
    with pytest.raises(AttributeError, match="dense"):
        g.dens("x", 3)
    with pytest.raises(SpecError, match="features"):
        g.dense("x", feature=3)


def test_algorithms_of_networkx_apply():
    g = gc.Graph(x=(4,))
    left = g.tanh(g.dense("x", 4, name="a"), name="b")
    right = g.dense("x", 4, name="c")
    g.add([left, right], name="d")
    g.multiply(["d", "d"], name="e")
    g.output("e")
    assert nx.dag_longest_path(g.nx) == ["x", "a", "b", "d", "e"]
    assert nx.descendants(g.nx, "b") == {"d", "e"}
    assert nx.ancestors(g.nx, "d") == {"x", "a", "b", "c"}
    assert g.nx.number_of_edges("d", "e") == 2
    assert g.nx.nodes["c"]["type"].shape == (4,)
    with pytest.raises(nx.NetworkXError):
        g.nx.add_node("f")
