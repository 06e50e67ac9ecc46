"""What a run of the benchmarks is asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """The options of the command line.

    Args:
        quick: smaller sizes and fewer rounds, to see that everything works.
        rounds: how often everything is measured; None leaves it to each benchmark.
        peer_python: an interpreter with Keras and PyTorch; None looks into this one.
        only: of `throughput`, `recurrent` and `lockstep`, these networks; empty means all.
    """

    quick: bool = False
    rounds: int | None = None
    peer_python: str | None = None
    only: tuple[str, ...] = ()
