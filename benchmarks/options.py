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
        only: these networks, or of `loops` and `graphs` these tables; empty means all.
        peers: these forms beside graphc; empty means all.
        limit: how many seconds a form may take to its first epoch; None leaves it to each.
    """

    quick: bool = False
    rounds: int | None = None
    peer_python: str | None = None
    only: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    limit: float | None = None

    def chosen(self, known: Iterable[str]) -> tuple[str, ...]:
        """Those of these names that were asked for, or all."""
        return tuple(name for name in known if not self.only or name in self.only)

    def forms(self, known: Iterable[str]) -> tuple[str, ...]:
        """graphc, and those of these forms that were asked for, or all."""
        return tuple(
            name for name in known if not self.peers or name in self.peers or name == "graphc"
        )
