"""The functions of the emitted module beside its classes (docs/emitted-module.md)."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping

from graphc.core.declaration import Declaration
from graphc.emit.construct import Class
from graphc.emit.filling import Key, fill
from graphc.emit.names import key_path
from graphc.emit.needs import Needs, Requirements
from graphc.emit.trees import call, name, part
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.graph import RESERVED_OF_NETWORKS, Graph, identifiers
from graphc.plan.plan import Program, Term

TEMPLATES = {
    definition.name: definition
    for definition in ast.parse('''
def build(key):
    """The model with fresh weights."""
    return MODEL

def call(model, batch, *, train=False, key=None):
    """The outputs for a batch."""
    return OUTPUTS

@functools.cache
def graphdef():
    """The structure of the model without its arrays."""
    return nnx.graphdef(nnx.eval_shape(lambda: build(jax.random.key(0))))

def forward(params, statistics, batch, *, train=False, key=None):
    """The outputs for a batch and the statistics after it, over pure state."""
    model = nnx.merge(graphdef(), params, statistics)
    outputs = call(model, batch, train=train, key=key)
    return outputs, nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.Param)))

def losses(outputs, batch):
    """The loss of each example."""
    return LOSS

def metrics(outputs, batch):
    """The metrics of each example."""
    return METRICS

def sums(outputs, batch):
    """The loss and the metrics summed over the rows that are there, and their number."""
    each = {"loss": losses(outputs, batch)} | metrics(outputs, batch)
    mask = batch.get("mask", jnp.ones(each["loss"].shape, bool))
    totals = {name: jnp.sum(values, where=mask) for name, values in each.items()}
    return totals | {"count": jnp.sum(mask, dtype=jnp.float32)}

def optimizer():
    """The rule that turns gradients into updates."""
    return OPTIMIZER

def init(key):
    """The state before the first step."""
    _, params, statistics = nnx.split(build(key), nnx.Param, ...)
    params = nnx.to_pure_dict(params)
    return {
        "params": params,
        "statistics": nnx.to_pure_dict(statistics),
        "optimizer": optimizer().init(params),
        "step": jnp.zeros((), jnp.int32),
    }

def train_step(state, batch, key):
    """The state after one update, and the totals of the batch.

    Where the loss or a gradient is not finite, the state is returned as it came.
    """

    def mean_loss(params):
        outputs, statistics = forward(params, state["statistics"], batch, train=True, key=key)
        totals = sums(outputs, batch)
        return totals["loss"] / jnp.maximum(totals["count"], 1), (statistics, totals)

    params = state["params"]
    (loss, (statistics, totals)), gradients = jax.value_and_grad(mean_loss, has_aux=True)(params)
    finite = jnp.isfinite(loss) & jnp.isfinite(optax.tree.norm(gradients))

    def update():
        updates, memory = optimizer().update(gradients, state["optimizer"], params)
        return {
            "params": optax.apply_updates(params, updates),
            "statistics": statistics,
            "optimizer": memory,
            "step": state["step"] + 1,
        }

    return jax.lax.cond(finite, update, lambda: state), totals | {"finite": finite}

def evaluate_step(state, batch):
    """The totals of a batch in evaluation mode."""
    outputs, _ = forward(state["params"], state["statistics"], batch)
    return sums(outputs, batch)

def main():
    """Print the path, the shape and the size of every parameter."""
    model = nnx.eval_shape(lambda: build(jax.random.key(0)))
    rows = [
        ("/".join(map(str, path)), str(list(variable.shape)), variable.size)
        for path, variable in nnx.to_flat_state(nnx.state(model, nnx.Param))
    ]
    rows.append(("total", "", sum(size for _, _, size in rows)))
    width, middle = (max(len(row[column]) for row in rows) for column in (0, 1))
    for path, shape, size in rows:
        print(f"{path:{width}}  {shape:{middle}}  {size:>12,}")
''').body
    if isinstance(definition, ast.FunctionDef)
}
RUN = ast.parse('if __name__ == "__main__":\n    main()').body
BATCH = ("call", "graphdef", "forward")
TRAINING = ("losses", "metrics", "sums", "optimizer", "init", "train_step", "evaluate_step")


def functions(
    program: Program,
    classes: Mapping[str, Class],
    words: Mapping[str, str],
    requirements: Requirements,
) -> list[ast.stmt]:
    """All of them for a program, `main` and its call at the end."""
    network = program.plan.network if program.plan else _outermost(program.networks)
    values: dict[str, ast.expr] = {
        "MODEL": _model(program, classes),
        "OUTPUTS": _outputs(
            program, network, words, requirements.of_graph(program.networks[network])
        ),
    }
    used = ["build", *BATCH]
    if program.plan is not None:
        objective = program.plan.objectives[0]
        graph = program.networks[network]
        terms = {term.name: _term(term, graph) for term in objective.metrics}
        keys: list[ast.expr | None] = [part(word) for word in terms]
        values["LOSS"] = _term(objective.loss, graph)
        values["METRICS"] = ast.Dict(keys, list(terms.values()))
        values["OPTIMIZER"] = _declared(objective.optimizer)
        used += TRAINING
    definitions = [_Holes(values).visit(copy.deepcopy(TEMPLATES[word])) for word in (*used, "main")]
    return [*definitions, *copy.deepcopy(RUN)]


class _Holes(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


def _model(program: Program, classes: Mapping[str, Class]) -> ast.expr:
    """`Network(key=key)`, or a dict of them with a key of its own for each."""
    if set(program.networks) == {""}:
        return _made(classes[""], name("key"))
    modules = [_made(classes[network], Key(key_path(network)).tree) for network in program.networks]
    keys: list[ast.expr | None] = [_place(program, network) for network in program.networks]
    return call("nnx.Dict", [ast.Dict(keys, modules)])


def _made(made: Class, key: ast.expr) -> ast.expr:
    return call(made.name, **({"key": key} if made.keyed else {}))


def _outputs(program: Program, network: str, words: Mapping[str, str], needs: Needs) -> ast.expr:
    """The call of the network on the fields of the batch."""
    plan, graph = program.plan, program.networks[network]
    fields = dict(plan.inputs) if plan else {word: word for word, _ in graph.inputs}
    inputs = [
        ast.Subscript(name("batch"), part(fields[word]), ast.Load()) for word, _ in graph.inputs
    ]
    made = call(_module(program, network), inputs)
    key = Key(key_path(network) if network else ()).tree
    given = {"train": needs.train and name("train"), "key": needs.key and key}
    get = ast.Attribute(name("batch"), "get", ast.Load())
    given["mask"] = needs.mask and call(get, [part("mask")])
    for other, word in words.items():
        given[word] = other in needs.networks and _module(program, other)
    made.keywords = [ast.keyword(word, value) for word, value in given.items() if value]
    return made


def _place(program: Program, network: str) -> ast.expr:
    """The key of a network in the model."""
    return part(identifiers(program.networks, RESERVED_OF_NETWORKS)[network])


def _module(program: Program, network: str) -> ast.expr:
    if not network:
        return name("model")
    return ast.Subscript(name("model"), _place(program, network), ast.Load())


def _term(term: Term, graph: Graph) -> ast.expr:
    """The expression of a loss or metric; one of several outputs is taken by its place."""
    ports = [port for port, _ in graph.outputs]
    place = ports.index(term.output) if term.output in ports else 0
    output: ast.expr = name("outputs")
    if len(ports) > 1:
        output = ast.Subscript(output, part(place), ast.Load())
    kind = graph.types[graph.outputs[place][1]]
    measure = term.measure
    values = {each.name: getattr(measure, each.name) for each in measure.attributes()}
    values["output"] = output
    values["target"] = ast.Subscript(name("batch"), part(term.target), ast.Load())
    return fill(measure.call_code(kind, term.target_type or kind), values)


def _declared(declaration: Declaration) -> ast.expr:
    values = {each.name: getattr(declaration, each.name) for each in declaration.attributes()}
    return fill(declaration.build, values)  # type: ignore[attr-defined]


def _outermost(networks: Mapping[str, Graph]) -> str:
    """The last network that no other one calls."""
    called = {network for graph in networks.values() for network in _called(graph)}
    return [network for network in networks if network not in called][-1]


def _called(graph: Graph) -> set[str]:
    found: set[str] = set()
    waiting = [node.operation for node in graph.nodes]
    while waiting:
        operation = waiting.pop()
        if isinstance(operation, NetworkCall):
            found.add(operation.network)
        elif isinstance(operation, Call):
            waiting += [node.operation for node in operation.graph.nodes]
        elif isinstance(operation, Repeat):
            waiting += operation.copies
        elif isinstance(operation, Stack):
            waiting.append(operation.layer)
    return found
