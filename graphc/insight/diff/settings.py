"""What two specs say otherwise about their data and their training."""

from __future__ import annotations

from collections.abc import Iterator

from graphc.core.declaration import Declaration
from graphc.insight.diff.change import Row
from graphc.insight.example import flow
from graphc.plan.choices import KEPT_CHOICES
from graphc.spec.document import Document

NOTHING = "none"


def settings_of(one: Document, other: Document) -> Iterator[Row]:
    """The settings that differ, by their paths, defaults included."""
    yield from _declared("data", one.data, other.data)
    names = dict.fromkeys([*one.fields, *other.fields])
    for name in names:
        before, after = (each.fields.get(name) for each in (one, other))
        if (before and before.text) != (after and after.text):
            words = [each.text if each else name for each in (before, after)]
            yield Row("setting", f"data.inputs.{name}", *words)
    yield from _declared("train", one.training, other.training)


def _declared(path: str, one: Declaration | None, other: Declaration | None) -> Iterator[Row]:
    if type(one) is not type(other):
        yield Row("setting", path, _word(one, path), _word(other, path))
    elif one is not None and other is not None:
        place = path if path == one.name else f"{path}.{one.name}"
        for each in one.attributes():
            before, after = getattr(one, each.name), getattr(other, each.name)
            if each.name in KEPT_CHOICES and None in (before, after):
                continue  # left to graphc: a run has written down what that chose
            if before != after:
                words = [
                    NOTHING if value is None else flow(each.kind.write(value))
                    for value in (before, after)
                ]
                yield Row("setting", f"{place}.{each.name}", *words)


def _word(declaration: Declaration | None, path: str) -> str:
    if declaration is None:
        return NOTHING
    attributes = declaration.write()
    if declaration.name == path:
        return flow(attributes)
    return declaration.name if attributes is None else flow({declaration.name: attributes})
