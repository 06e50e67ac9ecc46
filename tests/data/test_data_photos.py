"""One example of several pictures: those that graphc knows, and files."""

import numpy as np
import pytest

from graphc.data import load
from graphc.data.png import png
from graphc.ops.sources import Photos

PIXELS = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("PIL")
    (tmp_path / "leaf.png").write_bytes(png(PIXELS))
    (tmp_path / "broken.png").write_bytes(png(PIXELS)[:-40])
    return str(tmp_path)


def pictures(source, folder="."):
    dataset = load.load(source, folder)
    assert list(dataset.splits) == ["train"]
    assert {name: kind.shape for name, kind in dataset.fields.items()} == {
        name: array.shape[1:] for name, array in dataset.splits["train"].items()
    }
    return {name: array[0] for name, array in dataset.splits["train"].items()}


def test_the_known_pictures_are_those_of_the_file(real_sets):
    found = pictures(Photos())
    assert list(found) == ["astronaut", "chelsea", "coffee", "rocket", "starry_night"]
    with np.load(real_sets / "photos" / "photos_224.npz") as arrays:
        for name, array in found.items():
            assert array.dtype == np.float32
            np.testing.assert_array_equal(np.round(array * 255), arrays[name])


def test_known_pictures_are_resized_and_made_grey(real_sets):
    pytest.importorskip("PIL")
    large = pictures(Photos())["chelsea"]
    small = pictures(Photos(images=(("cat", "chelsea"),), size=56))["cat"]
    means = large.reshape(56, 4, 56, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - means).mean() < 0.02
    grey = pictures(Photos(images=(("cat", "chelsea"),), grey=True))["cat"]
    np.testing.assert_allclose(grey[..., 0], large @ np.float32([0.299, 0.587, 0.114]), atol=0.01)


def test_the_middle_of_a_file_is_taken(folder):
    source = Photos(images=(("whole", "leaf.png"),), size=(40, 60))
    np.testing.assert_array_equal(pictures(source, folder)["whole"], np.float32(PIXELS) / 255)
    source = Photos(images=(("square", "leaf.png"),), size=40)
    middle = np.float32(PIXELS[:, 10:50]) / 255
    np.testing.assert_allclose(pictures(source, folder)["square"], middle, atol=1 / 255)


def test_pictures_that_are_not_there_or_broken_are_named(folder, problem, nowhere):
    with problem("GC502") as found:
        load.load(Photos(), folder)
    assert "photos/photos_224.npz" in found[0].help
    with problem("GC516") as found:
        load.load(Photos(images=(("x", "broken.png"),)), folder)
    assert "broken.png" in found[0].message
    with problem("GC511") as found:
        load.load(Photos(images=(("x", "leef.png"),)), folder)
    assert found[0].help == "a file with a similar name exists: `leaf.png`"
