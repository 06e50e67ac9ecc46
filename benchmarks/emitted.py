"""A compiled spec with its imported module and programs."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.machine import compile_here
from graphc import compiler
from graphc.core.forms import Forms
from graphc.core.span import Source
from graphc.runtime.module import module_from_source
from graphc.runtime.state import state_shapes
from graphc.runtime.steps import Programs, batch_shapes


@dataclass(frozen=True)
class Emitted:
    """What a spec became."""

    compiled: compiler.Compiled
    module: ModuleType
    programs: Programs

    @property
    def batch_size(self) -> int:
        training = self.compiled.checked.document.training
        assert training is not None
        return training.batch_size


def emitted(
    source: Source,
    without: tuple[str, ...] = (),
    forms: Forms | None = None,
    settings: tuple[str, ...] = (),
    sequences: tuple[int, int] | None = None,
) -> Emitted:
    """Compile a spec and import what was emitted.

    Args:
        sequences: how many there are to train on, and their length, where it is sequences.
    """
    compiled = compile_here(source, settings, without, forms)
    if sequences is not None:
        count, length = sequences
        compiled = compiler.with_examples(compiled, count, longest=length)
    module = module_from_source(compiled.source, f"<{compiled.checked.name}>")
    return Emitted(compiled, module, Programs(module, compiled.choices.steps_per_dispatch))


def step_shapes(each: Emitted, image: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Shapes of `(state, batch, key)`, what `train_step` takes."""
    arrays = {"image": np.zeros((1, *image), np.float32), "label": np.zeros(1, np.int32)}
    key = jax.eval_shape(lambda: jax.random.key(0))
    return state_shapes(each.module), batch_shapes(arrays, each.batch_size), key


def program_shapes(each: Emitted, image: tuple[int, ...], examples: int = 12_800) -> tuple:
    """Shapes of what the training program takes."""
    state, batch, key = step_shapes(each, image)
    weights = {name: state[name] for name in ("params", "statistics")}
    totals = each.programs.evaluate.shapes(weights, batch)
    data = {
        name: jax.ShapeDtypeStruct((examples, *batch[name].shape[1:]), batch[name].dtype)
        for name in ("image", "label")
    }
    order = jax.ShapeDtypeStruct((examples // each.batch_size, each.batch_size), jnp.int32)
    number = jax.ShapeDtypeStruct((), jnp.int32)
    return state, totals, data, order, number, number, key
