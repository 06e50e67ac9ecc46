"""Several networks of one spec that answer together."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Bool, Int
from graphc.core.declaration import Declaration, attribute, primary


@dataclass(frozen=True)
class Ensemble(Declaration):
    """Networks of one spec, with seeds of their own, whose predictions are averaged.

    References: Hansen and Salamon, "Neural network ensembles", 1990; Breiman, "Bagging predictors",
    1996.
    """

    name = "ensemble"

    members: int = primary(Int(2), "how many networks; their seeds are `seed`, `seed` + 1, ...")
    bagging: bool = attribute(
        Bool(),
        "whether each learns from a bootstrap sample: as many examples, drawn with replacement",
        False,
    )
    member: int | None = attribute(
        Int(0), "the only one to train, counted from 0; without it all are", None
    )

    def complaint(self) -> str | None:
        if self.member is not None and self.member >= self.members:
            return f"`member` is 0 to {self.members - 1}, not {self.member}"
        return None
