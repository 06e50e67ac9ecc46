"""Emitted modules as Python modules."""

import gc
import linecache
import pickle
import sys
import traceback

import pytest

from graphc.core.diagnostic import RunError
from graphc.runtime.module import import_module, module_from_source

SOURCE = "CONTRACT = 1\n\n\nclass Thing:\n    pass\n\n\ndef fail():\n    raise ValueError('here')\n"


def names():
    gc.collect()
    return {name for name in sys.modules if name.startswith("graphc_module_")}


def test_a_file_is_imported_and_forgotten_when_unused(tmp_path):
    before = names()
    (tmp_path / "model.py").write_text(SOURCE)
    module = import_module(tmp_path / "model.py")
    assert module.__file__ == str(tmp_path / "model.py")
    assert names() - before == {module.__name__}
    assert import_module(tmp_path / "model.py") is module
    assert not (tmp_path / "__pycache__").exists()
    del module
    assert names() == before


def test_another_source_is_another_module(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(SOURCE)
    one = import_module(path)
    path.write_text(SOURCE + "\nx = 1\n")
    two = import_module(path)
    assert one.__name__ != two.__name__ and not hasattr(one, "x") and two.x == 1


def test_what_a_module_defines_can_be_pickled(tmp_path):
    (tmp_path / "model.py").write_text(SOURCE)
    module = import_module(tmp_path / "model.py")
    assert isinstance(pickle.loads(pickle.dumps(module.Thing())), module.Thing)


def test_a_module_in_memory_shows_its_lines(tmp_path):
    module = module_from_source(SOURCE, "<memory>")
    with pytest.raises(ValueError) as error:
        module.fail()
    text = "".join(traceback.format_exception(error.value))
    assert "raise ValueError('here')" in text
    linecache.checkcache()
    assert linecache.getline("<memory>", 1) == "CONTRACT = 1\n"
    del module, error
    gc.collect()
    assert "<memory>" not in linecache.cache


@pytest.mark.parametrize(
    "source, message",
    [
        ("CONTRACT = 2\n", "follows version 2 of the contract, not 1"),
        ("x = 1\n", "follows version None of the contract"),
        ("CONTRACT =\n", "cannot be run: SyntaxError"),
        ("CONTRACT = 1\nimport nothing_of_this_name\n", "cannot be run: ModuleNotFoundError"),
    ],
)
def test_a_module_that_does_not_fit_is_refused(tmp_path, source, message):
    before = names()
    (tmp_path / "model.py").write_text(source)
    with pytest.raises(RunError, match="GC610") as error:
        import_module(tmp_path / "model.py")
    assert message in error.value.diagnostics[0].message
    del error
    assert names() == before


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(RunError, match="GC610"):
        import_module(tmp_path / "model.py")
