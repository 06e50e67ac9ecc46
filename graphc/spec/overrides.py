"""`--set path=value`: a value of the spec replaced from the command line."""

from __future__ import annotations

from collections.abc import Sequence as SequenceLike
from dataclasses import replace

from graphc.core.diagnostic import Diagnostic, Report, SpecError, listing, similar
from graphc.core.registry import losses, metrics, optimizers, schedules, sources
from graphc.core.span import Source, Span
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, describe
from graphc.spec.reader import read

Words = list[Scalar]
_OVER = ["search", "over"]


def override(
    tree: Mapping, settings: tuple[str, ...], keys: SequenceLike[str], report: Report
) -> Mapping:
    """The tree with every `path=value` put in; those that cannot be are reported.

    A first word that is no section of a spec names one of its `params`.
    """
    for setting in settings:
        tree = report.attempt(_put_in, tree, setting, keys, default=tree)
    return tree


def _put_in(tree: Mapping, setting: str, keys: SequenceLike[str]) -> Tree:
    source = Source(f"--set {setting}", setting, tree.span.source.folder)
    path, equals, text = setting.partition("=")
    if not equals or not all(word.strip() for word in path.split(".")):
        message = f"`--set {setting}` is not of the form path=value"
        place = Span(source, 1, 1, 1, len(setting) + 1)
        raise SpecError(Diagnostic("GC305", message, place, help="write `--set train.epochs=5`"))
    words = _searched(_words(path, source))
    return put(tree, words, _value(text, len(path) + 1, source), keys)


def put(tree: Mapping, words: Words, value: Tree, keys: SequenceLike[str]) -> Tree:
    """The tree with the value at the path that the words are, each with its place.

    Raises:
        SpecError: GC305 where the path leads nowhere.
    """
    if words[0].text not in keys:
        _check_parameter(tree, words, keys)
        words = [Scalar("params", words[0].span), *words]
    return _replaced(tree, words, value)


def _searched(words: Words) -> Words:
    """What follows `search.over` is one key: the path of a value that is searched for."""
    if [word.text for word in words[:2]] != _OVER or len(words) < 4:
        return words
    path = ".".join(word.text for word in words[2:])
    return [*words[:2], Scalar(path, words[2].span.to(words[-1].span))]


def _words(path: str, source: Source) -> Words:
    words, column = [], 1
    for word in path.split("."):
        start = column + len(word) - len(word.lstrip())
        text = word.strip()
        words.append(Scalar(text, Span(source, 1, start, 1, start + len(text))))
        column += len(word) + 1
    return words


def _value(text: str, start: int, source: Source) -> Tree:
    """The value, whose places lie behind the path."""
    if not text.strip():
        return Scalar("", Span(source, 1, start, 1, start + 1), quoted=True)
    try:
        return _moved(read(Source(source.name, " " * start + text)), source)
    except SpecError as error:
        moved = (replace(each, span=_span(each.span, source)) for each in error.diagnostics)
        raise SpecError(moved) from None


def _moved(tree: Tree, source: Source) -> Tree:
    span = _span(tree.span, source)
    assert span is not None
    if isinstance(tree, Scalar):
        return replace(tree, span=span)
    if isinstance(tree, Sequence):
        return Sequence(tuple(_moved(item, source) for item in tree), span)
    pairs = tuple((replace(k, span=_span(k.span, source)), _moved(v, source)) for k, v in tree)
    return Mapping(pairs, span)


def _span(span: Span | None, source: Source) -> Span | None:
    return span and replace(span, source=source)


def _check_parameter(tree: Mapping, words: Words, keys: SequenceLike[str]) -> None:
    parameters = tree.get("params")
    known = [key.text for key, _ in parameters] if isinstance(parameters, Mapping) else []
    first = words[0]
    if first.text not in known:
        help = similar(first.text, known, "parameter") or similar(first.text, keys, "section")
        if help is None:
            help = f"the parameters are {listing(known)}" if known else f"try {listing(keys)}"
        path = ".".join(word.text for word in words)
        raise SpecError(
            Diagnostic("GC305", f"`{path}` names nothing in this spec", first.span, help=help)
        )


def _replaced(tree: Tree, words: Words, value: Tree, owner: str = "") -> Tree:
    """The tree with the value at the path; sections and keys that were left out are added.

    Args:
        owner: the key that the tree stands under.
    """
    if not words:
        return value
    first, *rest = words
    if not isinstance(tree, Mapping):
        tree = _long_form(tree, owner)
    if not isinstance(tree, Mapping):
        message = f"`{first.text}` would stand inside {describe(tree)}"
        help = "that value is written short; set all of it: `--set path={first: 1, second: 2}`"
        if isinstance(tree, Sequence):
            help = "write `$name` in the list, and set the parameter `name`"
        raise SpecError(Diagnostic("GC305", message, first.span, help=help))
    inner = tree.get(first.text)
    if inner is None:
        inner = Mapping((), first.span)
    new = _replaced(inner, rest, value, first.text)
    if tree.key(first.text) is None:
        return Mapping((*tree.entries, (first, new)), tree.span)
    set_here = [] if rest else [first.text]  # what is wrong with it is to be blamed on `--set`
    entries = tuple(
        (first if key.text in set_here else key, new if key.text == first.text else old)
        for key, old in tree
    )
    return Mapping(entries, tree.span)


def _long_form(tree: Tree, owner: str) -> Tree:
    """`adam: 1e-3` as `adam: {learning_rate: 1e-3}`, and `adam` as `adam: {}`."""
    for registry in (optimizers, schedules, losses, metrics, sources):
        first = registry[owner].primary() if owner in registry else None
        if first is not None:
            return Mapping(((Scalar(first.name, tree.span), tree),), tree.span)
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        return Mapping(((tree, Mapping((), tree.span)),), tree.span)
    return tree
