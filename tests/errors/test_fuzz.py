"""Mutated specs: each is checked, or refused with located diagnostics, and never anything else.

The mutants are drawn by a seed from the specs, the zoo, the specs that the pages of the codes show
and the bad specs beside this file, so that a failure can be repeated:
`MUTANT=1234 pytest tests/errors/test_fuzz.py` runs that one alone.
"""

import ast
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import graphc.core
from graphc.checker import Checked, check
from graphc.compiler import compile
from graphc.core.diagnostic import Diagnostic, GraphcError, SpecError
from graphc.core.span import Source
from graphc.core.tree import Mapping, Scalar, Sequence, Tree
from graphc.spec.reader import read

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "specs").glob("*.yaml"), *(ROOT / "zoo").glob("*.yaml")])
TEXTS = [path.read_text(encoding="utf-8") for path in FILES]
PAGES = sorted((Path(graphc.core.__file__).parent / "codes").glob("GC*.md"))
CODES = {path.stem for path in PAGES}
SECONDS = 10

VALUES = (
    *("", "0", "-1", "1.5", "1e9", "99999999999999999999", "1e999", ".nan", "3000000000", "true"),
    *("~", "relu", "'10'", "$units", "$x.features", "2 * $units", "[]", "{}", "[4]", "[0, -1]"),
    *("{a: 1}", "[relu, {dense: 4}]", "x", "h@t-1", "x + 1", "$i", "time", "data", "any", "|", ">"),
    *("100000", "2147483648", "12:30", "1_000", "0x10", "&a b", "*a", "!t b", "- 1", "a.b.c"),
    *("$units ** 64 ** 64", "-8 ** $rate", "1 / 0 * $units", "${units}", "x" * 500, "9" * 400),
)
WORDS = (
    *("dense", "conv", "relu", "residual", "highway", "repeat", "parallel", "flatten", "concat"),
    *("add", "batch_norm", "embed", "from", "name", "layers", "nodes", "inputs", "output"),
    *("outputs", "body", "times", "over", "index", "params", "blocks", "network", "networks"),
    *("data", "train", "use", "axes", "branches", "join", "each", "input", "shortcut", "reshape"),
    *("if", "every", "class", "self", "x", "dropout", "constant", "where", "mean", "one_hot"),
)
PIECES = (
    "(",
    ")",
    "+",
    "*",
    "**",
    "/",
    "//",
    "@t-1",
    "$",
    ",",
    "=",
    ".",
    " x",
    "2",
    "-",
    "[0]",
    "é",
)
BYTES = (
    "",
    "\0",
    "\t",
    "\n",
    " ",
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "#",
    "&",
    "*",
    "é",
)


# Changes of the text


def flip(text: str, draw: random.Random) -> str:
    """A few characters cut, inserted or replaced."""
    for _ in range(draw.randint(1, 3)):
        start = draw.randrange(len(text) + 1)
        end = min(len(text), start + draw.choice((0, 1, 1, 2, 8)))
        text = text[:start] + draw.choice(BYTES) + text[end:]
    return text


def shuffle(text: str, draw: random.Random) -> str:
    """Two lines swapped, one repeated or one lost."""
    lines = text.split("\n")
    i, j = draw.randrange(len(lines)), draw.randrange(len(lines))
    action = draw.randrange(3)
    if action == 0:
        lines[i], lines[j] = lines[j], lines[i]
    elif action == 1:
        lines.insert(i, lines[j])
    else:
        del lines[i]
    return "\n".join(lines)


def indent(text: str, draw: random.Random) -> str:
    """One line or all that follow it moved sideways."""
    lines = text.split("\n")
    start = draw.randrange(len(lines))
    end = draw.choice((start + 1, start + 3, len(lines)))
    by = draw.choice((-2, -1, 1, 2, 4))
    moved = (" " * by + line if by > 0 else line[-by:] for line in lines[start:end])
    return "\n".join([*lines[:start], *moved, *lines[end:]])


def cut(text: str, draw: random.Random) -> str:
    """Only the beginning."""
    return text[: draw.randrange(len(text) + 1)]


# Changes of the tree, which are put back into the text at their places


def places(tree: Tree) -> list[tuple[Tree, bool]]:
    """Every key and value with whether it is a key."""
    found: list[tuple[Tree, bool]] = []
    waiting = [(tree, False)]
    while waiting:
        each, key = waiting.pop()
        found.append((each, key))
        if isinstance(each, Sequence):
            waiting += [(item, False) for item in each]
        elif isinstance(each, Mapping):
            waiting += [pair for k, v in each for pair in ((k, True), (v, False))]
    return found


def offsets(tree: Tree) -> tuple[int, int]:
    span, lines = tree.span, tree.span.source.text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1


def put(text: str, tree: Tree, new: str) -> str:
    start, end = offsets(tree)
    return text[:start] + new + text[end:]


def written(tree: Tree) -> str:
    """A tree in flow style, which can stand anywhere."""
    if isinstance(tree, Scalar):
        return (
            f'"{tree.text}"' if tree.quoted or re.search(r"[,{}\[\]:#]", tree.text) else tree.text
        )
    if isinstance(tree, Sequence):
        return f"[{', '.join(written(item) for item in tree)}]"
    return f"{{{', '.join(f'{key.text}: {written(value)}' for key, value in tree)}}}"


