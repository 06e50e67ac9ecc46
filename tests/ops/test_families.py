"""The index of operations says what each module declares."""

import importlib
import pkgutil

from graphc import ops
from graphc.core.registry import operations


def test_the_index_is_what_the_modules_declare():
    for each in pkgutil.iter_modules(ops.__path__, f"{ops.__name__}."):
        importlib.import_module(each.name)
    declared: dict[str, set[str]] = {}
    for each in operations.loaded():
        declared.setdefault(each.__module__.removeprefix(f"{ops.__name__}."), set()).add(each.name)
    assert declared == {module: set(names.split()) for module, names in ops.FAMILIES.items()}


def test_the_index_of_what_is_no_operation_is_complete():
    for table, modules in ops.OTHERS.items():
        for module in modules:
            importlib.import_module(f"{ops.__name__}.{module}")
        names = " ".join(modules.values()).split()
        assert sorted(each.name for each in table.loaded()) == sorted(names)
