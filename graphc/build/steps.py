"""From trees to syntax: steps, chains, sections and blocks as a document writes them.

Everything here is about form; what a name means is settled by `graphc.build.expand`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from graphc.build import syntax
from graphc.build.formula import parse
from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing, similar
from graphc.core.span import Span
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe
from graphc.ops.networks import OF_OTHERS, ROLE

RESERVED = ("from", "name", "initial", "every", "if", "remat", "precision")
GIVES_VALUES = {
    "mode": "write `mode: {train: NAME, otherwise: NAME}`",
    "gradient": "write `gradient: {of: NAME, with_respect_to: NAME}`",
}
"""Operations whose braces hold values, as `from` does, and how they are written."""
LATER = {
    "initial": "initial values of cycles",
    "if": "conditional steps",
}
PARAMETER_TYPES = ("int", "float", "bool", "string", "shape", "layers")
_LIKE_TYPES = {
    **{"integer": "int", "number": "float", "double": "float", "boolean": "bool"},
    **{"str": "string", "list": "shape"},
}
_A_VALUE = "write the name of an input or of a node"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INITIAL_HELP = "write `initial: {h: h0, c: {constant: 1.0}, m: {learned: {}}}`"
_SECTION_KEYS = ("inputs", "layers", "nodes", "output", "outputs", "initial", "help")
_BLOCK_KEYS = ("params", *_SECTION_KEYS)
_NETWORK_KEYS = (*_SECTION_KEYS, "precision")


def fail(code: str, message: str, tree, help: str | None = None, **more) -> SpecError:
    """A located error about a part of a document."""
    return SpecError(Diagnostic(code, message, tree.span, help=help, **more))


def not_yet(what: str, tree) -> SpecError:
    """The error for what the language has and this version does not do."""
    return fail("GC190", f"{what} cannot be compiled yet", tree, "leave it out for now")


def need_from(reader: syntax.Reference, inputs: Iterable[str]) -> SpecError:
    """The error of a step without `from` where there are several inputs."""
    known = list(inputs)
    reasons = ("there is no input here", "it is given no value", "there are several inputs")
    reason = reasons[min(len(known), 2)]
    message = f"`{reader.name}` needs `from`: {reason}"
    help = f"write `from: NAME`; the inputs are {listing(known)}" if known else "write `from: NAME`"
    return fail("GC220", message, reader, help)


def check_name(name: Scalar) -> str:
    """A name that a user gave to a node, an input or a parameter."""
    if not name.text:
        raise fail("GC221", "a name is missing", name)
    if not _NAME.fullmatch(name.text):
        raise fail(
            "GC221",
            f"`{name.text}` cannot be a name",
            name,
            "a name is letters, digits and `_`, and starts with no digit",
        )
    return name.text


def read_steps(tree: Tree, report: Report) -> tuple[syntax.Step | None, ...]:
    """A chain: a list of steps; None stands for one that is none, which the report says."""
    if not isinstance(tree, Sequence):
        what = f"expected a list of steps, found {describe(tree)}"
        report.error("GC207", what, tree.span, help="write `[flatten, {dense: 10}]`, or a `-` list")
        return (None,)
    return tuple(report.attempt(read_step, item) for item in tree)


def step_names(tree: Tree | None) -> set[str]:
    """The names that steps are given in a tree, at any depth."""
    if isinstance(tree, Mapping):
        return {name for _, value in tree for name in step_names(value)}
    if not isinstance(tree, Sequence):
        return set()
    given = (each.get("name") for each in tree if isinstance(each, Mapping))
    names = {each.text for each in given if isinstance(each, Scalar)}
    return names.union(*map(step_names, tree))


def read_step(tree: Tree) -> syntax.Step:
    """One step: an operation's name, or a mapping with one."""
    if isinstance(tree, Scalar):
        if not isinstance(tree.value, str) or not tree.text.strip():
            help = "a step is an operation: `relu`, or `dense: 10`"
            raise fail("GC207", f"expected a step, found {describe(tree)}", tree, help)
        return syntax.Step(tree.text, tree.span, None, tree.span)
    if isinstance(tree, Sequence):
        help = "a chain inside a chain is a node: `{layers: [...]}` under `nodes`"
        raise fail("GC207", "expected a step, found a list", tree, help)
    return _read_mapping_step(tree)


