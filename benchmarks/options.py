"""What a run of the benchmarks is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """The options of the command line.

    Args:
        quick: smaller sizes and fewer rounds, to see that everything works.
        rounds: how often everything is measured; None leaves it to each benchmark.
        peer_python: an interpreter with Keras and PyTorch; None looks into this one.
        only: of `throughput`, `recurrent` and `lockstep`, these networks, of `loops` these tables,
            of `graphs` either; empty means all.
    """

    quick: bool = False
    rounds: int | None = None
    peer_python: str | None = None
    only: tuple[str, ...] = ()

    def chosen(self, known: Iterable[str]) -> tuple[str, ...]:
        """Those of these names that were asked for, or all."""
        if unknown := set(self.only) - set(known):
            raise SystemExit(
                f"there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}"
            )
        return self.only or tuple(known)
