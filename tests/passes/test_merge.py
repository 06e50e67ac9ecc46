"""What `merge` makes of a spec, rule by rule; that the meaning stays is shown in `invariants`."""

import textwrap

import pytest
from printed_graphs import after


def require(text, expected, *remarks, passes=("merge",), **options):
    found, said = after(text, *passes, **options)
    assert found == textwrap.dedent(expected).strip("\n")
    assert tuple(said) == remarks


def nodes(text, inputs="{x: [4]}", output="y"):
    """A network of these nodes."""
    lines = textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")
    return f"network:\n  inputs: {inputs}\n  nodes:\n{lines}\n  output: {output}\n"


# Rule 1


def test_a_part_that_is_written_twice_is_computed_once():
    require(
        nodes("y: exp(x) / (1 + exp(x))"),
        """
        y:1 = exp(x) [4]
        y:2 = constant() []
        y:4 = add(y:2, y:1) [4]
        y = divide(y:1, y:4) [4]
        -> y
        """,
        "did 1: `exp` is computed once for 2 places",
    )


def test_what_the_spec_names_is_what_stays():
    require(
        nodes("""
            a: tanh(x) - 1
            b: tanh(x)
            y: a * b
        """),
        """
        a:2 = constant() []
        b = tanh(x) [4]
        a = subtract(b, a:2) [4]
        y = multiply(a, b) [4]
        -> y
        """,
        "did 1: `tanh` is computed once for 2 places",
    )


def test_two_nodes_with_names_both_stay():
    text = nodes("""
        a: tanh(x)
        b: tanh(x)
        y: a * b
    """)
    require(
        text,
        """
        a = tanh(x) [4]
        b = tanh(x) [4]
        y = multiply(a, b) [4]
        -> y
        """,
    )


def test_what_follows_from_equal_values_is_equal():
    require(
        nodes("y: sqrt(exp(x) + 2) * sqrt(exp(x) + 2)"),
        """
        y:1 = exp(x) [4]
        y:2 = constant() []
        y:3 = add(y:1, y:2) [4]
        y:4 = sqrt(y:3) [4]
        y = multiply(y:4, y:4) [4]
        -> y
        """,
        "did 1: `exp` is computed once for 2 places",
        "did 1: `add` is computed once for 2 places",
        "did 1: `sqrt` is computed once for 2 places",
    )


PURE = """
blocks:
  gate: {nodes: {y: sigmoid(x) * x}, output: y}
"""


def test_equal_calls_of_a_block_without_weights_are_one():
    found, remarks = after(nodes("y: gate(x) + gate(x)") + PURE, "merge")
    assert found.count("gate(x)") == 1
    assert remarks == ["did 1: `gate` is computed once for 2 places"]


@pytest.mark.parametrize("step", ["{dropout: 0.5}", "{dense: 4}", "batch_norm", "noisy"])
def test_noise_weights_and_running_statistics_are_never_shared(step):
    text = f"""
network:
  inputs: {{x: [4]}}
  layers: [{{parallel: {{join: add, branches: [[{step}], [{step}]]}}}}]
blocks:
  noisy: {{layers: [tanh, {{dropout: 0.5}}]}}
"""
    _, remarks = after(text, "merge", device="gpu")
    assert not [each for each in remarks if each.startswith("did 1")]


def test_a_network_without_noise_gives_the_same_for_the_same_input():
    text = """
networks:
  encoder: {inputs: {x: [4]}, layers: [{dense: 4}, NORM tanh]}
  main: {inputs: {x: [4]}, nodes: {y: encoder(x) * encoder(x)}, output: y}
"""
    found, _ = after(text.replace("NORM", ""), "merge")
    assert found.count("encoder(x)") == 1
    found, _ = after(text.replace("NORM", "batch_norm,"), "merge")
    assert found.count("encoder(x)") == 2


# Rule 2

HIGHWAY = nodes("""
    h: {dense: {features: 4, activation: tanh}, from: x}
    gate: {dense: {features: 4, activation: sigmoid, bias_init: -2.0}, from: x}
    y: gate * h + (1 - gate) * x
""")


def test_layers_of_one_input_become_one_that_is_split_before_the_activations():
    require(
        HIGHWAY,
        """
        gate_h = beside[gate, h](x) [8]
        gate = part 0 sigmoid(gate_h) [4]
        h = part 1 tanh(gate_h) [4]
        y:1 = constant() []
        y:2 = subtract(y:1, gate) [4]
        y:3 = multiply(y:2, x) [4]
        y:4 = multiply(gate, h) [4]
        y = add(y:4, y:3) [4]
        -> y
        """,
        "did 2: `gate` and `h` are one product of 4 + 4 features",
    )


def test_layers_of_several_widths_and_without_activations_become_one():
    require(
        nodes("""
            up: {dense: 6, from: x}
            value: {dense: {features: 4, activation: silu}, from: x}
            one: {dense: {features: 1, activation: sigmoid}, from: x}
            y: value * one + mean(tanh(up))
        """),
        """
        one_up_value = beside[one, up, value](x) [11]
        one = part 0 sigmoid(one_up_value) [1]
        up = part 1(one_up_value) [6]
        value = part 2 silu(one_up_value) [4]
        y:1 = tanh(up) [6]
        y:2 = mean(y:1) []
        y:3 = multiply(value, one) [4]
        y = add(y:3, y:2) [4]
        -> y
        """,
        "did 2: `one`, `up` and `value` are one product of 1 + 6 + 4 features",
    )


