"""The sets of scikit-learn: what is declared is what is loaded, and how it is split."""

import numpy as np
import pytest

from graphc.core.registry import sources
from graphc.data.load import load
from graphc.ops.sources import Bundled, Diabetes, Digits, Iris, Wine

BUNDLED = [each for each in sources if issubclass(each, Bundled)]


def _rows(dataset, field):
    return [dataset.splits[name][field] for name in ("train", "validation", "test")]


@pytest.mark.parametrize("source", BUNDLED, ids=lambda each: each.name)
def test_arrays_are_as_declared(source):
    data = load(source(), ".")
    assert data.fields == source().fields(".")
    for name, size in source().sizes(source.examples).items():
        assert data.count(name) == size
        for field, type in data.fields.items():
            array = data.splits[name][field]
            assert array.shape == (size, *type.shape)
            assert array.dtype == {"float": np.float32, "int": np.int32}[type.dtype]
            assert not array.flags.writeable
    if data.fields[data.target].dtype == "int":
        labels = np.concatenate(_rows(data, data.target))
        assert set(labels) == set(range(data.fields[data.target].below))
        assert len(data.class_names) == data.fields[data.target].below


def test_splits_are_disjoint_and_cover_the_set():
    data = load(Iris(normalize="none"), ".")
    from sklearn.datasets import load_iris

    whole = load_iris().data.astype(np.float32)
    found = np.concatenate(_rows(data, "features"))
    assert sorted(map(tuple, found)) == sorted(map(tuple, whole))


def test_every_split_holds_each_class_in_its_share():
    data = load(Iris(), ".")
    for name, each in (("train", 36), ("validation", 4), ("test", 10)):
        assert np.bincount(data.splits[name]["label"]).tolist() == [each] * 3


def test_the_same_seed_draws_the_same_splits_and_another_draws_others():
    first, again, other = (load(Wine(split_seed=seed), ".") for seed in (0, 0, 1))
    for name in ("train", "validation", "test"):
        assert (first.splits[name]["features"] == again.splits[name]["features"]).all()
    assert (first.splits["test"]["features"] != other.splits["test"]["features"]).any()


def test_seeds_may_be_of_any_size():
    assert load(Iris(split_seed=2**40), ".").count("test") == 30


def test_splits_of_zero_are_absent():
    data = load(Iris(validation=0, test=0), ".")
    assert list(data.splits) == ["train"]
    assert data.count("train") == 150
    assert data.count("test") == 0


def test_counts_are_taken_as_they_are():
    data = load(Digits(validation=100, test=97), ".")
    assert [data.count(each) for each in ("train", "validation", "test")] == [1600, 100, 97]


def test_digits_are_images_between_zero_and_one():
    image = load(Digits(), ".").splits["train"]["image"]
    assert (image.min(), image.max()) == (0, 1)


def test_tables_are_standardized_by_their_training_part():
    data = load(Wine(), ".")
    train = data.splits["train"]["features"].astype(np.float64)
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train.std(axis=0), 1, atol=1e-5)
    assert abs(data.splits["test"]["features"].mean(axis=0)).max() > 1e-2


def test_a_target_that_is_a_quantity_keeps_its_unit():
    target = load(Diabetes(), ".").splits["train"]["target"]
    assert target.min() == 25
    assert load(Diabetes(), ".").class_names is None


def test_a_split_smaller_than_the_classes_is_refused(problem):
    with problem("GC518") as found:
        load(Iris(validation=2), ".")
    assert "too few for all 3 classes" in found[0].message
    assert found[0].help == "give `validation` a count from 3 to 117, or 0"


def test_normalizing_an_image_is_by_channel():
    data = load(Digits(normalize="standard"), ".")
    assert len(data.scaling.moments["image"].mean) == 1
    assert abs(data.splits["train"]["image"].std() - 1) < 1e-4
