"""When training ends before its last epoch."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Float, Int, Text
from graphc.core.declaration import Declaration, attribute, primary


@dataclass(frozen=True)
class EarlyStopping(Declaration):
    """The end of a run whose validation metric no longer gets better.

    References: Prechelt, "Early stopping - but when?", 1998.
    """

    name = "early_stopping"

    patience: int = primary(Int(1), "how many epochs may go by without a better value")
    metric: str | None = attribute(
        Text(), "what is watched on the validation split; default: the first metric", None
    )
    minimum_change: float = attribute(
        Float(minimum=0), "how much better a value must be to count as better", 0.0
    )
