"""From trees to syntax: steps, chains, sections and blocks as a document writes them.

Everything here is about form; what a name means is settled by `graphc.build.expand`.
"""

from __future__ import annotations

import re

from graphc.build import syntax
from graphc.build.formula import parse
from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing, similar
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe

RESERVED = ("from", "name", "initial", "every", "if", "remat", "precision")
LATER = {
    "initial": "initial values of cycles",
    "every": "clocks",
    "if": "conditional steps",
    "remat": "rematerialisation",
    "precision": "precision of one step",
}
PARAMETER_TYPES = ("int", "float", "bool", "string", "shape", "layers")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BLOCK_KEYS = ("params", "inputs", "layers", "nodes", "output", "outputs", "initial", "help")


def fail(code: str, message: str, tree, help: str | None = None, **more) -> SpecError:
    """A located error about a part of a document."""
    return SpecError(Diagnostic(code, message, tree.span, help=help, **more))


def not_yet(what: str, tree) -> SpecError:
    """The error for what the language has and this version does not do."""
    return fail("GC190", f"{what} cannot be compiled yet", tree, "leave it out for now")


def check_name(name: Scalar) -> str:
    """A name that a user gave to a node, an input or a parameter."""
    if not _NAME.fullmatch(name.text):
        raise fail(
            "GC221",
            f"`{name.text}` cannot be a name",
            name,
            "a name is letters, digits and `_`, and starts with no digit",
        )
    return name.text


def read_steps(tree: Tree, report: Report) -> tuple[syntax.Step, ...]:
    """A chain: a list of steps."""
    if not isinstance(tree, Sequence):
        what = f"expected a list of steps, found {describe(tree)}"
        report.error("GC207", what, tree.span, help="write `[flatten, {dense: 10}]`, or a `-` list")
        return ()
    steps = (report.attempt(read_step, item) for item in tree)
    return tuple(step for step in steps if step is not None)


def read_step(tree: Tree) -> syntax.Step:
    """One step: an operation's name, or a mapping with one."""
    if isinstance(tree, Scalar):
        if not isinstance(tree.value, str):
            raise fail("GC207", f"expected a step, found {describe(tree)}", tree)
        return syntax.Step(tree.text, tree.span, None, tree.span)
    if isinstance(tree, Sequence):
        help = "a chain inside a chain is a node: `{layers: [...]}` under `nodes`"
        raise fail("GC207", "expected a step, found a list", tree, help)
    return _read_mapping_step(tree)


def _read_mapping_step(tree: Mapping) -> syntax.Step:
    words = [(key, value) for key, value in tree if key.text not in RESERVED]
    if not words:
        raise fail("GC207", "this step names no operation", tree)
    if len(words) > 1:
        names = " and ".join(f"`{key.text}`" for key, _ in words)
        help = "one step is one operation; put attributes in braces: " + _braces(words)
        raise fail("GC206", f"this step names several operations: {names}", words[1][0], help)
    for word, what in LATER.items():
        if (key := tree.key(word)) is not None:
            raise not_yet(f"`{word}` ({what})", key)
    key, attributes = words[0]
    name = tree.get("name")
    if name is not None and not isinstance(name, Scalar):
        raise fail("GC221", f"expected a name, found {describe(name)}", name)
    if name is not None:
        check_name(name)
    source = tree.get("from")
    sources = None if source is None else read_sources(source)
    empty = isinstance(attributes, Scalar) and attributes.text == "" and not attributes.quoted
    given = None if empty else attributes
    place = source.span if source is not None else None
    return syntax.Step(key.text, key.span, given, tree.span, name, sources, place)


def _braces(words: list[tuple[Scalar, Tree]]) -> str:
    (first, _), (second, _) = words[:2]
    return f"`{first.text}: {{{second.text}: ...}}`"


