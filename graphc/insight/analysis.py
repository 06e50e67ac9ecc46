"""What is known of a compiled training step."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.insight.roofline import Peaks, Row


@dataclass(frozen=True)
class Memory:
    """Bytes of the compiled step.

    Args:
        state: parameters, statistics and the state of the optimiser.
        batch: the examples of a step, with all else that the step is given.
        temporaries: what lives only within the step, values kept for the way back among it.
        outputs: what the step gives, the new state among it.
        donated: how much of the outputs takes the place of arguments.
        data: the training split, which lies beside all this (where it does not lie on the disk).
    """

    state: int
    batch: int
    temporaries: int
    outputs: int
    donated: int
    data: int

    @property
    def peak(self) -> int:
        """The most that the step holds at a time, by XLA's own plan; the split not counted."""
        return self.state + self.batch + self.temporaries + self.outputs - self.donated


@dataclass(frozen=True)
class Analysis:
    """What XLA says of the compiled training step.

    Args:
        memory: what it holds.
        flops: floating point operations, of each loop those of one round.
        bytes: read and written, likewise.
        loops: how many loops there are.
    """

    memory: Memory
    flops: float
    bytes: float
    loops: int


@dataclass(frozen=True)
class StepAnalysis:
    """What a training step costs.

    Args:
        device: where it runs.
        examples: of a step, or nodes where neighbours are drawn for them.
        xla: memory and work as XLA has them.
        peaks: what the device does at most, as it was measured.
        rows: the work of each node by graphc's count, and a last one for all of them.
    """

    device: str
    examples: int
    xla: Analysis
    peaks: Peaks
    rows: tuple[Row, ...]
