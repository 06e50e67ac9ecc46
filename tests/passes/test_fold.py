"""What `fold` makes of a spec for inference, rule by rule."""

import textwrap

import pytest
from printed_graphs import after


def chain(*steps, inputs="{x: [4, 4, 2]}"):
    return f"network:\n  inputs: {inputs}\n  layers: [{', '.join(steps)}]\n"


def folded(text):
    return after(text, "fold", inference=True)


def require(text, expected, *remarks):
    found, said = folded(text)
    assert found == textwrap.dedent(expected).strip("\n")
    assert tuple(said) == remarks


def test_a_norm_becomes_part_of_the_layer_before_it():
    require(
        chain(
            "{conv: {features: 3, bias: false}}", "batch_norm", "relu", "flatten", "{dense: 5}"
        ).replace("{dense: 5}", "{dense: 5}, {batch_norm: {scale: false}}"),
        """
        conv = conv with batch_norm(x) [4, 4, 3]
        relu = relu(conv) [4, 4, 3]
        flatten = flatten(relu) [48]
        dense = dense with batch_norm_2(flatten) [5]
        -> dense
        """,
        "did 2: `batch_norm` becomes part of `conv`",
        "did 2: `batch_norm_2` becomes part of `dense`",
    )


def test_a_norm_becomes_part_of_a_graph_convolution():
    require(
        chain("{graph_conv: 3}", "batch_norm", inputs="{x: [nodes, 4]}"),
        """
        graph_conv = graph_conv with batch_norm(x) [nodes, 3]
        -> graph_conv
        """,
        "did 2: `batch_norm` becomes part of `graph_conv`",
    )


def test_noise_is_bypassed_first():
    require(
        chain("{dense: 3}", "{dropout: 0.5}", "batch_norm", inputs="{x: [4]}"),
        """
        dense = dense with batch_norm(x) [3]
        -> dense
        """,
        "did 1: `dropout` is bypassed: it is for training alone",
        "did 2: `batch_norm` becomes part of `dense`",
    )


def test_a_chain_of_norms_is_folded_once():
    found, remarks = folded(chain("{dense: 3}", "batch_norm", "batch_norm", inputs="{x: [4]}"))
    assert found == "dense = dense with batch_norm(x) [3]\n" + (
        "batch_norm_2 = batch_norm(dense) [3]\n-> batch_norm_2"
    )
    assert remarks == [
        "did 2: `batch_norm` becomes part of `dense`",
        "left 2: `batch_norm_2` stays: `batch_norm` is no layer with a kernel alone",
    ]


@pytest.mark.parametrize(
    "steps, reason",
    [
        (("batch_norm",), "it reads an input"),
        (
            ("{conv: {features: 3, activation: relu}}", "batch_norm"),
            "`relu` stands between it and the product of `conv`",
        ),
        (("{conv: 3}", "relu", "batch_norm"), "`relu` is no layer with a kernel alone"),
        (
            ("{dense: {features: 2, axis: 0}}", "batch_norm"),
            "`dense` is no layer with a kernel alone",
        ),
        (
            ("{conv: {features: 3, kernel_norm: weight_standardization}}", "batch_norm"),
            "`conv` is no layer with a kernel alone",
        ),
        (
            ("{conv: {features: 3, kernel_norm: weight_norm}}", "batch_norm"),
            "`conv` is no layer with a kernel alone",
        ),
    ],
)
def test_a_norm_stays_where(steps, reason):
    found, remarks = folded(chain(*steps))
    assert "batch_norm = batch_norm(" in found
    assert remarks == [f"left 2: `batch_norm` stays: {reason}"]


@pytest.mark.parametrize("end", ["output: y", "outputs: [n, a]"])
def test_a_norm_stays_where_its_input_is_needed_too(end):
    text = f"""
network:
  inputs: {{x: [4]}}
  nodes:
    a: {{dense: 3, from: x}}
    n: {{batch_norm: {{}}, from: a}}
    y: n + a
  {end}
"""
    assert folded(text)[1] == ["left 2: `n` stays: `a` without it is needed too"]


def test_it_works_inside_of_blocks_and_rolled_layers():
    text = """
network:
  inputs: {x: [4]}
  layers:
    - repeat: {times: 5, layers: [{residual: [{dense: 4}, batch_norm, tanh]}]}
"""
    found, remarks = after(text, "fold", "roll", inference=True)
    assert "repeat = stack of 5 residual(x) [4]" in found
    assert "  body/dense = dense with body/batch_norm(x) [4]" in found
    assert "did 2: `body/batch_norm` becomes part of `body/dense`" in remarks


def test_a_program_that_trains_is_never_folded():
    text = chain("{dense: 3}", "{dropout: 0.5}", "batch_norm", inputs="{x: [4]}")
    found, remarks = after(text, "fold")
    assert "batch_norm = batch_norm(dropout)" in found
    assert remarks == []


@pytest.mark.parametrize(
    "nodes, reason",
    [
        (
            "{d: {dense: 3}, n: {batch_norm: , from: d}, y: n * sum(d.kernel)}",
            "`d` is no layer with a kernel alone",
        ),
        (
            "{d: {dense: 3}, n: {batch_norm: , from: d}, y: n * n.scale}",
            "its arrays are read elsewhere",
        ),
        (
            "{w: {weight: [4, 3]}, d: {dense: {features: 3, kernel: w}},"
            " n: {batch_norm: , from: d}, y: tanh(n)}",
            "`d` is no layer with a kernel alone",
        ),
    ],
)
def test_a_norm_stays_where_an_array_is_a_value(nodes, reason):
    text = f"network:\n  inputs: {{x: [4]}}\n  nodes: {nodes}\n  output: y\n"
    _, remarks = folded(text)
    assert remarks == [f"left 2: `n` stays: {reason}"]


def test_a_norm_that_is_given_its_scale_stays():
    nodes = (
        "{w: {weight: [3]}, d: {dense: 3}, n: {batch_norm: , from: {x: d, scale: w}}, y: tanh(n)}"
    )
    found, remarks = folded(f"network:\n  inputs: {{x: [4]}}\n  nodes: {nodes}\n  output: y\n")
    assert "n = batch_norm(d, w)" in found
    assert remarks == []