def read_sources(tree: Tree) -> tuple[syntax.Reference, ...] | dict[str, tuple]:
    """What stands under `from`: a reference, a list of them, or a mapping by input."""
    if isinstance(tree, Mapping):
        return {key.text: _as_tuple(read_sources(value), value) for key, value in tree}
    if isinstance(tree, Sequence):
        return tuple(_reference(item) for item in tree)
    return (_reference(tree),)


def _as_tuple(sources, tree: Tree) -> tuple[syntax.Reference, ...]:
    if isinstance(sources, dict):
        raise fail("GC214", "an input takes a value or a list of values, not a mapping", tree)
    return sources


def _reference(tree: Tree) -> syntax.Reference:
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        expression = parse(tree)
        if isinstance(expression, syntax.Reference):
            return expression
        help = "give the formula a node of its own and name that here"
        raise fail("GC208", "`from` takes names of values, not formulas", tree, help)
    raise fail("GC208", f"`from` takes names of values, found {describe(tree)}", tree)


def read_node(tree: Tree, report: Report) -> syntax.Node:
    """What stands under a name in `nodes`: a formula, a step or a chain."""
    if isinstance(tree, Scalar):
        return _formula(tree)
    if isinstance(tree, Sequence):
        raise fail("GC207", "expected a step or a formula, found a list", tree, "write `{layers: [...]}`")
    if tree.get("layers") is not None:
        return _read_chain(tree, report)
    if (mode := tree.key("mode")) is not None:
        raise not_yet("`mode` (a value that differs between training and use)", mode)
    step = _read_mapping_step(tree)
    if step.name is not None:
        raise fail("GC222", "a node has its name already", step.name, "leave `name` out")
    return step


def _formula(tree: Scalar) -> syntax.Node:
    if tree.value is None:
        raise fail("GC207", "this node is empty", tree, "write a step or a formula")
    if isinstance(tree.value, bool):
        raise fail("GC207", f"expected a step or a formula, found {describe(tree)}", tree)
    return parse(tree)


def _read_chain(tree: Mapping, report: Report) -> syntax.Chain:
    check_keys(tree, ("layers", "from"), "a chain")
    layers = tree.get("layers")
    source = tree.get("from")
    sources = None if source is None else _as_tuple(read_sources(source), source)
    if isinstance(layers, Scalar) and layers.text.startswith("$"):
        parameter = parse(layers)
        if isinstance(parameter, syntax.Parameter):
            return syntax.Chain(parameter, tree.span, sources)
    assert layers is not None
    return syntax.Chain(read_steps(layers, report), tree.span, sources)


def read_section(tree: Tree, report: Report, what: str, block: bool = False) -> syntax.Section:
    """A network or the inside of a block."""
    if not isinstance(tree, Mapping):
        raise fail("GC225", f"{what} is a mapping, found {describe(tree)}", tree)
    allowed = _BLOCK_KEYS if block else tuple(key for key in _BLOCK_KEYS if key != "params")
    report.attempt(check_keys, tree, allowed, what)
    if (initial := tree.key("initial")) is not None:
        raise not_yet("`initial` (initial values of cycles)", initial)
    layers, nodes = tree.get("layers"), tree.get("nodes")
    if (layers is None) == (nodes is None):
        both = "has both `layers` and `nodes`" if layers is not None else "has no `layers`"
        help = "give it `layers: [...]`, or `nodes: {...}` with `output`"
        raise fail("GC225", f"{what} {both}", tree.key("nodes") or tree, help)
    steps = None if layers is None else read_steps(layers, report)
    return syntax.Section(
        tree.span,
        _read_inputs(tree.get("inputs"), report),
        steps,
        _read_nodes(nodes, report),
        _read_outputs(tree, report),
    )


def _read_inputs(tree: Tree | None, report: Report) -> tuple[syntax.InputDeclaration, ...] | None:
    if tree is None:
        return None
    if not isinstance(tree, Mapping):
        what = f"`inputs` is a mapping of names to shapes, found {describe(tree)}"
        report.error("GC307", what, tree.span, help="write `inputs: {x: [4]}`")
        return None
    for key, _ in tree:
        report.attempt(check_name, key)
    return tuple(syntax.InputDeclaration(key, value) for key, value in tree)


