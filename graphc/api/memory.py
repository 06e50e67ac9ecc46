"""`train: {remat: {under: 500 MiB}}`: as much is computed again as it takes to stay under that."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from graphc import compiler
from graphc.build.training import TRAINING
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.sizes import size
from graphc.ops.recomputing import Budget
from graphc.plan.rematerialising import recomputing, with_most_kept

if TYPE_CHECKING:
    from graphc.data.dataset import Dataset


def within_budget(compiled: compiler.Compiled, dataset: Dataset) -> compiler.Compiled:
    """What was compiled, with as few marks as stay under the budget of its spec, if it has one.

    How much each way takes is asked of XLA, which plans it for the device at hand.

    Raises:
        SpecError: GC429 where it takes more even with all marks.
    """
    training = compiled.checked.document.training
    budget = training.remat if training is not None else None
    if not isinstance(budget, Budget):
        return compiled
    paths = with_most_kept(compiled.checked.networks, TRAINING)

    @cache
    def made(count: int) -> compiler.Compiled:
        return _again(compiled, paths[:count]) if count else compiled

    @cache
    def fits(count: int) -> bool:
        return _peak(made(count), dataset) <= budget.under

    if fits(0):
        return compiled
    if not fits(len(paths)):
        raise _too_much(compiled, min(_peak(made(0), dataset), _peak(made(len(paths)), dataset)))
    none, enough = 0, len(paths)
    while enough - none > 1:
        middle = (none + enough) // 2
        none, enough = (none, middle) if fits(middle) else (middle, enough)
    return made(enough)


def _again(compiled: compiler.Compiled, paths: tuple[str, ...]) -> compiler.Compiled:
    """The same with marks on these nodes."""
    checked, known = compiled.checked, compiled.choices
    marked = replace(checked, networks=recomputing(checked.networks, paths, TRAINING))
    made = compiler.compile(marked, (), known.without, known.device, forms=known.forms)
    return replace(made, tuned=compiled.tuned)


def _peak(compiled: compiler.Compiled, dataset: Dataset) -> int:
    """Bytes of a training step, without the data that stays on the device."""
    from graphc.runtime.analysis import analyse
    from graphc.runtime.blueprint import settings_of
    from graphc.runtime.module import module_from_source

    settings = settings_of(compiled, dataset.examples)
    code = compiled.checked.user_code
    module = module_from_source(compiled.source, f"<graphc {compiled.checked.name}>", code)
    return analyse(module, dataset, settings.learned_size * settings.batches).memory.peak


def _too_much(compiled: compiler.Compiled, least: int) -> SpecError:
    document = compiled.checked.document
    message = f"a training step needs {size(least)} even where all is computed again"
    help = "make `batch_size` smaller, write `accumulate`, or give it more"
    place = document.place("train", "remat", "under")
    return SpecError(Diagnostic("GC429", message, place, help=help))
