"""The sets that are generated: the same for the same seed, and what they say they are."""

import numpy as np
import pytest

from graphc.data import made_of_digits
from graphc.data.load import load
from graphc.data.made_of_digits import moved, noisy
from graphc.data.signals import WAVES
from graphc.ops.sources import DIRECTIONS, SIGNALS, DigitScenes, MovingDigits, Signals

SMALL = {"count": 64, "validation": 0}
SCENES = DigitScenes(**SMALL, test=32, size=40)
CLIPS = MovingDigits(**SMALL, test=32, frames=3)


@pytest.fixture
def boxes(monkeypatch):
    """In place of MNIST: a solid box for each digit, the higher the larger the digit.

    Those of the test are wider than high.
    """
    images = np.zeros((20, 28, 28, 1), np.uint8)
    for digit in range(10):
        images[digit, 4 : 8 + digit, 12:14] = 255
        images[10 + digit, 4 : 8 + digit, 6:24] = 255
    label = np.arange(20, dtype=np.uint8) % 10
    train, test = (
        {"image": images[part], "label": label[part]} for part in (np.s_[:10], np.s_[10:])
    )
    monkeypatch.setattr(made_of_digits, "read_mnist", lambda source, folder: (train, test))


def same(one, other):
    return all(
        np.array_equal(array, other.splits[name][field])
        for name, arrays in one.splits.items()
        for field, array in arrays.items()
    )


@pytest.mark.parametrize("source", [Signals(**SMALL), SCENES, CLIPS], ids=lambda each: each.name)
def test_the_same_seed_generates_the_same_examples_and_another_others(source, boxes):
    again = type(source)(**{**vars(source), "seed": 1})
    assert same(load(source, "."), load(source, "."))
    assert not same(load(source, "."), load(again, "."))


@pytest.mark.parametrize("source", [Signals(**SMALL), SCENES, CLIPS], ids=lambda each: each.name)
def test_arrays_are_as_declared(source, boxes):
    data, names = load(source, "."), {"float": np.float32, "int": np.int32}
    assert data.fields == source.fields(".")
    for name, arrays in data.splits.items():
        for field, array in arrays.items():
            type = data.fields[field]
            assert array.shape == (data.count(name), *type.shape)
            assert array.dtype == names[type.dtype]
    assert len(data.class_names) == data.fields[data.target].below


@pytest.mark.parametrize("source", [SCENES, CLIPS], ids=lambda each: each.name)
def test_counts_are_those_of_the_spec(source, boxes):
    data = load(type(source)(count=50, validation=10, test=7), ".")
    assert [data.count(each) for each in ("train", "validation", "test")] == [40, 10, 7]
    assert set(load(type(source)(count=50, test=0), ".").splits) == {"train", "validation"}


def test_the_classes_of_a_scene_are_its_ink(boxes):
    arrays = load(SCENES, ".").splits["train"]
    np.testing.assert_array_equal(arrays["classes"] > 0, arrays["image"][..., 0] > 0.5)
    assert set(np.unique(arrays["classes"])) == set(range(11))


def test_a_scene_has_one_digit_or_more(boxes):
    for most in (1, 3):
        scenes = load(DigitScenes(**SMALL, digits=most), ".").splits["train"]["classes"]
        kinds = {len(set(np.unique(scene)) - {0}) for scene in scenes}
        assert kinds == set(range(1, most + 1))


def test_test_scenes_are_made_of_test_digits(boxes):
    data = load(DigitScenes(**SMALL, digits=1, test=30), ".")
    widths = {
        name: {int(scene.any(axis=0).sum()) for scene in data.splits[name]["classes"]}
        for name in ("train", "test")
    }
    assert widths == {"train": {2}, "test": {18}}


def test_clutter_is_background(boxes):
    plain, cluttered = (
        load(DigitScenes(**SMALL, digits=1, clutter=each), ".").splits["train"] for each in (0, 30)
    )
    lit = [
        (each["image"][..., 0] > 0.5).sum() - (each["classes"] > 0).sum()
        for each in (plain, cluttered)
    ]
    assert lit[0] == 0
    assert lit[1] > 1000


