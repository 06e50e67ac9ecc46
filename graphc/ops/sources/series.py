"""Series of numbers at the nodes of one graph, cut into windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Int
from graphc.core.declaration import attribute, primary
from graphc.core.operation import ShapeError
from graphc.core.registry import sources
from graphc.core.types import BATCH, EDGES, NODES, RECEIVERS, SENDERS, TIME, Type
from graphc.ops.sources.base import PART, DataSource, check_size, normalize_attribute, share

STEPS_OF_A_DAY = 288


@dataclass(frozen=True, kw_only=True)
class SeriesSource(DataSource):
    """The base of series at the nodes of a graph, which all examples have in common.

    An example is a window of so many steps, its target the steps behind it. The splits follow one
    another in time: no window reaches from one into the next.

    Attributes:
        field: what the windows are called.
    """

    target = "next"
    field: ClassVar[str] = "series"

    steps: int = attribute(Int(1), "how many steps a window has", 12)
    horizon: int = attribute(Int(1), "how many steps behind it are predicted", 3)
    validation: float | int = attribute(
        PART, "of the steps before those of the test the last: a fraction of them, or a count", 0.1
    )
    test: float | int = attribute(PART, "the last steps: a fraction of all, or a count", 0.2)
    normalize: str = normalize_attribute("standard")

    def fields(self, folder: str) -> Mapping[str, Type]:
        edges = Type((), "int", domain=(BATCH, EDGES))
        return {
            self.field: Type((1,), domain=(BATCH, TIME, NODES)),
            self.target: Type((self.horizon,), domain=(BATCH, NODES)),
            SENDERS: edges,
            RECEIVERS: edges,
        }

    def lacks_validation(self) -> bool:
        return not self.validation

    def parts(self, steps: int) -> dict[str, range]:
        """The steps of each split, out of so many; raises ShapeError GC518."""
        test = share(self.test, steps, 1)
        validation = share(self.validation, max(steps - test, 0), 1)
        ends = (steps - test - validation, steps - test, steps)
        starts = (0, *ends[:-1])
        found = {
            name: range(start, end)
            for name, start, end in zip(("train", "validation", "test"), starts, ends, strict=True)
            if start < end or name == "train"
        }
        least = self.steps + self.horizon
        for name, part in found.items():
            if len(part) < least:
                message = f"the {name} split has {len(part)} of {steps} steps, and a window with"
                message += f" what comes behind it takes {least}"
                raise ShapeError(message, "take shorter windows, or hold out other parts", "GC518")
        return found

    def windows(self, part: range) -> int:
        """How many windows there are in a part."""
        return len(part) - self.steps - self.horizon + 1


@dataclass(frozen=True, kw_only=True)
class Traffic(SeriesSource):
    """A simulated town: `speed` [time, nodes, 1] of 80 crossings, and the `next` [nodes, horizon].

    The roads are a grid of 8 by 10 crossings without some of its roads and with two arterials. The
    speed in km/h is measured every five minutes, with an error of 1. Crossings slow down in the
    rush hours, and where something happens: such a jam spreads along the roads, at five minutes for
    a piece of an arterial and ten or fifteen for one of another road, and fades on its way.
    """

    name = "traffic"
    field = "speed"

    days: int = primary(Int(1), "how many days are simulated", 14)
    seed: int = attribute(Int(0), "draws the roads and what happens on them", 0)

    def fields(self, folder: str) -> Mapping[str, Type]:
        self.training_examples()
        check_size(self.days * STEPS_OF_A_DAY, {self.field: Type((80 * self.steps,))})
        return super().fields(folder)

    def training_examples(self) -> int:
        return self.windows(self.parts(self.days * STEPS_OF_A_DAY)["train"])


sources.add(Traffic)
