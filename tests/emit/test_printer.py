from __future__ import annotations

import ast
import importlib.util
import inspect
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphc.emit.printing.printer import Blank, Comment, print_module, tagged

SOURCES = Path(__file__).parent / "printer_sources"
SNIPPETS = (SOURCES / "snippets.txt").read_text(encoding="utf-8").split("# ---\n")
LAYER = (SOURCES / "layer.txt").read_text(encoding="utf-8")
STEP = (SOURCES / "step.txt").read_text(encoding="utf-8")
COMMENTED = (SOURCES / "commented.txt").read_text(encoding="utf-8")


class Marks(ast.NodeTransformer):
    """Turns `COMMENT("text")` and `BLANK` into what they stand for."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        match node.value:
            case ast.Call(func=ast.Name(id="COMMENT"), args=[ast.Constant(value=text)]):
                return Comment(text)
            case ast.Name(id="BLANK"):
                return Blank()
        return node


def printed(source: str, width: int = 100) -> str:
    return print_module(ast.parse(source), width).text


def meaning(source: str) -> str:
    """What `source` means, whatever the indentation of its docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str() as text) as docstring), *_]:
                    lines = inspect.cleandoc(text).split("\n")
                    docstring.value = "\n".join(line.strip() for line in lines).rstrip()
    return ast.dump(tree)


