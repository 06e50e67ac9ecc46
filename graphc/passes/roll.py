"""roll: equal layers in a row become one layer with stacked weights and one scan.

The program's size, and with it the time to compile, no longer grows with depth.

Rules:
    1. A `repeat` of many equal layers that keep the type of their input is rolled: fewer train
       faster one by one (`rolled`).
    2. So is a run of as many equal nodes, each read by the next alone, that nobody marked.
       A node whose arrays are read by name (tied weights) is part of no run.
    3. On the CPU, layers with a library convolution are left as they are: inside a loop the
       convolution loses its threads and runs some thirty times slower.
    4. So are layers with code of the user's, in which anything may stand, and those along edges to
       neighbours that are drawn, of which each layer has other ones.
    5. Layers that are computed again on the way back are rolled from four on: out of a loop XLA
       computes once what stands twice in a program.
"""

from __future__ import annotations

from dataclasses import replace

from graphc.core.forms import Forms
from graphc.core.operation import Hearing, LibraryConvolution, Opaque, Operation
from graphc.core.types import Type
from graphc.graph.calls import Call, Repeat, Stack
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere, has_weights, inside, rewired

MARKED = 4
"""From how many layers on those that are computed again become a loop."""


def roll(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with its runs of equal layers rolled; see the module's text for the rules."""

    def visit(each: Graph) -> Graph:
        return _roll_runs(_roll_repeats(each, remarks), remarks)

    return everywhere(visit)(graph)


def _roll_repeats(graph: Graph, remarks: Remarks) -> Graph:
    nodes = [_roll_repeat(graph, node, remarks) for node in graph.nodes]
    return replace(graph, nodes=tuple(nodes))


def _roll_repeat(graph: Graph, node: Node, remarks: Remarks) -> Node:
    operation = node.operation
    if not isinstance(operation, Repeat):
        return node
    reason = _repeat_reason(graph, node, operation, remarks.forms)
    count = len(operation.copies)
    if reason is not None:
        remarks.left(
            reason[0], f"`{node.name}` ({count} layers) is not rolled: {reason[1]}", node.span
        )
        return node
    remarks.did(1, f"`{node.name}` is rolled: {count} layers, one scan", node.span)
    paths = tuple(f"{node.name}/{i}" for i in range(count))
    return replace(node, operation=Stack(operation.copies[0], paths))


def _repeat_reason(
    graph: Graph, node: Node, operation: Repeat, forms: Forms
) -> tuple[int, str] | None:
    """Why a repeat stays unrolled, with the rule's number."""
    copies, least = operation.copies, _least(node, operation.copies[0], forms)
    if len(copies) < least:
        return 1, f"fewer than {least} layers train faster one by one"
    for i, copy in enumerate(copies):
        if copy != copies[0]:
            return 1, f"layer {i} differs from layer 0"
    types = graph.input_types(node)
    return _layer_reason(copies[0], types, forms)


def _least(node: Node, layer: Operation, forms: Forms) -> int:
    """How many layers become a loop at least."""
    calls = (each for each in inside(layer) if isinstance(each, Call))
    marked = node.remat or any(each.remat for call in calls for each in call.graph.nodes)
    return min(MARKED, forms.rolled) if marked else forms.rolled


def _layer_reason(
    layer: Operation, types: tuple[Type, ...], forms: Forms
) -> tuple[int, str] | None:
    if not has_weights(layer, types):
        return 1, "its layers have no weights"
    if layer.infer(*types) != types[0]:
        return 1, f"a layer makes {layer.infer(*types)} of {types[0]}"
    if not forms.looped and any(each.trait(LibraryConvolution) for each in inside(layer)):
        return 3, "a convolution in a loop trains 4 to 27 times slower on the CPU"
    if any(each.trait(Opaque) for each in inside(layer)):
        return 4, "it runs code of your own, in which anything may stand"
    if any(isinstance(each, Hearing) and each.drawn for each in inside(layer)):
        return 4, "each of its layers reads other neighbours that are drawn"
    return None


def _roll_runs(graph: Graph, remarks: Remarks) -> Graph:
    runs = [
        run
        for run in _runs(graph)
        if len(run) >= _least(run[0], run[0].operation, remarks.forms)
        and _rolls(graph, run, remarks)
    ]
    if not runs:
        return graph
    taken = set(graph.by_name)
    stacks = {run[-1].name: _stack(run, taken) for run in runs}
    gone = {node.name for run in runs for node in run}
    kept = [node for node in graph.nodes if node.name not in gone]
    now = {Ref(last): Ref(stack.name) for last, stack in stacks.items()}
    return rewired(graph, [*kept, *stacks.values()], now)


def _rolls(graph: Graph, run: list[Node], remarks: Remarks) -> bool:
    first, last = run[0], run[-1]
    reason = _layer_reason(first.operation, graph.input_types(first), remarks.forms)
    names = f"`{first.name}` to `{last.name}`"
    if reason is None:
        remarks.did(2, f"{names} are rolled: {len(run)} equal layers, one scan", first.span)
    elif reason[0] != 1:
        text = f"{names} ({len(run)} equal layers) are not rolled: {reason[1]}"
        remarks.left(reason[0], text, first.span)
    return reason is None


def _runs(graph: Graph) -> list[list[Node]]:
    """Maximal runs of equal nodes, each read by the next alone, none of them for its arrays."""
    outputs = {ref.node for _, ref in graph.outputs}
    following: dict[str, Node] = {}
    for node in graph.nodes:
        users = graph.users[node.name]
        alone = len(users) == 1 and node.name not in outputs and users[0].name not in graph.tied
        if alone and _same_layer(node, users[0]):
            following[node.name] = users[0]
    starts = [node for node in graph.nodes if node.name in following]
    later = {node.name for node in following.values()}
    runs = []
    for node in starts:
        if node.name not in later:
            run = [node]
            while run[-1].name in following:
                run.append(following[run[-1].name])
            runs.append(run)
    return runs


def _same_layer(node: Node, following: Node) -> bool:
    return (
        bool(node.inputs)
        and len(node.inputs) == len(following.inputs)
        and following.inputs[0] == Ref(node.name)
        and node.inputs[1:] == following.inputs[1:]
        and not isinstance(node.operation, (Repeat, Stack))
        and node.operation == following.operation
        and node.remat == following.remat
    )


def _stack(run: list[Node], taken: set[str]) -> Node:
    first, last = run[0], run[-1]
    name = f"{first.name}_to_{last.name.rsplit('/', 1)[-1]}"
    while name in taken:
        name += "_"
    taken.add(name)
    paths = tuple(node.name for node in run)
    stack = Stack(first.operation, paths)
    return Node(name, stack, first.inputs, first.span, last.named, first.remat)
