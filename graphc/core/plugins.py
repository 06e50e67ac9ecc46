"""Declarations that other packages register as entry points, loaded when something names them.

A package offers an operation in its pyproject.toml, under the name that specs will use:

    [project.entry-points."graphc.operations"]
    fourier_features = "my_package.operations:FourierFeatures"

The groups are graphc.operations, graphc.initializers, graphc.kernel_norms, graphc.losses,
graphc.metrics, graphc.optimizers, graphc.schedules and graphc.data_sources. A name that graphc has
itself is never looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.span import Span

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@cache
def offered(group: str) -> Mapping[str, EntryPoint]:
    """What the installed packages offer, by name."""
    from importlib.metadata import entry_points  # takes longer than most specs

    return {each.name: each for each in entry_points(group=group)}


def load(noun: str, entry: EntryPoint, span: Span | None = None) -> type:
    """The declaration behind an entry point.

    Raises:
        SpecError: GC229 where it cannot be imported, or is none of that name.
    """
    from graphc.core.declaration import Declaration

    package = entry.dist.name if entry.dist is not None else entry.value
    whose = f"the {noun} `{entry.name}` of the package `{package}`"
    try:
        found = entry.load()
    except Exception as error:  # whatever the code of others raises
        reason = f"{type(error).__name__}: {error}"
        help = f"repair or remove `{package}`; `{entry.value}` is what it offers"
        message = f"{whose} cannot be imported: {reason}"
        raise SpecError(Diagnostic("GC229", message, span, help=help)) from error
    if not (isinstance(found, type) and issubclass(found, Declaration)):
        what = "is no declaration of graphc"
    elif getattr(found, "name", None) != entry.name:
        what = f"calls itself `{getattr(found, 'name', None)}`"
    else:
        return found
    help = f'`{entry.value}` must be a class with `name = "{entry.name}"`'
    raise SpecError(Diagnostic("GC229", f"{whose} {what}", span, help=help))
