"""Attributes with a value for each axis are read, written and described alike."""

import json

import pytest
from hypothesis import given
from samples import SAMPLES

from graphc.core.registry import operations
from graphc.core.span import nowhere
from graphc.core.tree import from_plain
from graphc.core.types import Type
from graphc.ops.per_axis import Around, PerAxis, pairs, short, spread
from graphc.testing.contracts import few

SPATIAL = [
    each.name
    for each in operations
    if any(isinstance(attribute.kind, PerAxis | Around) for attribute in each.attributes())
]
FILM = Type((4, 5, 6, 2))


@pytest.mark.parametrize("name", SPATIAL)
def test_what_is_written_reads_back_as_it_was(name):
    @few
    @given(SAMPLES[name])
    def check(sample):
        operation, _ = sample
        written = json.loads(json.dumps(operation.write()))
        tree = None if written is None else from_plain(written, nowhere())
        assert operations[name].read(tree, nowhere()) == operation

    check()


@pytest.mark.parametrize(
    ("kind", "value", "valid"),
    [
        (PerAxis(), 2, True),
        (PerAxis(), [2, 1, 3], True),
        (PerAxis(), [], False),
        (PerAxis(), 0, False),
        (PerAxis(), [[1, 2]], False),
        (Around(("same",)), "same", True),
        (Around(("same",)), "valid", False),
        (Around(), "same", False),
        (Around(), 0, True),
        (Around(), [0, [1, 2]], True),
        (Around(), [[1, 2, 3]], False),
        (Around(), -1, False),
    ],
)
def test_the_schema_takes_what_is_read(kind, value, valid):
    validator = pytest.importorskip("jsonschema").Draft7Validator(kind.schema())
    assert validator.is_valid(value) == valid
    if valid:
        assert kind.write(kind.read(from_plain(value, nowhere()))) == value
    else:
        with pytest.raises(Exception, match="expected"):
            kind.read(from_plain(value, nowhere()))


def test_one_value_is_that_of_every_axis():
    assert spread("conv", "kernel", 3, FILM) == (3, 3, 3)
    assert spread("conv", "kernel", (1, 2, 3), FILM) == (1, 2, 3)
    assert pairs("pad", "margins", 1, FILM) == [(1, 1)] * 3
    assert pairs("pad", "margins", (0, (1, 2), 3), FILM) == [(0, 0), (1, 2), (3, 3)]


def test_equal_values_are_written_as_one():
    assert short((2, 2, 2)) == 2
    assert short([(1, 1), (1, 1)]) == 1
    assert short([(1, 1), (0, 1)]) == (1, (0, 1))
    assert short([(0, 1), (0, 1)]) == ((0, 1), (0, 1))
