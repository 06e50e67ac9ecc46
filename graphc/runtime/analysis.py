"""What XLA says of the compiled training step: memory, operations and bytes."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import jax

from graphc.data.dataset import Dataset
from graphc.insight.analysis import Analysis, Memory
from graphc.runtime.state import state_shapes
from graphc.runtime.steps import batch_shapes, compiler_options, counted


def analyse(module: ModuleType, dataset: Dataset, rows: int) -> Analysis:
    """Compile a training step and ask XLA.

    Args:
        module: the emitted module.
        dataset: only its shapes are looked at.
        rows: the examples of a step.
    """
    state, batch = state_shapes(module), batch_shapes(dataset.learned, rows)
    compiled = compiled_step(module, state, batch)
    found, memory = counted(compiled), compiled.memory_analysis()
    held = sum(map(_size, jax.tree.leaves(state)))
    return Analysis(
        memory=Memory(
            state=held,
            batch=max(0, memory.argument_size_in_bytes - held),
            temporaries=memory.temp_size_in_bytes,
            outputs=memory.output_size_in_bytes,
            donated=memory.alias_size_in_bytes,
            data=0 if dataset.streamed else sum(each.nbytes for each in dataset.learned.values()),
        ),
        flops=found.flops,
        bytes=found.bytes,
        loops=found.loops,
    )


def compiled_step(module: ModuleType, state: Any, batch: Any) -> Any:
    """The training step for arguments of these shapes, its state donated."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    options = compiler_options(module)
    step = jax.jit(module.train_step, donate_argnums=0, compiler_options=options)
    return step.lower(state, batch, key).compile()


def _size(each: Any) -> int:
    return each.size * each.dtype.itemsize
