"""What augmentations do to images, beside what every operation promises."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from graphc.core.registry import operations
from graphc.core.types import BATCH, Type
from graphc.testing import forms

IMAGES = np.random.default_rng(0).uniform(0.5, 1.5, (64, 9, 8, 3)).astype(np.float32)


def changed(name, x=IMAGES, train=True, **attributes):
    operation = operations[name](**attributes)
    kind = Type(x.shape[1:], "float", None, (BATCH,), frozenset())
    return np.asarray(forms.call(operation, [kind], [jnp.asarray(x)], train=train))


ALL = {
    "random_flip": {},
    "random_crop": {"padding": 2},
    "random_affine": {"rotate": 20.0, "shift": 0.1, "zoom": 0.1},
    "color_jitter": {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2},
    "cutout": {"size": 4},
}


@pytest.mark.parametrize("name", ALL)
def test_evaluation_leaves_images_alone(name):
    assert np.array_equal(changed(name, train=False, **ALL[name]), IMAGES)


@pytest.mark.parametrize("name", ALL)
def test_each_image_has_a_draw_of_its_own(name):
    found = changed(name, np.broadcast_to(IMAGES[:1], IMAGES.shape), **ALL[name])
    assert not np.array_equal(found, np.broadcast_to(found[:1], found.shape))


@pytest.mark.parametrize(("direction", "kinds"), [("horizontal", 2), ("vertical", 2), ("both", 4)])
def test_a_flip_mirrors_some_images(direction, kinds):
    mirrored = {"horizontal": [2], "vertical": [1], "both": [1, 2, (1, 2)]}[direction]
    choices = [IMAGES, *(np.flip(IMAGES, axes) for axes in mirrored)]
    found = changed("random_flip", direction=direction)
    which = [
        next(i for i, each in enumerate(choices) if np.array_equal(each[row], found[row]))
        for row in range(len(found))
    ]
    counts = np.bincount(which, minlength=kinds)
    assert counts.min() > 64 / kinds / 3


def test_a_crop_is_a_window_of_the_image_with_zeros_around_it():
    found = changed("random_crop", padding=2)
    wide = np.pad(IMAGES, ((0, 0), (2, 2), (2, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, (9, 8), axis=(1, 2))
    same = (windows == np.moveaxis(found, 3, 1)[:, None, None]).all(axis=(3, 4, 5))
    assert same.any(axis=(1, 2)).all()
    assert same.any(axis=(0, 1)).all()
    assert same.any(axis=(0, 2)).all()


def test_an_affine_change_keeps_to_its_limits():
    spot = jnp.zeros((64, 21, 21, 1)).at[:, 10, 10].set(1.0)
    rows, columns = np.mgrid[:21, :21]

    def centres(**attributes):
        found = changed("random_affine", spot, **attributes)[..., 0]
        total = found.sum(axis=(1, 2))
        return [(found * each).sum(axis=(1, 2)) / total - 10 for each in (rows, columns)]

    for each in centres(rotate=90.0, zoom=0.3):
        assert np.abs(each).max() < 1e-4
    for each in centres(shift=0.2):
        assert 3 < np.abs(each).max() <= 0.2 * 21 + 1e-4


def test_a_turn_is_the_one_of_an_independent_implementation():
    ndimage = pytest.importorskip("scipy.ndimage")
    key = jax.random.split(jax.random.key(1), 1)[0]
    angle = 30 * float(jax.random.uniform(key, (4,), jnp.float32, -1, 1)[0])
    image = np.pad(IMAGES[:1], ((0, 0), (4, 4), (4, 4), (0, 0)))
    found = changed("random_affine", image, rotate=30.0)[0]
    turned = ndimage.rotate(image[0], -angle, reshape=False, order=1)
    assert np.allclose(found, turned, atol=1e-4)


def test_colours_keep_to_their_limits():
    found = changed("color_jitter", brightness=0.3)
    ratio = found / IMAGES
    assert np.allclose(ratio, ratio[:, :1, :1, :1], rtol=1e-4)
    assert 0.7 <= ratio.min() < 0.8 < 1.2 < ratio.max() <= 1.3 + 1e-5
    grey = changed("color_jitter", saturation=0.9) @ np.array([0.299, 0.587, 0.114])
    assert np.allclose(grey, IMAGES @ np.array([0.299, 0.587, 0.114]), rtol=1e-4)


def test_a_cutout_is_a_square_of_zeros():
    found = changed("cutout", size=3)
    gone = (found == 0).all(axis=3)
    assert np.array_equal(found, np.where(gone[..., None], 0, IMAGES))
    assert set(gone.sum(axis=(1, 2))) <= {1 * 2, 4, 6, 9}
    assert gone.any(axis=0).all()
