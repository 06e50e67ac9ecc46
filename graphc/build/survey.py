"""What can be said of a definition without calling it: names that mean nothing, values unused.

Expansion stops where a value cannot be made, and never looks into a block that nobody calls. The
survey reads every block and network once, as written, and reports what does not depend on types:
unknown operations, values and parameters, wrong attributes, and (as warnings) what is not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from graphc.build import syntax
from graphc.build.assembly import Poisoned
from graphc.build.formula import parse
from graphc.build.library import WRAPPERS, Definition, Library
from graphc.build.parameters import Environment, Layers, Value, bind, uses
from graphc.build.steps import fail, not_yet, read_steps
from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing, similar
from graphc.core.operation import Operation
from graphc.core.registry import operations
from graphc.core.span import Span
from graphc.core.tree import Mapping, Scalar, Sequence, Tree


def survey(library: Library, values: dict[str, Tree], report: Report) -> None:
    """Report what is wrong with the blocks and networks of a file, called or not.

    Args:
        values: the file's `params`, which its networks see.
    """
    own = {name: block.span for name, block in library.blocks.items()}
    for name, span in {**own, **{n: each.span for n, each in library.networks.items()}}.items():
        if name in operations or name in WRAPPERS or name in library.standard_names:
            what = "block" if name in own else "network"
            message = f"the {what} `{name}` hides the operation `{name}`"
            report.error("GC290", message, span, severity="note")
    for block in library.blocks.values():
        names = {each.name.text for each in block.parameters}
        inputs = ("x",) if block.section.inputs is None else _names(block.section)
        _Section(library, names, {}, block.section, report).run(inputs)
    for network in library.networks.values():
        section = _Section(library, set(values), dict(values), network.section, report)
        section.run(_names(network.section))


def _names(section: syntax.Section) -> tuple[str, ...]:
    return tuple(each.name.text for each in section.inputs or ())


@dataclass(frozen=True)
class _Place:
    """What can be named at one place.

    Args:
        parameters: the names of parameters.
        values: those whose values are known.
        names: the values, each with the node of the section that it belongs to ("" for none).
        default: the value that a step without `from` reads, if it is one of the names.
        open: whether there are names that could not be read.
    """

    parameters: frozenset[str]
    values: dict[str, Value]
    names: dict[str, str] = field(default_factory=dict)
    default: str | None = None
    open: bool = False


class _Section:
    """The survey of one network, or of the inside of one block."""

    def __init__(
        self,
        library: Library,
        parameters: Iterable[str],
        values: dict[str, Tree],
        section: syntax.Section,
        report: Report,
    ) -> None:
        self.library, self.section, self.report = library, section, report
        self.parameters, self.values = frozenset(parameters), values
        self.read: set[str] = set()
        self.reader = ""
        self.inputs: tuple[str, ...] = ()

    def run(self, inputs: tuple[str, ...]) -> None:
        """Survey inputs, layers or nodes, and outputs."""
        self.inputs = inputs
        names = {name: name for name in inputs} | {name.text: name.text for name, _ in self.section.nodes}
        default = inputs[0] if len(inputs) == 1 else None
        place = _Place(self.parameters, dict(self.values), names, default)
        for name, node in self.section.nodes:
            self.reader = name.text
            self.node(node, place)
        self.reader = ""
        last = None
        if self.section.layers is not None:
            last = self.chain(self.section.layers, place, self.section.outputs is None)
            place = replace(place, names=last.names, open=last.open)
        for each in self.section.outputs or ():
            self.reference(each, place)
        self.unused()

    def unused(self) -> None:
        """Warn of inputs and nodes that nothing reads."""
        if self.section.outputs == () or any(node is None for _, node in self.section.nodes):
            return
        spans = [(each.name.text, each.name.span) for each in self.section.inputs or ()]
        names = [(name.text, name.span) for name, _ in self.section.nodes]
        for what, several in (("input", spans), ("value of", names)):
            for name, span in several:
                if name not in self.read:
                    _warn_unused(f"the {what} `{name}`", span, self.report)

    # Values

    def reference(self, each: syntax.Reference, place: _Place) -> None:
        """A value is named."""
        if each.delay is not None:
            what = not_yet(f"`{each}` is a delay: cycles over time", each)
            self.take(what.diagnostics)
        if each.name in place.names:
            if place.names[each.name] != self.reader:
                self.read.add(place.names[each.name])
            return
        if not place.open:
            help = similar(each.name, place.names, "value")
            help = help or f"the values here are {listing(place.names)}"
            self.take([Diagnostic("GC204", f"there is no value `{each.name}`", each.span, help=help)])

    def take(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Report what was not reported before."""
        known = {(each.code, each.message, each.span) for each in self.report.diagnostics}
        for each in diagnostics:
            if (each.code, each.message, each.span) not in known:
                self.report.diagnostics.append(each)

    def attempt(self, action, *arguments):
        """Run `action`; what it raises is reported."""
        try:
            return action(*arguments)
        except Poisoned:
            return None
        except SpecError as error:
            self.take(error.diagnostics)
            return None
