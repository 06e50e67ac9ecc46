"""Names to declarations, one table for each kind of thing a spec can name.

A table has what graphc declares, and takes in what other packages offer (see
`graphc.core.plugins`) when it is asked for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from graphc.core import plugins
from graphc.core.diagnostic import Diagnostic, SpecError, listing, similar
from graphc.core.span import Span

if TYPE_CHECKING:
    from graphc.core.declaration import Declaration

T = TypeVar("T", bound="type[Declaration]")


class Registry(Generic[T]):
    """A table of declarations.

    Args:
        noun: what its entries are, for messages ("operation").
        code: the diagnostic of an unknown name.
    """

    def __init__(self, noun: str, code: str) -> None:
        self.noun, self.code = noun, code
        self.group = f"graphc.{noun.replace(' ', '_')}s"
        self._entries: dict[str, T] = {}
        self._expected: dict[str, str] = {}

    def expect(self, module: str, *names: str) -> None:
        """Say what a module declares; it is imported when one of these names is asked for."""
        self._expected |= dict.fromkeys(names, module)

    def add(self, *declarations: T) -> None:
        """Take in declarations; a name can be taken once."""
        for declaration in declarations:
            if declaration.name in self._entries:
                raise ValueError(f"two declarations of the {self.noun} `{declaration.name}`")
            self._entries[declaration.name] = declaration

    def find(self, name: str, span: Span | None = None) -> T:
        """The declaration with this name, or a located error with a suggestion."""
        if name not in self:
            help = self.renamed(name) or similar(name, self.names(), self.noun)
            message = f"there is no {self.noun} `{name}`"
            known = help or f"known are {listing(self.names(), 40)}"
            raise SpecError(Diagnostic(self.code, message, span, help=known))
        if name not in self._entries and name in self._expected:
            import_module(self._expected[name])
        if name not in self._entries:
            offered = plugins.offered(self.group)[name]
            self.add(plugins.load(self.noun, offered, span))  # type: ignore[arg-type]
        return self._entries[name]

    def load_offered(self) -> list[Diagnostic]:
        """Take in everything that other packages offer; what cannot be is reported."""
        problems: list[Diagnostic] = []
        for name in plugins.offered(self.group):
            try:
                self.find(name)
            except SpecError as error:
                problems += error.diagnostics
        return problems

    def renamed(self, name: str) -> str | None:
        """A statement that gives the name of what is called `name` elsewhere, or None."""
        for each in self:
            if name.lower() in each.also:
                return f"its name here is `{each.name}`"
        return None

    def __getitem__(self, name: str) -> T:
        return self.find(name)

    def __contains__(self, name: object) -> bool:
        known = name in self._entries or name in self._expected
        return known or name in plugins.offered(self.group)

    def names(self) -> list[str]:
        """The names of all that is declared here, whether it is imported or not."""
        return sorted({*self._entries, *self._expected})

    def loaded(self) -> list[T]:
        """Those that are imported already."""
        return [self._entries[name] for name in sorted(self._entries)]

    def __iter__(self) -> Iterator[T]:
        return map(self.find, self.names())

    def __len__(self) -> int:
        return len(self.names())


operations: Registry = Registry("operation", "GC201")
initializers: Registry = Registry("initializer", "GC205")
kernel_norms: Registry = Registry("kernel norm", "GC230")
losses: Registry = Registry("loss", "GC401")
metrics: Registry = Registry("metric", "GC402")
optimizers: Registry = Registry("optimizer", "GC403")
schedules: Registry = Registry("schedule", "GC420")
sources: Registry = Registry("data source", "GC501")
