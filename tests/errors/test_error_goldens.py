"""Bad specs and what is said about them: the whole text, and the line of every diagnostic.

A line of `NAME.yaml` that a diagnostic stands on ends in a comment `#~ CODE` (several codes where
there are several); `NAME.stderr` is the text that `graphc check` shows. `UPDATE_GOLDENS=1` writes
the texts anew. A line `# set: path=value` gives a setting, as `--set` does; `# --no-python` refuses
code of the user's.
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from graphc.checker import check
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.span import Source

HERE = Path(__file__).parent
SPECS = sorted(path.name for path in HERE.glob("*.yaml"))
MARK = re.compile(r"#~((?: GC\d{3})+)\s*$")
SETTING = re.compile(r"# set: (\S+)")


def diagnostics(name: str) -> list[Diagnostic]:
    """Everything that `check` reports, errors or warnings."""
    try:
        python = "# --no-python" not in Path(name).read_text(encoding="utf-8")
        return list(check(name, settings(name), python=python).warnings)
    except SpecError as error:
        return error.diagnostics


def settings(name: str) -> list[str]:
    return SETTING.findall(Path(name).read_text(encoding="utf-8"))


def marks(source: Source) -> Counter:
    """The codes that the comments of a text ask for: (file, line, code)."""
    found = Counter()
    for number, line in enumerate(source.text.split("\n"), 1):
        if match := MARK.search(line):
            found.update((source.name, number, code) for code in match[1].split())
    return found


def place(each: Diagnostic, name: str) -> tuple[str, int, str]:
    """The file, line and code of a diagnostic; one about `--set` belongs to its comment."""
    source, line = each.span.source, each.span.line
    if source.name.startswith("--set"):
        lines = Path(name).read_text(encoding="utf-8").split("\n")
        setting = source.name.removeprefix("--set").strip() or source.text
        return (
            name,
            lines.index(next(li for li in lines if f"# set: {setting}" in li)) + 1,
            each.code,
        )
    return source.name, line, each.code


@pytest.fixture(autouse=True)
def folder(monkeypatch):
    monkeypatch.chdir(HERE)


@pytest.mark.parametrize("name", SPECS)
def test_every_diagnostic_stands_on_the_line_of_its_mark(name):
    found = diagnostics(name)
    sources = {name: Source(name, Path(name).read_text(encoding="utf-8"))}
    for each in found:
        if not each.span.source.name.startswith("--set"):
            sources[each.span.source.name] = each.span.source
    expected = sum((marks(each) for each in sources.values()), Counter())
    assert Counter(place(each, name) for each in found) == expected


@pytest.mark.parametrize("name", SPECS)
def test_the_text_is_the_golden_one(name):
    text = "\n\n".join(str(each) for each in diagnostics(name)) + "\n"
    golden = Path(name).with_suffix(".stderr")
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert golden.is_file(), "run with UPDATE_GOLDENS=1 and read what it writes"
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_has_its_spec():
    assert {path.stem for path in HERE.glob("*.stderr")} == {Path(name).stem for name in SPECS}
