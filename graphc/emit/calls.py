"""How the functions of the emitted module make the model and call it on a batch."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace

from graphc.core.code import code
from graphc.core.types import ENDS, NODES, PAIRS, TIME, Type, nodes_axis, uneven_axes
from graphc.emit.construct import Class
from graphc.emit.filling import Key, fill
from graphc.emit.functions import Functions
from graphc.emit.masks import ROWS, Masks
from graphc.emit.names import key_path
from graphc.emit.needs import Needs
from graphc.emit.round_templates import in_turn
from graphc.emit.templates import DRAWS, DRAWS_IN_INFERENCE, IN_PIECES, INFERENCE
from graphc.emit.trees import call, name, part
from graphc.graph.graph import RESERVED_OF_NETWORKS, identifiers
from graphc.plan.plan import Program

EDGES = code("edges_of(batch)")
VALUED_EDGES = code('ValuedEdges(edges_of(batch), $nodes, batch.get("mask"))')
DRAWN = code("graph_of(batch, $sizes)")
ASKED = code(f'batch["{ENDS}"]')
ASKED_IN_TRAINING = code("asked_pairs(batch, train=train, key=at(key, 'train', 'pairs'))")
BATCH = ("build", "call", "graphdef", "forward")
STEPS = ("begin", "step")


def batches(
    program: Program,
    network: str,
    classes: Mapping[str, Class],
    words: Mapping[str, str],
    needs: Needs,
) -> Functions:
    """The functions that make the model and call its network on a batch."""
    pieces = program.truncate is not None
    needs = needs.in_evaluation if program.plan and network in program.plan.still else needs
    outputs = _outputs(program, network, words, replace(needs, memory=needs.memory and pieces))
    if program.plan is not None and program.plan.round is not None and not program.inference:
        single = len(program.networks[network].outputs) == 1
        outputs = ast.Tuple([outputs], ast.Load()) if single else outputs
    values = {"MODEL": _model(program, classes), "OUTPUTS": outputs}
    different = dict(INFERENCE if program.inference else IN_PIECES if pieces else {})
    if needs.draws and not pieces:
        different |= DRAWS_IN_INFERENCE if program.inference else DRAWS
    if needs.turn:
        different |= in_turn(different)
    return Functions(BATCH, values, different)


def steps(program: Program, network: str, words: Mapping[str, str], needs: Needs) -> Functions:
    """The functions that call a network step by step."""
    stepped = replace(needs, train=False, key=False)
    values = {
        "STEPPED": _outputs(program, network, words, stepped, draws=False),
        "BLANK": _blank(program, network),
    }
    return Functions(STEPS, values)


def _model(program: Program, classes: Mapping[str, Class]) -> ast.expr:
    """`Network(key=key)`, or a dict of them with a key of its own for each.

    One that follows another is made as that one, and so starts with its weights.
    """
    if set(program.networks) == {""}:
        return _made(classes[""], name("key"))
    followed = program.followed
    firsts = [followed.get(network, network) for network in program.networks]
    modules = [_made(classes[network], Key(key_path(network)).tree) for network in firsts]
    keys: list[ast.expr | None] = [_place(program, network) for network in program.networks]
    return call("nnx.Dict", [ast.Dict(keys, modules)])


def _made(made: Class, key: ast.expr) -> ast.expr:
    return call(made.name, **({"key": key} if made.keyed else {}))


def _blank(program: Program, network: str) -> ast.expr:
    """A batch of one step, all zeros."""
    fields, inputs = _fields(program, network), program.networks[network].inputs
    arrays = [_zeros(kind) for _, kind in inputs]
    return ast.Dict([part(fields[word]) for word, _ in inputs], arrays)


def _zeros(kind: Type) -> ast.expr:
    sizes = "".join(f", {size}" for size in kind.shape)
    dtype = {"int": ", jnp.int32", "bool": ", bool"}.get(kind.dtype, "")
    return code(f"jnp.zeros((batch_size, 1{sizes}){dtype})").tree


def _fields(program: Program, network: str) -> dict[str, str]:
    """What the data calls each input of the network."""
    if program.plan is not None:
        return dict(program.plan.inputs)
    return {word: word for word, _ in program.networks[network].inputs}


def _outputs(
    program: Program, network: str, words: Mapping[str, str], needs: Needs, draws: bool = True
) -> ast.expr:
    """The call of the network on the fields of the batch; with `train` and `key` where it draws."""
    graph, fields = program.networks[network], _fields(program, network)
    inputs = [_field(fields[word], kind) for word, kind in graph.inputs]
    made = call(_module(program, network), inputs)
    key = Key(key_path(network) if network else ()).tree
    given = {"key": needs.draws and key}
    if not program.inference:
        given = {"train": needs.train and name("train"), "key": needs.key and key}
    streams = list(zip((kind for _, kind in graph.inputs), inputs, strict=True))
    masks = Masks.of(graph)
    given |= {masks.word(axis): _mask(axis, streams) for axis in sorted(needs.masks)}
    given["graph"] = needs.graph and _edges(program, streams, needs)
    asked = ASKED_IN_TRAINING if draws and not program.inference else ASKED
    given["pairs"] = needs.pairs and fill(asked, {})
    given["memory"] = needs.memory and name("memory")
    given["turn"] = needs.turn and name("turn")
    for other, word in words.items():
        given[word] = other in needs.networks and _module(program, other)
    made.keywords = [ast.keyword(word, value) for word, value in given.items() if value]
    return made


def _field(word: str, kind: Type) -> ast.expr:
    """A field of the batch, as it is held."""
    if kind.sparse:
        return call("held", [name("batch"), part(word)])
    return ast.Subscript(name("batch"), part(word), ast.Load())


def _edges(program: Program, streams: Iterable[tuple[Type, ast.expr]], needs: Needs) -> ast.expr:
    """The edges of the graphs of a batch; where they hold values, told how many nodes there are."""
    if program.neighbours is not None:
        return fill(DRAWN, {"sizes": program.neighbours.sizes})
    if not needs.edges:
        return fill(EDGES, {})
    over_nodes = ((kind, x) for kind, x in streams if nodes_axis(kind))
    kind, x = min(over_nodes, key=lambda each: each[0].sparse)
    size = code("count_of_nodes($x, $axis)" if kind.sparse else "$x.shape[$axis]")
    nodes = fill(size, {"x": x, "axis": kind.domain.index(NODES)})
    return fill(VALUED_EDGES, {"nodes": nodes})


def _mask(axis: str, streams: Iterable[tuple[Type, ast.expr]]) -> ast.expr:
    """The mask over an axis, which a batch has the lengths of beside some streams over it."""
    if axis == ROWS:
        return call(ast.Attribute(name("batch"), "get", ast.Load()), [part("mask")])
    if axis == PAIRS.name:
        return present_steps(axis, fill(ASKED, {}))
    several = (x for kind, x in streams if any(axis == each.name for each in uneven_axes(kind)))
    return present_steps(axis, next(several))


def present_steps(axis: str, x: ast.expr) -> ast.expr:
    """The mask of the steps over an axis for arrays like `x`, [batch, steps, ...]."""
    named = [] if axis == TIME.name else [part(axis)]
    return call("present_steps", [name("batch"), x, *named])


def _place(program: Program, network: str) -> ast.expr:
    """The key of a network in the model."""
    return part(identifiers(program.networks, RESERVED_OF_NETWORKS)[network])


def _module(program: Program, network: str) -> ast.expr:
    if not network:
        return name("model")
    return ast.Subscript(name("model"), _place(program, network), ast.Load())
