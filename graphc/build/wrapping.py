"""What stands in the braces of a step that holds steps."""

from __future__ import annotations

from typing import Any

from graphc.build import syntax
from graphc.build.steps import check_keys, fail
from graphc.core.attributes import Kind
from graphc.core.declaration import within
from graphc.core.diagnostic import SpecError
from graphc.core.tree import Mapping, Tree, describe

_KEYS = {
    "repeat": ("times", "over", "index", "layers", "each", "input"),
    "parallel": ("branches", "join"),
    "message_passing": ("message", "aggregate", "update"),
}
_FORMS = {
    "repeat": "write `repeat: {times: 4, layers: [...]}`",
    "parallel": "write `parallel: {branches: [[...], [...]]}`",
    "message_passing": "write `message_passing: {message: BLOCK, aggregate: sum, update: BLOCK}`",
}


def attribute_of(word: str, name: str, kind: Kind, tree: Tree) -> Any:
    """The value of an attribute of a wrapper; errors name both."""
    try:
        return kind.read(tree)
    except SpecError as error:
        raise SpecError(within(each, word, name) for each in error.diagnostics) from None


def wrapped(step: syntax.Step) -> Mapping:
    """The attributes of a wrapper, whose keys are known."""
    given = step.attributes
    if not isinstance(given, Mapping):
        found = describe(given) if given is not None else "nothing"
        help = _FORMS[step.operation]
        place = given if given is not None else step.word
        raise fail("GC210", f"`{step.operation}` takes a mapping, found {found}", place, help)
    check_keys(given, _KEYS[step.operation], f"`{step.operation}`")
    return given
