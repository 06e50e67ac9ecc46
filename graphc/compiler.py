"""The whole compiler on one page: what was checked, passes, choices, source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graphc.checker import Checked, check, checked_of, training_examples
from graphc.core.collection import without_collection
from graphc.core.diagnostic import Report
from graphc.core.forms import FORMS, Forms
from graphc.core.span import Source
from graphc.core.types import Axis
from graphc.graph.hops import hearing_drawn
from graphc.graph.needed import with_called
from graphc.graph.stepping import steps_of, with_memory
from graphc.graph.time import unrolled
from graphc.graph.weights import WeightMap
from graphc.ops.sources import ArraySource
from graphc.passes.manager import PassReport, run_passes
from graphc.passes.precision import in_float32
from graphc.passes.walk import everywhere
from graphc.plan.choices import Choices, choose, may_loop, steps_per_dispatch
from graphc.plan.plan import Program
from graphc.plan.sampling import Values
from graphc.plan.schedules import check_lengths, epoch_steps
from graphc.plan.steady import steady
from graphc.plan.weighing import class_weights
from graphc.spec.document import Document
from graphc.spec.trials import trial_document
from graphc.spec.tuned import Tuned, read_tuned

if TYPE_CHECKING:
    from graphc.emit.module import Emitted


@dataclass(frozen=True)
class Compiled:
    """A spec with its source.

    Args:
        checked: the spec.
        program: the networks after the passes.
        emitted: the source and its line map.
        weights: from the spec's arrays to the stored ones.
        passes: what each pass did and left alone.
        choices: what was decided by table rather than by the spec.
        tuned: what was measured for the spec, if a file says so.
    """

    checked: Checked
    program: Program
    emitted: Emitted
    weights: WeightMap
    passes: tuple[PassReport, ...]
    choices: Choices
    tuned: Tuned | None = None

    @property
    def source(self) -> str:
        """The Flax module."""
        return self.emitted.source


def trial(compiled: Compiled, values: Values) -> Compiled:
    """A trial of a spec's search, compiled as the spec itself was.

    Raises:
        SpecError: where the values do not fit together.
    """
    report = Report()
    document = trial_document(compiled.checked.document, values, report)
    checked = checked_of(document, report, True)
    report.stop()
    choices = compiled.choices
    return compile(checked, without=choices.without, device=choices.device, forms=choices.forms)


@without_collection
def compile(
    path: str | Source | Checked,
    settings: Iterable[str] = (),
    without: Iterable[str] = (),
    device: str = "cpu",
    python: bool | str = True,
    inference: bool = False,
    network: str | None = None,
    forms: Forms | None = None,
) -> Compiled:
    """Check a spec, run the passes and write its source.

    Args:
        without: names of passes to leave out.
        device: cpu, gpu or tpu: which forms to choose.
        python: whether steps may run code of the user's, or the one folder that it is in.
        inference: whether the program only evaluates: it has no training functions, and its batch
            norms are folded into the layers before them.
        network: which of several it evaluates, of a spec with objectives.
        forms: what to choose forms by; default: what is known of the device.
    """
    from graphc.emit.module import emit  # only here: checking a spec needs no emitter

    checked = path if isinstance(path, Checked) else check(path, settings, python=python)
    if network is not None:
        checked = replace(checked, networks=with_called(checked.networks, network), plan=None)
    shares = _shares(checked)
    networks = checked.networks
    if replace(checked.program, inference=inference).neighbours is not None:
        drawing = everywhere(hearing_drawn)
        networks = {name: drawing(graph) for name, graph in networks.items()}
    tuned = None
    if forms is None:
        found = None if inference else read_tuned(checked.document, checked.networks, device)
        tuned, forms = found, FORMS[device] if found is None else found.forms(device)
    networks, passes = run_passes(networks, forms, tuple(without), inference, shares)
    axis = _steps(checked)
    if axis is not None:
        remembering = everywhere(lambda graph: with_memory(graph, axis))
        networks = {name: remembering(graph) for name, graph in networks.items()}
    program = replace(checked.program, networks=networks, inference=inference)
    program = replace(program, steps=axis is not None)
    weights = WeightMap.of(networks)
    training = None if inference else checked.document.training
    examples = training_examples(checked.document)
    streamed = streams(checked.document)
    choices = choose(program, training, device, forms, tuple(without), examples, streamed)
    if forms.unroll > 1:
        program = in_rounds(program, forms.unroll)
    loops = may_loop(program, forms)
    program = replace(
        program,
        epoch_steps=choices.epoch_steps,
        loops=loops,
        unguarded=choices.unguarded,
        without_ynnpack=choices.without_ynnpack,
    )
    return Compiled(checked, program, emit(program), weights, passes, choices, tuned)


def _shares(checked: Checked) -> dict[str, dict[str, float]]:
    """For the network that reads the data, which share of its inputs is not 0, where known."""
    data, plan = checked.document.data, checked.plan
    if data is None or plan is None:
        return {}
    known = data.shares(checked.document.folder)
    if plan.objectives[0].update.neighbours is not None:
        return {}  # the rows of nodes that are drawn are read as they are
    found = {name: known[field] for name, field in plan.inputs if field in known}
    return {plan.network: found}


def in_rounds(program: Program, steps: int) -> Program:
    """The program whose loops over time do so many steps in a round."""
    rewrite = everywhere(lambda graph: unrolled(graph, steps))
    return replace(
        program, networks={name: rewrite(each) for name, each in program.networks.items()}
    )


def streams(document: Document) -> bool:
    """Whether the spec wants its examples on the disk."""
    return isinstance(document.data, ArraySource) and document.data.stream is True


def _steps(checked: Checked) -> Axis | None:
    """The axis along which the program can go step by step."""
    network = checked.program.network
    return None if network is None else steps_of(checked.networks[network])


def with_examples(
    compiled: Compiled,
    examples: int,
    classes: Sequence[int] | None = None,
    longest: int | None = None,
) -> Compiled:
    """What was compiled, for data with so many examples to train on.

    Schedules count steps, losses may weigh classes, and long sequences make for short dispatches.

    Args:
        classes: how many examples (or places of them) each class has, where there are classes.
        longest: how many steps the longest sequence has, where there are sequences.

    Raises:
        SpecError: GC421 where a schedule does not fit into the run, GC425 where a class that is to
            be weighed has no examples.
    """
    from graphc.emit.module import emit

    document = compiled.checked.document
    if document.training is None:
        return compiled
    steps = epoch_steps(document.training, examples, longest)
    weights = class_weights(document.training, compiled.program.plan, classes, document.place)
    report = Report()
    check_lengths(document.training, steps, document.place, report)
    report.stop()
    known = {"epoch_steps": steps, "class_weights": weights}
    program = replace(compiled.program, **known)
    most = steps_per_dispatch(program, document.training, compiled.choices.forms, longest)
    choices = replace(compiled.choices, steps_per_dispatch=most, **known)
    emitted = compiled.emitted if program == compiled.program else emit(program)
    return replace(compiled, program=program, choices=choices, emitted=emitted)


def for_checkup(compiled: Compiled) -> Compiled:
    """What was compiled, so that a single batch says how it trains: without schedules and parts.

    Products are in float32, for gradients are compared with differences.
    """
    from graphc.emit.module import emit

    plan = compiled.program.plan
    assert plan is not None
    (objective,) = plan.objectives
    plan = replace(plan, objectives=(steady(objective),))
    networks = {name: in_float32(graph) for name, graph in compiled.program.networks.items()}
    program = replace(compiled.program, networks=networks, plan=plan)
    return replace(compiled, program=program, emitted=emit(program))
