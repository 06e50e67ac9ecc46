"""The texts of a page: sources with their lines, and what is said of a node."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from zlib import crc32

from graphc.core.registry import operations
from graphc.core.span import Source, Span
from graphc.insight.example import flow
from graphc.insight.picture import Group, Point

_HUES = {
    **dict.fromkeys(("activations", "features", "elementary", "elementwise"), 38),
    **dict.fromkeys(("arithmetic", "comparisons", "reductions"), 20),
    **dict.fromkeys(("convolution", "separable", "transposed", "sliding"), 212),
    **dict.fromkeys(("dense", "products", "einsum"), 255),
    **dict.fromkeys(("attention", "tokens"), 312),
    **dict.fromkeys(("embedding", "weights"), 285),
    **dict.fromkeys(("normalization", "scaling"), 160),
    **dict.fromkeys(("pooling", "adaptive_pooling"), 188),
    **dict.fromkeys(("regularization",), 340),
    **dict.fromkeys(("shaping", "joining", "selecting", "shortcut"), 100),
}
"""The colour of a family of operations, by the module that declares it; others get one by name."""

_TOKENS = re.compile(
    r"(?P<comment>(?<!\S)#.*)|(?P<parameter>\$[A-Za-z_]\w*(?:\.\w+)?)"
    r"|(?P<key>[A-Za-z_][\w/]*(?=:(?:\s|$)))|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<number>(?<![\w.])-?\d[\d.]*(?:[eE][-+]?\d+)?(?!\w))"
)


class Sources:
    """The files that spans point into, each with a number, in the order of their first use."""

    def __init__(self, first: Source) -> None:
        self.all: dict[str, Source] = {first.name: first}

    def line(self, span: Span | None) -> str:
        """The name of a line on the page, or nothing where no file wrote it."""
        if span is None or not span.line:
            return ""
        self.all.setdefault(span.source.name, span.source)
        return f"L{list(self.all).index(span.source.name)}-{span.line}"

    def place(self, span: Span | None) -> str:
        """The same for people: `line 7`, or `zoo/resnet.yaml:7` in another file."""
        if span is None or not span.line:
            return ""
        own = span.source.name == next(iter(self.all))
        return f"line {span.line}" if own else f"{span.source.name}:{span.line}"

    def html(self) -> Iterator[str]:
        """Every file as a list of lines."""
        for i, source in enumerate(self.all.values()):
            yield f'<details class="file" open><summary>{escape(source.name)}</summary><ol>'
            for number, line in enumerate(source.text.rstrip("\n").split("\n"), 1):
                yield f'<li id="L{i}-{number}"><code>{coloured(line)}</code></li>'
            yield "</ol></details>"


def coloured(line: str) -> str:
    """A line of YAML with its keys, numbers, texts, parameters and comments marked."""
    found, end = [], 0
    for match in _TOKENS.finditer(line):
        found.append(escape(line[end : match.start()]))
        found.append(f'<i class="{match.lastgroup}">{escape(match[0])}</i>')
        end = match.end()
    return "".join([*found, escape(line[end:])]) or " "


def hue(operation: str) -> int | None:
    """The colour of an operation: that of the family it is declared with; None for what is none."""
    if operation == "formula":
        return _HUES["arithmetic"]
    if operation not in operations:
        return None
    family = operations[operation].__module__.rpartition(".")[2]
    return _HUES.get(family, crc32(family.encode()) % 360)


def summary(operation: str) -> str:
    """What an operation does, in a line."""
    return operations[operation].summary() if operation in operations else ""


def attributes(values: Mapping[str, object]) -> str:
    """Attributes as HTML on a line, as far as they are plain."""
    pairs = [(name, flow(each)) for name, each in values.items() if each is not None]
    return ", ".join(f"<span>{escape(name)}</span> {escape(each)}" for name, each in pairs)


def names(each: Point | Group) -> tuple[str, str]:
    """What to call it, and its operation where the name does not say it."""
    if each.kind in ("input", "output"):
        return each.name, each.kind
    said = re.fullmatch(rf"(.*/)?{re.escape(each.operation)}(_\d+)?", each.name)
    return each.name, "" if said else each.operation
