"""The examples in docstrings run, and every public name has one."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import graphc as gc

MODULES = [
    each.name
    for each in pkgutil.walk_packages(gc.__path__, "graphc.")
    if not each.name.startswith(("graphc.emit.library", "graphc._bundled", "graphc.__main__"))
]


def cases():
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in ["graphc", *MODULES]:
        for each in finder.find(
            importlib.import_module(name), name, extraglobs={"np": np, "gc": gc}
        ):
            if each.examples:
                yield pytest.param(each, id=each.name)


@pytest.mark.parametrize("case", list(cases()))
def test_an_example_in_a_docstring_runs(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    said = []
    runner.run(case, out=said.append)
    assert not runner.failures, "".join(said)


@pytest.mark.parametrize("name", gc.__all__)
def test_a_public_name_has_an_example(name):
    found = getattr(gc, name)
    assert ">>> " in (found.__doc__ or ""), f"gc.{name} has no example"
