"""A picture as text: for Graphviz, for Mermaid, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from graphc.core.types import BATCH, Type
from graphc.insight.picture import Group, Picture, Point
from graphc.insight.table import short

_DOT_STYLES = {
    "input": "shape=ellipse",
    "output": "shape=ellipse",
    "node": "shape=box, style=rounded",
    "network": "shape=component",
}
_MERMAID_BRACKETS = {
    "input": ("([", "])"),
    "output": ("([", "])"),
    "node": ("[", "]"),
    "network": ("[[", "]]"),
}


def dot(picture: Picture, name: str) -> str:
    """The picture in Graphviz's language, blocks as clusters."""
    lines = [f"digraph {_quoted(name)} {{", "  node [fontname=Helvetica, fontsize=11];"]
    lines += ["  graph [fontname=Helvetica, fontsize=11, style=rounded];"]
    lines += _nested(picture, None, 1, _dot_point, _dot_group, "}")
    for edge in picture.edges:
        words = [word for word in (edge.port, edge.input) if word]
        label = f" [label={_quoted(' to '.join(words))}]" if words else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{label};")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_point(point: Point, names: Mapping[str, str]) -> str:
    label = _quoted("\n".join(_label(point)))
    return f"{_quoted(point.id)} [label={label}, {_DOT_STYLES[point.kind]}];"


def _dot_group(group: Group, names: Mapping[str, str]) -> str:
    label = _quoted(_group_label(group))
    return f"subgraph {_quoted(f'cluster {group.id}')} {{ label={label};"


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def mermaid(picture: Picture, name: str) -> str:
    """The picture as a flowchart of Mermaid, blocks as subgraphs."""
    names = _short_names(picture)
    lines = ["flowchart TD"]
    lines += _nested(picture, None, 1, _mermaid_point, _mermaid_group, "end", names)
    for edge in picture.edges:
        words = [word for word in (edge.port, edge.input) if word]
        arrow = f'-->|"{_entities(" to ".join(words))}"|' if words else "-->"
        lines.append(f"  {names[edge.source]} {arrow} {names[edge.target]}")
    return "\n".join(lines) + "\n"


def _mermaid_point(point: Point, names: Mapping[str, str]) -> str:
    start, end = _MERMAID_BRACKETS[point.kind]
    label = "<br/>".join(_entities(line) for line in _label(point))
    return f'{names[point.id]}{start}"{label}"{end}'


def _mermaid_group(group: Group, names: Mapping[str, str]) -> str:
    return f'subgraph {names[group.id]}["{_entities(_group_label(group))}"]'


def _entities(text: str) -> str:
    for mark, word in (("&", "amp"), ('"', "quot"), ("<", "lt"), (">", "gt")):
        text = text.replace(mark, f"&{word};")
    return text


def _short_names(picture: Picture) -> dict[str, str]:
    points = {point.id: f"n{i}" for i, point in enumerate(picture.points)}
    return points | {group.id: f"g{i}" for i, group in enumerate(picture.groups)}


def _nested(
    picture: Picture,
    parent: str | None,
    depth: int,
    point_line: Callable,
    group_line: Callable,
    end: str,
    names: Mapping[str, str] | None = None,
) -> list[str]:
    """The points of a group and the groups in it, each group between a first line and `end`."""
    names = names or {}
    pad = "  " * depth
    here = [point for point in picture.points if point.group == parent]
    lines = [pad + point_line(point, names) for point in here]
    for group in picture.groups:
        if group.group == parent:
            lines.append(pad + group_line(group, names))
            lines += _nested(picture, group.id, depth + 1, point_line, group_line, end, names)
            lines.append(pad + end)
    return lines


def _label(point: Point) -> list[str]:
    """The lines of a point: its name, its operation, its shape and parameters."""
    if point.kind in ("input", "output"):
        return [point.name, str(point.output)]
    times = f" ({point.count} times)" if point.count > 1 else ""
    own = point.operation if point.name == point.operation else f"{point.name}: {point.operation}"
    count = point.cost.shown("parameters", short)
    size = f", {count} parameters" if count != "0" else ""
    return [own + times, f"{point.output}{size}"]


def _group_label(group: Group) -> str:
    times = f" ({group.count} times)" if group.count > 1 else ""
    if group.kind == "network" or group.name == group.operation:
        return group.operation + times
    return f"{group.name}: {group.operation}{times}"


def as_json(picture: Picture, name: str) -> str:
    """The picture as JSON: `nodes`, `groups` that hold them, and `edges`."""
    value = {
        "name": name,
        "nodes": [_node(point) for point in picture.points],
        "groups": [_common(group) for group in picture.groups],
        "edges": [
            {"from": edge.source, "to": edge.target, "input": edge.input, "port": edge.port}
            for edge in picture.edges
        ],
    }
    return json.dumps(value, indent=2) + "\n"


def _common(each: Point | Group) -> dict:
    span = each.span
    return {
        "id": each.id,
        "group": each.group,
        "kind": each.kind,
        "name": each.name,
        "operation": each.operation,
        "count": each.count,
        "file": span.source.name if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
    }


def _node(point: Point) -> dict:
    return _common(point) | {
        "attributes": dict(point.attributes),
        "output": _type(point.output),
        **{
            what: None if what in point.cost.more else getattr(point.cost, what)
            for what in ("parameters", "flops")
        },
    }


def _type(kind: Type) -> dict:
    return {
        "shape": list(kind.shape),
        "dtype": kind.dtype,
        "below": kind.below,
        "domain": [axis.name for axis in kind.domain if axis != BATCH],
    }


DRAWINGS: Mapping[str, Callable[[Picture, str], str]] = {
    "dot": dot,
    "mermaid": mermaid,
    "json": as_json,
}