def misspell(word: str, draw: random.Random) -> str:
    i = draw.randrange(len(word) + 1)
    return word[:i] + draw.choice(("", "a", "_", "s", word[i : i + 1] * 2)) + word[i + 1 :]


def change(text: str, draw: random.Random) -> str:
    """One key or value replaced, misspelt, moved, copied, or (a number) changed."""
    try:
        found = places(read(Source("mutant.yaml", text)))
    except SpecError:
        return flip(text, draw)
    tree, is_key = draw.choice(found)
    other, _ = draw.choice(found)
    if is_key:
        word = tree.text  # type: ignore[union-attr]
        return put(text, tree, draw.choice((misspell(word, draw), draw.choice(WORDS), word)))
    if draw.random() < 0.25:
        return put(text, tree, written(other))
    if isinstance(tree, Scalar) and draw.random() < 0.6:
        if type(tree.value) in (int, float):
            number = draw.choice((0, -tree.value, tree.value * 1000, tree.value + 1, 1e300, 0.5))
            return put(text, tree, str(number))
        new = draw.choice((misspell(tree.text, draw), draw.choice(WORDS), formula(tree.text, draw)))
        return put(text, tree, new)
    return put(text, tree, draw.choice(VALUES))


def formula(text: str, draw: random.Random) -> str:
    i = draw.randrange(len(text) + 1)
    return text[:i] + draw.choice(PIECES) + text[i + draw.randrange(2) :]


def drop(text: str, draw: random.Random) -> str:
    """An entry of a mapping dropped or written twice, or two swapped."""
    try:
        found = [t for t, _ in places(read(Source("m", text))) if isinstance(t, Mapping) and len(t)]
    except SpecError:
        return cut(text, draw)
    if not found:
        return text
    tree = draw.choice(found)
    entries = list(tree.entries)
    key, value = draw.choice(entries)
    action = draw.randrange(3)
    if action == 0:
        entries.remove((key, value))
    elif action == 1:
        entries.append((key, draw.choice(entries)[1]))
    else:
        (a, x), (b, y) = draw.choice(entries), draw.choice(entries)
        entries = [(k, y if k is a else x if k is b else v) for k, v in entries]
    return put(text, tree, written(Mapping(tuple(entries), tree.span)))


FIXED = [
    text
    for page in PAGES
    for text in re.findall(r"^## Fixed\n```yaml\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
]
BAD = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.yaml"))]
ACTIONS = (change, change, change, change, drop, flip, shuffle, indent, cut)


def mutant(number: int) -> Source:
    """The mutant with this number."""
    draw = random.Random(number)
    i = draw.randrange(len(TEXTS))
    text, folder = TEXTS[i], FILES[i].parent
    if draw.random() < 0.5:
        text, folder = draw.choice(draw.choice((FIXED, FIXED, BAD))), Path(__file__).parent
    for _ in range(draw.choice((1, 1, 1, 1, 2, 4))):
        text = draw.choice(ACTIONS)(text, draw)
    return Source("mutant.yaml", text, str(folder))


# What must hold


def outcome(source: Source) -> Checked | list[Diagnostic]:
    try:
        return check(source)
    except GraphcError as error:
        return error.diagnostics


def verify(number: int) -> bool:
    """Check one mutant; gives whether it is a spec."""
    source = mutant(number)
    start = time.process_time()
    found = outcome(source)
    diagnostics = list(found.warnings) if isinstance(found, Checked) else found
    assert isinstance(found, Checked) or diagnostics
    for each in diagnostics:
        assert each.code in CODES
        assert str(each) and each.as_dict()
        assert each.span is not None
        for span in (each.span, *(note.span for note in each.notes if note.span)):
            lies_inside(span)
    if isinstance(found, Checked):
        ast.parse(compile(found, device="cpu").source)
    assert time.process_time() - start < SECONDS
    return isinstance(found, Checked)


def lies_inside(span) -> None:
    lines = span.source.text.split("\n")
    if span.line:
        assert 1 <= span.line <= span.end_line <= len(lines)
        assert (span.line, span.column) <= (span.end_line, span.end_column)
        assert 1 <= span.column <= len(lines[span.line - 1]) + 1


def run(numbers) -> int:
    """Verify several; a failure names its mutant and shows its text. Gives how many are specs."""
    specs = 0
    for number in numbers:
        try:
            specs += verify(number)
        except Exception as error:
            error.add_note(f"MUTANT={number}\n{mutant(number).text}")
            raise
    return specs


@contextmanager
def watchdog() -> Iterator[None]:
    """Interrupt what hangs: no batch of mutants may take as long as this."""

    def bark(*_) -> None:
        raise TimeoutError("one of the mutants hangs")

    before = signal.signal(signal.SIGALRM, bark)
    signal.alarm(1800)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_mutants_are_checked_or_refused():
    numbers = [int(os.environ["MUTANT"])] if "MUTANT" in os.environ else range(500)
    specs = run(numbers)
    assert specs > 20 or len(numbers) == 1


@pytest.mark.slow
def test_many_mutants_are_checked_or_refused():
    with watchdog():
        run(range(500, 20_500))


def test_every_spec_and_every_file_of_the_zoo_is_refused_nowhere():
    for path, text in zip(FILES, TEXTS, strict=True):
        found = outcome(Source(path.name, text, str(path.parent)))
        assert isinstance(found, Checked)
