"""The trials of a search as specs: the values of each are put where their paths say."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from graphc.build.places import Places
from graphc.core.diagnostic import Diagnostic, Report, SpecError
from graphc.core.tree import Mapping, Scalar, Tree
from graphc.spec.document import KEYS, Document, document_from
from graphc.spec.overrides import Words, put
from graphc.spec.writer import flow, write

SEARCH = "search"


def trial_tree(document: Document, values: Sequence[Tree], report: Report) -> Mapping:
    """The spec with a value for each path of its search, which it no longer has itself."""
    assert document.search is not None
    entries = tuple(each for each in document.tree if each[0].text != SEARCH)
    tree = Mapping(entries, document.tree.span)
    for setting, value in zip(document.search.over, values, strict=True):
        try:
            tree = _put_in(tree, setting.path, value)
        except SpecError as error:
            report.diagnostics += error.diagnostics
    return tree


def trial_document(document: Document, values: Sequence[Tree], report: Report) -> Document:
    """What a trial is: problems go to the report."""
    return document_from(document.source, trial_tree(document, values, report), report)


def trial_text(document: Document, values: Sequence[Tree]) -> str:
    """The spec of a trial as YAML."""
    return write(trial_tree(document, values, Report()))


def settings_text(document: Document, values: Sequence[Tree]) -> str:
    """What makes a trial of the spec on the command line: `--set hidden=64 --set ...`."""
    assert document.search is not None
    pairs = zip(document.search.over, values, strict=True)
    texts = (f"{setting.path.text}={flow(value)}" for setting, value in pairs)
    return " ".join(f"--set {shlex.quote(each)}" for each in texts)


def _put_in(tree: Mapping, path: Scalar, value: Tree) -> Mapping:
    words = _words(path)
    if words[0].text == SEARCH or not all(word.text for word in words):
        message = f"`{path.text}` names nothing that a trial could change"
        help = "write a parameter, or a path such as `train.batch_size`"
        raise SpecError(Diagnostic("GC305", message, path.span, help=help))
    found = put(tree, words, value, KEYS)
    assert isinstance(found, Mapping)
    return found


def _words(path: Scalar) -> Words:
    places, words, start = Places(path), [], 0
    for word in path.text.split("."):
        words.append(Scalar(word, places.span(start, start + len(word))))
        start += len(word) + 1
    return words
