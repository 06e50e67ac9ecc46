"""What the documentation shows is true: specs check, Python compiles, links lead somewhere.

A YAML block that starts with `graphc: 1` is a spec and must check. A comment before a block says
how to check another one:

    <!-- check: {as: layers, inputs: {x: [8]}, error: GC203} -->

`as` is `spec` (the whole), `sections` (further sections of a spec that has a network), `layers` or
`nodes` (of a network with these `inputs`; `output` is `y` unless it says otherwise). With `error`,
exactly these codes must be reported. `files` are files beside it, by name: a text, or a table's
header and some rows, which are repeated.

A Python block after `<!-- run -->` must compile. One after `<!-- source: NAME -->` must stand in
the source of the spec that `<!-- file: NAME -->` marks on the page, or of `NAME = PATH`, perhaps
`without` a pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from graphc.checker import check
from graphc.compiler import compile as compile_spec
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("specs/*.md"), *ROOT.glob("zoo/*.md")]
)
# On these pages parts of specs are shown that are not checked.
FREE = ("data.md", "design.md", "commands.md", "emitted-module.md", "highway.md")

_BLOCK = re.compile(
    r"(?:^<!--[ ]*(?P<note>[^\n]*?)[ ]*-->\n\s*?)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\]\((?!\w+://|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
_NETWORK = "network:\n  inputs: {features: [4]}\n  layers: [{dense: 3}]\n"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the comment before it."""

    page: Path
    line: int
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def wrapper(self) -> dict | None:
        """How to check it, or None where it is no spec."""
        kind, _, rest = self.note.partition(":")
        if kind == "check":
            return yaml.safe_load(rest)
        if self.note == "not a spec":
            return None
        return {"as": "spec"} if re.match(r"(#.*\n|\s)*graphc: 1", self.text) else None


def blocks(language: str) -> list[Block]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            if match["language"] == language:
                line = text.count("\n", 0, match.start("text")) + 1
                found.append(Block(page, line, language, match["note"] or "", match["text"]))
    return found


def whole(text: str, wrapper: dict) -> str:
    """The spec that a fragment is part of."""
    kind = wrapper["as"]
    if kind == "spec":
        return text
    if kind == "sections":
        return "graphc: 1\n" + ("" if re.search("^network", text, re.M) else _NETWORK) + text
    inputs = yaml.safe_dump(wrapper.get("inputs", {"x": [8]}), default_flow_style=True).strip()
    inside = "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines())
    output = f"  output: {wrapper.get('output', 'y')}\n" if kind == "nodes" else ""
    return f"graphc: 1\nnetwork:\n  inputs: {inputs}\n  {kind}:\n{inside}{output}"


def codes(source: Source) -> list[str]:
    """The codes of what is wrong with a spec."""
    try:
        return sorted({each.code for each in check(source).warnings})
    except SpecError as error:
        return sorted({each.code for each in error.diagnostics})


YAML = [each for each in blocks("yaml") if each.wrapper is not None]
PYTHON = [each for each in blocks("python") if each.note == "run"]
EMITTED = [each for each in blocks("python") if each.note.startswith("source:")]


@pytest.mark.parametrize("block", YAML, ids=str)
def test_specs_of_the_documentation_check(block, tmp_path):
    wrapper = block.wrapper
    for name, text in wrapper.get("files", {}).items():
        lines = [text] if isinstance(text, str) else [text[0], *text[1:] * 20]
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    source = Source(str(block), whole(block.text, wrapper), str(tmp_path))
    assert codes(source) == sorted(wrapper.get("error", "").split()), source.text


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_of_the_documentation_compiles(block):
    compile("\n" * (block.line - 1) + block.text, str(block.page), "exec")


@pytest.mark.parametrize("block", EMITTED, ids=str)
def test_emitted_source_of_the_documentation_is_what_compile_prints(block):
    given, _, left_out = block.note.removeprefix("source:").partition(" without ")
    name, _, path = (each.strip() for each in given.partition("="))
    text = (ROOT / path).read_text(encoding="utf-8") if path else _marked(block.page, name)
    source = compile_spec(Source(name, text), without=left_out.split()).source
    start = 0
    for part in block.text.split("...\n"):
        start = source.index(part, start) + len(part)


def _marked(page: Path, name: str) -> str:
    """The spec that stands after `<!-- file: NAME -->`."""
    (found,) = [
        each.text for each in blocks("yaml") if each.page == page and each.note == f"file: {name}"
    ]
    return found


def test_every_yaml_block_is_checked_or_says_that_it_is_not():
    loose = [
        str(each)
        for each in blocks("yaml")
        if each.wrapper is None and each.page.name not in FREE and each.note != "not a spec"
    ]
    assert not loose


def test_the_commands_of_the_readme_are_those_of_ci():
    """`.ci/run` adds where the run goes and less talk, and nothing else."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    ran = script.replace(" --quiet", "")
    ran = [re.sub(r" --run \S+$", "", line) for line in ran.splitlines()]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    commands = [line for line in readme if line.startswith("python -m pip install")]
    assert len(commands) == 2
    assert set(commands) <= set(ran)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target, anchor in _LINK.findall(text):
        file = (page.parent / target).resolve()
        assert file.exists(), f"{page.name} links to {target}"
        if anchor and file.suffix == ".md":
            assert anchor[1:] in _anchors(file), f"{page.name} links to {target}{anchor}"


def _anchors(page: Path) -> set[str]:
    """The headings of a page as links spell them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 130
