"""Weights as values in the graph: learned arrays, arrays of nodes, layers that are given them."""

import pytest

import graphc as gc
from graphc.checker import check
from graphc.core.diagnostic import SpecError
from graphc.core.operation import Contracts, Linear
from graphc.core.span import Source
from graphc.core.types import Type, constant
from graphc.graph.node import Ref
from graphc.graph.tied import Tied
from graphc.graph.weights import WeightMap
from graphc.ops.dense import Dense

LANGUAGE = """
network:
  inputs: {words: {int: [], below: 11}}
  nodes:
    token: {embed: 4, from: words}
    body: {dense: {features: 4, activation: tanh}, from: token}
    logits:
      dense: {features: $words.below, kernel: token.table, transpose: true, bias: false}
      from: body
  output: logits
"""


def graph(text):
    return gc.load(Source("weights.yaml", text))


def nodes(text, inputs="x: [4]", output="y"):
    lines = "".join(f"\n    {line}" for line in text.strip().splitlines())
    return graph(f"network:\n  inputs: {{{inputs}}}\n  nodes:{lines}\n  output: {output}")


def paths(graph):
    return {each.path: each.weight.shape for each in WeightMap.of({"": graph}).entries}


def warnings(text):
    return check(Source("weights.yaml", text)).warnings


def test_a_tied_kernel_is_an_edge_from_the_array_of_a_node():
    found = graph(LANGUAGE)
    logits = found.by_name["logits"]
    assert logits.operation == Tied(Dense(11, bias=False), ("kernel",))
    assert logits.inputs == (Ref("body"), Ref("logits:transpose"))
    assert found.by_name["logits:transpose"].inputs == (Ref("token", "table"),)
    assert found.types[Ref("token", "table")] == constant((11, 4))
    assert found.users["token"] == (found.by_name["body"], found.by_name["logits:transpose"])


def test_an_array_belongs_to_the_node_that_makes_it():
    expected = {"token/table": (11, 4), "body/kernel": (4, 4), "body/bias": (4,)}
    assert paths(graph(LANGUAGE)) == expected


def test_braces_and_from_say_the_same():
    braces = "a: {dense: 4}\ny: {dense: {features: 4, kernel: a.kernel, bias: a.bias}, from: a}"
    by_name = "a: {dense: 4}\ny: {dense: 4, from: {x: a, kernel: a.kernel, bias: a.bias}}"
    assert nodes(braces) == nodes(by_name)
    assert nodes(braces).by_name["y"].inputs == (Ref("a"), Ref("a", "kernel"), Ref("a", "bias"))


def test_the_order_of_given_weights_is_that_of_the_layer():
    one = "a: {dense: 4}\ny: {dense: 4, from: {x: a, kernel: a.kernel, bias: a.bias}}"
    other = "a: {dense: 4}\ny: {dense: 4, from: {bias: a.bias, kernel: a.kernel, x: a}}"
    assert nodes(one) == nodes(other)


def test_a_chain_reads_the_step_before_where_only_weights_are_told():
    found = graph("""
network:
  inputs: {x: [4]}
  layers:
    - {dense: 4, name: first}
    - {dense: 4, from: {kernel: first.kernel}}
""")
    assert found.by_name["dense"].inputs == (Ref("first"), Ref("first", "kernel"))


def test_the_name_of_a_chain_is_its_last_step():
    found = nodes("a: {layers: [relu, {dense: 4}]}\ny: {dense: {features: 4, kernel: a.kernel}}")
    assert found.by_name["y"].inputs[1] == Ref("a/dense", "kernel")


def test_another_name_of_a_node_has_its_arrays():
    found = nodes("a: {dense: 4}\nb: a\ny: b * sum(b.kernel)")
    assert Ref("a", "kernel") in found.by_name["y:1"].inputs