def ruff_changes(texts: list[str], folder: Path) -> list[str]:
    """Those of `texts` that `ruff format` would change."""
    if importlib.util.find_spec("ruff") is None:
        pytest.skip("ruff is not installed")
    for i, text in enumerate(texts):
        (folder / f"{i}.py").write_text(text, encoding="utf-8")
    options = ["--isolated", "--no-cache", "--line-length", "100", "--target-version", "py311"]
    command = [sys.executable, "-m", "ruff", "format", *options, str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    read = ((folder / f"{i}.py").read_text(encoding="utf-8") for i in range(len(texts)))
    return [text for text, now in zip(texts, read, strict=True) if now != text]


@pytest.fixture(scope="module")
def corpus() -> dict[str, tuple[str, str]]:
    """Real sources and their prints, by file, for a spread of the files that can be printed."""
    library, packages = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    files = [*sorted(library.glob("*.py"))[::4], *sorted((library / "email").glob("*.py"))]
    files += [
        *sorted(packages.glob("flax/nnx/**/*.py"))[::3],
        *sorted(packages.glob("optax/**/*.py"))[::5],
    ]
    prints = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in files:
            source = file.read_text(encoding="utf-8")
            try:
                prints[str(file)] = source, printed(source)
            except TypeError:
                continue
    return prints


@pytest.mark.parametrize("source", SNIPPETS)
def test_source_in_ruffs_style_is_printed_as_it_is(source):
    assert printed(source) == source


def test_the_snippets_are_in_ruffs_style(tmp_path):
    assert not ruff_changes(SNIPPETS, tmp_path)


@pytest.mark.parametrize("source", [LAYER, STEP])
@pytest.mark.parametrize("width", [100, 60])
def test_generated_modules_keep_their_meaning(source, width):
    text = printed(source, width)
    assert meaning(text) == meaning(source)
    assert printed(text, width) == text


@pytest.mark.parametrize("source", [LAYER, STEP])
def test_ruff_leaves_generated_modules(source, tmp_path):
    text = printed(source)
    assert not ruff_changes([text], tmp_path)
    assert max(map(len, text.splitlines())) <= 100


def test_ruff_leaves_comments_and_blank_lines(tmp_path):
    text = print_module(Marks().visit(ast.parse(COMMENTED))).text
    assert text.startswith(
        '# Made by graphc; do not edit.\n#\n# See the graph.\n"""A module."""\n\n#'
    )
    assert (
        "import os\n\n# others\nimport jax\n\n# a constant\nx = 1\n\ny = 2\n\n\n# a function\ndef"
        in text
    )
    assert not ruff_changes([text], tmp_path)


def test_real_files_keep_their_meaning(corpus):
    assert len(corpus) >= 60
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        changed = [
            file for file, (source, text) in corpus.items() if meaning(text) != meaning(source)
        ]
    assert not changed


def test_ruff_leaves_real_files(corpus, tmp_path):
    changes = ruff_changes([text for _, text in corpus.values()], tmp_path)
    assert len(changes) <= 0.02 * len(corpus)  # none with ruff 0.17.5


NAMES = st.sampled_from(["a", "some_name", "a_rather_long_name_of_a_variable"]).map(
    lambda name: ast.Name(name, ast.Load())
)
NUMBERS = st.one_of(
    st.integers(0, 99), st.floats(0, 1e20), st.booleans(), st.none(), st.text("ab'\"\\\n{")
)
BINARY = st.sampled_from([ast.Add, ast.Sub, ast.Mult, ast.Pow, ast.BitOr, ast.LShift, ast.MatMult])
UNARY = st.sampled_from([ast.USub, ast.Not, ast.Invert])
COMPARISONS = st.lists(st.sampled_from([ast.Lt, ast.NotIn, ast.Is]), min_size=1, max_size=2)


def larger(parts: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    load, few = ast.Load(), st.lists(parts, max_size=3)
    parameters = ast.arguments([], [ast.arg("x")], None, [], [], None, [])
    keywords = st.lists(parts.map(lambda part: ast.keyword("key", part)), max_size=1)
    loop = st.builds(
        lambda source, tests: ast.comprehension(ast.Name("x", ast.Store()), source, tests, 0),
        parts,
        few,
    )
    return st.one_of(
        st.builds(lambda a, op, b: ast.BinOp(a, op(), b), parts, BINARY, parts),
        st.builds(lambda op, a: ast.UnaryOp(op(), a), UNARY, parts),
        st.builds(
            lambda op, a, b: ast.BoolOp(op(), [a, b]),
            st.sampled_from([ast.And, ast.Or]),
            parts,
            parts,
        ),
        st.builds(
            lambda a, ops, b: ast.Compare(a, [op() for op in ops], [b] * len(ops)),
            parts,
            COMPARISONS,
            parts,
        ),
        st.builds(ast.IfExp, parts, parts, parts),
        st.builds(lambda a: ast.Lambda(parameters, a), parts),
        st.builds(lambda a: ast.Attribute(a, "attribute", load), parts),
        st.builds(lambda a, b: ast.Subscript(a, b, load), parts, parts),
        st.builds(ast.Call, parts, few, keywords),
        st.builds(lambda a: ast.Tuple(a, load), few),
        st.builds(lambda a: ast.List(a, load), few),
        st.builds(lambda a, b: ast.Dict([a, None], [b, b]), parts, parts),
        st.builds(lambda a, b: ast.ListComp(a, [b]), parts, loop),
        st.builds(lambda a, b: ast.GeneratorExp(a, [b]), parts, loop),
        st.builds(lambda a, b: ast.DictComp(a, a, [b]), parts, loop),
    )


EXPRESSIONS = st.recursive(NAMES | NUMBERS.map(ast.Constant), larger, max_leaves=8)


@settings(max_examples=300)
@given(EXPRESSIONS, st.sampled_from([20, 60, 100]))
def test_any_expression_keeps_its_meaning(value, width):
    target = ast.Name("target", ast.Store())
    module = ast.Module([ast.Assign([target], value), ast.Return(value), ast.Expr(value)], [])
    module.body[2:] = [] if isinstance(value, ast.Constant) else module.body[2:]
    text = print_module(ast.fix_missing_locations(module), width).text
    assert ast.dump(ast.parse(text)) == ast.dump(module)


def test_tags_map_to_all_lines_of_a_statement():
    module = ast.parse(
        "import a\ndef f(x):\n  if x:\n    y = 1\n  else:\n    z = g(x, y)\n  return x\nb = 2"
    )
    function = module.body[1]
    tagged(function, "function")
    tagged(function.body[0], "branch")
    tagged(function.body[0].orelse[0], "call")
    tagged(module.body[2], "after")
    result = print_module(module, width=14)
    lines = result.text.splitlines()
    tags = [(line, result.lines.get(i)) for i, line in enumerate(lines, start=1) if line]
    assert tags == [
        ("import a", None),
        ("def f(x):", "function"),
        ("    if x:", "branch"),
        ("        y = 1", "branch"),
        ("    else:", "branch"),
        ("        z = g(", "call"),
        ("            x,", "call"),
        ("            y,", "call"),
        ("        )", "call"),
        ("    return x", "function"),
        ("b = 2", "after"),
    ]
    assert all(lines[i - 1] for i in result.lines)


def test_tags_of_docstrings_decorators_and_elif():
    module = ast.parse(
        '@a\ndef f():\n    """One.\n\n    Two.\n    """\nif b:\n  pass\nelif c:\n  pass\n'
    )
    tagged(module.body[0], "f")
    tagged(module.body[1], "if")
    tagged(module.body[1].orelse[0], "elif")
    lines = print_module(module).lines
    assert lines == {
        1: "f",
        2: "f",
        3: "f",
        5: "f",
        6: "f",
        9: "if",
        10: "if",
        11: "elif",
        12: "elif",
    }


def test_negative_constants_are_operators():
    power = ast.BinOp(ast.Constant(-2), ast.Pow(), ast.Constant(-0.5))
    module = ast.Module([ast.Expr(power), ast.Expr(ast.Attribute(ast.Constant(-1), "real"))], [])
    assert print_module(module).text == "(-2) ** -0.5\n(-1).real\n"


def test_the_tree_is_not_changed():
    tree = ast.parse(STEP)
    before = ast.dump(tree, include_attributes=True)
    print_module(tree)
    assert ast.dump(tree, include_attributes=True) == before


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("async def f(): pass", "AsyncFunctionDef"),
        ("def f(): yield 1", "Yield"),
        ("f(x := 1)", "NamedExpr"),
        ("match a:\n  case 1: pass", "Match"),
    ],
)
def test_an_unsupported_node_is_named(source, name):
    with pytest.raises(TypeError, match=name):
        print_module(ast.parse(source))


def test_a_constant_without_a_literal_is_an_error():
    for value in (float("nan"), (1, 2), object()):
        with pytest.raises(TypeError, match="constant"):
            print_module(ast.Module([ast.Expr(ast.Constant(value))], []))
