"""YAML text to a located tree: what is read, and what each mistake is called and where it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphc.core.diagnostic import SpecError
from graphc.core.span import Source
from graphc.core.tree import Mapping, Scalar, Sequence, Tree, plain
from graphc.spec.reader import decode, read

SPEC = """\
graphc: 1
axes: {source: time}   # a comment
params: {units: 64, name: "two\\nlines", text: 'it''s'}
blocks:
  cell:
    params: {units: int}
    nodes:
      h: &h {dense: {features: $units, kernel: [3, 3]}, from: [x, h@t-1]}
      y: gate * h + (1 - gate)
         * x
      z: >
        a +
        b
    output: y
network:
  layers:
    - flatten
    - cell: 8
      name: c1
    - {dense: 10}
"""


def tree(text: str) -> Tree:
    return read(Source("spec.yaml", text))


def found(text: str) -> list[str]:
    """Code, line, column, end column and message of every problem."""
    with pytest.raises(SpecError) as error:
        tree(text)
    lines = []
    for each in error.value.diagnostics:
        place = each.as_dict()
        columns = f"{place['line']}:{place['column']}-{place['end_column']}"
        lines.append(f"{each.code} {columns} {each.message}")
    return lines


def helped(text: str) -> str:
    with pytest.raises(SpecError) as error:
        tree(text)
    return error.value.diagnostics[0].help


def place(node: Tree) -> tuple[int, int, int, int]:
    span = node.span
    return span.line, span.column, span.end_line, span.end_column


# What is read


def test_scalars_keep_their_text_and_their_place():
    node = tree("a: 1e-3\nb: no\nc: 'no'\n")
    assert [value.text for _, value in node] == ["1e-3", "no", "no"]
    assert plain(node) == {"a": 1e-3, "b": "no", "c": "no"}
    assert [value.quoted for _, value in node] == [False, False, True]
    assert [place(value) for _, value in node] == [(1, 4, 1, 8), (2, 4, 2, 6), (3, 4, 3, 8)]
    assert place(node.key("b")) == (2, 1, 2, 2)


def test_a_real_spec_is_read():
    node = tree(SPEC)
    cell = node.get("blocks").get("cell")
    assert plain(cell.get("nodes").get("h")) == {
        "dense": {"features": "$units", "kernel": [3, 3]},
        "from": ["x", "h@t-1"],
    }
    assert plain(node.get("network").get("layers"))[1] == {"cell": 8, "name": "c1"}
    assert plain(node.get("params")) == {"units": 64, "name": "two\nlines", "text": "it's"}


def test_a_block_ends_with_its_last_value_and_brackets_include_themselves():
    node = tree("a:\n  - b\n  - c  # d\n\n\nd: {e: [1, 2]}\n")
    assert place(node) == (1, 1, 6, 15)
    assert place(node.get("a")) == (2, 3, 3, 6)
    assert place(node.get("d")) == (6, 4, 6, 15)
    assert place(node.get("d").get("e")) == (6, 8, 6, 14)


def test_a_block_text_ends_with_its_last_line():
    node = tree("a: |\n  b\n  c\n\n# d\ne: 1\n")
    assert node.get("a") == Scalar("b\nc\n", None, True)
    assert place(node.get("a")) == (1, 4, 3, 4)


def test_an_alias_is_the_value_that_its_anchor_marks():
    node = tree("a: &same {b: [1, 2]}\nc: *same\nd: &word x\ne: *word\n")
    assert plain(node) == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": "x", "e": "x"}
    assert place(node.get("c")) == place(node.get("a")) == (1, 10, 1, 21)
    assert place(node.get("d")) == (3, 10, 3, 11)


def test_an_anchor_before_a_block_is_not_part_of_it():
    assert place(tree("a: &x  # b\n  c: 1\n").get("a")) == (2, 3, 2, 7)


def test_windows_line_ends_and_a_byte_order_mark_are_fine():
    node = tree("\ufeffa: 1\r\nb:\r\n  - c\r\n")
    assert plain(node) == {"a": 1, "b": ["c"]}
    assert place(node.get("a")) == (1, 4, 1, 5)
    assert place(node.get("b").items[0]) == (3, 5, 3, 6)


def test_a_key_without_a_value_has_an_empty_one_behind_it():
    node = tree("a:\nb: {c: }\n")
    assert plain(node) == {"a": None, "b": {"c": None}}
    assert place(node.get("a")) == (1, 3, 1, 3)


def test_directives_and_marks_of_one_document_are_fine():
    assert plain(tree("%YAML 1.2\n---\na: 1\n...\n")) == {"a": 1}


def test_colons_inside_of_words_are_fine():
    node = tree("python: module:Name\nurl: http://a.b/c\ntime: 12:30\nlist: [a:b, c]\n")
    assert plain(node)["python"] == "module:Name"
    assert plain(node)["list"] == ["a:b", "c"]


def test_parentheses_that_no_comma_tears_are_fine():
    assert plain(tree("{y: f(a), z: [f(b), c], t: (d, u: e}"))["t"] == "(d"


# What is not YAML of a spec

WRONG = {
    "a: 1\nb: 2\na: 3\n": "GC101 3:1-2 the key `a` stands twice",
    "{a: 1, 'a': 2}": "GC101 1:8-11 the key `a` stands twice",
    "[a]: 1": "GC102 1:1-4 a list cannot be a key",
    "? {a: 1}\n: 2": "GC102 1:3-9 a mapping cannot be a key",
    ": 1": "GC102 1:1-2 a key is missing before `:`",
    "{: 1}": "GC102 1:2-3 a key is missing before `:`",
    "a: !!int 3": "GC103 1:4-9 the tag `!!int` cannot stand in a spec",
    "a: !t {b: 1}": "GC103 1:4-6 the tag `!t` cannot stand in a spec",
    "a: !python/object:os.system [x]": "GC103 1:4-28 the tag `!python/object:os.system` cannot "
    "stand in a spec",
    "a:\n  <<: {b: 1}": "GC104 2:3-5 `<<` cannot merge mappings in a spec",
    "a: &a [b, *a]": "GC105 1:11-13 the alias `*a` stands inside what `&a` marks",
    "a: &a 1\nb: &a 2": "GC105 2:7-8 the anchor `&a` stands twice",
    "a: 1\n---\nb: 1\n": "GC108 2:1-4 a second document begins here, and a spec is one",
    "a:\n\tb: 1": "GC109 2:1-2 a tab cannot indent a line",
    "a:\n  \t\tb: 1": "GC109 2:3-5 a tab cannot indent a line",
    "a:\tb": "GC109 1:3-4 a tab cannot stand between values",
    "a: {b: 1,\n\tc: 2}": "GC109 2:1-2 a tab cannot indent a line",
    "a: @x": "GC110 1:4-5 a value cannot begin with `@`",
    "a: `x`": "GC110 1:4-5 a value cannot begin with ```",
    "a: > 0": "GC110 1:4-5 `>` begins a block of text on the next line",
    "a: ]": "GC110 1:4-5 `]` closes nothing",
    "a: [, b]": "GC110 1:5-6 a value is missing before `,`",
    "a: {b: 1 c: 2}": "GC110 1:11-12 `,` or `}` must stand before `:`",
    "a: [1, 2}": "GC110 1:9-10 `,` or `]` must stand before `}`",
    'a: "b" + c': "GC110 1:8-9 a value has ended before `+`",
    'a: "b" - c': "GC110 1:8-9 a value has ended before this `-`",
    'a: "\\q"': "GC110 1:6-7 this is no escape of a text in double quotes",
    'a: "\\UFFFFFFFF"': "GC110 1:7-8 the number of this escape is too large",
    "a: 1\nb c\nd: 2": "GC110 2:1-4 `b c` is neither `key: value` nor `- item`",
    "{a: 1}\nb: 2": "GC110 2:1-2 the document has ended before `b`",
    "%YAML 3.0\n---\na: 1": "GC110 1:1-2 this is no directive of YAML 1",
    "a: {b: 1": "GC111 1:4-5 `{` is never closed",
    "a: {b: [1}\n": "GC110 1:10-11 `,` or `]` must stand before `}`",
    "a: [b, {c: 1},\n": "GC111 1:4-5 `[` is never closed",
    "a: 'b\nc: d\n": "GC111 1:4-5 the quote `'` is never closed",
    "a:\n    b: 1\n  c: 2\n": "GC112 3:3-4 this line is not indented like the lines of its block",
    "layers:\n  - a\n   - b\n": "GC112 3:4-7 `- b` is read as the rest of the item above it",
    "a: b: c": "GC113 1:5-6 a second `key: value` cannot stand on this line",
    "a: b\n  c: d": "GC113 2:3-7 `c: d` is read as the rest of the value above it",
    "": "GC114 1:1-2 there is nothing in this spec",
    "# a\n\n": "GC114 1:1-2 there is nothing in this spec",
    "---\n": "GC114 1:1-2 there is nothing in this spec",
    "a: 1\nb: x\x00y": "GC115 2:5-6 the character U+0000 cannot stand in a spec",
    "a: b\rc: d": "GC115 1:5-6 the character U+000D cannot stand in a spec",
    "a: b\u2028": "GC115 1:5-6 the character U+2028 cannot stand in a spec",
    'a: "\\0"': "GC115 1:4-8 an escape makes the character U+0000, which cannot stand in a spec",
}


@pytest.mark.parametrize("text", WRONG)
def test_mistake_is_named_and_located(text):
    assert found(text) == [WRONG[text]]


def test_all_problems_of_a_text_are_reported_at_once():
    codes = [line[:9] for line in found("a: 1\na: 2\nb: !!int 3\n<<: 4\nc: *d\ne: {f:1}\ng: [")]
    assert codes == [
        "GC101 2:1",
        "GC103 3:4",
        "GC104 4:1",
        "GC125 5:4",
        "GC124 6:5",
        "GC111 7:4",
    ]


def test_a_second_key_points_to_the_first():
    with pytest.raises(SpecError) as error:
        tree("a: 1\nb: 2\na: 3\n")
    assert "note: the first `a` stands at spec.yaml:1:1" in str(error.value)


def test_an_error_between_brackets_points_to_the_opening_one():
    with pytest.raises(SpecError) as error:
        tree("a: [1,\n  2 3: {4 5: 6 7: 8}]")
    assert "note: `{` is opened at spec.yaml:2:8" in str(error.value)


# What cannot blow up


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[\n", "{? "])
def test_deep_nesting_is_an_error_and_not_a_crash(opening):
    assert found(opening * 100_000)[0].startswith("GC107")


def test_a_hundred_levels_are_read_and_one_more_is_not():
    assert isinstance(tree("[" * 100 + "]" * 100), Sequence)
    assert found("[" * 101 + "]" * 101) == [
        "GC107 1:101-102 lists and mappings nest more than 100 deep here"
    ]


def test_aliases_cannot_make_more_depth_or_more_values_than_allowed():
    deep = "a: &a " + "[" * 60 + "]" * 60 + "\nb: " + "[" * 50 + "*a" + "]" * 50
    assert found(deep)[0].startswith("GC107 2:54-56")
    lines = ["a0: &a0 [" + "x, " * 10 + "]"]
    lines += [f"a{i}: &a{i} [" + f"*a{i - 1}, " * 10 + "]" for i in range(1, 9)]
    assert found("\n".join(lines)) == [
        "GC106 5:45-48 the aliases up to here make more than 100,000 copies of values"
    ]


def test_a_text_above_the_size_limit_is_refused():
    assert found("a: " + "x" * 10_000_000)[0].startswith("GC117 None:None")


# What YAML reads as something else

MISSPELT = {
    "{y: max(a, b)}": (
        "GC120 1:5-14 a comma inside `{ }` ends a value, so `max(a, b)` falls apart",
        'quote it, `"max(a, b)"`, or give it a line of its own',
    ),
    "{y: where(a, b, a), z: c}": (
        "GC120 1:5-19 a comma inside `{ }` ends a value, so `where(a, b, a)` falls apart",
        'quote it, `"where(a, b, a)"`, or give it a line of its own',
    ),
    "y: {dense: 3, from: f(a, b)}": (
        "GC120 1:21-28 a comma inside `{ }` ends a value, so `f(a, b)` falls apart",
        "`from` takes names: give the call a node of its own, `name: f(a, b)`, and use `name`",
    ),
    "y: {dense: 3, from: [f(a, b), c]}": (
        "GC121 1:22-29 a comma inside `[ ]` ends an item, so `f(a, b)` falls apart",
        "`from` takes names: give the call a node of its own, `name: f(a, b)`, and use `name`",
    ),
    "y: [f(a, g(b, c), d), e]": (
        "GC121 1:5-21 a comma inside `[ ]` ends an item, so `f(a, g(b, c), d)` falls apart",
        'quote it, `"f(a, g(b, c), d)"`, or give it a line of its own',
    ),
    "y: !x": (
        "GC122 1:4-6 a value that begins with `!` is a YAML tag, and `!x` is none of a spec",
        "a formula has no `!`; quote a text that begins with it",
    ),
    "y: !x * 2": (
        "GC122 1:4-6 a value that begins with `!` is a YAML tag, and `!x` is none of a spec",
        "a formula has no `!`; quote a text that begins with it",
    ),
    "y: &x": (
        "GC123 1:4-6 a value that begins with `&` is a YAML anchor, and `&x` marks nothing",
        "write `x` for the value of `x`; quote a text that begins with `&`",
    ),
    "y: & x": (
        "GC123 1:4-5 a value that begins with `&` is a YAML anchor, and `&` marks nothing",
        "a formula has no `&`; quote a text that begins with `&`",
    ),
    "y: {dense:256}": (
        "GC124 1:5-14 `dense:256` is one word, for its colon has no space after it",
        "write `dense: 256`",
    ),
    "y: {dense: 3, from:x}": (
        "GC124 1:15-21 `from:x` is one word, for its colon has no space after it",
        "write `from: x`",
    ),
    "layers:\n  - dense:256\n  - relu\n": (
        "GC124 2:5-14 `dense:256` is one word, for its colon has no space after it",
        "write `dense: 256`",
    ),
    "layers:\n  - dense:256\n    from: x\n": (
        "GC124 2:5-14 `dense:256` is one word, for its colon has no space after it",
        "write `dense: 256`",
    ),
    "nodes:\n  h:\n    dense:256\n    # more\n    from: x\n": (
        "GC124 3:5-14 `dense:256` is one word, for its colon has no space after it",
        "write `dense: 256`",
    ),
    "nodes:\n  h: 1\n  dense:256\n  k: 2\n": (
        "GC124 3:3-12 `dense:256` is one word, for its colon has no space after it",
        "write `dense: 256`",
    ),
    "graphc:1\nnetwork: x\n": (
        "GC124 1:1-9 `graphc:1` is one word, for its colon has no space after it",
        "write `graphc: 1`",
    ),
    "y: *x": (
        "GC125 1:4-6 a value that begins with `*` is a YAML alias, and `*x` names no anchor",
        "a product needs a value on both sides of `*`",
    ),
    "a: &layers 1\ny: *layer": (
        "GC125 2:4-10 a value that begins with `*` is a YAML alias, and `*layer` names no anchor",
        "an anchor with a similar name exists: `layers`",
    ),
    "y: *x * 2": (
        "GC125 1:4-6 a value that begins with `*` is a YAML alias, and `*x` names no anchor",
        "a product needs a value on both sides of `*`",
    ),
    "y: * x": (
        "GC125 1:4-5 a value that begins with `*` is a YAML alias, and `*` names no anchor",
        "a product needs a value on both sides of `*`",
    ),
    "y: - x": (
        "GC126 1:4-5 a `-` and a space begin a list item, which cannot stand here",
        "write `-x` for the negative of `x`, or `[x]` for a list of one",
    ),
    "{y: - x}": (
        "GC126 1:5-6 a `-` and a space begin a list item, which cannot stand here",
        "write `-x` for the negative of `x`, or `[x]` for a list of one",
    ),
    "a: [\n  - b\n]": (
        "GC126 2:3-4 a `-` and a space begin a list item, which cannot stand here",
        "inside `[ ]` items stand between commas, without `-`; the negative of `x` is `-x`",
    ),
}


@pytest.mark.parametrize("text", MISSPELT)
def test_misspelling_has_its_own_message_and_help(text):
    assert (found(text), helped(text)) == ([MISSPELT[text][0]], MISSPELT[text][1])


# Anything at all


def survives(text: str) -> None:
    try:
        node = tree(text)
    except SpecError as error:
        assert error.diagnostics and str(error)
        return
    check_places(node)


def check_places(node: Tree) -> None:
    span = node.span
    lines = span.source.text.count("\n") + 1
    assert 1 <= span.line <= span.end_line <= lines
    assert (span.line, span.column) <= (span.end_line, span.end_column)
    assert span.column - 1 <= len(span.source.text.split("\n")[span.line - 1])
    if isinstance(node, Sequence):
        for item in node:
            check_places(item)
    if isinstance(node, Mapping):
        for key, value in node:
            check_places(key)
            check_places(value)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_tree_or_an_error(data):
    try:
        text = decode(data, "spec.yaml").text
    except SpecError as error:
        assert str(error)
        return
    survives(text)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(list("abx01 \n\n  -:,[]{}()&*!|>'\"#%@`?\\\t~.<=")), max_size=60))
def test_any_signs_give_a_tree_or_an_error(signs):
    survives("".join(signs))


@settings(max_examples=200)
@given(st.data())
def test_any_change_of_a_spec_gives_a_tree_or_an_error(data):
    text = SPEC
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 5))
        text = text[:start] + data.draw(st.text(max_size=3)) + text[end:]
        piece = data.draw(
            st.sampled_from(["", "{", "]", "- ", "&h ", "*h", "!", "<<: ", "\t", '"', ": "])
        )
        text = text[:start] + piece + text[start:]
    survives(text)
