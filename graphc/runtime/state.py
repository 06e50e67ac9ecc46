"""The state of a run and its canonical form: the spec's own arrays.

A checkpoint holds each array under the path that the spec gives it, whatever the passes made of
it, so that a rolled network loads what an unrolled one saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphc.graph.weights import WeightMap

State = Any
Arrays = dict[str, np.ndarray]


def make_state(module: ModuleType, seed: int) -> State:
    """The state with fresh weights, by one compiled program."""
    draw = jax.jit(initial(module), compiler_options=soon_compiled())
    return draw(jax.random.key(seed))


def soon_compiled() -> dict[str, int] | None:
    """What XLA is told of a program that runs once: to compile it, not to make it fast.

    What draws weights is compiled in less than half the time so, and draws the same bits.
    """
    return {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else None


def state_shapes(module: ModuleType) -> State:
    """The structure of the state, with shapes for arrays."""
    return jax.eval_shape(initial(module), jax.random.key(0))


def initial(module: ModuleType) -> Callable[[jax.Array], State]:
    """`module.init`, whose state has the types that every later state has."""

    def init(key: jax.Array) -> State:
        # A weak type would be lost in the first step, and that step compiled twice.
        return jax.tree.map(lambda each: jnp.asarray(each, each.dtype), module.init(key))

    return init


def stacked(several: Sequence[Any]) -> Any:
    """Trees of arrays as one, with a leading axis for them."""
    return jax.tree.map(lambda *arrays: jnp.stack(arrays), *several)


@jax.jit
def taken(tree: Any, slot: int) -> Any:
    """One of the trees that were stacked."""
    return jax.tree.map(lambda array: array[slot], tree)


def to_canonical(state: State, weights: WeightMap) -> Arrays:
    """The state as copies in numpy, each under its path in the spec.

    Paths start with `params/`, `average/`, `statistics/` or, for the arrays of the optimiser that
    mirror a parameter, `optimizer/0/mu/`; then comes the path of the parameter in the spec. What is
    no array of the spec keeps its place in the state as its path.
    """
    copies = jax.tree.map(lambda each: np.array(each), jax.device_get(state))
    return {path: np.asarray(each) for path, each in _split(copies, weights).items()}


def canonical_shapes(template: State, weights: WeightMap) -> dict[str, jax.ShapeDtypeStruct]:
    """What `to_canonical` gives for a state of this structure: shapes and dtypes by path."""
    return jax.eval_shape(lambda state: _split(state, weights), template)


def from_canonical(arrays: Mapping[str, Any], template: State, weights: WeightMap) -> State:
    """The inverse of `to_canonical`, bit for bit, on the device.

    Args:
        arrays: by path in the spec; there may be more than are needed.
        template: a state, or a part of one, of the structure wanted.

    Raises:
        KeyError: where a path is missing.
    """
    flat, structure = jax.tree.flatten_with_path(template)
    stored = [(_words(path), leaf) for path, leaf in flat]
    parameters = _shapes(stored, "params")
    groups: dict[str, dict[str, Any]] = {}
    for words, leaf in stored:
        prefix, name = _place(words, leaf, parameters)
        groups.setdefault(prefix, {})[name] = leaf
    joined = {prefix: _join(prefix, names, arrays, weights) for prefix, names in groups.items()}
    leaves = []
    for words, leaf in stored:
        prefix, name = _place(words, leaf, parameters)
        leaves.append(jnp.array(joined[prefix][name], leaf.dtype))
    return jax.tree.unflatten(structure, leaves)


def _split(state: State, weights: WeightMap) -> dict[str, Any]:
    stored = [(_words(path), leaf) for path, leaf in jax.tree.leaves_with_path(state)]
    parameters = _shapes(stored, "params")
    groups: dict[str, dict[str, Any]] = {}
    for words, leaf in stored:
        prefix, name = _place(words, leaf, parameters)
        groups.setdefault(prefix, {})[name] = leaf
    known = {each.stored for each in weights.entries}
    found = {}
    for prefix, leaves in groups.items():
        mapped = weights.split(leaves) if prefix else {}
        rest = {name: leaf for name, leaf in leaves.items() if not prefix or name not in known}
        found |= {f"{prefix}{name}": leaf for name, leaf in (mapped | rest).items()}
    return found


def _join(
    prefix: str, leaves: Mapping[str, Any], arrays: Mapping[str, Any], weights: WeightMap
) -> dict[str, Any]:
    if not prefix:
        return {name: arrays[name] for name in leaves}
    entries = [each for each in weights.entries if each.stored in leaves]
    known = {each.stored for each in entries}
    mapped = weights.join({each.path: arrays[f"{prefix}{each.path}"] for each in entries}, np)
    return mapped | {name: arrays[f"{prefix}{name}"] for name in leaves if name not in known}


def _place(words: tuple[str, ...], leaf: Any, parameters: Mapping[str, tuple]) -> tuple[str, str]:
    """Prefix and stored path of a leaf; the prefix is "" for what mirrors nothing of the spec."""
    if words[0] in ("params", "average", "statistics"):
        return f"{words[0]}/", "/".join(words[1:])
    for start in range(1, len(words)):
        name = "/".join(words[start:])
        if parameters.get(name) == leaf.shape:
            return "/".join(words[:start]) + "/", name
    return "", "/".join(words)


def _shapes(stored: list[tuple[tuple[str, ...], Any]], part: str) -> dict[str, tuple]:
    return {"/".join(words[1:]): leaf.shape for words, leaf in stored if words[0] == part}


def _words(path: tuple) -> tuple[str, ...]:
    return tuple(jax.tree_util.keystr((key,), simple=True) for key in path)
