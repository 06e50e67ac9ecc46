"""What passes say of their work."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """Collects remarks; carries the device, which some rules depend on."""

    device: str = "cpu"
    found: list[Remark] = field(default_factory=list)

    def did(self, rule: int, text: str, span: Span | None = None) -> None:
        self._add(Remark(rule, text, span, True))

    def left(self, rule: int, text: str, span: Span | None = None) -> None:
        self._add(Remark(rule, text, span, False))

    def _add(self, remark: Remark) -> None:
        if remark not in self.found:
            self.found.append(remark)
