"""Plain data or a located tree as YAML that a person would have written.

What fits on its line is written in braces and brackets; what does not is written in lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from graphc.core.span import nowhere
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, from_plain, scalar_value

WIDTH = 96
_PLAIN = re.compile(r"[A-Za-z_$./][A-Za-z0-9_$./+\-*() ]*")
_UNSAFE_END = re.compile(r"[ :]$|: | #")
Comment = Callable[[Tree], str | None]


def write(value: object, comment: Comment | None = None, open_levels: int = 2) -> str:
    """YAML of a tree or of plain data.

    Args:
        comment: what to write behind the line of a value, if anything.
        open_levels: mappings down to this depth are always written in lines.
    """
    is_tree = isinstance(value, (Scalar, Sequence, Mapping))
    tree: Tree = value if is_tree else from_plain(value, nowhere())  # type: ignore[assignment]
    lines = _block(tree, 0, open_levels, comment or (lambda _: None))
    return "\n".join(lines) + "\n"


def flow(tree: Tree) -> str:
    """The tree on one line."""
    if isinstance(tree, Scalar):
        return scalar(tree)
    if isinstance(tree, Sequence):
        return f"[{', '.join(flow(item) for item in tree)}]"
    pairs = [f"{_key(key)}: {flow(value)}".rstrip() for key, value in tree]
    return f"{{{', '.join(pairs)}}}"


def _key(key: Scalar) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./-]*", key.text)
    return key.text if plain else json.dumps(key.text, ensure_ascii=False)


def scalar(tree: Scalar) -> str:
    """A scalar, in quotes where it would be read as something else without them."""
    if tree.text == "" and not tree.quoted:
        return ""
    if not tree.quoted and not isinstance(tree.value, str):
        return tree.text
    is_word = isinstance(scalar_value(tree.text), str)
    if is_word and _PLAIN.fullmatch(tree.text) and not _UNSAFE_END.search(tree.text):
        return tree.text
    return json.dumps(tree.text, ensure_ascii=False)


def _block(tree: Tree, indent: int, open_levels: int, comment: Comment) -> list[str]:
    if isinstance(tree, Mapping) and len(tree):
        return _mapping(tree, indent, open_levels, comment)
    if isinstance(tree, Sequence) and len(tree):
        return _sequence(tree, indent, open_levels, comment)
    return [" " * indent + flow(tree) + _note(tree, comment)]


def _mapping(tree: Mapping, indent: int, open_levels: int, comment: Comment) -> list[str]:
    lines = []
    for key, value in tree:
        head = f"{' ' * indent}{_key(key)}:"
        if _inline(head, value, open_levels):
            lines.append(f"{head} {flow(value)}".rstrip() + _note(value, comment))
        else:
            lines.append(head)
            lines += _block(value, indent + 2, open_levels - 1, comment)
    return lines


def _sequence(tree: Sequence, indent: int, open_levels: int, comment: Comment) -> list[str]:
    lines = []
    for item in tree:
        head = f"{' ' * indent}-"
        if isinstance(item, Mapping) and len(item) and not _fits(head, item):
            inner = _mapping(item, indent + 2, 0, comment)
            lines += [f"{head} {inner[0].lstrip()}", *inner[1:]]
        elif isinstance(item, Mapping) and len(item) == 1 and _fits(head, item):
            ((key, value),) = item.entries
            lines.append(f"{head} {_key(key)}: {flow(value)}".rstrip() + _note(value, comment))
        elif _fits(head, item):
            lines.append(f"{head} {flow(item)}" + _note(item, comment))
        else:
            inner = _block(item, indent + 2, 0, comment)
            lines += [f"{head} {inner[0].lstrip()}", *inner[1:]]
    return lines


def _inline(head: str, value: Tree, open_levels: int) -> bool:
    if isinstance(value, Mapping) and len(value) and open_levels > 1:
        return False
    return _fits(head, value)


def _fits(head: str, value: Tree) -> bool:
    return isinstance(value, Scalar) or len(head) + len(flow(value)) < WIDTH


def _note(tree: Tree, comment: Comment) -> str:
    text = comment(tree)
    return f"  # {text}" if text else ""
