"""The methods of `gc.Graph` as a stub file, from which editors complete `g.conv(`.

`python -m graphc.insight.stub` writes graphc/methods.pyi, with what graphc itself declares; with a
path it writes there, with the operations of other installed packages too.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable
from inspect import Parameter, Signature
from pathlib import Path

import graphc.ops
from graphc.build.signatures import document_of, signature_of
from graphc.build.wrappers import WRAPPER_FORMS
from graphc.core.registry import operations
from graphc.spec.document import STANDARD, standard_block

HEADER = """\
# The methods of a graph that is built in Python, written by `python -m graphc.insight.stub`.

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from graphc.api import Graph
from graphc.build.builder import Value

Argument = Value | str
Arguments = Argument | Sequence[Argument]
Body = Callable[[Graph, Value], Value]

class Methods:
"""
WIDTH = 100


def stub() -> str:
    """The text of graphc/methods.pyi."""
    found = {each.name: each for each in operations} | {
        name: standard_block(name) for name in STANDARD
    }
    found |= {name: name for name in WRAPPER_FORMS}
    methods = (
        _method(name, signature_of(each), document_of(each))
        for name, each in sorted(found.items())
        if each is not None and name.isidentifier()
    )
    return HEADER + "\n".join(methods)


def _method(name: str, signature: Signature, text: str) -> str:
    parameters = ["self", *_parameters(signature.parameters.values())]
    flat = f"def {name}({', '.join(parameters)}) -> Value:"
    lines = [flat]
    if len(flat) > WIDTH - 4:
        lines = [f"def {name}(", *(f"    {each}," for each in parameters), ") -> Value:"]
    body = f'"""{text.strip()}\n"""' if "\n" in text.strip() else f'"""{text.strip()}"""'
    lines += textwrap.indent(body if text else "...", "    ").splitlines()
    return textwrap.indent("\n".join(lines) + "\n", "    ")


def _parameters(parameters: Iterable[Parameter]) -> list[str]:
    written, starred = [], False
    for each in parameters:
        starred |= each.kind is Parameter.VAR_POSITIONAL
        if each.kind is Parameter.KEYWORD_ONLY and not starred:
            written.append("*")
            starred = True
        star = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}.get(each.kind, "")
        default = "" if each.default is Parameter.empty else f" = {_literal(each.default)}"
        written.append(f"{star}{each.name}: {each.annotation}{default}")
    return written


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


if __name__ == "__main__":
    if sys.argv[1:]:
        operations.load_offered()
        Path(sys.argv[1]).write_text(stub(), encoding="utf-8")
    else:
        Path(graphc.ops.__file__).parents[1].joinpath("methods.pyi").write_text(stub(), "utf-8")
