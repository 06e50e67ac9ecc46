"""graphc: networks written as graphs, compiled to readable Flax source.

    import graphc as gc

    model = gc.compile("specs/mnist_lenet5.yaml")
    print(model.source)
    run = model.train()
    run.evaluate("test")

The names below are imported when they are first used, so that `graphc --help` starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphc.api import Graph as Graph
    from graphc.api import Model as Model
    from graphc.api import Run as Run
    from graphc.api import check as check
    from graphc.api import compile as compile
    from graphc.api import dump as dump
    from graphc.api import from_networkx as from_networkx
    from graphc.api import load as load
    from graphc.api import load_run as load_run
    from graphc.core.diagnostic import GraphcError as GraphcError
    from graphc.core.diagnostic import RunError as RunError
    from graphc.core.diagnostic import SpecError as SpecError
    from graphc.core.types import Type as Type

__version__ = "0.1.0"

_PLACES = {
    **dict.fromkeys(
        (
            *("Graph", "Model", "Run", "check", "compile", "dump", "from_networkx", "load"),
            "load_run",
        ),
        "graphc.api",
    ),
    **dict.fromkeys(("GraphcError", "RunError", "SpecError"), "graphc.core.diagnostic"),
    "Type": "graphc.core.types",
}
__all__ = sorted(_PLACES)


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module `graphc` has no `{name}`")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