def test_whatever_is_computed_of_weights_may_be_given():
    found = nodes("""
raw: {weight: {shape: [4, 3], init: lecun_normal}}
scale: {weight: {shape: [3], init: ones}}
kernel: raw / (0.1 + sum(raw ** 2) ** 0.5)
y: {dense: {features: 3, kernel: kernel, bias: scale}, from: x}
""")
    assert paths(found) == {"raw": (4, 3), "scale": (3,)}


def test_a_list_of_arrays_is_joined():
    found = nodes("""
a: {dense: 2}
b: {dense: 3}
y: {dense: 5, from: {x: x, kernel: [a.kernel, b.kernel]}}
""")
    assert found.by_name["y:kernel"].inputs == (Ref("a", "kernel"), Ref("b", "kernel"))


def test_a_learned_array_is_the_same_for_all_examples():
    found = nodes("queries: {weight: [2, 4]}\none: {weight: []}\ny: one * queries")
    assert found.types[Ref("queries")] == Type((2, 4), domain=(), presence=frozenset())
    assert paths(found) == {"queries": (2, 4), "one": ()}


def test_every_copy_of_a_repeat_has_its_own_learned_array():
    found = nodes("""
y:
  repeat:
    times: 3
    input: before
    layers: [{weight: [4], name: shift}, {add: {}, from: [before, shift]}]
  from: x
""")
    assert paths(found) == {f"y/{i}/shift": (4,) for i in range(3)}


def test_a_layer_of_a_repeat_may_be_given_an_array_from_around_it():
    found = nodes("""
shared: {dense: 4}
y: {repeat: {times: 3, layers: [{dense: {features: 4, kernel: shared.kernel}}]}, from: shared}
""")
    repeat = found.by_name["y"]
    assert repeat.operation.copies == (Tied(Dense(4), ("kernel",)),) * 3
    assert repeat.inputs == (Ref("shared"), Ref("shared", "kernel"))
    assert {path for path in paths(found) if path.startswith("y/")} == {
        f"y/{i}/bias" for i in range(3)
    }


def test_a_block_may_be_given_arrays_and_give_its_own():
    found = graph("""
blocks:
  reader:
    inputs: {x: any, table: any}
    nodes: {y: {dense: {features: 4, kernel: table}, from: x}}
    output: y
  maker: {nodes: {y: {dense: 4}}, outputs: [y, y.kernel]}
network:
  inputs: {x: [4]}
  nodes:
    made: {maker: }
    read: {reader: , from: {x: made, table: made.kernel}}
  output: read
""")
    assert paths(found) == {"made/y/kernel": (4, 4), "made/y/bias": (4,), "read/y/bias": (4,)}
    assert found.types[Ref("made", "kernel")] == constant((4, 4))


def test_a_network_is_one_set_of_weights_though_it_gives_an_array():
    found = check(
        Source(
            "weights.yaml",
            """
networks:
  encoder: {inputs: {x: [4]}, nodes: {h: {dense: 4}}, outputs: [h, h.kernel]}
  main:
    inputs: {x: [4], z: [4]}
    nodes:
      one: {encoder: , from: x}
      two: {encoder: , from: z}
      y: {dense: {features: 4, kernel: one.kernel, bias: false}, from: two}
    output: y
""",
        )
    ).networks
    entries = WeightMap.of(found).entries
    assert [each.path for each in entries] == ["encoder/h/kernel", "encoder/h/bias"]


def test_a_value_that_is_read_for_its_array_alone_is_used():
    assert not warnings("""
network:
  inputs: {x: [4], word: {int: [], below: 3}}
  nodes:
    token: {embed: 4, from: word}
    y: {dense: {features: 3, kernel: token.table, transpose: true}, from: x}
  output: y
""")


def test_a_step_that_leaves_its_first_input_out_uses_the_step_before():
    assert not warnings("""
network:
  inputs: {x: [4]}
  nodes:
    w: {weight: [4, 3]}
    y: {layers: [{dense: 4}, {dense: 3, from: {kernel: w}}], from: x}
  output: y
""")


