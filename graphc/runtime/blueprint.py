"""From what the compiler made to what a run is made from."""

from __future__ import annotations

from pathlib import Path

from graphc.build.training import SAMPLE, TRAINING
from graphc.compiler import Compiled
from graphc.ops.sources import GraphSource
from graphc.plan.choices import KEPT_CHOICES
from graphc.plan.schedules import last_for_the_run
from graphc.plan.watching import watched
from graphc.runtime.rundir import Blueprint
from graphc.runtime.settings import Settings
from graphc.spec.dump import dump
from graphc.spec.resolved import resolved
from graphc.spec.runs import kept_name


def blueprint_of(compiled: Compiled) -> Blueprint:
    """All that a run keeps of its spec and its program."""
    checked = compiled.checked
    looked_up = compiled.choices.as_dict()
    choices = {word: looked_up[word] for word in KEPT_CHOICES if word in looked_up}
    lines = {
        line: (path, span.source.name, span.line, span.column, span.end_column)
        for line, (path, span) in compiled.emitted.lines.items()
    }
    return Blueprint(
        checked.name,
        resolved(checked.document, choices),
        compiled.source,
        compiled.weights,
        lines,
        compiled.choices.as_dict(),
        str(Path(checked.document.folder).absolute()),
        {name: path.read_bytes() for name, path in checked.user_code.files}
        | {kept_name(name): dump({"": graph}).encode() for name, graph in checked.taken.items()},
    )


def settings_of(compiled: Compiled, examples: int) -> Settings:
    """How a run goes through so many examples, or nodes where neighbours are drawn."""
    document, plan = compiled.checked.document, compiled.checked.plan
    training, data = document.training, document.data
    assert training is not None and plan is not None
    monitor, maximize = watched(training, plan)
    stopping, drawn = training.early_stopping, training.neighbours
    return Settings(
        epochs=training.epochs,
        batch_size=1 if isinstance(data, GraphSource) else training.rows(examples),
        nodes=training.rows(examples) if drawn else None,
        drawn_evaluation=drawn is not None and drawn.evaluation == "drawn",
        seed=training.run_seed,
        steps_per_dispatch=compiled.choices.steps_per_dispatch,
        monitor=monitor,
        maximize=maximize,
        bootstrap=training.bootstrap,
        batches=plan.round.batches if plan.round is not None else 1,
        first_batches=training.first_batches,
        samples=samples_of(compiled),
        sample_epochs=training.samples.every if training.samples else 1,
        keep=training.keep,
        patience=stopping.patience if stopping else None,
        minimum_change=stopping.minimum_change if stopping else 0.0,
        schedule_epochs=training.epochs if last_for_the_run(training) else None,
    )


def samples_of(compiled: Compiled) -> dict[str, int]:
    """Of how many examples values are looked at: 0 of a weight, which is one for all of them.

    Of data that is one graph, the graph is the example.
    """
    document = compiled.checked.document
    assert document.training is not None
    if document.training.samples is None:
        return {}
    graph = compiled.checked.networks[TRAINING]
    kinds = {port.removesuffix(SAMPLE): graph.types[ref] for port, ref in graph.outputs}
    whole = isinstance(document.data, GraphSource)
    return {
        name: (1 if whole else count) if kinds[name].domain else 0
        for name, count in document.training.samples.counts.items()
    }