def _read_nodes(tree: Tree | None, report: Report) -> tuple[tuple[Scalar, syntax.Node], ...]:
    if tree is None:
        return ()
    if not isinstance(tree, Mapping):
        report.error("GC225", f"`nodes` is a mapping of names, found {describe(tree)}", tree.span)
        return ()
    nodes = []
    for key, value in tree:
        report.attempt(check_name, key)
        node = report.attempt(read_node, value, report)
        nodes.append((key, node))
    return tuple(nodes)


def _read_outputs(tree: Mapping, report: Report) -> tuple[syntax.Reference, ...] | None:
    one, several = tree.get("output"), tree.get("outputs")
    if one is not None and several is not None:
        key = tree.key("outputs")
        report.error("GC218", "`output` and `outputs` exclude each other", key.span)  # type: ignore[union-attr]
    if one is not None and not isinstance(one, Scalar):
        report.error("GC218", f"`output` is one name, found {describe(one)}", one.span, help="write `outputs: [...]`")
        return None
    if several is not None and not isinstance(several, Sequence):
        report.error("GC218", f"`outputs` is a list of names, found {describe(several)}", several.span)
        return None
    given = one if one is not None else several
    return None if given is None else report.attempt(read_sources, given)


def read_block(name: Scalar, tree: Tree, report: Report) -> syntax.Block | None:
    """A definition under `blocks`."""
    report.attempt(check_name, name)
    section = report.attempt(read_section, tree, report, f"block `{name.text}`", True)
    if section is None:
        return None
    assert isinstance(tree, Mapping)
    parameters = read_parameters(tree.get("params"), report)
    return syntax.Block(name.text, parameters, section, name.span)


def read_parameters(tree: Tree | None, report: Report) -> tuple[syntax.Declared, ...]:
    """`params` of a block: type words, defaults, or mappings with `type`, `default`, `help`."""
    if tree is None:
        return ()
    if not isinstance(tree, Mapping):
        report.error("GC226", f"`params` is a mapping, found {describe(tree)}", tree.span)
        return ()
    for key, _ in tree:
        report.attempt(check_name, key)
    return tuple(
        each
        for key, value in tree
        if (each := report.attempt(_read_parameter, key, value)) is not None
    )


def _read_parameter(name: Scalar, tree: Tree) -> syntax.Declared:
    if isinstance(tree, Mapping):
        check_keys(tree, ("type", "default", "help"), f"parameter `{name.text}`")
        word, default, help = tree.get("type"), tree.get("default"), tree.get("help")
        if not isinstance(word, Scalar) or word.text not in PARAMETER_TYPES:
            place = word if word is not None else tree
            raise fail("GC226", f"the type of `{name.text}` is one of {listing(PARAMETER_TYPES)}", place)
        note = help.text if isinstance(help, Scalar) else ""
        return syntax.Declared(name, word.text, default, note)
    if isinstance(tree, Scalar) and not tree.quoted and tree.text in PARAMETER_TYPES:
        return syntax.Declared(name, tree.text)
    return syntax.Declared(name, _type_of(tree), tree)


def _type_of(tree: Tree) -> str:
    """The type that a default fixes."""
    if isinstance(tree, Sequence):
        ints = all(isinstance(each, Scalar) and type(each.value) is int for each in tree)
        return "shape" if ints and len(tree) else "layers"
    value = tree.value if isinstance(tree, Scalar) else None
    return {bool: "bool", int: "int", float: "float"}.get(type(value), "string")


def check_keys(tree: Mapping, allowed: tuple[str, ...], what: str) -> None:
    """Report every key that is not allowed."""
    report = Report()
    for key, _ in tree:
        if key.text not in allowed:
            help = similar(key.text, allowed, "key") or f"its keys are {listing(allowed)}"
            report.error("GC226", f"{what} has no key `{key.text}`", key.span, help=help)
    report.stop()
