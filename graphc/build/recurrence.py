"""The cycles of a section: what delays read is typed before it is made, and tied up after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from graphc.build import syntax
from graphc.build.assembly import Assembly, Name, Poisoned, Scope
from graphc.build.cycles import is_open, open_type
from graphc.build.formulas import expand_formula
from graphc.build.ordering import Knot
from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing
from graphc.core.operation import Literal
from graphc.core.registry import operations
from graphc.core.tree import Mapping, Scalar, Sequence
from graphc.core.types import Axis, Type, is_uneven, over, time_axes, without
from graphc.graph.cycles import cycles, two_ways
from graphc.graph.node import Ref
from graphc.graph.time import Delay

if TYPE_CHECKING:
    from graphc.build.context import Context

Section = syntax.Section


def expect_types(
    knot: Knot, section: Section, scope: Scope, default: Ref | None, context: Context
) -> None:
    """Find the types of what nodes on cycles read of each other at other steps.

    They are in `expected` of the assembly afterwards; what cannot be typed is reported.
    """
    expander, names = context.expander, scope.names
    told = dict(_told(section, scope, context))
    try:
        several = _axes(scope.assembly, knot.delayed)
        tried = [_along(axis, knot, told, scope, default, context) for axis in several]
        axis, told, known, problems = _fitting(tried, knot.delayed[0])
    except SpecError as error:
        expander.take(error.diagnostics)
        names |= {each.name: None for each in knot.delayed}
        return
    except Poisoned:
        names |= {each.name: None for each in knot.delayed}
        return
    for name in [name for name, port in known if port is None and name in told]:
        expander.take(_misfit(name, told[name], known[name, None], axis, section))
    unknown = {name for name, kind in known.items() if is_open(kind)}
    for each in knot.delayed:
        if (each.name, each.port) in unknown:
            names[each.name] = None
            expander.take(problems.errors or [_untyped(each)])
    scope.assembly.expected |= {name: kind for name, kind in known.items() if name not in unknown}


Trial = tuple[Axis, dict[str, Type], dict[Name, Type], Report]
"""An axis; the streams that initial values tell, and all as found, over it; and what is wrong."""


def _along(
    axis: Axis,
    knot: Knot,
    told: dict[str, Type],
    scope: Scope,
    default: Ref | None,
    context: Context,
) -> Trial:
    """The types that the values of a cycle have where it goes along an axis."""
    uneven = any(is_uneven(kind, axis) for kind in scope.assembly.types.values())
    streams = {name: over(kind, axis, uneven) for name, kind in told.items()}
    start = open_type(axis, uneven)
    return axis, streams, *_solved(knot, scope, default, context, start, streams)


def _fitting(tried: list[Trial], first: syntax.Reference) -> Trial:
    """The only axis along which the cycle can go, or the only one of which all its values are."""
    if len(tried) == 1:
        return tried[0]
    fitting = [each for each in tried if all(time_axes(t) == (each[0],) for t in each[2].values())]
    right = [each for each in fitting if not each[3].errors]
    if len(right or fitting) == 1:
        return (right or fitting)[0]
    words = [axis.name for axis, *_ in tried]
    message = f"`{first}` does not say along which axis"
    help = f"the axes are {listing(words)}: write `{first.name}@{words[0]}-1`"
    raise SpecError(Diagnostic("GC231", message, first.span, help=help))


def _solved(
    knot: Knot,
    scope: Scope,
    default: Ref | None,
    context: Context,
    start: Type,
    told: dict[str, Type],
) -> tuple[dict[Name, Type], Report]:
    """The types by expanding on trial until nothing changes, and what the last trial reported."""
    names = dict.fromkeys((each.name, each.port) for each in knot.delayed)
    known = {name: told.get(name[0], start) for name in names}
    problems = Report()
    for _ in range(len(names) + 2):  # each round tells at least one more
        problems = Report()
        found = _trial(knot, scope, default, context, known, problems)
        before, known = known, known | found
        if known == before or not any(map(is_open, before.values())):
            break
    return known, problems


def _misfit(
    name: str, told: Type, found: Type, axis: Axis, section: Section
) -> Iterator[Diagnostic]:
    """Where an initial value tells another type than the value itself has."""
    if told.shape != found.shape and not is_open(found):
        place = next(each.name.span for each in section.initial if each.name.text == name)
        first, itself = without(told, axis), without(found, axis)
        message = f"the initial value of `{name}` is {first}, and the value itself {itself}"
        yield Diagnostic("GC233", message, place)


def _axes(assembly: Assembly, delayed: tuple[syntax.Reference, ...]) -> list[Axis]:
    """The time axes that a cycle may go along: the one that is named, or those around it."""
    found = {axis.name: axis for kind in assembly.types.values() for axis in time_axes(kind)}
    named = {each.delay.axis: each for each in delayed if each.delay and each.delay.axis}
    if len(named) > 1:
        one, other, *_ = named.values()
        raise SpecError(two_ways(str(one), str(other), other.span))
    word, reference = next(iter(named.items()), (None, delayed[0]))
    if word is None and found:
        return list(found.values())
    if word in found:
        return [found[word]]
    if not found:
        message = f"`{reference}` is a value of another step, but nothing here has steps"
        help = "a sequence has `time` as its first axis: `inputs: {x: [time, 8]}`"
    else:
        message = f"nothing here has steps over `{word}`"
        help = f"the axes are {listing(found)}: write `{reference.name}@{next(iter(found))}-1`"
    raise SpecError(Diagnostic("GC231", message, reference.span, help=help))


def _told(section: Section, scope: Scope, context: Context) -> Iterator[tuple[str, Type]]:
    """The types of a step that initial values tell."""
    for each in section.initial:
        kind = None
        if each.shape is not None:
            kind = context.expander.attempt(_shaped, each, context)
        elif isinstance(each.formula, syntax.Reference) and each.formula.delay is None:
            place = Scope(scope.assembly.copy(), dict(scope.names))
            ref = place.names.get(each.formula.name)
            kind = place.assembly.types[place.now(each.formula)] if ref is not None else None
        if kind is not None and kind.shape:
            yield each.name.text, kind


def _shaped(each: syntax.Initial, context: Context) -> Type:
    tree = context.environment.substitute(each.shape)
    if not isinstance(tree, Sequence):
        message = f"the shape of the initial value of `{each.name.text}` is a list of sizes"
        raise SpecError(Diagnostic("GC307", message, each.shape.span, help="write `shape: [8]`"))
    from graphc.core.attributes import Ints

    return Type(Ints(1).read(tree))


def _trial(
    knot: Knot,
    scope: Scope,
    default: Ref | None,
    context: Context,
    known: dict[Name, Type],
    problems: Report,
) -> dict[Name, Type]:
    """The types of the values themselves, where those of other steps have these.

    Raises Poisoned where one reads a value off the cycle that could not be made.
    """
    expander = context.expander
    assembly = scope.assembly.copy()
    assembly.expected = dict(known)
    place = Scope(assembly, dict(scope.names))
    report, uses, expander.report = expander.report, len(expander.uses), problems
    try:
        expander.entries(knot, place, default, context)
    finally:
        expander.report = report
        del expander.uses[uses:]
    if not problems.errors and None in (place.names.get(name.text, "") for name, _ in knot.entries):
        raise Poisoned
    found = {}
    for each in knot.delayed:
        if place.names.get(each.name) is not None:
            ref = place.now(replace(each, delay=None))
            found[each.name, each.port] = assembly.types[ref]
    return found


def _untyped(reference: syntax.Reference) -> Diagnostic:
    message = f"the shape of `{reference.name}` cannot be told from the nodes on its cycle"
    help = f"say it: `initial: {{{reference.name}: {{constant: 0, shape: [64]}}}}`"
    return Diagnostic("GC232", message, reference.span, help=help)


def close_cycles(section: Section, scope: Scope, context: Context) -> None:
    """Tie the delays of a section to their values and initial values, and check the cycles."""
    assembly, expander = scope.assembly, context.expander
    first = _initial_values(section, scope, context)
    for word, name in list(assembly.delays.items()):
        expander.attempt(_close, word, name, first.get(name[0]), scope)
    read = {name for name, _ in assembly.delays.values()}
    for each in section.initial:
        if each.name.text not in read and not expander.report.errors:
            message = f"nothing reads `{each.name.text}` at another step"
            help = f"write `{each.name.text}@t-1` where it is read, or leave this out"
            expander.take([Diagnostic("GC224", message, each.name.span, (), help, "warning")])
    expander.attempt(_check_cycles, assembly)


def _close(word: str, name: Name, first: tuple[Ref, syntax.Initial] | None, scope: Scope) -> None:
    assembly = scope.assembly
    node = assembly.nodes[word]
    delay = node.operation
    assert isinstance(delay, Delay)
    if first is not None and not _begins(assembly, first[0], delay.step):
        raise SpecError(_no_beginning(name[0], first, delay.step, assembly))
    value = scope.names.get(name[0])
    if value is None:
        raise Poisoned
    value = scope.now(syntax.Reference(name[0], node.span, name[1]))
    if assembly.types[value] != delay.kind:
        message = f"`{name[0]}` is {assembly.types[value]}, but as `{word}` it is {delay.kind}"
        raise SpecError(Diagnostic("GC233", message, node.span))
    assembly.nodes[word] = replace(node, inputs=(value, first and first[0]))


def _no_beginning(
    name: str, first: tuple[Ref, syntax.Initial], step: Type, assembly: Assembly
) -> Diagnostic:
    number = _literal(assembly, first[0])
    given = assembly.types[first[0]] if number is None else number
    message = f"the initial value of `{name}` is {given}, and the value itself {step}"
    most = 1 if step.dtype == "bool" else step.below and step.below - 1
    bounds = "0 or more" if most is None else f"from 0 to {most}"
    help = f"give it a whole number, {bounds}" if number is not None else None
    return Diagnostic("GC233", message, first[1].name.span, help=help)


def _begins(assembly: Assembly, ref: Ref, step: Type) -> bool:
    """Whether a value can be what another one, of this type at each step, begins with."""
    given, number = assembly.types[ref], _literal(assembly, ref)
    if number is not None:
        return step.dtype == "float" or _is_one_of(number, step)
    fits = given.shape in (step.shape, ()) and given.dtype == step.dtype
    if given.below and step.below:
        fits = fits and given.below <= step.below
    return (fits or _of_numbers(assembly, ref)) and set(given.domain) <= set(step.domain)


def _literal(assembly: Assembly, ref: Ref) -> float | None:
    """The number that a value is, if it is one."""
    node = assembly.nodes.get(ref.node)
    if node is None or not isinstance(literal := node.operation.trait(Literal), Literal):
        return None
    return getattr(node.operation, literal.attribute)


def _of_numbers(assembly: Assembly, ref: Ref) -> bool:
    """Whether a value is a formula of single numbers that no layer makes."""
    node = assembly.nodes.get(ref.node)
    if node is None:
        return not assembly.types[ref].rank
    made = node.operation.weights(*(assembly.types[each] for each in node.references))
    return not made and all(_of_numbers(assembly, each) for each in node.references)


def _is_one_of(number: float, step: Type) -> bool:
    """Whether a number is one that a value of integers, or of truth values, can have."""
    below = 2 if step.dtype == "bool" else step.below
    return number == int(number) >= 0 and (below is None or number < below)


def _initial_values(
    section: Section, scope: Scope, context: Context
) -> dict[str, tuple[Ref, syntax.Initial]]:
    kinds = {
        name[0]: delay.step
        for word, name in scope.assembly.delays.items()
        if isinstance(delay := scope.assembly.nodes[word].operation, Delay)
    }
    found = {}
    for each in section.initial:
        if (kind := kinds.get(each.name.text)) is not None:
            ref = context.expander.attempt(_initial, each, kind, scope, context)
            if ref is not None:
                found[each.name.text] = ref, each
    return found


def _initial(each: syntax.Initial, kind: Type, scope: Scope, context: Context) -> Ref:
    name, assembly = f"initial/{each.name.text}", scope.assembly
    if each.formula is not None:
        return expand_formula(_number_of_word(each.formula, scope), name, scope, context)
    assert each.operation is not None
    word, span = each.operation.text, each.operation.span
    given = each.attributes
    given = context.environment.substitute(given) if given is not None else None
    if word == "constant":
        value = operations["constant"].read(given, span)
        return assembly.add(name, value, (), span, named=False)
    shape = Sequence(tuple(Scalar(str(size), span) for size in kind.shape), span)
    entries = given.entries if isinstance(given, Mapping) else ()
    entries = ((Scalar("shape", span), shape), *entries)
    if not any(key.text == "init" for key, _ in entries):
        entries = (*entries, (Scalar("init", span), Scalar("zeros", span)))
    learned = operations["weight"].read(Mapping(entries, span), span)
    return assembly.add(name, learned, (), span, named=False)


def _number_of_word(formula: syntax.Expression, scope: Scope) -> syntax.Expression:
    """`zeros` and `ones` are numbers where no value has such a name."""
    words = {"zeros": 0.0, "ones": 1.0}
    if not isinstance(formula, syntax.Reference) or scope.owner(formula.name) is not None:
        return formula
    return syntax.Number(words[formula.name], formula.span) if formula.name in words else formula


def _check_cycles(assembly: Assembly) -> None:
    found = (cycle.complaint(assembly.types) for cycle in cycles(assembly.nodes.values()))
    if complaints := [each for each in found if each is not None]:
        raise SpecError(complaints)