def _read_mapping_step(tree: Mapping) -> syntax.Step:
    words = [(key, value) for key, value in tree if key.text not in RESERVED]
    if not words:
        help = "a step is an operation: `relu`, or `dense: 10`"
        raise fail("GC207", "this step names no operation", tree, help)
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
    if key.text in GIVES_VALUES:
        if source is None:
            source, attributes = attributes, Mapping((), attributes.span)
        elif isinstance(attributes, Mapping) and len(attributes):
            message = f"`{key.text}` is given values in its braces and under `from`"
            raise fail("GC214", message, attributes, GIVES_VALUES[key.text])
        if not isinstance(source, Mapping):
            message = f"`{key.text}` is given values by name, found {describe(source)}"
            raise fail("GC214", message, source, GIVES_VALUES[key.text])
    sources = None if source is None else read_sources(source)
    if not key.text.strip():
        raise fail("GC207", "this step names no operation", key)
    empty = isinstance(attributes, Scalar) and attributes.value is None
    given = None if empty else attributes
    precision, every, remat = (tree.get(word) for word in ("precision", "every", "remat"))
    place = source.span if source is not None else None
    word, span = key.text, key.span
    beside = (precision, every, remat)
    return syntax.Step(word, span, given, tree.span, name, sources, place, *beside)


def _braces(words: list[tuple[Scalar, Tree]]) -> str:
    (first, _), (second, _) = words[:2]
    return f"`{first.text}: {{{second.text}: ...}}`"


def read_sources(tree: Tree) -> tuple[syntax.Reference, ...] | dict[str, tuple]:
    """What stands under `from`: a reference, a list of them, or a mapping by input."""
    if isinstance(tree, Mapping):
        return {key.text: _as_tuple(read_sources(value), value) for key, value in tree}
    return _references(tree, "`from`")


def _references(tree: Tree, key: str) -> tuple[syntax.Reference, ...]:
    """A reference, or a list of them, under `from`, `output` or `outputs`."""
    if not isinstance(tree, Sequence):
        return (value_reference(tree, key),)
    report = Report()
    found = tuple(report.attempt(value_reference, item, key) for item in tree)
    report.stop()
    return found


def _as_tuple(sources, tree: Tree) -> tuple[syntax.Reference, ...]:
    if isinstance(sources, dict):
        raise fail("GC214", "an input takes a value or a list of values, not a mapping", tree)
    return sources


def value_reference(tree: Tree, key: str) -> syntax.Reference:
    """The name of a value, as it stands under `key`."""
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        expression = parse(tree)
        if isinstance(expression, syntax.Reference):
            return expression
        help = "give the formula a node of its own and name that here"
        raise fail("GC208", f"{key} takes names of values, not formulas", tree, help)
    found = describe(tree)
    raise fail("GC208", f"{key} takes names of values, found {found}", tree, _A_VALUE)


def read_node(tree: Tree, report: Report) -> syntax.Node:
    """What stands under a name in `nodes`: a formula, a step or a chain."""
    if isinstance(tree, Scalar):
        return _formula(tree)
    if isinstance(tree, Sequence):
        help = "write `{layers: [...]}`"
        raise fail("GC207", "expected a step or a formula, found a list", tree, help)
    if tree.get("layers") is not None:
        return _read_chain(tree, report)
    step = _read_mapping_step(tree)
    if step.name is not None:
        raise fail("GC222", "a node has its name already", step.name, "leave `name` out")
    return step


def _formula(tree: Scalar) -> syntax.Node:
    if tree.value is None:
        raise fail("GC207", "this node is empty", tree, "write a step or a formula")
    if isinstance(tree.value, bool):
        message = f"expected a step or a formula, found {describe(tree)}"
        raise fail("GC207", message, tree, "write a step or a formula")
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


def read_section(
    tree: Tree, report: Report, what: str, place: Span, block: bool = False
) -> syntax.Section:
    """A network or the inside of a block.

    Args:
        what: how to call it in messages.
        place: where its name stands.
        block: whether it may have parameters.
    """
    if not isinstance(tree, Mapping):
        message = f"{what} is a mapping, found {describe(tree)}"
        raise fail("GC225", message, tree, "write `inputs: {...}` and `layers: [...]` under it")
    allowed = _BLOCK_KEYS if block else (*_NETWORK_KEYS, *ROLE)
    report.attempt(check_keys, tree, allowed, what)
    layers, nodes = tree.get("layers"), tree.get("nodes")
    _check_body(tree, layers, nodes, what, place)
    if nodes is not None and tree.get("output") is None and tree.get("outputs") is None:
        help = "write `output: NAME` beside `nodes`"
        report.error("GC218", f"the nodes of {what} have no output", _key_span(tree), help=help)
    if tree.get("inputs") is None and misspelt(("inputs",), _unknown_keys(tree)):
        raise SpecError([])
    inputs = _read_inputs(tree.get("inputs"), report)
    if not inputs and not block:
        inputs = None
    steps = None if layers is None else read_steps(layers, report)
    read = _read_nodes(nodes, report)
    _check_names(inputs, read, report)
    outputs, precision = _read_outputs(tree, report), tree.get("precision")
    initial = _read_initial(tree.get("initial"), report)
    return syntax.Section(tree.span, inputs, steps, read, outputs, precision, initial)


