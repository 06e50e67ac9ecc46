"""What is decided by table rather than by the spec: read here once, kept with the run.

Nothing is ever measured during a run, so that the same spec on the same device is the same run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphc.core.operation import AlongEdges, LibraryConvolution, Opaque, Operation
from graphc.core.types import Type
from graphc.graph.calls import Call, Repeat, Stack
from graphc.graph.forms import Beside, Folded
from graphc.graph.graph import Graph
from graphc.ops.training import Training
from graphc.plan.plan import Program
from graphc.plan.schedules import count_epochs

# Steps per dispatch by the work of one step (floating point operations, forward and backward):
# a dispatch should last long enough to hide its cost and stop within a second of Ctrl-C.
STEPS_BY_WORK = ((3e6, 1000), (3e8, 100), (3e9, 20), (3e10, 5))
# Up to this work of a step, runs of several seeds or members are faster side by side, as one
# program, on the CPU. Times one by one over times side by side, medians on two cores
# (`benchmarks lockstep`):
#
#                    work of a step    5 runs   10 runs
#   iris_mlp                 1.2e4       2.8       3.0
#   diabetes_mlp             7.7e4       2.7       3.3
#   digits_logistic          2.5e5       1.3       1.1
#   digits_mlp               3.3e6       1.0       1.3
#   usps_mlp                 3.8e7       1.3       1.2
#   california_mlp           1.6e8       1.0       1.0
#   digits_mixer             1.7e8       1.1       1.1
#   mnist_lenet5             3.2e8       0.2       0.2      convolutions
#   mnist_mlp                4.1e8       0.8       0.7
LOCKSTEP_WORK = 1e8
# How many steps are a round of a loop over time, by the device, and why. Times of a training step
# with one over times with 2, 4 and 8, medians on a busy machine of two cores (`benchmarks loops`,
# 128 steps, batch x units):
#
#                        2      4      8
#   elman  16 x 16      0.8    0.9    0.9
#   elman  32 x 64      0.8    1.2    1.2
#   elman  32 x 256     1.0    0.9    1.0
#   gru    16 x 16      0.7    0.8    0.6
#   gru    32 x 64      0.9    0.7    0.5
#   gru    32 x 256     0.9    1.0    0.8
#   lstm   16 x 16      1.2    0.7    0.6
#   lstm   32 x 64      0.9    0.7    0.4
#   lstm   32 x 256     0.9    0.8    0.7
UNROLL = {
    "cpu": (1, "for several mostly took longer where this was measured"),
    "gpu": (1, "as is usual, for it was not measured here"),
    "tpu": (1, "as is usual, for it was not measured here"),
}
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
        without: the passes that were left out.
        steps_per_dispatch: steps that run on the device without a word to Python; 1 is a plain
            call for every step.
        compile_seconds: how long the first step may take to compile, roughly.
        epoch_steps: the steps that schedules count as an epoch; None where no schedule does, or
            where only the data that training loads can say it.
        lockstep: whether several runs, of seeds or members, are one program.
        unroll: how many steps are a round of each loop over time.
        class_weights: what each class counts in a loss that leaves it to the data, where that is
            known.
    """

    device: str
    without: tuple[str, ...]
    steps_per_dispatch: int
    compile_seconds: float
    epoch_steps: int | None = None
    lockstep: bool = False
    unroll: int = 1
    class_weights: tuple[float, ...] | None = None

    @property
    def slow_to_compile(self) -> bool:
        """Whether the compilation is worth announcing."""
        return self.compile_seconds > ANNOUNCED

    def as_dict(self) -> dict:
        """The form that a run keeps."""
        weights = None if self.class_weights is None else list(self.class_weights)
        known = {"epoch_steps": self.epoch_steps, "class_weights": weights}
        known |= {"unroll": self.unroll if self.unroll > 1 else None}
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
    leaves = [leaf for graph in program.networks.values() for leaf in _leaves(graph)]
    layers = sum(1 for operation, types, _ in leaves if operation.weights(*types))
    seconds = SECONDS_PER_LAYER_SQUARED * layers**2
    steps = 1
    if training is not None:
        steps = training.steps_per_dispatch or _steps(leaves, _rows(training), device)
    lockstep = False
    if training is not None and not streamed:
        lockstep = _lockstep(leaves, training, device, examples)
    counted = epoch_steps(training, examples)
    return Choices(device, without, steps, seconds, counted, lockstep, UNROLL[device][0])


