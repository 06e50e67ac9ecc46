"""What is decided by table rather than by the spec: read here once, kept with the run.

Nothing is ever measured during a run, so that the same spec on the same device is the same run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from graphc.core.forms import Forms
from graphc.core.operation import AlongEdges, LibraryConvolution, Opaque, Operation
from graphc.core.types import Type, time_axes
from graphc.graph.calls import Call, Repeat, Stack
from graphc.graph.forms import Beside, Folded
from graphc.graph.graph import Graph
from graphc.graph.time import Scan
from graphc.graph.weights import WeightMap
from graphc.ops.training import Training
from graphc.plan.plan import Program
from graphc.plan.schedules import epoch_steps

# Seconds to compile an unrolled network grow with the square of its layers with weights:
# 100 of them take 11 s and 400 over 100 s on two cores.
SECONDS_PER_LAYER_SQUARED = 0.0011
ANNOUNCED = 60
KEPT_CHOICES = ("steps_per_dispatch", "epoch_steps")
"""Those that a spec can make, which a run writes into its own."""


@dataclass(frozen=True)
class Choices:
    """The decisions of one compilation.

    Args:
        device: cpu, gpu or tpu.
        forms: what passes chose forms by.
        without: the passes that were left out.
        steps_per_dispatch: steps that run on the device without a word to Python; 1 is a plain
            call for every step.
        compile_seconds: how long the first step may take to compile, roughly.
        epoch_steps: the steps that schedules count as an epoch; None where no schedule does, or
            where only the data that training loads can say it.
        lockstep: whether several runs, of seeds or members, are one program.
        class_weights: what each class counts in a loss that leaves it to the data, where that is
            known.
        unguarded: whether several steps are looked at together: are their numbers finite?
        without_ynnpack: whether YNNPACK is kept from the convolutions.
    """

    device: str
    forms: Forms
    without: tuple[str, ...]
    steps_per_dispatch: int
    compile_seconds: float
    epoch_steps: int | None = None
    lockstep: bool = False
    class_weights: tuple[float, ...] | None = None
    unguarded: bool = False
    without_ynnpack: bool = False

    @property
    def slow_to_compile(self) -> bool:
        """Whether the compilation is worth announcing."""
        return self.compile_seconds > ANNOUNCED

    def as_dict(self) -> dict:
        """The form that a run keeps."""
        weights = None if self.class_weights is None else list(self.class_weights)
        known = {"epoch_steps": self.epoch_steps, "class_weights": weights}
        known |= {"unroll": self.forms.unroll if self.forms.unroll > 1 else None}
        counted = {word: value for word, value in known.items() if value is not None}
        return {
            "device": self.device,
            "without": list(self.without),
            "steps_per_dispatch": self.steps_per_dispatch,
            **counted,
        }


def choose(
    program: Program,
    training: Training | None,
    device: str,
    forms: Forms,
    without: tuple[str, ...],
    examples: int | None = None,
    streamed: bool = False,
) -> Choices:
    """Look everything up for a program.

    Args:
        examples: how many there are to train on, where that is known.
        streamed: whether the spec wants them on the disk: runs side by side share data on the
            device.
    """
    layers = sum(1 for operation, types, *_ in _trained(program) if operation.weights(*types))
    seconds = SECONDS_PER_LAYER_SQUARED * layers**2
    steps = 1 if training is None else steps_per_dispatch(program, training, forms)
    lockstep = False
    if training is not None and not streamed:
        lockstep = _lockstep(program, training, forms, examples)
    return Choices(
        device,
        forms,
        without,
        steps,
        seconds,
        epoch_steps(training, examples),
        lockstep,
        unguarded=training is not None and _unguarded(program, training, steps, forms, examples),
        without_ynnpack=not forms.ynnpack and _convolves(_leaves_of(program)),
    )


def steps_per_dispatch(
    program: Program, training: Training, forms: Forms, longest: int | None = None
) -> int:
    """The steps that run on the device without a word to Python.

    Args:
        longest: how many steps the longest sequence has, where there are some and that is known.
    """
    if training.steps_per_dispatch is not None:
        return training.steps_per_dispatch
    at_once = min((each for each in (longest, training.truncate) if each), default=1)
    if isinstance(training.batch_size, str):
        return 1  # an epoch is one step
    if not may_loop(program, forms):
        return 1
    if forms.steps_per_dispatch is not None:
        return forms.steps_per_dispatch
    work = _work(_trained(program), _rows(training), at_once)
    return next((steps for most, steps in forms.steps_by_work if work <= most), 1)


def _rows(training: Training) -> int:
    """The examples of a step, or the nodes where neighbours are drawn."""
    return training.batch_size * (training.neighbours.nodes if training.neighbours else 1)


class Leaf(NamedTuple):
    """An operation that is written out, how often, and whether inside of a loop over time."""

    operation: Operation
    types: tuple[Type, ...]
    times: int
    stepwise: bool

    @property
    def over_time(self) -> bool:
        """Whether it is done for every step of a sequence."""
        return self.stepwise or any(map(time_axes, self.types))


def _work(leaves: list[Leaf], rows: int, longest: int = 1) -> float:
    """The floating point operations of a step, forward and backward.

    Args:
        longest: over how many steps of a sequence.
    """
    each = (
        leaf.operation.flops(*leaf.types) * leaf.times * (longest if leaf.over_time else 1)
        for leaf in leaves
    )
    return 3 * rows * sum(each)


def _lockstep(program: Program, training: Training, forms: Forms, examples: int | None) -> bool:
    if training.lockstep is not None:
        return training.lockstep
    leaves = _leaves_of(program)
    if any(operation.trait(Opaque) for operation, *_ in leaves):
        return False
    if forms.lockstep == inf:
        return True
    if isinstance(training.batch_size, str) and examples is None:
        return False
    if any(operation.trait(AlongEdges) for operation, *_ in leaves):
        return False  # few of them gain, and how many nodes there are is not known
    work = _work(_trained(program), training.rows(examples or 0))
    return _loop_well(leaves, forms) and work <= forms.lockstep


def _unguarded(
    program: Program, training: Training, steps: int, forms: Forms, examples: int | None
) -> bool:
    """Whether numbers are looked at when a dispatch is over, and not at each of its steps."""
    known = None if examples is None else training.steps(examples)
    few = isinstance(training.batch_size, str) or min(steps, known or steps) < forms.unguarded_steps
    if few or _cuts(program):
        return False
    return WeightMap.of(program.networks).parameters <= forms.unguarded


def _cuts(program: Program) -> bool:
    """Whether gradients are cut off at some magnitude, which hides that one was infinite."""
    clips = [] if program.plan is None else [each.update.clip for each in program.plan.objectives]
    return any(each is not None and each.value is not None for each in clips)


def may_loop(program: Program, forms: Forms) -> bool:
    """Whether everything in a program may stand in a loop."""
    return _loop_well(_leaves_of(program), forms)


def _loop_well(leaves: list[Leaf], forms: Forms) -> bool:
    """Whether none of them is, or may hold, what must not stand in a loop there."""
    opaque = any(operation.trait(Opaque) for operation, *_ in leaves)
    return forms.looped or not (opaque or _convolves(leaves))


def _convolves(leaves: list[Leaf]) -> bool:
    """Whether one of them is known to be a library convolution."""
    return any(operation.trait(LibraryConvolution) for operation, *_ in leaves)


def _leaves_of(program: Program) -> list[Leaf]:
    return [leaf for graph in program.networks.values() for leaf in _leaves(graph)]


def _trained(program: Program) -> list[Leaf]:
    """What a training step goes through: that of one network, and of those that it calls."""
    name = program.network
    return _leaves_of(program) if name is None else list(_leaves(program.networks[name]))


def _leaves(graph: Graph, times: int = 1, stepwise: bool = False) -> Iterator[Leaf]:
    """The operations that are written out in the program, with how often each runs."""
    for node in graph.nodes:
        yield from _inside(node.operation, graph.input_types(node), times, stepwise)


def _inside(
    operation: Operation, types: tuple[Type, ...], times: int, stepwise: bool
) -> Iterator[Leaf]:
    if isinstance(operation, Call):
        yield from _leaves(operation.graph, times, stepwise or isinstance(operation, Scan))
    elif isinstance(operation, Repeat):
        for copy in operation.copies:
            yield from _inside(copy, types, times, stepwise)
            types = (copy.infer(*types), *types[1:])  # type: ignore[assignment]
    elif isinstance(operation, Stack):
        yield from _inside(operation.layer, types, times * len(operation.paths), stepwise)
    elif isinstance(operation, Beside):
        for layer in operation.layers:
            yield Leaf(layer, types, times, stepwise)
    elif isinstance(operation, Folded):
        yield Leaf(operation.layer, types, times, stepwise)
    else:
        yield Leaf(operation, types, times, stepwise)