def _read_initial(tree: Tree | None, report: Report) -> tuple[syntax.Initial, ...]:
    """`initial: {h: h0, c: {constant: 1, shape: [8]}, m: {learned: {}}}`."""
    if tree is None:
        return ()
    if not isinstance(tree, Mapping):
        message = f"`initial` is a mapping of names to values, found {describe(tree)}"
        report.error("GC225", message, tree.span, help=_INITIAL_HELP)
        return ()
    read = (report.attempt(_read_one_initial, key, value) for key, value in tree)
    return tuple(each for each in read if each is not None)


def _read_one_initial(name: Scalar, tree: Tree) -> syntax.Initial:
    if "." in name.text:
        port = name.text.rpartition(".")[2]
        message = f"`{name.text}` is an output of a node, and an initial value that of a name"
        help = f"write a node `{port}: {name.text}`, read `{port}@t-1`, and name that here"
        raise fail("GC221", message, name, help)
    check_name(name)
    if isinstance(tree, Scalar) and tree.value is not None:
        return syntax.Initial(name, parse(tree))
    if not isinstance(tree, Mapping):
        message = f"expected an initial value of `{name.text}`, found {describe(tree)}"
        raise fail("GC207", message, tree, _INITIAL_HELP)
    words = [(key, value) for key, value in tree if key.text != "shape"]
    if len(words) != 1 or words[0][0].text not in ("constant", "learned"):
        message = f"the initial value of `{name.text}` is either `constant` or `learned`"
        raise fail("GC207", message, words[0][0] if words else tree, _INITIAL_HELP)
    word, given = words[0]
    if word.text == "learned" and not isinstance(given, Mapping):
        message = f"`learned` takes attributes in braces, found {describe(given)}"
        raise fail("GC207", message, given, "write `{learned: {init: normal}}`")
    return syntax.Initial(name, None, *words[0], tree.get("shape"))


def _check_names(inputs, nodes, report: Report) -> None:
    taken = {"x"} if inputs is None else {each.name.text for each in inputs}
    for name, _ in nodes:
        if name.text in taken:
            message = f"`{name.text}` is an input already"
            report.error("GC222", message, name.span, help="choose another name")


def _key_span(tree: Mapping) -> Span:
    key = tree.key("nodes")
    assert key is not None
    return key.span


def _check_body(
    tree: Mapping, layers: Tree | None, nodes: Tree | None, what: str, place: Span
) -> None:
    """A section has `layers` or `nodes`; a misspelt one is no second error."""
    if layers is not None and nodes is not None:
        help = "give it one of them; a chain is also a node: `{layers: [...]}`"
        raise fail("GC225", f"{what} has both `layers` and `nodes`", tree.key("nodes"), help)
    if layers is None and nodes is None:
        if misspelt(("layers", "nodes", *OF_OTHERS), _unknown_keys(tree)):
            raise SpecError([])
        help = "give it `layers: [...]`, or `nodes: {...}` with `output`"
        where = syntax.Reference("", place)
        raise fail("GC225", f"{what} has neither `layers` nor `nodes`", where, help)


def _unknown_keys(tree: Mapping) -> list[str]:
    return [key.text for key, _ in tree if key.text not in (*_BLOCK_KEYS, "precision")]


def misspelt(wanted: Iterable[str], written: Iterable[str]) -> bool:
    """Whether one of the unknown words that were written is a misspelling of a wanted one."""
    words = list(written)
    return any(similar(each, words, "word") is not None for each in wanted)


def _read_inputs(tree: Tree | None, report: Report) -> tuple[syntax.InputDeclaration, ...] | None:
    if tree is None:
        return None
    if not isinstance(tree, Mapping):
        what = f"`inputs` is a mapping of names to shapes, found {describe(tree)}"
        raise fail("GC307", what, tree, "write `inputs: {x: [4]}`")
    for key, _ in tree:
        report.attempt(check_name, key)
    return tuple(syntax.InputDeclaration(key, value) for key, value in tree)


