"""The weights of a run for its inference program, into whose layers batch norms are folded.

In evaluation a batch norm is `(x - mean) * factor + shift` with `factor = scale / sqrt(var +
epsilon)`, so that after `x @ kernel + bias` both together are `x @ (kernel * factor) + (bias -
mean) * factor + shift`. That is no lens: many norms give the same product, so there is no way back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import jax
import numpy as np

from graphc.core.diagnostic import Diagnostic
from graphc.core.operation import Linear, Standardizes
from graphc.graph.forms import Folded
from graphc.graph.weights import Entry, WeightMap
from graphc.runtime.restore import restore_state
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.state import Arrays, canonical_shapes
from graphc.runtime.use import chosen_checkpoint


def inference_arrays(
    run: RunDirectory, module: ModuleType, weights: WeightMap, warn: Callable[[Diagnostic], None]
) -> dict[str, Any]:
    """The params and statistics of the inference program `module`, of the run's checkpoint.

    Raises:
        RunError: GC602 or GC603.
    """
    found = chosen_checkpoint(run, warn)
    template = _shapes(module)
    arrays = folded(averaged(found.arrays), weights)
    wanted = {name: arrays[name] for name in canonical_shapes(template, weights) if name in arrays}
    return restore_state(replace(found, arrays=wanted), template, weights, run.path)


def averaged(arrays: Mapping[str, np.ndarray]) -> Arrays:
    """The arrays, with the moving average of the weights for the weights if there is one."""
    kept = {name: each for name, each in arrays.items() if name.startswith("average/")}
    return dict(arrays) | {name.replace("average/", "params/", 1): kept[name] for name in kept}


def folded(arrays: Mapping[str, np.ndarray], weights: WeightMap) -> Arrays:
    """The arrays of a checkpoint, with the norms folded that the map of the program says."""
    new = {
        f"params/{each.path}": _folded(each, arrays)
        for each in weights.entries
        if each.norm is not None
    }
    return dict(arrays) | new


def _folded(entry: Entry, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    operation = entry.nodes[-1].operation
    assert isinstance(operation, Folded)
    layer, norm = operation.layer.trait(Linear), operation.norm.trait(Standardizes)
    assert isinstance(layer, Linear) and isinstance(norm, Standardizes)
    mean, variance = (
        arrays[f"statistics/{entry.norm}/{name}"].astype(np.float64)
        for name in (norm.mean, norm.variance)
    )
    scale = arrays.get(f"params/{entry.norm}/{norm.scale}", np.float32(1))
    shift = arrays.get(f"params/{entry.norm}/{norm.bias}", np.float32(0))
    factor = scale / np.sqrt(variance + getattr(operation.norm, norm.epsilon))
    array = arrays.get(f"params/{entry.path}", np.float32(0))  # a bias that the layer lacked
    if entry.path.endswith(f"/{layer.kernel}"):
        return (array * factor).astype(np.float32)
    return ((array - mean) * factor + shift).astype(np.float32)


def _shapes(module: ModuleType) -> dict[str, Any]:
    from flax import nnx

    model = nnx.eval_shape(lambda: module.build(jax.random.key(0)))
    _, params, statistics = nnx.split(model, nnx.Param, ...)
    return {"params": nnx.to_pure_dict(params), "statistics": nnx.to_pure_dict(statistics)}
