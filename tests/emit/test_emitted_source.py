"""The text of emitted modules: its form, its names, and where its lines come from."""

import ast
import builtins
import os
import random
import shutil
import subprocess
import symtable
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from graphc.core.span import Source, Span
from graphc.core.types import BATCH, TIME
from graphc.emit.imports import IMPORTS, library
from graphc.emit.module import emit
from graphc.graph.calls import Call, Repeat
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.ops.features import Softmax

GOLDEN = Path(__file__).with_name("golden")
RUFF = shutil.which("ruff", path=Path(sys.executable).parent) or shutil.which("ruff")


def section(source, word):
    """The text of one class or function."""
    tree = ast.parse(source)
    found = next(each for each in tree.body if getattr(each, "name", None) == word)
    return ast.get_source_segment(source, found)


def body(source, owner="Network", method="__call__"):
    """The lines of a method without its header."""
    return section(source, owner).split(f"def {method}")[1].split("\n")[1:]


@pytest.mark.parametrize("name", ["residual", "noisy_rolled", "segmentation", "merged_rolled"])
def test_the_source_is_the_golden_one(name, emitted):
    golden = GOLDEN / f"{name}.py"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(emitted(name).source, encoding="utf-8")
    assert emitted(name).source == golden.read_text(encoding="utf-8")


def test_a_module_for_inference_is_the_golden_one(hand):
    golden = GOLDEN / "residual_inference.py"
    source = emit(hand.residual_inference()).source
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(source, encoding="utf-8")
    assert source == golden.read_text(encoding="utf-8")


def test_layers_of_one_input_are_one_product_that_is_split(emitted):
    lines = [line.strip() for line in body(emitted("merged_rolled").source, "Highway")]
    assert lines[:3] == [
        "gate_h = jnp.split(self.gate_h(x), 2, axis=-1)",
        "gate = nnx.sigmoid(gate_h[0])",
        "h = nnx.relu(gate_h[1])",
    ]
    source = emitted("merged_widths").source
    assert "one_wide = jnp.split(self.one_wide(x), [1], axis=-1)" in source
    assert source.count("class Scaled") == 1
    assert "b = a_b[1]" in source


