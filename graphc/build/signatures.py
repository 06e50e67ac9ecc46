"""The methods of a graph in the making as Python sees them: parameters, annotations, docstrings."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from inspect import Parameter, Signature

from graphc.build.library import Definition, Network
from graphc.build.tying import takes_names
from graphc.core.declaration import Attribute
from graphc.core.operation import Multiplying, Operation
from graphc.core.tree import Mapping as MappingTree
from graphc.core.tree import Scalar, Sequence, plain

BODY = "Body"
_OF_BLOCKS = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "string": "str",
    "shape": "Sequence[int]",
    "layers": BODY,
}
_OF_SCHEMA = {
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "string": "str",
    "object": "Mapping[str, Any]",
    "null": "None",
}


def signature_of(found: Definition | Network | type[Operation] | str) -> Signature:
    """The inputs first, then the primary attribute, then all others by name.

    Example:
        >>> from graphc import ops
        >>> str(signature_of(ops.operations["dropout"])).partition(", *")[0]
        "(x: 'Arguments', rate: 'float'"
    """
    if isinstance(found, type):
        parameters = [*_inputs(found), *map(_attribute, found.attributes())]
    elif isinstance(found, Definition):
        parameters = [*_block(found)]
    elif isinstance(found, Network):
        parameters = [_given(each.name.text) for each in found.section.inputs or ()]
    else:  # a step that holds steps
        rest = Parameter("attributes", Parameter.VAR_KEYWORD, annotation="Any")
        parameters = [_given("x"), rest]
    distinct = {each.name: each for each in [*_of_steps(found), *reversed(parameters)]}
    ordered = sorted(reversed(distinct.values()), key=lambda each: each.kind)
    return Signature(ordered, return_annotation="Value")


def _of_steps(found: object) -> Iterator[Parameter]:
    """What may stand beside a step, the last of them first."""
    multiplies = not isinstance(found, type) or issubclass(found, Multiplying)
    if multiplies and not isinstance(found, Network):
        words = "Literal['float32', 'bfloat16', 'mixed'] | None"
        yield Parameter("precision", Parameter.KEYWORD_ONLY, default=None, annotation=words)
    again = "bool | None"
    yield Parameter("remat", Parameter.KEYWORD_ONLY, default=None, annotation=again)
    yield Parameter("name", Parameter.KEYWORD_ONLY, default=None, annotation="str | None")


def document_of(found: Definition | Network | type[Operation] | str) -> str:
    """The text of what a method stands for, and a line for each attribute."""
    if not isinstance(found, type):
        return "" if isinstance(found, str) else f"The block or network `{_title(found)}`."
    lines = [f"    {each.name}: {each.help}." for each in found.attributes()]
    return "\n".join([inspect.getdoc(found) or "", *(["", "Args:", *lines] if lines else [])])


def _title(found: Definition | Network) -> str:
    return found.block.name if isinstance(found, Definition) else found.name


def _inputs(operation: type[Operation]) -> Iterator[Parameter]:
    if operation.variadic:
        yield Parameter("values", Parameter.VAR_POSITIONAL, annotation="Arguments")
    elif isinstance(operation.inputs, tuple):
        yield from (_given(each.name, each.optional) for each in operation.inputs)


def _given(name: str, optional: bool = False) -> Parameter:
    if optional:
        return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation="Arguments | None")
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation="Arguments")


def _attribute(each: Attribute) -> Parameter:
    kind = Parameter.POSITIONAL_OR_KEYWORD if each.primary else Parameter.KEYWORD_ONLY
    default = Parameter.empty if each.required else each.default
    if default is not Parameter.empty and default is not None:
        default = each.kind.write(default)
    annotation = annotation_of(each.kind.schema())
    if takes_names(each.kind):
        annotation = annotation.replace("str", "Argument")
    if default is None and "None" not in annotation:
        annotation = f"{annotation} | None"
    return Parameter(each.name, kind, default=default, annotation=annotation)


def annotation_of(schema: Mapping) -> str:
    """The Python type of what a JSON Schema describes; a declaration is a name or a mapping.

    Example:
        >>> annotation_of({"anyOf": [{"type": "integer"}, {"enum": ["same", "valid"]}]})
        'int | Literal["same", "valid"]'
    """
    if "enum" in schema:
        return f"Literal[{', '.join(map(json.dumps, schema['enum']))}]"
    if "const" in schema:
        return f"Literal[{json.dumps(schema['const'])}]"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " | ".join(dict.fromkeys(map(annotation_of, schema[word])))
    if schema.get("type") == "array":
        items = schema.get("items")
        return f"Sequence[{annotation_of(items) if isinstance(items, Mapping) else 'Any'}]"
    if "$ref" in schema:
        return "str | Mapping[str, Any]"
    return _OF_SCHEMA.get(schema.get("type", ""), "Any")


def _block(found: Definition) -> Iterator[Parameter]:
    declared = found.block.section.inputs
    yield from (_given(each.name.text) for each in declared or ()) if declared else [_given("x")]
    required = [each for each in found.block.parameters if each.default is None]
    for each in found.block.parameters:
        positional = required == [each]
        kind = Parameter.POSITIONAL_OR_KEYWORD if positional else Parameter.KEYWORD_ONLY
        tree = each.default
        written = isinstance(tree, Scalar | Sequence | MappingTree)
        default = plain(tree) if written else Parameter.empty
        yield Parameter(
            each.name.text, kind, default=default, annotation=_OF_BLOCKS.get(each.type, "Any")
        )
