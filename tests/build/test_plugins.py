"""Operations that other packages register as entry points."""

import textwrap

import pytest

import graphc as gc
import graphc.ops
from graphc.core import plugins
from graphc.core.diagnostic import SpecError
from graphc.core.registry import operations
from graphc.core.span import Source

assert list(graphc.ops.operations)  # all of them are imported

MODULE = '''
"""Operations of another package."""
from dataclasses import dataclass

from graphc import ops


@dataclass(frozen=True)
class Scaled(ops.Operation):
    """The input times a number: `y = factor * x`."""

    name = "scaled"
    call = ops.code("$factor * $x")

    factor: float = ops.primary(ops.Float(), "the number")

    def infer(self, x):
        return x.with_shape(x.shape)


class Misnamed(Scaled):
    name = "another"


NONE = 3
'''
SPEC = """
network:
  inputs: {{x: [4]}}
  layers: [{{dense: 3}}, {{{}: 2.5}}]
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package on the path that offers operations."""
    (tmp_path / "scaling.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("raise ImportError('no such chip')")
    information = tmp_path / "scaling-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: scaling\nVersion: 1.0\n")
    offered = """
        [graphc.operations]
        scaled = scaling:Scaled
        misnamed = scaling:Misnamed
        none_at_all = scaling:NONE
        unimportable = broken:Anything
        dense = scaling:Scaled
    """
    (information / "entry_points.txt").write_text(textwrap.dedent(offered))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(operations, "_entries", dict(operations._entries))
    plugins.offered.cache_clear()
    yield
    plugins.offered.cache_clear()


def checked(word):
    return gc.check(Source("a.yaml", SPEC.format(word)))


def test_a_spec_may_name_it(package):
    assert "2.5 * " in gc.compile(Source("a.yaml", SPEC.format("scaled"))).source


def test_a_graph_in_python_has_it_as_a_method(package):
    g = gc.Graph(x=(4,))
    assert g.scaled("x", 2.0).type.shape == (4,)
    assert "factor: the number" in g.scaled.__doc__


def test_its_name_is_suggested_and_listed_once_loaded(package):
    problems = operations.load_offered()
    assert "scaled" in [each.name for each in operations]
    assert [each.code for each in problems] == ["GC229"] * 3
    with pytest.raises(SpecError, match="a similar name exists: `scaled`"):
        checked("scald")


def test_what_graphc_declares_itself_stays(package):
    assert operations["dense"].__module__ == "graphc.ops.dense"


@pytest.mark.parametrize(
    "word, reason",
    [
        ("unimportable", "cannot be imported: ImportError: no such chip"),
        ("misnamed", "calls itself `another`"),
        ("none_at_all", "is no declaration of graphc"),
    ],
)
def test_what_cannot_be_loaded_is_an_error_at_its_step(package, word, reason):
    with pytest.raises(SpecError) as caught:
        checked(word)
    (error,) = caught.value.diagnostics
    assert (error.code, error.span.line) == ("GC229", 4)
    assert error.message == f"the operation `{word}` of the package `scaling` {reason}"


def test_the_test_kit_takes_it(package):
    from hypothesis import strategies as st

    from graphc import testing

    kind = operations["scaled"]
    factors = st.sampled_from([0.5, 2.0])
    testing.check_operation(kind, testing.of(kind, testing.anything, factor=factors))
    kind.infer = lambda self, x: x.with_shape((*x.shape, 2))
    with pytest.raises(AssertionError):
        testing.check_operation(kind, testing.of(kind, testing.anything, factor=factors))
