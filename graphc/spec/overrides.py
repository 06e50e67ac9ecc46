"""`--set path=value`: a value of the spec replaced from the command line."""

from __future__ import annotations

from collections.abc import Sequence as SequenceLike

from graphc.core.diagnostic import Diagnostic, SpecError, similar
from graphc.core.span import Source, Span
from graphc.core.tree import Mapping, Scalar, Tree, describe
from graphc.spec.reader import read


def override(tree: Mapping, settings: tuple[str, ...], keys: SequenceLike[str]) -> Mapping:
    """The tree with every `path=value` put in.

    A first word that is no section of a spec names one of its `params`.
    """
    for setting in settings:
        path, equals, text = setting.partition("=")
        source = Source(f"--set {setting}", text)
        words = path.strip().split(".")
        if not equals or not all(words):
            message = f"`--set {setting}` is not of the form path=value"
            place = Span(Source("--set", setting), 1, 1, 1, len(setting) + 1)
            raise SpecError(Diagnostic("GC305", message, place, help="write `--set train.epochs=5`"))
        value = _value(source)
        place = value.span
        if words[0] not in keys:
            words = ["params", *_parameter(tree, words, place, keys)]
        tree = _replaced(tree, words, value, place)  # type: ignore[assignment]
    return tree


def _value(source: Source) -> Tree:
    if not source.text.strip():
        return Scalar("", Span(source, 1, 1, 1, 2), quoted=True)
    return read(source)


def _parameter(tree: Mapping, words: list[str], place: Span, keys) -> list[str]:
    parameters = tree.get("params")
    known = [key.text for key, _ in parameters] if isinstance(parameters, Mapping) else []
    if words[0] not in known:
        help = similar(words[0], [*known, *keys], "parameter")
        message = f"`{'.'.join(words)}` names nothing in this spec"
        raise SpecError(Diagnostic("GC305", message, place, help=help))
    return words


def _replaced(tree: Tree, words: list[str], value: Tree, place: Span) -> Tree:
    """The tree with the value at the path; sections and keys that were left out are added."""
    if not words:
        return value
    first, *rest = words
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        # `optimizer: adam` is short for `optimizer: {adam: {}}`
        tree = Mapping(((tree, Mapping((), tree.span)),), tree.span)
    if not isinstance(tree, Mapping):
        message = f"`{first}` would stand inside {describe(tree)}"
        help = "that value is written short; set all of it: `--set path={first: 1, second: 2}`"
        raise SpecError(Diagnostic("GC305", message, place, help=help))
    inner = tree.get(first)
    if inner is None:
        inner = Mapping((), place)
    new = _replaced(inner, rest, value, place)
    if tree.key(first) is None:
        return Mapping((*tree.entries, (Scalar(first, place), new)), tree.span)
    entries = tuple((key, new if key.text == first else old) for key, old in tree)
    return Mapping(entries, tree.span)
