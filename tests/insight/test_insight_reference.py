"""The pages of everything that a spec can name."""

import pytest
import yaml

from graphc.build.steps import read_step
from graphc.build.wrappers import WRAPPER_FORMS
from graphc.core.diagnostic import SpecError
from graphc.core.registry import operations
from graphc.core.span import Source
from graphc.insight.example import example_of
from graphc.insight.reference import listing_of_all, page_of
from graphc.insight.schema import REGISTRIES
from graphc.spec.document import STANDARD
from graphc.spec.reader import read

EVERYTHING = sorted({each.name for registry in REGISTRIES for each in registry})


@pytest.mark.parametrize("name", [*EVERYTHING, *STANDARD, *WRAPPER_FORMS])
def test_everything_is_listed_and_has_a_page(name):
    assert f"\n  {name} " in listing_of_all()
    assert page_of(name).startswith(f"{name}: ")


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.noun)
def test_everything_has_an_example_that_can_be_read(registry):
    for declaration in registry:
        example = example_of(declaration)
        assert example is not None, declaration.name
        for line in example.spec_lines(registry):
            assert yaml.safe_load(line) is not None


@pytest.mark.parametrize("name", [each.name for each in operations])
def test_an_example_reads_back_as_itself(name):
    example = example_of(operations[name])
    [line] = example.spec_lines(operations)
    tree = read(Source("example", line))
    tree = tree.items[0] if line.startswith("- ") else tree.get("y")
    step = read_step(tree)
    assert operations[name].read(step.attributes, step.span) == example.declaration


def test_a_name_of_several_kinds_has_a_page_for_each():
    page = page_of("constant")
    assert "constant: an operation\n" in page and "constant: an initializer\n" in page


def test_a_page_says_what_there_is_to_know():
    page = page_of("batch_norm")
    for part in (
        "momentum: a number of at least 0 and less than 1; default 0.9",
        "Examples meet in it",
        "mean: [32] for an input [32], a running statistic",
        "  - batch_norm\n",
        "BatchNorm(32, momentum=0.9, rngs=nnx.Rngs(key))",
    ):
        assert part in page


def test_noise_and_operators_are_said_in_words():
    assert "Draws random numbers from the key of its node while training." in page_of("dropout")
    assert "Written in formulas as `/`." in page_of("divide")


def test_an_unknown_name_suggests_one():
    with pytest.raises(SpecError) as caught:
        page_of("max_pol")
    assert "`max_pool`" in caught.value.diagnostics[0].help