def test_a_line_of_joined_layers_is_that_of_the_first(hand):
    x = (("x", hand.VECTOR),)
    nodes = [
        hand.node(word, hand.Dense(6, activation=hand.Tanh()), "x", line=line)
        for word, line in (("a", 4), ("b", 6))
    ]
    nodes.append(hand.node("y", hand.Add(), "a", "b", line=8))
    made = emit(hand.program(hand.merge(hand.graph("", dict(x), nodes, "y"), hand.Remarks())))
    found = {
        line.strip().partition(" =")[0]: (path, span.line)
        for number, line in enumerate(made.source.splitlines(), 1)
        if number in made.lines
        for path, span in [made.lines[number]]
        if " = " in line
    }
    assert found["a_b"] == ("a_b", 4)
    assert found["a"] == ("a", 4)
    assert found["b"] == ("b", 6)


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
def test_a_formatter_and_a_linter_leave_it_alone(hand, emitted, tmp_path):
    for name in hand.PROGRAMS:
        (tmp_path / f"{name}.py").write_text(emitted(name).source, encoding="utf-8")
    common = ["--line-length", "100", "--isolated", "--no-cache", str(tmp_path)]
    for command in (["format", "--diff"], ["check", "--select", "E,F,I,B,UP,SIM"]):
        done = subprocess.run([RUFF, *command, *common], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_emission_does_not_import_jax():
    code = "import sys, graphc.emit.module as m, graphc.ops; assert 'jax' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def shuffled(graph, seed=3):
    nodes = [replace(node, operation=_shuffled(node.operation)) for node in graph.nodes]
    random.Random(seed).shuffle(nodes)
    return graph.replace_nodes(nodes)


def _shuffled(operation):
    return (
        replace(operation, graph=shuffled(operation.graph))
        if isinstance(operation, Call)
        else operation
    )


def test_the_order_of_nodes_does_not_matter(program_name, hand, emitted):
    whole = hand.PROGRAMS[program_name]()
    networks = {name: shuffled(graph) for name, graph in whole.networks.items()}
    assert emit(replace(whole, networks=networks)).source == emitted(program_name).source


def test_lines_lead_to_nodes_and_places(emitted):
    made = emitted("residual")
    found = {}
    for number, text in enumerate(made.source.split("\n"), 1):
        if number in made.lines:
            path, span = made.lines[number]
            found.setdefault((path, span.line), []).append(text.strip())
    assert found["stage1/body/conv", 3][0] == "self.body_conv = nnx.Conv("
    assert found["stage1/body/conv", 3][-1] == "body_conv = self.body_conv(x)"
    assert found["stage1/body/relu", 5] == ["y = nnx.relu(y)"]
    assert found["stage1/y", 9] == ["return nnx.relu(y)"]
    assert found["stage2", 22][0].startswith("self.stage2 = Residual(")
    assert found["logits", 31][-1] == "return self.logits(x)"
    last = max(made.lines)
    assert made.source.split("\n")[last - 1].strip() == "return self.logits(x)"


def test_graphs_that_differ_in_numbers_are_one_class(emitted):
    source = emitted("residual").source
    assert source.count("class ") == 2 + 1  # a norm is copied
    assert "def __init__(self, in_features, features, *, key):" in source
    assert 'self.stage3 = Residual(8, 16, key=at(key, "stage3"))' in source


def test_a_default_that_only_some_have_becomes_a_parameter(hand):
    nodes, previous = [], "image"
    for name, stride in (("a", (1, 1)), ("b", (2, 2)), ("c", (1, 1))):
        block = hand.chain("block", {"x": hand.Type((8, 8, 1))}, hand.Conv(1, stride=stride))
        nodes.append(hand.node(name, Call(block, (("stride", stride[0]),)), "image"))
        previous = name
    del previous
    nodes.append(hand.node("all", hand.Identity(), "a"))
    graph = hand.graph("network", {"image": hand.IMAGE}, nodes, "o=a", "p=b", "q=c")
    source = emit(hand.program(graph)).source
    assert source.count("class ") == 2
    assert "nnx.Conv(1, 1, (3, 3), strides=stride, rngs=" in source
    assert 'self.b = Block(2, key=at(key, "b"))' in source


def test_blocks_with_one_title_and_other_structure_are_two_classes(hand):
    inner = Call(hand.chain("residual", {"x": hand.VECTOR}, hand.Dense(12), hand.Relu()))
    outer = Call(
        hand.chain("residual", {"x": hand.VECTOR}, hand.Dense(12), inner.__class__(inner.graph))
    )
    network = hand.chain("network", {"features": hand.VECTOR}, outer, hand.Dense(4))
    source = emit(hand.program(network)).source
    assert "class Residual(nnx.Module)" in source and "class Residual2(nnx.Module)" in source
    assert source.index("class Residual(") < source.index("class Residual2(")


def formula(hand, text_of_nodes, **inputs):
    graph = hand.graph("network", inputs or {"x": hand.VECTOR}, text_of_nodes, "y")
    return body(emit(hand.Program("hand", "hand.yaml", {"": graph})).source)


def test_a_formula_is_one_line(hand):
    nodes = [
        hand.node("y:1", hand.Subtract(), "x", "x"),
        hand.node("y:2", hand.Constant(0.5)),
        hand.node("y:3", hand.Multiply(), "y:2", "y:1"),
        hand.node("y", hand.Subtract(), "x", "y:3"),
    ]
    assert formula(hand, nodes) == ["        return x - 0.5 * (x - x)"]


def test_a_part_that_is_read_twice_has_a_name(hand):
    nodes = [
        hand.node("y:1", hand.Multiply(), "x", "x"),
        hand.node("y", hand.Add(), "y:1", "y:1"),
    ]
    assert formula(hand, nodes) == ["        y_1 = x * x", "        return y_1 + y_1"]


def test_a_part_is_not_written_where_it_would_stand_twice(hand):
    nodes = [
        hand.node("y:1", hand.Multiply(), "x", "x"),
        hand.node("y", Softmax(over="time"), "y:1"),
    ]
    steps = hand.Type((4,), domain=(BATCH, TIME), presence=frozenset({"time"}))
    assert formula(hand, nodes, x=steps)[0] == "        y_1 = x * x"


def test_a_chain_does_not_overwrite_what_is_still_read(hand):
    nodes = [
        hand.node("relu", hand.Relu(), "x", named=False),
        hand.node("tanh", hand.Tanh(), "relu", named=False),
        hand.node("y", hand.Add(), "tanh", "x"),
    ]
    assert formula(hand, nodes) == [
        "        y = nnx.relu(x)",
        "        y = nnx.tanh(y)",
        "        return y + x",
    ]


def test_a_node_that_does_nothing_is_another_name(hand):
    nodes = [
        hand.node("skip", hand.Identity(), "x"),
        hand.node("h", hand.Relu(), "skip"),
        hand.node("y", hand.Add(), "h", "skip"),
    ]
    assert formula(hand, nodes) == ["        h = nnx.relu(x)", "        return h + x"]


def test_a_loss_knows_the_type_of_its_target(hand):
    network = hand.chain("network", {"x": hand.VECTOR}, hand.Dense(1))
    number = hand.Type(())
    loss = hand.Term("loss", hand.MeanSquaredError(), None, "price", target_type=number)
    objective = hand.Objective(loss, (), ("",), hand.Adam(0.01))
    plan = hand.Plan("", (("x", "x"),), (objective,))
    source = emit(hand.Program("hand", "hand.yaml", {"": network}, plan)).source
    assert 'jnp.mean(jnp.square(outputs - batch["price"][:, None]), axis=-1)' in source


def test_a_network_has_no_name_of_a_dict(hand):
    inner = hand.chain("items", {"x": hand.VECTOR}, hand.Dense(12))
    node = hand.node("items", hand.NetworkCall(inner, network="items"), "features")
    logits = hand.node("logits", hand.Dense(4), "items")
    outer = hand.graph("values", {"features": hand.VECTOR}, [node, logits], "logits")
    whole = hand.program({"items": inner, "values": outer}, "values")
    source = emit(whole).source
    assert 'model["values_"](batch["features"], items=model["items_"])' in source
    assert body(source, "Values")[0] == "        items_ = items(features)"
    assert {entry.stored for entry in hand.WeightMap.of(whole.networks).entries} == {
        *("items_/dense/kernel", "items_/dense/bias"),
        *("values_/logits/kernel", "values_/logits/bias"),
    }


def test_what_no_output_needs_is_not_computed_but_has_its_weights(hand):
    nodes = [hand.node("y", hand.Dense(4), "x"), hand.node("z", hand.Dense(4), "x")]
    graph = hand.graph("network", {"x": hand.VECTOR}, nodes, "y")
    source = emit(hand.program(graph)).source
    assert "self.z = nnx.Linear(12, 4" in source
    assert "self.z(x)" not in source


def test_a_title_is_no_word_of_python_or_of_the_module(hand):
    for title, word in (("none", "BlockNone"), ("3x3", "Block3x3"), ("a/b-c", "ABC")):
        call = Call(hand.chain(title, {"x": hand.VECTOR}, hand.Dense(12)))
        network = hand.chain("network", {"features": hand.VECTOR}, call, hand.Dense(4))
        assert f"class {word}(nnx.Module)" in emit(hand.program(network)).source
    for title, word in (("main", "main_block"), ("lambda", "lambda_block"), ("3x", "block_3x")):
        call = Call(hand.chain(title, {"x": hand.VECTOR}, hand.Relu()))
        network = hand.chain("network", {"features": hand.VECTOR}, call, hand.Dense(4))
        assert f"def {word}(x):" in emit(hand.program(network)).source


def test_a_docstring_says_where_the_block_was_written(emitted):
    assert '"""Block `residual`, specs/hand.yaml:3."""' in emitted("residual").source


def test_a_name_with_quotes_is_text(hand):
    whole = replace(hand.lenet(), name='a"""b\\', origin="c\nd")
    docstring = ast.get_docstring(ast.parse(emit(whole).source), clean=False)
    assert docstring is not None and all(each in docstring for each in ('a"""b\\', "c"))


def test_deep_networks_and_long_formulas_are_quick(hand):
    depth = 2000
    layers = [hand.Dense(12, activation=hand.Relu())] * depth
    deep = hand.chain("network", {"x": hand.VECTOR}, *layers, hand.Dense(4))
    terms, previous = [], "x"
    for i in range(depth):
        terms.append(hand.node(f"y:{i}" if i < depth - 1 else "y", hand.Add(), previous, "x"))
        previous = terms[-1].name
    terms.append(hand.node("logits", hand.Dense(4), "y"))
    long = hand.graph("network", {"x": hand.VECTOR}, terms, "logits")
    for graph in (deep, long):
        started = time.process_time()
        source = emit(hand.program(graph)).source
        assert time.process_time() - started < 20
        compile(source, "<emitted>", "exec")
        assert max(map(len, source.split("\n"))) <= 100


def test_a_repeat_of_functions_needs_no_list(emitted):
    assert [line.strip() for line in body(emitted("pure_block").source)][:4] == [
        "inner = max_block(features)",
        "again = inner",
        "for _ in range(2):",
        "again = max_block(again)",
    ]


def test_a_part_of_the_source_names_every_import_it_uses(program_name, emitted):
    source = emitted(program_name).source
    used = {word for word in ("functools", "zlib", "optax") if f"{word}." in source}
    imported = {word for word in ("functools", "zlib", "optax") if f"import {word}\n" in source}
    assert used == imported


def test_spans_are_those_of_the_nodes(hand):
    spec = Source("specs/a.yaml", "")
    span = Span(spec, 4, 5, 4, 9)
    inputs = (("x", hand.VECTOR),)
    block = Graph(
        "twice", inputs, (Node("d", hand.Dense(12), (Ref("x"),), span),), (("d", Ref("d")),)
    )
    outer = Span(spec, 9, 1, 9, 2)
    node = Node("r", Repeat((Call(block),) * 2), (Ref("x"),), outer)
    result = emit(
        hand.Program("a", "specs/a.yaml", {"": Graph("", inputs, (node,), (("r", Ref("r")),))})
    )
    assert set(result.lines.values()) == {("r/d", span), ("r", outer)}


def test_what_the_library_names_is_imported_or_its_own():
    def read_from_outside(table):
        own = {each.get_name() for each in table.get_symbols() if each.is_global()}
        return own.union(*map(read_from_outside, table.get_children()))

    nodes = ast.walk(ast.parse(IMPORTS))
    imported = {each.asname or each.name for each in nodes if isinstance(each, ast.alias)}
    source = "\n\n".join(map(ast.unparse, library().values()))
    names = read_from_outside(symtable.symtable(source, "library", "exec"))
    assert names <= imported | library().keys() | set(dir(builtins))