def _read_nodes(tree: Tree | None, report: Report) -> tuple[tuple[Scalar, syntax.Node | None], ...]:
    if tree is None:
        return ()
    if not isinstance(tree, Mapping):
        help = "write `nodes: {h: {dense: 4, from: x}, y: tanh(h)}`, or a chain under `layers`"
        raise fail("GC225", f"`nodes` is a mapping of names, found {describe(tree)}", tree, help)
    nodes = []
    for key, value in tree:
        report.attempt(check_name, key)
        node = report.attempt(read_node, value, report)
        nodes.append((key, node))
    return tuple(nodes)


def _read_outputs(tree: Mapping, report: Report) -> tuple[syntax.Reference, ...] | None:
    """The outputs; an empty tuple where they are wrong, which the report says."""
    one, several = tree.get("output"), tree.get("outputs")
    if one is None and several is None:
        return None
    return report.attempt(_outputs, tree, one, several, default=())


def _outputs(tree: Mapping, one: Tree | None, several: Tree | None) -> tuple[syntax.Reference, ...]:
    if one is not None and several is not None:
        key, help = tree.key("outputs"), "keep one of them"
        raise fail("GC218", "`output` and `outputs` exclude each other", key, help)
    if one is not None:
        if not isinstance(one, Scalar):
            help = "several outputs stand under `outputs`"
            raise fail("GC218", f"`output` is one name, found {describe(one)}", one, help)
        return _references(one, "`output`")
    assert several is not None
    if not isinstance(several, Sequence) or not len(several):
        found = "an empty one" if isinstance(several, Sequence) else describe(several)
        message = f"`outputs` is a list of names, found {found}"
        raise fail("GC218", message, several, "write `outputs: [NAME, ...]`")
    found = _references(several, "`outputs`")
    ports = [each.port or each.name for each in found]
    for i, each in enumerate(found):
        if ports[i] in ports[:i]:
            help = "give one of the values another name"
            raise fail("GC218", f"two outputs are called `{ports[i]}`", each, help)
    return found


def read_block(name: Scalar, tree: Tree, report: Report) -> syntax.Block | None:
    """A definition under `blocks`."""
    report.attempt(check_name, name)
    what = f"block `{name.text}`"
    section = report.attempt(read_section, tree, report, what, name.span, True)
    if not isinstance(tree, Mapping):
        return None
    before = len(report.errors)
    parameters = read_parameters(tree.get("params"), report)
    if section is None or len(report.errors) > before:
        return None
    return syntax.Block(name.text, parameters, section, name.span)


def read_parameters(tree: Tree | None, report: Report) -> tuple[syntax.Declared, ...]:
    """`params` of a block: type words, defaults, or mappings with `type`, `default`, `help`."""
    if tree is None:
        return ()
    if not isinstance(tree, Mapping):
        message = f"`params` is a mapping, found {describe(tree)}"
        report.error("GC226", message, tree.span, help="write `params: {units: int, rate: 0.5}`")
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
        check_keys(tree, ("type", "default", "help"), f"the parameter `{name.text}`")
        word, default, help = tree.get("type"), tree.get("default"), tree.get("help")
        if word is None:
            raise _no_type(name, name)
        if not isinstance(word, Scalar) or word.text not in PARAMETER_TYPES:
            message = f"expected the type of a parameter, found {describe(word)}"
            raise fail("GC226", message, word, f"write one of {listing(PARAMETER_TYPES)}")
        note = help.text if isinstance(help, Scalar) else ""
        return syntax.Declared(name, word.text, default, note)
    if isinstance(tree, Scalar) and not tree.quoted and tree.text in PARAMETER_TYPES:
        return syntax.Declared(name, tree.text)
    if isinstance(tree, Scalar) and not tree.quoted and tree.text.lower() in _LIKE_TYPES:
        help = f"write `{_LIKE_TYPES[tree.text.lower()]}`, or quote it if the text is meant"
        raise fail("GC226", f"`{tree.text}` is no type of a parameter", tree, help)
    if isinstance(tree, Scalar) and tree.value is None:
        raise _no_type(name, tree)
    return syntax.Declared(name, _type_of(tree), tree)


def _no_type(name: Scalar, place: Tree) -> SpecError:
    message = f"the parameter `{name.text}` has no type"
    help = f"write one of {listing(PARAMETER_TYPES)}, or a default"
    return fail("GC226", message, place, help)


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
