"""Single operations built and called as emitted source would: a small emitter for tests."""

from __future__ import annotations

import ast
import importlib
import pkgutil

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from graphc.core.code import OMIT
from graphc.core.operands import STEPS_MASK
from graphc.core.types import BATCH, PAIRS, Type
from graphc.emit import library
from graphc.emit.imports import user_imports
from graphc.emit.library.graphs import Edges
from graphc.emit.library.values_at_edges import ValuedEdges
from graphc.emit.masks import Masks
from graphc.ops.initializers import Initializer
from graphc.testing.strategies import EDGES, NODES, TIME

MULTIPLYING = ("dot_general", "conv_general_dilated")
SIZES = {BATCH: 3, TIME: 4, NODES: 2, EDGES: 3, PAIRS: 5}
NAMES = {"jax": jax, "jnp": jnp, "nnx": nnx, "optax": optax}
for file in pkgutil.iter_modules(library.__path__, f"{library.__name__}."):
    NAMES |= vars(importlib.import_module(file.name))


def _filled(template, declaration, types, values):
    holes = {each.name: getattr(declaration, each.name) for each in declaration.attributes()}
    holes |= dict.fromkeys(MULTIPLYING, OMIT)  # products are in float32
    holes |= declaration.holes(*types.values()) if hasattr(declaration, "holes") else {}
    for hole in template.holes:
        name, _, member = hole.partition(".")
        if member not in ("", "shape") and hasattr(types.get(name), member):
            holes[hole] = getattr(types[name], member)
    for name, value in holes.items():
        if isinstance(value, Initializer) and value != template.defaults.get(name):
            holes[name] = _filled(value.build, value, {}, {})
    return template.fill(holes | values)


def _run(tree, names):
    imports = user_imports([ast.Expr(tree)])[1:]
    names = NAMES | names
    exec(_text(ast.Module(imports, [])), names)
    return eval(_text(tree), names)


def _text(tree):
    return ast.unparse(ast.fix_missing_locations(tree))


def given(types):
    """The types of the inputs that are there; None stands for an optional one that is not."""
    return [each for each in types if each is not None]


def _named(operation, types):
    if operation.variadic:
        return {f"item_{i}": each for i, each in enumerate(types)}
    # Those behind the last type are optional.
    named = {each.name: own for each, own in zip(operation.inputs, types, strict=False)}
    return {name: own for name, own in named.items() if own is not None}


def source(operation, types):
    """The text of the call over the names of the inputs."""
    return _text(_call(operation, types))


def _call(operation, types):
    named = _named(operation, types)
    words = [*named, "self", "train", "mask", "graph", "pairs", "key"]
    values = {name: ast.Name(name, ast.Load()) for name in words}
    template = operation.call_code(*given(types))
    masks = (hole for hole in template.holes if hole.startswith(STEPS_MASK))
    values |= {hole: Masks().along(hole.removeprefix(STEPS_MASK)) for hole in masks}
    return _filled(template, operation, named, values)


def build(operation, types, seed=0):
    """The module of an operation, or None."""
    template = operation.build_code(*given(types))
    if template is None:
        return None
    values = {name: ast.Name(name, ast.Load()) for name in ("rngs", "key")}
    tree = _filled(template, operation, _named(operation, types), values)
    return _run(tree, {"rngs": nnx.Rngs(seed), "key": jax.random.key(seed)})


def arrays(module):
    """The variables of a module by their paths in it; "" where it is one itself."""
    if module is None:
        return {}
    state = nnx.to_flat_state(nnx.state(nnx.Dict(it=module)))
    return {"/".join(map(str, path[1:])): variable for path, variable in state}


def ring():
    """Edges of as many graphs as `SIZES` has: each node to the next, and the first to itself."""
    ends = jnp.arange(SIZES[NODES])
    senders = jnp.concatenate([ends[:1], jnp.roll(ends, 1)])
    receivers = jnp.concatenate([ends[:1], ends])
    tiled = (jnp.tile(each, (SIZES[BATCH], 1)) for each in (senders, receivers))
    return ValuedEdges(Edges(*tiled), SIZES[NODES])


def every_pair():
    """Pairs of nodes, for as many graphs as `SIZES` has: of the first node with each, in turn."""
    ends = jnp.stack([jnp.zeros(SIZES[PAIRS], int), jnp.arange(SIZES[PAIRS]) % SIZES[NODES]], -1)
    return jnp.tile(ends, (SIZES[BATCH], 1, 1))


def call(
    operation, types, arrays, module=None, train=True, mask=None, seed=1, graph=None, pairs=None
):
    """The value of an operation on arrays; without a graph the nodes are a ring."""
    names = dict(zip(_named(operation, types), arrays, strict=True))
    names |= {"self": module, "train": train, "mask": mask, "key": jax.random.key(seed)}
    names["graph"] = ring() if graph is None else graph
    names["pairs"] = every_pair() if pairs is None else pairs
    value = _run(_call(operation, types), names)
    activation = getattr(operation, "activation", None)
    if activation is None:
        return value
    return call(activation, [operation.infer(*given(types))], [value])


def loss(declaration, output, target, arrays):
    """The value of a loss on arrays of these types."""
    names = {"output": ast.Name("output", ast.Load()), "target": ast.Name("target", ast.Load())}
    tree = _filled(declaration.call_code(output, target), declaration, {}, names)
    return _run(tree, dict(zip(names, arrays, strict=True)))


def metric_value(declaration, output, target, total, count):
    """What a metric says, out of the sum over all points and their number."""
    template = declaration.value_code(output, target)
    if template is None:
        return total / count
    tree = _filled(template, declaration, {}, {"total": ast.Name("total", ast.Load())})
    return _run(tree, {"total": total, "count": count})


def initializer(declaration):
    """The function of an initialiser."""
    return _run(_filled(declaration.build, declaration, {}, {}), {})


def optimizer(declaration):
    """The optax transformation of an optimiser."""
    return _run(_filled(declaration.build, declaration, {}, {}), {})


def array(own: Type, seed=0):
    """An array of a type, its floats between a half and one and a half."""
    shape = (*(SIZES[axis] for axis in own.domain), *own.shape)
    generator = np.random.default_rng(seed)
    if own.dtype == "int":
        return jnp.asarray(generator.integers(0, own.below or 5, shape), jnp.int32)
    if own.dtype == "bool":
        return jnp.asarray(generator.integers(0, 2, shape), bool)
    return jnp.asarray(generator.uniform(0.5, 1.5, shape), jnp.float32)
