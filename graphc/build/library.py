"""Which definition each name of an operation, a block or a network means at one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graphc.build import syntax
from graphc.build.assembly import Poisoned
from graphc.core.diagnostic import Diagnostic, SpecError, listing, similar
from graphc.core.operation import Operation
from graphc.core.registry import operations
from graphc.core.span import Span
from graphc.core.tree import Tree
from graphc.core.types import TIME, Axis
from graphc.ops.networks import Role

WRAPPERS = ("repeat", "parallel", "message_passing")


@dataclass(eq=False)
class Network:
    """A definition under `network` or `networks`; its weights are one set.

    Args:
        role: whether it is trained, and where its weights come from.
        parameters: the values that it sees, where they are not those of the spec.
    """

    name: str
    section: syntax.Section
    span: Span
    library: Library
    role: Role = field(default_factory=Role)
    parameters: Mapping[str, Tree] | None = None


@dataclass(eq=False)
class Definition:
    """A block and the library whose names it sees."""

    block: syntax.Block
    library: Library


@dataclass(eq=False)
class Library:
    """The names of one file.

    Args:
        blocks: its own blocks.
        networks: its own networks.
        used: the libraries it brought in, by prefix.
        axes: the axes that it may name in shapes.
        broken: names of definitions and libraries that could not be read, which is reported.
        standard: finds a block that ships with graphc, or None.
        measures: finds a loss or a metric as an operation, or None, where these have a place.
        of_run: whether it is that of another run, of which one network is taken alone.
    """

    blocks: dict[str, syntax.Block] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    used: dict[str, Library] = field(default_factory=dict)
    axes: dict[str, Axis] = field(default_factory=lambda: {TIME.name: TIME})
    broken: set[str] = field(default_factory=set)
    standard: Callable[[str], Definition | None] = lambda name: None
    standard_names: tuple[str, ...] = ()
    measures: Callable[[str], type[Operation] | None] = lambda name: None
    of_run: bool = False

    def find(self, name: str, span: Span) -> Definition | Network | type[Operation] | str:
        """What `name` means: a block, a network, an operation, or the word of a wrapper.

        Raises:
            SpecError: there is no such name.
            Poisoned: it is one of those that could not be read.
        """
        if name.split("/")[0] in self.broken:
            raise Poisoned
        if name in self.blocks:
            return Definition(self.blocks[name], self)
        if name in self.networks:
            if self.of_run:
                message = f"a network that calls another one, `{name}`, cannot be taken from a run"
                help = "take them one by one, and let one here call the other"
                raise SpecError(Diagnostic("GC651", message, span, help=help))
            return self.networks[name]
        if "/" in name:
            return self._find_used(name, span)
        if name in WRAPPERS:
            return name
        if (block := self.standard(name)) is not None:
            return block
        if (measure := self.measures(name)) is not None:
            return measure
        if name in operations:
            return operations.find(name, span)
        if name in self.used and name in self.used[name].networks:
            return self.used[name].networks[name]
        raise self._unknown(name, span)

    def _find_used(self, name: str, span: Span) -> Definition | Network | type[Operation] | str:
        prefix, inner = name.split("/", 1)
        if prefix not in self.used:
            help = (
                similar(prefix, self.used, "library") or "bring it in: `use: {name: ./file.yaml}`"
            )
            raise SpecError(Diagnostic("GC304", f"there is no library `{prefix}`", span, help=help))
        library = self.used[prefix]
        if inner.split("/")[0] in library.broken:
            raise Poisoned
        if inner in library.blocks or inner in library.networks or "/" in inner:
            return library.find(inner, span)
        known = [*library.blocks, *library.networks]
        help = similar(inner, known, "block") or (f"it has {listing(known)}" if known else None)
        message = f"`{prefix}` has no block or network `{inner}`"
        raise SpecError(Diagnostic("GC304", message, span, help=help))

    def names(self) -> list[str]:
        """Every name that `find` knows."""
        used = [f"{prefix}/{each}" for prefix, lib in self.used.items() for each in lib.blocks]
        known = [*self.blocks, *self.networks, *used, *WRAPPERS, *self.standard_names]
        return [*known, *operations.names()]

    def _unknown(self, name: str, span: Span) -> SpecError:
        help = operations.renamed(name) or similar(name, self.names(), "operation")
        help = help or "`graphc ops` lists the operations; blocks of your own go under `blocks`"
        return SpecError(Diagnostic("GC201", f"there is no operation `{name}`", span, help=help))
