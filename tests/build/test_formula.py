"""Formulas: what they mean, where each part stands, and what each mistake is called."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphc.build.formula import parse, unparse
from graphc.build.syntax import (
    Apply,
    Binary,
    Delay,
    Expression,
    Number,
    Parameter,
    Reference,
    Unary,
)
from graphc.core.diagnostic import SpecError
from graphc.core.span import Source, Span, nowhere
from graphc.core.tree import Scalar
from graphc.spec.reader import read


def scalar(text: str) -> Scalar:
    """The formula as the value of `y: `, which begins in column 4."""
    source = Source("spec.yaml", f"y: {text}")
    return Scalar(text, Span(source, 1, 4, 1, 4 + len(text)))


def value(text: str) -> Expression:
    return parse(scalar(text))


def grouped(text: str) -> str:
    """The formula with parentheses around every operation."""

    def show(part: Expression) -> str:
        if isinstance(part, Binary):
            return f"({show(part.left)} {part.operator} {show(part.right)})"
        return f"(-{show(part.operand)})" if isinstance(part, Unary) else unparse(part)

    return show(value(text))


def ref(name: str, port: str | None = None, delay: Delay | None = None) -> Reference:
    return Reference(name, nowhere(), port, delay)


def placed(part) -> tuple[int, int, int]:
    return part.span.line, part.span.column, part.span.end_column


def found(text: str) -> str:
    with pytest.raises(SpecError) as error:
        value(text)
    (problem,) = error.value.diagnostics
    place = problem.as_dict()
    return f"{problem.code} {place['column']}-{place['end_column']} {problem.message}"


def helped(text: str) -> str | None:
    with pytest.raises(SpecError) as error:
        value(text)
    return error.value.diagnostics[0].help


# Meaning

GROUPED = {
    "a + b - c": "((a + b) - c)",
    "a - b * c / d // e": "(a - (((b * c) / d) // e))",
    "a ** b ** c": "(a ** (b ** c))",
    "-a ** b": "(-(a ** b))",
    "a ** -b ** c * d": "((a ** (-(b ** c))) * d)",
    "-a * b": "((-a) * b)",
    "a - -b": "(a - (-b))",
    "--a": "(-(-a))",
    "(a + b) * c": "((a + b) * c)",
    "a/b": "(a / b)",
    "h@t-1-2": "(h@t-1 - 2)",
    "gate*h+(1-gate)*x": "((gate * h) + ((1 - gate) * x))",
    "a +\n b": "(a + b)",
}


@pytest.mark.parametrize("text", GROUPED)
def test_operators_bind_as_in_python(text):
    assert grouped(text) == GROUPED[text]


REFERENCES = {
    "h": ref("h"),
    "code.mean": ref("code", "mean"),
    "h@t-1": ref("h", None, Delay(-1)),
    "h@t+2": ref("h", None, Delay(2)),
    "h.port@target-12": ref("h", "port", Delay(-12, "target")),
    "$units": Parameter("units", nowhere()),
    "$tokens.below": Parameter("tokens", nowhere(), "below"),
    "true": ref("true"),
}


@pytest.mark.parametrize("text", REFERENCES)
def test_reference(text):
    assert value(text) == REFERENCES[text]
    assert unparse(value(text)) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("12", 12), ("1e-3", 1e-3), ("1.5", 1.5), (".5", 0.5), ("2.", 2.0), ("1E+2", 100.0)],
)
def test_number(text, number):
    assert value(text) == Number(number, nowhere())
    assert type(value(text).value) is type(number)


def test_a_call_keeps_the_source_of_its_keywords():
    call = value("f(a, b + 1, over=time, each = true, k=-0.5 * g(x))")
    assert (call.function, len(call.arguments)) == ("f", 2)
    assert [(key.text, text.text, text.value) for key, text, _ in call.keywords] == [
        ("over", "time", "time"),
        ("each", "true", True),
        ("k", "-0.5 * g(x)", "-0.5 * g(x)"),
    ]
    assert call.keywords[0][2] == ref("time")
    assert call.keywords[2][2] == value("-0.5 * g(x)")


def test_a_call_may_have_no_values():
    assert value("f()") == Apply("f", (), (), nowhere(), nowhere())


CALLED = {
    "vision/stem(x)": "vision/stem(x)",
    "a/b/c(x)": "a/b/c(x)",
    "2 * zoo/net(x) / 3": "2 * zoo/net(x) / 3",
    "a / f(x)": "a / f(x)",
    "a /f(x)": "a / f(x)",
    "a/ f(x)": "a / f(x)",
    "a/f (x)": "a / f(x)",
    "2/f(x)": "2 / f(x)",
    "$a/f(x)": "$a / f(x)",
    "a.b/f(x)": "a.b / f(x)",
    "h@t-1/f(x)": "h@t-1 / f(x)",
    "(a)/f(x)": "a / f(x)",
    "a//f(x)": "a // f(x)",
    "a/(x)": "a / x",
    "f(a/b)": "f(a / b)",
}


@pytest.mark.parametrize("text", CALLED)
def test_a_slash_is_part_of_a_name_only_right_before_a_call(text):
    assert unparse(value(text)) == CALLED[text]


# Places


def test_every_part_has_its_place():
    whole = value("(a + b.c) * f(x, over=time)")
    call = whole.right
    assert placed(whole) == (1, 4, 31)
    assert placed(whole.left) == (1, 5, 12)
    assert placed(whole.left.right) == (1, 9, 12)
    assert placed(call) == (1, 16, 31)
    assert (call.name_span.column, call.name_span.end_column) == (16, 17)
    key, text, word = call.keywords[0]
    assert placed(key) == (1, 21, 25)
    assert placed(text) == placed(word) == (1, 26, 30)


STYLES = {
    "y: a + h@t-1": (1, 8, 13),
    "y: 'a + h@t-1'": (1, 9, 14),
    'y: "a + h@t-1"': (1, 9, 14),
    '{x: 1, y: "a + h@t-1"}': (1, 16, 21),
    "y: a +\n   h@t-1": (2, 4, 9),
    "y: a +\r\n   h@t-1\r\n": (2, 4, 9),
    "y: a\n\n  + h@t-1": (3, 5, 10),
    "y:\n  a\n  +\n    h@t-1": (4, 5, 10),
    "{y: a +\n  h@t-1}": (2, 3, 8),
    "y: >\n  a +\n  h@t-1\n": (3, 3, 8),
    "y: >-  # why\n\n    a +\n      h@t-1\n": (4, 7, 12),
    "y: |\n  a +\n    h@t-1\n": (3, 5, 10),
    "y: |2\n    a +\n  h@t-1\n": (3, 3, 8),
    "y: 'a +\n\n  h@t-1'": (3, 3, 8),
    'y: "a +\n  h@t-1"': (2, 3, 8),
    'y: "a +\\\n  h@t-1"': (2, 3, 8),
    'y: "a \\x2b h@t-1"': (1, 12, 17),
    'y: "\\x61 + \\x68@t-1"': (1, 12, 20),
    'y: "a\\n+ h@t-1"': (1, 10, 15),
    "&top\ny: &y 'a + h@t-1'": (2, 12, 17),
}


@pytest.mark.parametrize("text", STYLES)
def test_places_are_exact_in_every_style_of_yaml(text):
    formula = read(Source("spec.yaml", text)).get("y")
    assert placed(parse(formula).right) == STYLES[text]


def test_an_error_on_a_later_line_points_there():
    with pytest.raises(SpecError) as error:
        parse(read(Source("spec.yaml", "y: a +\n   b c\n")).get("y"))
    assert str(error.value.diagnostics[0].span) == "spec.yaml:2:6"


def test_a_keyword_on_a_later_line_can_be_parsed_on_its_own():
    call = parse(read(Source("spec.yaml", "y: >\n  f(a,\n    k=b +\n  c)\n")).get("y"))
    assert placed(parse(call.keywords[0][1]).right) == (4, 3, 4)


def test_a_formula_that_no_file_wrote_has_no_place():
    assert parse(Scalar("a + b", nowhere())).span.line == 0


# Mistakes

WRONG = {
    "": "GC150 4-5 a formula is missing",
    "a +": "GC150 6-7 the formula ends after `+`, where a value must follow",
    "f(a,": "GC150 7-8 the formula ends after `,`, where a value must follow",
    "a % b": "GC151 6-7 `%` has no meaning in a formula",
    "a#b": "GC151 5-6 `#` has no meaning in a formula",
    "a ² b": "GC151 6-7 `²` has no meaning in a formula",
    "a\u00a0+ b": "GC151 5-6 the character U+00A0 has no meaning in a formula",
    "a b": "GC152 6-7 an operator is missing between `a` and `b`",
    "2x": "GC152 5-6 an operator is missing between `2` and `x`",
    "a and b": "GC152 6-9 an operator is missing between `a` and `and`",
    "f(x)(y)": "GC152 8-9 an operator is missing between `)` and `(`",
    "a * / b": "GC152 8-9 a value is missing before `/`",
    "f(a,)": "GC152 8-9 a value is missing before `)`",
    "()": "GC152 5-6 a value is missing before `)`",
    "+a": "GC152 4-5 a value is missing before `+`",
    "a = b": "GC152 6-7 `=` cannot stand here",
    "a, b": "GC152 5-6 `,` stands outside of a call",
    "(a + b": "GC153 4-5 `(` is never closed",
    "f(a, g(b)": "GC153 5-6 `(` is never closed",
    "a)": "GC153 5-6 `)` closes nothing",
    "h@-1": "GC154 5-6 `@` needs the name of a time axis",
    "@t-1": "GC154 4-5 `@` needs a name before it",
    "h@t": "GC154 5-7 a delay needs a whole number after `-` or `+`",
    "h@t-1.5": "GC154 5-11 a delay needs a whole number after `-` or `+`",
    "h@t-k": "GC154 5-9 a delay needs a whole number after `-` or `+`",
    "h@t-$k": "GC154 5-9 a delay needs a whole number after `-` or `+`",
    "h@t-99999999999": "GC154 5-19 a delay needs a whole number after `-` or `+`",
    "h@t+0": "GC154 5-9 a delay of 0 is none",
    "h@t-1.port": "GC154 9-14 a port stands behind the delay",
    "a[0]": "GC155 5-6 a formula has no indexing",
    "f(shape=[3, 4])": "GC155 12-13 a list cannot stand in a formula",
    "a ^ 2": "GC156 6-7 `^` is not the power",
    "a > b": "GC157 6-7 a formula has no comparison, and here stands `>`",
    "a == b": "GC157 6-8 a formula has no comparison, and here stands `==`",
    "f(a, over='time')": "GC158 14-20 a formula has no texts in quotes",
    "f(k=1, a + b)": "GC159 11-16 a value without a name stands after one with a name",
    "β * x": "GC160 4-5 the name `β` has letters other than a to z",
    "gate_β": "GC160 4-10 the name `gate_β` has letters other than a to z",
    "1e400": "GC162 4-9 the number `1e400` is out of range",
    "1e-400": "GC162 4-10 the number `1e-400` is out of range",
    "99999999999999999999": "GC162 4-24 the number `99999999999999999999` is out of range",
    "f(a=1, a=2)": "GC163 11-12 `a=` stands twice in one call",
    "f(x).mean": "GC164 8-9 a port follows a name",
    "(a + b)@t-1": "GC164 11-12 a delay follows a name",
    "$a@t-1": "GC164 6-7 a delay follows a name",
    "a.b(x)": "GC164 7-8 this is not a name that can be called",
    "a.0": "GC164 5-7 a port is a name, not a number: `.0`",
    "a.": "GC164 5-6 a port is a name, and none follows `.`",
    "$ a": "GC165 4-5 `$` stands without a name",
    "${a}": "GC165 5-6 `$` stands without a name",
    "dense:256": "GC124 4-13 `dense:256` is one word, for its colon has no space after it",
    "h@t - 1": "GC127 5-11 the offset of `@` has a space in it",
    "h@t -1": "GC127 5-10 the offset of `@` has a space in it",
    "h@t- 1": "GC127 5-10 the offset of `@` has a space in it",
    "a @ b": "GC128 6-7 `@` is no operator",
    "a@ b": "GC128 5-6 `@` is no operator",
    "a @b": "GC128 6-7 `@` is no operator",
}


@pytest.mark.parametrize("text", WRONG)
def test_mistake_is_named_and_located(text):
    assert found(text) == WRONG[text]


HELP = {
    "h.p@t - 1": "write `h.p@t-1`",
    "h@t": "write `h@t-1`",
    "h@t-1.port": "write `h.port@t-1`",
    "h@t+0": "write `h`",
    "a ^ 2": "write `**`",
    "a \N{MULTIPLICATION SIGN} b": "write `*`",
    "a #b": "a comment needs a space before `#`",
    "${a}": "write `$name`, without braces",
    "2 x": "a product is written with `*`",
    "a or b": "a choice is `where(condition, a, b)`",
    "f(k=1, a)": "move it before `k=`",
    "f(x).mean": "give the value a name of its own: `name: ...`, and write `name.port`",
}


@pytest.mark.parametrize("text", HELP)
def test_help_says_what_to_write(text):
    assert helped(text) == HELP[text]


@pytest.mark.parametrize("text", ["(" * 100_000, "- " * 100_000, "a ** " * 10_000, "f(" * 10_000])
def test_deep_nesting_is_an_error_and_not_a_crash(text):
    assert found(text).startswith("GC161")


def test_just_below_the_depth_limit_is_fine():
    assert value("(" * 99 + "a" + ")" * 99) == ref("a")


def test_a_sum_of_ten_thousand_terms_is_read_and_written():
    text = " + ".join(["a"] * 10_000)
    assert unparse(value(text)) == text


# Round trip

NAMES = st.sampled_from(["a", "h", "gate_1", "T", "over"])
DELAYS = st.none() | st.builds(
    Delay, st.integers(-9, 9).filter(bool), st.none() | st.sampled_from(["target", "source"])
)
LEAVES = st.one_of(
    st.builds(ref, NAMES, st.none() | NAMES, DELAYS),
    st.builds(lambda name, member: Parameter(name, nowhere(), member), NAMES, st.none() | NAMES),
    st.builds(lambda number: Number(number, nowhere()), st.integers(0, 2**63 - 1)),
    st.builds(
        lambda number: Number(number, nowhere()),
        st.floats(min_value=0.0, allow_nan=False, allow_infinity=False),
    ),
)


def keywords(pairs: dict) -> tuple:
    made = (
        (Scalar(key, nowhere()), Scalar(unparse(part), nowhere()), part)
        for key, part in pairs.items()
    )
    return tuple(made)


def branches(inner: st.SearchStrategy) -> st.SearchStrategy:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "**"])
    functions = st.sampled_from(["f", "vision/stem", "a/b/c"])
    return st.one_of(
        st.builds(lambda part: Unary("-", part, nowhere()), inner),
        st.builds(lambda sign, a, b: Binary(sign, a, b, nowhere()), operators, inner, inner),
        st.builds(
            lambda name, values, named: Apply(
                name, tuple(values), keywords(named), nowhere(), nowhere()
            ),
            functions,
            st.lists(inner, max_size=2),
            st.dictionaries(NAMES, inner, max_size=2),
        ),
    )


EXPRESSIONS = st.recursive(LEAVES, branches, max_leaves=12)


@settings(max_examples=200)
@given(EXPRESSIONS)
def test_what_is_written_is_read_back(expression):
    assert value(unparse(expression)) == expression


@settings(max_examples=200)
@given(EXPRESSIONS)
def test_no_parentheses_are_written_that_could_be_left_out(expression):
    text = unparse(expression)
    pairs, opened = [], []
    for index, character in enumerate(text):
        if character == "(":
            opened.append(index)
        elif character == ")":
            pairs.append((opened.pop(), index))
    for start, end in pairs:
        if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
            continue
        without = f"{text[:start]} {text[start + 1 : end]} {text[end + 1 :]}"
        assert value(without) != expression


def leaves(part: Expression) -> list:
    if isinstance(part, Binary):
        return leaves(part.left) + leaves(part.right)
    if isinstance(part, Unary):
        return leaves(part.operand)
    if isinstance(part, Apply):
        return [leaf for each in part.arguments for leaf in leaves(each)]
    return [part]


LAYOUTS = ["y: {}", "y: '{}'", 'y: "{}"', "y: >\n    {}\n", "y: |\n    {}\n", "x: 1\ny:\n    {}\n"]


@settings(max_examples=200)
@given(
    EXPRESSIONS,
    st.sampled_from(LAYOUTS),
    st.sampled_from(["\n    ", "\n      ", "\n\n    "]),
    st.data(),
)
def test_every_part_of_a_folded_formula_is_where_its_span_says(expression, layout, fold, data):
    words = unparse(expression).split(" ")
    text = words[0]
    for word in words[1:]:
        text += data.draw(st.sampled_from([" ", fold])) + word
    source = Source("spec.yaml", layout.format(text))
    read_back = parse(read(source).get("y"))
    assert unparse(read_back) == unparse(expression)
    for leaf in leaves(read_back):
        line = source.line(leaf.span.line)
        assert leaf.span.line == leaf.span.end_line
        assert line[leaf.span.column - 1 : leaf.span.end_column - 1] == unparse(leaf)


# Anything at all


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*"ab1 .@+-*/()=,$t\n#[^<'é²:{", "**", "@t-1", "e5"]), max_size=30))
def test_any_text_is_a_formula_or_an_error(parts):
    try:
        expression = parse(scalar("".join(parts)))
    except SpecError as error:
        assert str(error)
        return
    assert parse(scalar(unparse(expression))) == expression


@settings(max_examples=200)
@given(st.text(max_size=40), st.text(max_size=60), st.booleans())
def test_a_place_that_does_not_fit_its_text_never_crashes(text, around, quoted):
    source = Source("spec.yaml", around)
    lines = around.split("\n")
    span = Span(source, 1, 1, len(lines), len(lines[-1]) + 1)
    try:
        parse(Scalar(text, span, quoted))
    except SpecError as error:
        assert str(error)
