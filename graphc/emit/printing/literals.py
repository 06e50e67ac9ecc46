"""Python constants and f-strings as ruff writes them."""

from __future__ import annotations

import ast
from collections.abc import Callable

Source = Callable[[ast.expr], str]


def constant(node: ast.Constant) -> str:
    """A number, a string, None, True, False or an ellipsis."""
    match node.value:
        case str() | bytes():
            return _string(node.value, node.kind or "")
        case None | bool() | int():
            return repr(node.value)
        case float() | complex() if node.value == node.value:
            return repr(node.value).replace("inf", "1e309").replace("e+", "e")
        case value if value is ...:
            return "..."
    raise TypeError(f"cannot print the constant {node.value!r}")


def _string(text: str | bytes, prefix: str) -> str:
    """A literal in double quotes, or in single ones if those save escapes."""
    if isinstance(text, bytes):
        prefix, body = "b", repr(b'"' + text)[3:-1]
    else:
        body = repr('"' + text)[2:-1]  # the quote in front makes repr choose single quotes
    body = body.replace("\\'", "'")
    quote = _quotes(body)[0]
    return prefix + quote + body.replace(quote, "\\" + quote) + quote


def _quotes(text: str) -> str:
    """Both kinds of quotes, those to try first in front."""
    return "'\"" if text.count('"') > text.count("'") else "\"'"


def format_string(node: ast.JoinedStr, source: Source) -> str:
    """An f-string on one line; `source` gives the text of the expressions in it.

    Before Python 3.12 the expressions may contain neither a backslash nor the quotes around the
    whole, so each kind of quotes is tried, and `ast.unparse` knows what is left.
    """
    literal = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    for quote in _quotes(literal):
        text = f"f{quote}{_parts(node, quote, source)}{quote}"
        if _means(text, node):
            return text
    return ast.unparse(node)


def _means(text: str, node: ast.expr) -> bool:
    try:
        return ast.dump(ast.parse(text, mode="eval").body) == ast.dump(node)
    except SyntaxError:
        return False


def _parts(node: ast.expr, quote: str, source: Source) -> str:
    match node:
        case ast.JoinedStr():
            return "".join(_parts(part, quote, source) for part in node.values)
        case ast.Constant(value=str() as text):
            body = repr("\"'" + text)[4:-1].replace("\\'", "'")
            return body.replace(quote, "\\" + quote).replace("{", "{{").replace("}", "}}")
        case ast.FormattedValue():
            return "{" + _replacement_field(node, quote, source) + "}"
    raise TypeError(f"cannot print {type(node).__name__} in an f-string")


def _replacement_field(node: ast.FormattedValue, quote: str, source: Source) -> str:
    text = source(node.value)
    if quote in text:
        text = ast.unparse(node.value)
    space = " " if text.startswith("{") else ""
    suffix = f"!{chr(node.conversion)}" if node.conversion != -1 else ""
    if node.format_spec:
        suffix += ":" + _parts(node.format_spec, quote, source)
    return space + text + (suffix or space)