def test_noise_stays_between_zero_and_one(boxes):
    for source in (DigitScenes(**SMALL, noise=0.5), MovingDigits(**SMALL, noise=0.5)):
        image = next(iter(load(source, ".").splits["train"].values()))
        assert (image.min(), image.max()) == (0, 1)
        assert len(np.unique(image)) > 200


def test_noise_has_its_deviation():
    draw = np.random.default_rng(0)
    found = noisy(np.full((100, 100), 128, np.uint8), 0.1, draw).astype(float) / 255
    assert abs(found.std() - 0.1) < 2e-3


def test_a_canvas_moves_around_its_edges():
    canvas = np.zeros((1, 4, 4), np.uint8)
    canvas[0, 1, 2] = 7
    frames = moved(canvas, np.array([[0, 0]]), np.array([[-1, 1]]), 3)
    assert [tuple(np.argwhere(frame)[0]) for frame in frames[0]] == [(1, 2), (0, 3), (3, 0)]
    assert (moved(canvas, np.array([[2, 3]]), np.array([[0, 0]]), 1)[0, 0, 3, 1]) == 7


def test_the_label_of_a_clip_is_the_direction_of_its_digit(boxes):
    data = load(CLIPS, ".").splits["train"]
    steps = {"right": (0, 1), "down right": (1, 1), "down": (1, 0), "up left": (-1, -1)}
    for name, step in steps.items():
        for clip in data["clip"][data["label"] == DIRECTIONS.index(name), ..., 0]:
            speeds = [
                np.array_equal(
                    clip[1], np.roll(clip[0], (speed * step[0], speed * step[1]), (0, 1))
                )
                for speed in (1, 2)
            ]
            assert any(speeds)
            assert all(
                np.array_equal(np.sort(clip[0], axis=None), np.sort(each, axis=None))
                for each in clip
            )


@pytest.mark.parametrize("source", [Signals(count=80), CLIPS], ids=lambda each: each.name)
def test_every_kind_is_there_as_often(source, boxes):
    data = load(source, ".")
    labels = np.concatenate(
        [arrays["label"] for name, arrays in data.splits.items() if name != "test"]
    )
    if source.name == "signals":
        labels = np.concatenate([labels, data.splits["test"]["label"]])
    assert len(set(np.bincount(labels))) == 1


def test_there_is_a_wave_for_each_kind():
    assert tuple(WAVES) == SIGNALS


def test_waves_without_noise_have_their_forms():
    arrays = load(Signals(count=400, noise=0.0, test=0, validation=0, length=600), ".").splits[
        "train"
    ]
    signals = {
        name: arrays["signal"][arrays["label"] == kind, :, 0] for kind, name in enumerate(SIGNALS)
    }
    peak = {name: np.abs(each).max(axis=1) for name, each in signals.items()}
    for name in set(SIGNALS) - {"noise", "damped"}:
        assert (peak[name] > 0.45).all()
        assert (peak[name] <= 1.5).all()
    size = {
        name: (np.abs(each) / peak[name][:, None]).mean(axis=1) for name, each in signals.items()
    }
    np.testing.assert_allclose(size["square"], 1, atol=1e-3)
    np.testing.assert_allclose(size["sine"], 2 / np.pi, atol=0.05)
    np.testing.assert_allclose(size["triangle"], 0.5, atol=0.05)
    quarters = np.abs(signals["damped"]).reshape(len(signals["damped"]), 2, -1).max(axis=2)
    assert (quarters[:, 1] < 0.6 * quarters[:, 0]).all()
    silent = (signals["bursts"] == 0).mean(axis=1)
    assert (abs(silent - 2 / 3) < 0.15).all()


def test_what_no_memory_holds_is_refused_before_it_is_made(problem):
    with problem("GC228") as found:
        DigitScenes(count=10**12).fields(".")
    assert found[0].message.startswith("1,000,000,000,000 examples are 4,608,000,000,000,000 ")


def test_real_digits_make_scenes_and_clips(real_sets):
    scenes = load(DigitScenes(count=40, test=20), ".")
    assert set(np.unique(scenes.splits["train"]["classes"])) == set(range(11))
    clips = load(MovingDigits(count=40, validation=8, test=20), ".").splits
    assert clips["train"]["clip"].max() == 1
    assert not np.array_equal(clips["train"]["clip"][0], clips["test"]["clip"][0])
