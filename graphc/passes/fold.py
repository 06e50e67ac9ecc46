"""fold: what matters only while training leaves the network; for inference programs.

Rules:
    1. Noise (`dropout`) is bypassed.
    2. A `batch_norm` becomes part of the layer whose value it alone reads, if nothing stands
       between them and no other node has a hand in their arrays: `kernel * factor` and
       `(bias - mean) * factor + shift`, for each output the factor `scale / sqrt(var + epsilon)`.
       The run's weights are converted so when they are loaded (`Run.inference`); there is no way
       back, so nothing that trains or is saved is folded.
"""

from __future__ import annotations

from dataclasses import replace

from graphc.core.operation import Linear, Noise, Operation, Standardizes
from graphc.graph.forms import Folded
from graphc.graph.graph import Graph
from graphc.graph.node import Node, Ref
from graphc.graph.slopes import pinned
from graphc.passes.linear import plain_linear
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere, rewired


def fold(graph: Graph, remarks: Remarks) -> Graph:
    """The graph as evaluation needs it; see the module's text for the rules."""
    return everywhere(lambda each: _fold_norms(_bypass_noise(each, remarks), remarks))(graph)


def _bypass_noise(graph: Graph, remarks: Remarks) -> Graph:
    moved: dict[Ref, Ref] = {}
    kept_apart = pinned(graph)
    for node in graph.nodes:
        noise = node.operation.trait(Noise) and node.name not in kept_apart
        if noise and node.inputs[0] is not None:
            moved[Ref(node.name)] = node.inputs[0]
            remarks.did(1, f"`{node.name}` is bypassed: it is for training alone", node.span)
    kept = [node for node in graph.nodes if Ref(node.name) not in moved]
    return rewired(graph, kept, moved) if moved else graph


def _fold_norms(graph: Graph, remarks: Remarks) -> Graph:
    layers: dict[str, Node] = {}
    moved: dict[Ref, Ref] = {}
    for norm in graph.nodes:
        if not norm.operation.trait(Standardizes):
            continue
        layer = graph.by_name.get(norm.references[0].node)
        reason = _reason(graph, layer, norm)
        if reason is not None:
            remarks.left(2, f"`{norm.name}` stays: {reason}", norm.span)
            continue
        assert layer is not None
        operation = Folded(_with_bias(graph, layer), norm.operation, norm.name)
        layers[layer.name] = replace(layer, operation=operation)
        moved[Ref(norm.name)] = Ref(layer.name)
        remarks.did(2, f"`{norm.name}` becomes part of `{layer.name}`", norm.span)
    kept = [layers.get(each.name, each) for each in graph.nodes if Ref(each.name) not in moved]
    return rewired(graph, kept, moved) if moved else graph


def _reason(graph: Graph, layer: Node | None, norm: Node) -> str | None:
    """Why a normalisation cannot become part of what it reads."""
    if layer is None:
        return "it reads an input"
    if norm.name in graph.tied:
        return "its arrays are read elsewhere"
    name = f"`{layer.name}`"
    if plain_linear(graph, layer) is None:
        return f"{name} is no layer with a kernel alone"
    activation = getattr(layer.operation, "activation", None)
    if activation is not None:
        return f"`{activation.name}` stands between it and the product of {name}"
    outputs = {ref.node for _, ref in graph.outputs}
    if layer.name in outputs or len(graph.users[layer.name]) > 1:
        return f"{name} without it is needed too"
    return None


def _with_bias(graph: Graph, layer: Node) -> Operation:
    trait = layer.operation.trait(Linear)
    assert isinstance(trait, Linear)
    if trait.bias in layer.operation.weights(*graph.input_types(layer)):
        return layer.operation
    return replace(layer.operation, **{trait.bias: True})
