"""Every operation has a golden of a wrong attribute and one of a wrong shape or type."""

import re
from functools import cache
from pathlib import Path

import pytest

from graphc.ops import operations

ATTRIBUTES = {"GC202", "GC210", "GC211", "GC212", "GC213"}
SHAPES = {"GC203", "GC204", "GC205", "GC206", "GC207", "GC404"}
OF_PYTHON = {"GC241", "GC242", "GC243", "GC244", "GC245"}


@cache
def errors():
    """The code, the message and the lines of the spec of each error in the goldens."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.stderr")):
        for text in re.split(r"^(?=error)", path.read_text(encoding="utf-8"), flags=re.M):
            if code := re.match(r"error\[(GC\d+)\]", text):
                found.append((code[1], text))
    return found


def shown(name, codes):
    return any(code in codes and re.search(rf"\b{name}\b", text) for code, text in errors())


@pytest.mark.parametrize("name", [each.name for each in operations])
def test_an_operation_has_a_golden_of_a_wrong_attribute(name):
    assert shown(name, ATTRIBUTES)


@pytest.mark.parametrize("name", [each.name for each in operations])
def test_an_operation_has_a_golden_of_a_wrong_shape(name):
    assert shown(name, SHAPES | (OF_PYTHON if name == "python" else set()))
