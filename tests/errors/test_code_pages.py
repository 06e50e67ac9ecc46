"""Every code has a page, and what a page shows is true: `Fails` fails with it, `Fixed` does not."""

import re
from pathlib import Path

import pytest

import graphc.core
from graphc.checker import check
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.span import Source

PAGES = sorted((Path(graphc.core.__file__).parent / "codes").glob("GC*.md"))
ROOT = Path(graphc.core.__file__).parents[1]
EXAMPLE = re.compile(r"^## (Fails|Fixed)\n```yaml\n(.*?)^```$", re.M | re.S)


def examples(page: Path) -> dict[str, str]:
    return dict(EXAMPLE.findall(page.read_text(encoding="utf-8")))


def found(text: str) -> list[Diagnostic]:
    """Every diagnostic of a spec."""
    try:
        return list(check(Source("spec.yaml", text)).warnings)
    except SpecError as error:
        return error.diagnostics


def used() -> set[str]:
    """The codes that stand as literals in the sources."""
    texts = (path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))
    return {code for text in texts for code in re.findall(r'"(GC\d{3})"', text)}


def test_every_code_in_use_has_a_page():
    assert used() - {page.stem for page in PAGES} == set()


def test_every_page_is_about_a_code_in_use():
    assert {page.stem for page in PAGES} - used() == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_has_a_title_and_a_reason(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(rf"# {page.stem}: [^A-Z].*[^.]", lines[0])
    assert lines[1] == "" and lines[2][0].isupper() | (lines[2][0] == "`")
    assert max(len(line) for line in lines if not line.startswith("    ")) <= 105


@pytest.mark.parametrize("page", [p for p in PAGES if examples(p)], ids=lambda page: page.stem)
def test_what_fails_fails_with_the_code_alone_and_what_is_fixed_passes(page):
    both = examples(page)
    later = {"GC190"} - {page.stem}  # pages about delays show what cannot be compiled yet
    assert set(both) == {"Fails", "Fixed"}
    assert {each.code for each in found(both["Fails"])} - later == {page.stem}
    assert {each.code for each in found(both["Fixed"])} - later == set()