def test_names_in_braces_order_the_nodes_and_make_cycles():
    assert nodes("a: {dense: {features: 4, kernel: b.kernel}, from: b}\nb: {dense: 4}\ny: a + 0")
    with pytest.raises(SpecError, match="GC209"):
        nodes("a: {dense: {features: 4, kernel: b.kernel}}\nb: {dense: 4, from: a}\ny: b")


def test_a_parameter_may_name_the_value():
    found = graph("""
blocks:
  twice:
    params: {which: string}
    nodes: {z: {dense: 4}, a: {dense: {features: 4, kernel: $which}, from: x}, y: a + z}
    output: y
network: {inputs: {x: [4]}, layers: [{twice: z.kernel}]}
""")
    inner = found.by_name["twice"].operation.graph
    assert inner.by_name["a"].inputs == (Ref("x"), Ref("z", "kernel"))


def test_no_pass_may_take_a_given_kernel_for_the_layers_own():
    tied = Tied(Dense(4), ("kernel",))
    assert tied.trait(Linear) is None
    assert tied.trait(Contracts) == Dense.trait(Contracts) is not None


def test_a_graph_knows_which_arrays_are_read():
    assert graph(LANGUAGE).tied == {"token": (Ref("token", "table"),)}
    edges = graph(LANGUAGE).nx.edges("token", data=True)
    assert {(to, data["port"]) for _, to, data in edges} == {
        ("body", None),
        ("logits:transpose", "table"),
    }


# In Python


def test_the_builder_makes_the_same_graph():
    g = gc.Graph(words=Type((), "int", 11))
    token = g.embed("words", 4, name="token")
    body = g.dense(token, 4, activation="tanh", name="body")
    g.output(
        g.dense(body, 11, kernel=token.table, transpose=True, bias=False, name="logits"),
    )
    assert g.graph == graph(LANGUAGE)
    assert token.table.type == constant((11, 4))


def test_the_builder_takes_the_name_of_an_array_and_makes_arrays():
    g = gc.Graph(x=(4,))
    g.weight([4, 3], init="lecun_normal", name="raw")
    g.dense("x", 3, name="a")
    g.output(y=g.add([g.dense("x", 3, kernel="raw"), g.dense("x", 3, kernel="a.kernel", name="b")]))
    assert g.graph == nodes("""
raw: {weight: {shape: [4, 3], init: lecun_normal}}
a: {dense: 3}
dense: {dense: {features: 3, kernel: raw}}
b: {dense: {features: 3, kernel: a.kernel}}
add: {add: {}, from: [dense, b]}
y: add
""")


def test_the_builder_gives_a_layer_any_of_its_weights():
    g = gc.Graph(image=(5, 5, 3))
    first = g.conv("image", 3, name="first")
    second = g.conv(first, 3, kernel=first.kernel, name="second")
    g.output(y=g.batch_norm(second, scale=second.bias, name="y"))
    text = """
first: {conv: 3}
second: {conv: 3, from: {x: first, kernel: first.kernel}}
y: {batch_norm: , from: {x: second, scale: second.bias}}
"""
    assert g.graph == nodes(text, inputs="image: [5, 5, 3]")


def test_the_builder_hands_arrays_into_bodies():
    g = gc.Graph(x=(4,))
    shared = g.dense("x", 4, name="shared")
    g.output(y=g.repeat(shared, times=3, layers=lambda g, x: g.dense(x, 4, kernel=shared.kernel)))
    assert g.graph == nodes("""
shared: {dense: 4}
repeat: {repeat: {times: 3, layers: [{dense: {features: 4, kernel: shared.kernel}}]}, from: shared}
y: repeat
""")


def test_a_value_has_no_arrays_that_its_node_does_not_make():
    g = gc.Graph(x=(4,))
    with pytest.raises(AttributeError, match="no output or weight `kernel`"):
        _ = g.relu("x").kernel
    with pytest.raises(SpecError, match=r"is \[4, 3\], but it is given \[4, 4\]"):
        g.dense("x", 3, kernel=g.dense("x", 4).kernel)