def epoch_steps(
    training: Training | None, examples: int | None, longest: int | None = None
) -> int | None:
    """The steps of an epoch, if something counts them and they are known."""
    if training is None or not count_epochs(training):
        return None
    return training.epoch_steps if examples is None else training.steps(examples, longest)


def _rows(training: Training) -> int | str:
    """The examples of a step, or the nodes where neighbours are drawn."""
    if training.neighbours is None or isinstance(training.batch_size, str):
        return training.batch_size
    return training.batch_size * training.neighbours.nodes


Leaf = tuple[Operation, tuple[Type, ...], int]


def _steps(leaves: list[Leaf], batch: int | str, device: str) -> int:
    if isinstance(batch, str):
        return 1  # an epoch is one step
    if not _loop_well(leaves, device):
        return 1
    work = _work(leaves, batch)
    return next((steps for most, steps in STEPS_BY_WORK if work <= most), 1)


def _work(leaves: list[Leaf], rows: int) -> float:
    """The floating point operations of a step, forward and backward."""
    return 3 * rows * sum(operation.flops(*types) * times for operation, types, times in leaves)


def _lockstep(leaves: list[Leaf], training: Training, device: str, examples: int | None) -> bool:
    if training.lockstep is not None:
        return training.lockstep
    if any(operation.trait(Opaque) for operation, _, _ in leaves):
        return False
    if device != "cpu":
        return True  # not measured: a GPU that one small network leaves idle has room for more
    if isinstance(training.batch_size, str) and examples is None:
        return False
    if any(operation.trait(AlongEdges) for operation, _, _ in leaves):
        return False  # ten runs: cora_gcn 0.6, graphs_gin 0.9; karate, of 34 nodes, 5.1
    work = _work(leaves, training.rows(examples or 0))
    return _loop_well(leaves, device) and work <= LOCKSTEP_WORK


def may_loop(program: Program, device: str) -> bool:
    """Whether everything in a program may stand in a loop."""
    leaves = [leaf for graph in program.networks.values() for leaf in _leaves(graph)]
    return _loop_well(leaves, device)


def _loop_well(leaves: list[Leaf], device: str) -> bool:
    """Whether none of them is, or may hold, what must not stand in a loop on the CPU."""
    return device != "cpu" or not any(
        operation.trait(LibraryConvolution) or operation.trait(Opaque) for operation, _, _ in leaves
    )


def _leaves(graph: Graph, times: int = 1) -> Iterator[Leaf]:
    """The operations that are written out in the program, with how often each runs."""
    for node in graph.nodes:
        yield from _inside(node.operation, graph.input_types(node), times)


def _inside(operation: Operation, types: tuple[Type, ...], times: int) -> Iterator[Leaf]:
    if isinstance(operation, Call):
        yield from _leaves(operation.graph, times)
    elif isinstance(operation, Repeat):
        for copy in operation.copies:
            yield from _inside(copy, types, times)
            types = (copy.infer(*types), *types[1:])  # type: ignore[assignment]
    elif isinstance(operation, Stack):
        yield from _inside(operation.layer, types, times * len(operation.paths))
    elif isinstance(operation, Beside):
        for layer in operation.layers:
            yield layer, types, times
    elif isinstance(operation, Folded):
        yield operation.layer, types, times
    else:
        yield operation, types, times
