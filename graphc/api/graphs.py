"""Graphs: built in Python, read from specs, written as specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from graphc import checker
from graphc.build.builder import Graph as Builder
from graphc.build.library import Library
from graphc.core.span import Source
from graphc.core.types import Type
from graphc.graph.graph import Graph as FrozenGraph
from graphc.spec.bundled import named
from graphc.spec.document import STANDARD, standard_block
from graphc.spec.dump import dump as dump_networks

if TYPE_CHECKING:
    from graphc.methods import Methods
else:
    Methods = object  # a stub: what the methods are is known when a name is looked up


class Graph(Builder, Methods):
    """A graph built in Python; every operation and every standard block is a method.

    Args:
        inputs: the shape of each input, without the batch axis.

    Example:
        >>> g = Graph(image=(28, 28, 1))
        >>> h = g.conv("image", 32, activation="relu", name="stem")
        >>> h = g.residual(h, body=lambda g, x: g.conv(x, 32))
        >>> g.output(logits=g.dense(g.flatten(h), 10))
        >>> g.graph.output_type.shape
        (10,)
    """

    def __init__(self, **inputs: Iterable[int] | Type) -> None:
        super().__init__(Library(standard=standard_block, standard_names=STANDARD), **inputs)


def check(
    spec: str | Path | Source, settings: Iterable[str] = (), *, python: bool = True
) -> checker.Checked:
    """Check a spec without compiling it; raises SpecError with every problem.

    Args:
        spec: a path or a Source.
        settings: `path=value` overrides, as with `--set`.
        python: whether `python` steps are allowed; their code is never run by a check.

    Example:
        >>> check("specs/mnist_lenet5").networks[""].output_type.shape
        (10,)
    """
    return checker.check(source_of(spec), settings, python=python)


def load(spec: str | Path | Source) -> FrozenGraph:
    """The graph of a spec file with a single network (or of its trained one).

    Example:
        >>> [node.name for node in load("specs/digits_mlp").nodes]
        ['flatten', 'dense', 'dense_2', 'dense_3']
    """
    checked = check(spec)
    name = checked.plan.network if checked.plan is not None else next(iter(checked.networks))
    return checked.networks[name]


def dump(graph: Graph | FrozenGraph, path: str | Path | None = None, **sections: object) -> str:
    """The text of a spec for a graph, written to `path` if that is given.

    Args:
        sections: further sections as plain data, such as `data` and `train`.

    Example:
        >>> g = Graph(x=(4,))
        >>> g.output(g.tanh(g.dense("x", 3), name="y"))
        >>> print(dump(g), end="")
        graphc: 1
        network:
          inputs: {x: [4]}
          nodes: {dense: {dense: 3, from: x}, y: {tanh: {}, from: dense}}
          output: y
    """
    text = text_of(graph, sections)
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text


def source_of(spec: str | Path | Source) -> str | Source:
    """The spec itself, its path, or that of a bundled one."""
    return spec if isinstance(spec, Source) else named(str(spec))


def text_of(graph: Builder | FrozenGraph, sections: Mapping[str, object]) -> str:
    """A graph as a spec, with further sections."""
    frozen = graph.graph if isinstance(graph, Builder) else graph
    return dump_networks({"": frozen}, sections)
