"""What can be said of a definition without calling it: names that mean nothing, values unused.

Expansion stops where a value cannot be made, and never looks into a block that nobody calls. The
survey goes through every block and network once, as written, and reports what does not depend on
types: unknown operations, values and parameters, wrong attributes, and (as warnings) what is not
used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from graphc.build import syntax
from graphc.build.assembly import Poisoned
from graphc.build.formula import parse
from graphc.build.formulas import constant, is_required
from graphc.build.library import WRAPPERS, Definition, Library, Network
from graphc.build.message_passing import GIVEN, is_formula
from graphc.build.parameters import Environment, Layers, Value, bind, uses
from graphc.build.precision import check_owner, read_precision
from graphc.build.remat import check_remat, read_remat
from graphc.build.steps import need_from, read_step, read_steps
from graphc.build.tying import names_in_braces
from graphc.build.wrappers import branching, repeated
from graphc.build.wrapping import wrapped
from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing, similar
from graphc.core.operation import Operation
from graphc.core.registry import operations
from graphc.core.span import Span
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, scalars

Steps = tuple[syntax.Step | None, ...]


def survey(library: Library, values: dict[str, Tree], report: Report) -> None:
    """Report what is wrong with the blocks and networks of a file, called or not.

    Args:
        values: the file's `params`, which its networks see.
    """
    _note_hidden(library, report)
    for block in library.blocks.values():
        names = tuple(each.name.text for each in block.parameters)
        _Section(library, block.section, report).run(_Place(names, {}), is_block=True)
    for network in library.networks.values():
        if network.role.of is not None or network.role.from_run is not None:
            continue  # it is written elsewhere, and surveyed there
        place = _Place(tuple(values), dict(values))
        _Section(library, network.section, report).run(place)


def _note_hidden(library: Library, report: Report) -> None:
    known = {*operations.names(), *WRAPPERS, *library.standard_names}
    blocks = [("block", name, each.span) for name, each in library.blocks.items()]
    networks = [("network", name, each.span) for name, each in library.networks.items()]
    for what, name, span in blocks + networks:
        if name in known:
            message = f"the {what} `{name}` hides graphc's own `{name}`"
            report.error("GC290", message, span, severity="note")


@dataclass(eq=False)
class _Slot:
    """A value that should be read somewhere."""

    what: str
    span: Span
    read: bool = False


@dataclass(frozen=True)
class _Place:
    """What can be named at one place.

    Args:
        parameters: the names of parameters.
        known: those whose values are known.
        names: the values.
        default: what a step without `from` reads.
        open: whether there are names that could not be read.
        later: the names of the steps of a chain, those to come among them.
    """

    parameters: tuple[str, ...]
    known: dict[str, Value]
    names: dict[str, _Slot] | None = None
    default: _Slot | None = None
    open: bool = False
    later: frozenset[str] = frozenset()

    def closed(self, tree: Tree | None) -> bool:
        """Whether every parameter in a tree has a known value."""
        return tree is None or self.known.keys() >= set(uses(tree))


class _Section:
    """The survey of one network, or of the inside of one block."""

    def __init__(self, library: Library, section: syntax.Section, report: Report) -> None:
        self.library, self.section, self.report = library, section, report
        self.slots: list[_Slot] = []
        self.inputs: tuple[str, ...] = ()

    def run(self, place: _Place, is_block: bool = False) -> None:
        """Survey layers or nodes, and outputs."""
        section = self.section
        inputs = self._inputs(is_block)
        nodes = {name.text: self._slot(name.text, name.span) for name, _ in section.nodes}
        place = replace(
            place,
            names=inputs | nodes,
            default=next(iter(inputs.values())) if len(inputs) == 1 else None,
            open=not inputs,
        )
        for name, node in section.nodes:
            self.node(name, node, place)
        if section.layers is not None:
            place = self.chain(section.layers, place, section.outputs is None)
        for first in section.initial:
            self.initial(first, place)
        for each in section.outputs or ():
            self.reference(each, place)
        if section.outputs != () and not place.open:
            self._warn()

    def _inputs(self, is_block: bool) -> dict[str, _Slot]:
        declared = self.section.inputs
        if declared is None and is_block:
            self.inputs = ("x",)
            return {"x": _Slot("the input `x`", self.section.span)}
        self.inputs = tuple(each.name.text for each in declared or ())
        for each in declared or ():
            if is_block and not is_required(each):
                self.attempt(constant, each.written)
        found = {
            each.name.text: _Slot(f"the input `{each.name.text}`", each.name.span)
            for each in declared or ()
        }
        self.slots += found.values()
        return found

    def _slot(self, name: str, span: Span) -> _Slot:
        slot = _Slot(f"the value of `{name}`", span)
        self.slots.append(slot)
        return slot

    def _warn(self) -> None:
        if any(node is None for _, node in self.section.nodes):
            return
        help = "leave it out, or read it somewhere"
        self.take(
            Diagnostic("GC224", f"{slot.what} is not used", slot.span, (), help, "warning")
            for slot in self.slots
            if not slot.read
        )

    # Reports

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

    # Nodes and steps

    def node(self, name: Scalar, node: syntax.Node | None, place: _Place) -> None:
        """One entry of `nodes`."""
        if isinstance(node, syntax.Step):
            self.step(node, place)
        elif isinstance(node, syntax.Chain):
            self._sources(node.sources, syntax.Reference(name.text, name.span), place)
            if isinstance(node.steps, syntax.Parameter):
                self._parameter(node.steps, place)
            else:
                self.chain(node.steps, replace(place, default=_Slot("the input", node.span)))
        elif node is not None:
            self.formula(node, place)

    def chain(self, steps: Steps, place: _Place, used: bool = True) -> _Place:
        """Steps one after another; gives the place after the last."""
        named = {step.name.text for step in steps if step is not None and step.name is not None}
        place = replace(place, names=dict(place.names or {}), later=place.later | named)
        assert place.names is not None
        for step in steps:
            if step is None:
                place = replace(place, default=None, open=True)
                continue
            self.step(step, place)
            slot = self._slot(step.name.text if step.name else step.operation, step.operation_span)
            if step.name is not None:
                place.names[step.name.text] = slot
            place = replace(place, default=slot)
        if used and place.default is not None:
            place.default.read = True
        return place

    def step(self, step: syntax.Step, place: _Place) -> None:
        """A step: its operation, its attributes and what it reads."""
        found = self.attempt(self.library.find, step.operation, step.operation_span)
        if step.sources is not None or not _reads_nothing(found):
            self._sources(step.sources, step.word, place)
        if step.precision is not None:
            self._beside(step, step.precision, found, place, check_owner, read_precision)
        if step.remat is not None:
            self._beside(step, step.remat, found, place, check_remat, read_remat)
        first = next(iter(_input_names(found)), None)
        if isinstance(step.sources, dict) and first not in step.sources and place.default:
            place.default.read = True
        if isinstance(found, str):
            self._wrapper(found, step, place)
        elif isinstance(found, Definition):
            self._block(found, step.attributes, step.word, place)
        elif isinstance(found, type):
            self._operation(found, step.attributes, step.operation_span, place)
            for each in names_in_braces(step.operation, step.attributes, Environment(place.known)):
                self.reference(each, place)

    def _beside(
        self,
        step: syntax.Step,
        tree: Tree,
        found: object,
        place: _Place,
        check: Callable[[object, syntax.Step], None],
        read: Callable[[Tree, str], object],
    ) -> None:
        """What stands beside an operation: `check` says whether it may, `read` what it is."""
        self._parameters(tree, place)
        self.attempt(check, found, step)
        if place.closed(tree):
            given = Environment(place.known).substitute(tree)
            self.attempt(read, given, step.operation)

    def _sources(self, sources, reader: syntax.Reference, place: _Place) -> None:
        if sources is None:
            if place.default is not None:
                place.default.read = True
            elif not place.open:
                self.take(need_from(reader, self.inputs).diagnostics)
            return
        several = sources.values() if isinstance(sources, dict) else [sources]
        for references in several:
            for each in references:
                self.reference(each, place)

    def reference(self, each: syntax.Reference, place: _Place) -> None:
        """A value is named."""
        names = place.names or {}
        if each.name in names:
            names[each.name].read = True
        elif not place.open:
            help = similar(each.name, names, "value") or f"the values here are {listing(names)}"
            message = f"there is no value `{each.name}`"
            if each.name in place.later:
                help = "a chain is read in its order; write under `nodes` what reads one another"
            self.take([Diagnostic("GC204", message, each.span, help=help)])

    def initial(self, each: syntax.Initial, place: _Place) -> None:
        """A value before the first step."""
        names = place.names or {}
        if each.name.text not in names and not place.open:
            help = similar(each.name.text, names, "value") or f"the values are {listing(names)}"
            message = f"there is no value `{each.name.text}`"
            self.take([Diagnostic("GC204", message, each.name.span, help=help)])
        word = isinstance(each.formula, syntax.Reference) and each.formula.name
        if each.formula is not None and (word not in ("zeros", "ones") or word in names):
            self.formula(each.formula, place)
        self._parameters(each.attributes, place)
        self._parameters(each.shape, place)

    # Attributes

    def _operation(
        self, kind: type[Operation], tree: Tree | None, span: Span, place: _Place
    ) -> None:
        self._parameters(tree, place)
        environment = Environment(place.known)
        if tree is None or place.closed(tree):
            self.attempt(lambda: kind.read(tree and environment.substitute(tree), span))
        elif isinstance(tree, Mapping):
            part = _closed_part(tree, place)
            self._apart_from_missing(kind.read, environment.substitute(part), span)

    def _block(
        self, found: Definition, given: Tree | None, word: syntax.Reference, place: _Place
    ) -> None:
        types = {each.name.text: each.type for each in found.block.parameters}
        for name, tree in _rows(found.block, given).items():
            if types.get(name) == "layers" and isinstance(tree, Sequence):
                self._body(tree, place)
            else:
                self._parameters(tree, place)
        self._bind(found.block, given, word, place)

    def _bind(
        self, block: syntax.Block, given: Tree | None, word: syntax.Reference, place: _Place
    ) -> None:
        """Check what a call gives, as far as its parameters are known."""
        part, whole = given, isinstance(given, Sequence) or place.closed(given)
        if isinstance(given, Mapping):
            layers = {each.name.text for each in block.parameters if each.type == "layers"}
            entries = [
                (key, value)
                for key, value in given
                if place.closed(value) or (key.text in layers and isinstance(value, Sequence))
            ]
            part, whole = Mapping(tuple(entries), given.span), len(entries) == len(given)
        elif not whole:
            return
        environment = Environment(place.known)
        arguments = (block.parameters, part, word.name, word.span, environment, _any_layers)
        if whole:
            self.attempt(bind, *arguments)
        else:
            self._apart_from_missing(bind, *arguments)

    def _wrapper(self, word: str, step: syntax.Step, place: _Place) -> None:
        given = self.attempt(wrapped, step)
        if not isinstance(given, Mapping):
            return
        if word == "message_passing":
            self._passing(given, step, place)
            return
        form = repeated if word == "repeat" else branching
        if all(place.closed(given.get(key)) for key in ("times", "over", "join")):
            self.attempt(form, given, step, Environment(place.known))
        bodies: list[Tree] = []
        for key, value in given:
            if key.text == "layers":
                bodies.append(value)
            elif key.text in ("each", "branches") and isinstance(value, Sequence):
                bodies += value
            else:
                self._parameters(value, place)
        inner = _inside_repeat(given, place) if word == "repeat" else place
        for body in bodies:
            self._body(body, inner)

    def _passing(self, given: Mapping, step: syntax.Step, place: _Place) -> None:
        """What is sent along edges, and what becomes of it: blocks, steps or chains."""
        further = step.sources if isinstance(step.sources, dict) else ()
        for part, words in GIVEN.items():
            tree = given.get(part)
            slots = {
                each: _Slot(f"the value of `{each}`", step.span) for each in (*words, *further)
            }
            inner = replace(place, names={**(place.names or {}), **slots}, default=slots[words[0]])
            if isinstance(tree, Sequence):
                self._body(tree, inner)
            elif tree is None or (isinstance(tree, Scalar) and tree.text.startswith("$")):
                self._parameters(tree, place)
            elif is_formula(tree, slots):
                self._parameters(tree, place)
                if (formula := self.attempt(parse, tree)) is not None:
                    self.formula(formula, inner)
            elif (read := self.attempt(read_step, tree)) is not None:
                self.step(read, inner)
        self._parameters(given.get("aggregate"), place)

    def _body(self, tree: Tree, place: _Place) -> None:
        """The steps that a step was given."""
        if isinstance(tree, Sequence):
            problems = Report()
            steps = read_steps(tree, problems)
            self.take(problems.diagnostics)
            self.chain(steps, replace(place, default=_Slot("the input", tree.span)))

    def _apart_from_missing(self, action, *arguments) -> None:
        """Report what `action` raises, but for attributes that were left out of it."""
        try:
            action(*arguments)
        except SpecError as error:
            self.take(each for each in error.diagnostics if each.code != "GC212")

    # Parameters and formulas

    def _parameters(self, tree: Tree | None, place: _Place) -> None:
        """Look up the parameters in a tree."""
        for scalar in scalars(tree):
            if "$" in scalar.text:
                expression = self.attempt(parse, scalar)
                for each in _parts(expression) if expression is not None else ():
                    if isinstance(each, syntax.Parameter):
                        self._parameter(each, place)

    def _parameter(self, use: syntax.Parameter, place: _Place) -> None:
        if use.name in place.parameters or (use.member and use.name in self.inputs):
            return
        values = dict.fromkeys(place.parameters, Scalar("0", use.span))
        self.attempt(Environment(values).lookup, use)

    def formula(self, expression: syntax.Expression, place: _Place) -> None:
        """Every name in a formula."""
        for each in _parts(expression):
            if isinstance(each, syntax.Reference):
                self.reference(each, place)
            elif isinstance(each, syntax.Parameter):
                self._parameter(each, place)
            elif isinstance(each, syntax.Apply):
                self._apply(each, place)

    def _apply(self, call: syntax.Apply, place: _Place) -> None:
        found = self.attempt(self.library.find, call.function, call.name_span)
        inputs = _input_names(found)
        rest = []
        for key, text, value in call.keywords:
            if key.text in inputs:
                self.formula(value, place)
            else:
                rest.append((key, text))
        given = Mapping(tuple(rest), call.span) if rest else None
        word = syntax.Reference(call.function, call.name_span)
        if isinstance(found, Definition):
            if all(each.type != "layers" for each in found.block.parameters):
                self._block(found, given, word, place)
        elif isinstance(found, type) and found.weights is Operation.weights:
            self._operation(found, given, call.name_span, place)


def _inside_repeat(given: Mapping, place: _Place) -> _Place:
    """What the layers of a `repeat` can name: its index, and its input."""
    index, own = given.get("index"), given.get("input")
    if isinstance(index, Scalar):
        known = {name: each for name, each in place.known.items() if name != index.text}
        place = replace(place, parameters=(*place.parameters, index.text), known=known)
    if isinstance(own, Scalar):
        slot = _Slot("the input", own.span)
        place = replace(place, names={**(place.names or {}), own.text: slot})
    return place


def _any_layers(tree: Tree) -> Layers:
    return Layers(tree, None, None)


def _reads_nothing(found) -> bool:
    return isinstance(found, type) and found.inputs == () and not found.variadic


def _input_names(found) -> list[str]:
    """The names of the inputs in their order."""
    if isinstance(found, Definition | Network):
        section = found.block.section if isinstance(found, Definition) else found.section
        declared = section.inputs
        return ["x"] if declared is None else [each.name.text for each in declared]
    return [each.name for each in found.inputs] if isinstance(found, type) else []


def _rows(block: syntax.Block, given: Tree | None) -> dict[str, Tree]:
    """What a call gives to which parameter."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {key.text: value for key, value in given}
    names = [each.name.text for each in block.parameters]
    required = [each.name.text for each in block.parameters if each.default is None]
    if len(required) == 1 or (not required and len(names) == 1):
        return {(required or names)[0]: given}
    return {}


def _closed_part(tree: Mapping, place: _Place) -> Mapping:
    entries = tuple((key, value) for key, value in tree if place.closed(value))
    return Mapping(entries, tree.span)


def _parts(expression: syntax.Expression) -> Iterator[syntax.Expression]:
    """An expression and its parts, but for keyword arguments."""
    waiting = [expression]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, syntax.Unary):
            waiting.append(each.operand)
        elif isinstance(each, syntax.Binary):
            waiting += [each.left, each.right]
        elif isinstance(each, syntax.Apply):
            waiting += each.arguments
