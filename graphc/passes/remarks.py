"""What passes say of their work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphc.core.forms import CPU, Forms
from graphc.core.span import Span


@dataclass(frozen=True)
class Remark:
    """A sentence of a pass about one place.

    Args:
        rule: the number of the rule in the pass's docstring.
        text: what was done, or why not.
        span: where in the spec.
        done: whether something was changed.
    """

    rule: int
    text: str
    span: Span | None
    done: bool


@dataclass
class Remarks:
    """Collects distinct remarks in order, and carries what some rules depend on.

    Args:
        forms: which of them are faster.
        shares: for inputs of the graph at hand, the share of numbers that are not 0, where the data
            says that before it is loaded.
    """

    forms: Forms = CPU
    shares: Mapping[str, float] = field(default_factory=dict)
    found: dict[Remark, None] = field(default_factory=dict)

    def did(self, rule: int, text: str, span: Span | None = None) -> None:
        self.found[Remark(rule, text, span, True)] = None

    def left(self, rule: int, text: str, span: Span | None = None) -> None:
        self.found[Remark(rule, text, span, False)] = None
