"""Weights that start as something of the data or of a file, rather than drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from graphc.core.diagnostic import Report
from graphc.core.operation import ShapeError
from graphc.core.span import Span
from graphc.core.types import Type
from graphc.graph.graph import Graph
from graphc.graph.weights import Entry, WeightMap
from graphc.ops.given import Given

PlaceAfter = Callable[[str | None, Span], Span]


def given(networks: Mapping[str, Graph]) -> Iterator[tuple[Entry, Given]]:
    """The weights that are not drawn, and what says what they start as."""
    for each in WeightMap.of(networks).entries:
        if isinstance(each.weight.given, Given):
            yield each, each.weight.given


def check_given(
    networks: Mapping[str, Graph],
    fields: Mapping[str, Type] | None,
    folder: str,
    place: PlaceAfter,
    report: Report,
) -> None:
    """Report weights that cannot start as they should: GC203, GC204, GC405, GC411, GC511 to GC519.

    Args:
        fields: of the data, by the names that the spec has for them too; None without data.
        folder: the folder of the spec.
        place: where a word of the spec stands, from some place on.
    """
    for entry, start in given(networks):
        assert entry.weight.shape is not None
        try:
            start.check_start(entry.weight.shape, fields, folder)
        except ShapeError as error:
            there = place(error.word, entry.nodes[-1].span)
            report.error(error.code, error.message, there, help=error.help)
