"""The stub from which editors complete the methods of a graph."""

import ast
import inspect
import os
from pathlib import Path

import pytest

import graphc as gc
from graphc.core.registry import operations
from graphc.insight.stub import stub

STUB = Path(gc.__file__).with_name("methods.pyi")


def test_the_stub_is_what_the_registry_says():
    if os.environ.get("UPDATE_GOLDENS"):
        STUB.write_text(stub(), encoding="utf-8")
    assert STUB.read_text(encoding="utf-8") == stub(), "run python -m graphc.insight.stub"


def test_the_stub_has_a_method_for_each_operation_and_block():
    methods = {
        each.name for each in ast.walk(ast.parse(stub())) if isinstance(each, ast.FunctionDef)
    }
    assert methods >= {each.name for each in operations} | {"residual", "highway", "repeat"}


@pytest.mark.parametrize("name", ["conv", "residual", "add", "repeat"])
def test_a_method_has_its_signature_and_its_text(name):
    method = getattr(gc.Graph(x=(4, 4, 1)), name)
    assert "name" in inspect.signature(method).parameters
    assert method.__name__ == name


def test_a_method_is_called_as_its_signature_says():
    g = gc.Graph(x=(8, 8, 1))
    bound = inspect.signature(g.conv).bind("x", 4, kernel=5)
    assert g.conv(*bound.args, **bound.kwargs).type.shape == (8, 8, 4)