@pytest.mark.parametrize(
    "change",
    [
        *("kernel_norm: weight_norm", "kernel_norm: spectral_norm"),
        *("kernel_norm: weight_standardization", "drop_connect: 0.1"),
    ],
)
def test_layers_whose_kernels_are_changed_first_stay_as_they_are(change):
    text = nodes(f"""
        a: {{dense: {{features: 3, activation: tanh, {change}}}}}
        b: {{dense: {{features: 3, activation: tanh, {change}}}}}
        y: a + b
    """)
    found, remarks = after(text, "merge")
    assert "a = dense tanh(x) [3]" in found
    assert "b = dense tanh(x) [3]" in found
    assert not remarks


def test_it_works_inside_of_rolled_layers():
    block = HIGHWAY.replace("network:", "  gated:").replace("  inputs: {x: [4]}\n", "")
    network = "network: {inputs: {x: [4]}, layers: [{repeat: {times: 4, layers: [gated]}}]}\n"
    text = network + "blocks:\n" + block.replace("\n  ", "\n    ")
    found, remarks = after(text, "roll", "merge")
    assert "repeat = stack of 4 gated(x) [4]" in found
    assert "  gate_h = beside[gate, h](x) [8]" in found
    assert remarks[-1] == "did 2: `gate` and `h` are one product of 4 + 4 features"


def test_only_some_with_a_bias_are_not_one():
    require(
        nodes("""
            a: {dense: {features: 4, activation: tanh, bias: false}, from: x}
            b: {dense: {features: 4, activation: tanh}, from: x}
            y: a * b
        """),
        """
        a = dense tanh(x) [4]
        b = dense tanh(x) [4]
        y = multiply(a, b) [4]
        -> y
        """,
        "left 2: `a` and `b` are not one product: only some have a bias",
    )


# Rule 3


def test_wide_products_stay_on_the_cpu():
    text = nodes("""
        a: {dense: {features: 100, activation: tanh}, from: x}
        b: {dense: {features: 100, activation: tanh}, from: x}
        y: a * b
    """)
    _, remarks = after(text, "merge")
    assert remarks == [
        "left 3: `a` and `b` stay 2 products: one of 200 columns is hardly faster on the CPU,"
        " where 128 are the most"
    ]
    found, remarks = after(text, "merge", device="gpu")
    assert "a_b = beside[a, b](x) [200]" in found
    assert remarks == ["did 2: `a` and `b` are one product of 100 + 100 features"]


def test_what_would_be_copied_stays_on_the_cpu():
    text = nodes("""
        a: {dense: 4, from: x}
        b: {dense: {features: 4, activation: tanh}, from: x}
        y: {concat: {}, from: [a, b]}
    """)
    _, remarks = after(text, "merge")
    assert remarks == [
        "left 3: `a` and `b` stay 2 products: for `concat`, which reads `a`, its part would be"
        " copied"
    ]
    text = text.replace("output: y", "outputs: [y, a]").replace("{concat: {}, from: [a, b]}", "a+b")
    _, remarks = after(text, "merge")
    assert remarks == [
        "left 3: `a` and `b` stay 2 products: `a` is an output, for which its part would be copied"
    ]


CONVOLUTIONS = nodes(
    """
    a: {conv: {features: 2, kernel: 1, activation: relu}, from: x}
    b: {conv: {features: 3, kernel: 1, activation: relu}, from: x}
    c: {conv: {features: 3, kernel: 3, activation: relu}, from: x}
    y: {concat: {}, from: [a, b, c]}
    """,
    inputs="{x: [4, 4, 2]}",
)


def test_convolutions_of_one_kernel_are_one_where_that_pays():
    _, remarks = after(CONVOLUTIONS, "merge")
    assert remarks == [
        "left 3: `a` and `b` stay 2 products: a wider convolution is no faster on the CPU"
    ]
    found, remarks = after(CONVOLUTIONS, "merge", device="gpu")
    assert "a_b = beside[a, b](x) [4, 4, 5]\n" in found
    assert "c = conv relu(x) [4, 4, 3]\n" in found
    assert remarks == ["did 2: `a` and `b` are one product of 2 + 3 features"]


def test_names_of_joined_layers_do_not_meet_others():
    found, _ = after(
        nodes("""
            a: {dense: {features: 2, activation: tanh}, from: x}
            b: {dense: {features: 2, activation: tanh}, from: x}
            a_b: a * b
            c: {dense: {features: 2, activation: tanh}, from: a_b}
            d: {dense: {features: 2, activation: tanh}, from: a_b}
            e: {dense: {features: 2, activation: tanh}, from: a_b}
            f: {dense: {features: 2, activation: tanh}, from: a_b}
            y: c * d * e * f
        """),
        "merge",
    )
    assert "a_b_ = beside[a, b](x) [4]" in found
    assert "c_to_f = beside[c, d, e, f](a_b) [8]" in found


def test_graph_convolutions_of_one_input_are_added_up_along_the_edges_once():
    text = """
    a: {graph_conv: {features: 3, activation: tanh}, from: x}
    b: {graph_conv: {features: 5, activation: relu}, from: x}
    c: {graph_conv: {features: 5, normalize: mean}, from: x}
    y: concat(a, b, c)
    """
    require(
        nodes(text, inputs="{x: [nodes, 4]}"),
        """
        a_b = beside[a, b](x) [nodes, 8]
        a = part 0 tanh(a_b) [nodes, 3]
        b = part 1 relu(a_b) [nodes, 5]
        c = graph_conv(x) [nodes, 5]
        y = concat(a, b, c) [nodes, 13]
        -> y
        """,
        "did 2: `a` and `b` are one product of 3 + 5 features",
    )
