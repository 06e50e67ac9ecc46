"""Every declared source: read, written, and described without heavy imports."""

import subprocess
import sys

import pytest

from graphc.core.diagnostic import SpecError
from graphc.core.registry import sources
from graphc.core.span import nowhere as no_place
from graphc.core.tree import from_plain
from graphc.core.types import Type
from graphc.data.loaders import LOADERS, SERIES, WHOLE, loader
from graphc.ops import sources as declared


def _read(name: str, value: object = None):
    tree = None if value is None else from_plain(value, no_place())
    return sources[name].read(tree, no_place())


def test_every_source_has_a_loader():
    assert {*LOADERS, *WHOLE, *SERIES} == set(sources.names())
    assert all(map(callable, map(loader, sources.names())))


@pytest.mark.parametrize("source", list(sources), ids=lambda each: each.name)
def test_every_attribute_is_explained(source):
    assert all(each.help and not each.help.endswith(".") for each in source.attributes())
    assert source.schema()["description"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iris", {"validation": 0.25, "test": 30, "normalize": "none", "split_seed": 7}),
        ("mnist", {"validation": 0, "data_dir": "sets", "download": False}),
        ("cifar10_subset", {"validation": 0.25, "data_dir": "sets"}),
        ("signals", {"count": 100, "length": 32, "noise": 0.1, "seed": 2}),
        ("digit_scenes", {"count": 100, "test": 20, "digits": 2, "size": 40, "clutter": 3}),
        ("moving_digits", {"frames": 4, "noise": 0.1, "download": False}),
        ("csv", {"path": "a.csv", "target": "y", "features": ["u", "v"], "kind": "number"}),
        ("csv", {"path": "a.csv", "target": "y", "test_path": "b.csv", "delimiter": "tab"}),
        ("photos", {"images": {"a": "chelsea", "b": "b.jpg"}, "size": [64, 48], "grey": True}),
        ("npz", {"path": "a.npz", "target": "y", "inputs": ["x"], "pixels": ["x"]}),
    ],
)
def test_what_is_written_reads_as_the_same(name, value):
    source = _read(name, value)
    assert source.write() == value
    assert _read(name, source.write()) == source


@pytest.mark.parametrize("part", [1.0, 0.0, 1.5, -1, "half"])
def test_a_part_is_a_fraction_or_a_count(part):
    with pytest.raises(SpecError, match="expected a number of more than 0 and less than 1"):
        _read("iris", {"validation": part})


def test_a_set_with_its_own_test_split_has_no_attribute_test():
    with pytest.raises(SpecError, match="`mnist` has no attribute `test`"):
        _read("mnist", {"test": 0.2})


def test_images_are_not_normalized_by_default_and_tables_are():
    images = ("digits", "mnist", "fashion_mnist", "usps", "cifar10_subset", "digit_scenes")
    assert {_read(name).normalize for name in images} == {"none"}
    tables = ("iris", "wine", "breast_cancer", "diabetes")
    assert {_read(name).normalize for name in tables} == {"standard"}


def test_the_target_of_diabetes_fits_one_output():
    assert declared.Diabetes().fields(".")["target"] == Type((1,))
    assert declared.Diabetes.target == "target"


def test_declarations_and_fields_import_no_numpy(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,a\n2,b\n3,a\n4,b\n")
    program = (
        "import sys; from graphc.core.registry import sources; import graphc.ops.sources as s;"
        "[each().fields('.') for each in sources if each.short_allowed()];"
        f"s.Csv(path='a.csv', target='y', validation=0).fields({str(tmp_path)!r});"
        "print([m for m in ('numpy', 'sklearn', 'jax', 'zipfile') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_split_that_takes_all_is_reported_before_loading(problem):
    with problem("GC518") as found:
        declared.Iris(validation=120, test=30).fields(".")
    assert found[0].message == (
        "no example is left to train on: of 150, 30 are held out for the test and 120 for the"
        " validation"
    )


def test_a_fraction_holds_out_at_least_one():
    assert declared.Iris(validation=0.001).sizes(10) == {"train": 7, "validation": 1, "test": 2}
