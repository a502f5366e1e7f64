"""Crops move pixels and never mix them; windows lie inside of the image."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.augment import Chain
from keras_mpl.augment import Cutout
from keras_mpl.augment import FlipCrop
from keras_mpl.augment import center_window
from keras_mpl.augment import cifar_strong
from keras_mpl.augment import imagenet_strong
from keras_mpl.augment import inception_window
from keras_mpl.augment import svhn_strong


def _numbered(height=6, width=7):
    """An image whose pixels say where they are."""
    image = np.arange(height * width).reshape(height, width, 1)
    return image.astype(np.uint8)


def _all_crops(image, padding, flips):
    height, width = image.shape[:2]
    margin = ((padding, padding), (padding, padding), (0, 0))
    padded = [
        np.pad(flipped, margin, constant_values=128)
        for flipped in ([image, image[:, ::-1]] if flips else [image])
    ]
    places = range(2 * padding + 1)
    return {
        one[top : top + height, left : left + width].tobytes()
        for one in padded
        for top in places
        for left in places
    }


@pytest.mark.parametrize("flip", [True, False])
def test_every_crop_of_the_padded_image_comes_equally_often(flip):
    image = _numbered()
    count = 10_000
    views = FlipCrop(2, flip=flip)(np.stack([image] * count), (0, 1)).numpy()
    found = [view.tobytes() for view in views]
    expected = _all_crops(image, 2, flip)
    assert set(found) == expected
    _, counts = np.unique(found, return_counts=True)
    mean = count / len(expected)
    limit = 85.4 if flip else 51.2  # 49 and 24 degrees of freedom, p = 0.001
    assert ((counts - mean) ** 2 / mean).sum() < limit


def test_cutout_covers_a_square_around_every_pixel_equally_often():
    images = np.zeros((20_000, 8, 8, 3), np.uint8)
    views = Cutout(2, fill=5)(images, (0, 2)).numpy()
    assert set(np.unique(views)) == {0, 5}
    # The square is [center - 1, center]: its last corner is the centre.
    covered = (views[..., 0] == 5).reshape(-1, 64)
    last = 63 - covered[:, ::-1].argmax(axis=1)
    counts = np.bincount(last, minlength=64)
    assert ((counts - 312.5) ** 2 / 312.5).sum() < 103.4  # 63, p = 0.001


@pytest.mark.parametrize("policy", [cifar_strong, svhn_strong, imagenet_strong])
def test_strong_views_are_functions_of_the_seeds(policy):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 32, 32, 3)).astype(np.uint8)
    views = policy(images, (1, 2)).numpy()
    assert views.dtype == np.uint8
    np.testing.assert_array_equal(views, policy(images, (1, 2)))
    assert (views != policy(images, (1, 3)).numpy()).any()


def test_steps_of_a_chain_draw_from_seeds_of_their_own():
    images = np.stack([_numbered()] * 2000)
    step = FlipCrop(0)
    is_mirrored = (
        step(images, (0, 1)).numpy() != images  # one coin
    ).any(axis=(1, 2, 3))
    twice = (Chain((step, step))(images, (0, 1)).numpy() != images).any(
        axis=(1, 2, 3)
    )
    assert 0.45 < is_mirrored.mean() < 0.55
    assert 0.45 < twice.mean() < 0.55  # with one coin for both: 0


def test_inception_windows_are_of_the_sizes_they_should_be():
    size = (100, 140)
    windows = np.stack(
        [inception_window(size, (0, seed)).numpy() for seed in range(300)]
    )
    top, left, height, width = windows.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 100).all()
    assert (left + width <= 140).all()
    area = height * width / (100 * 140)
    assert area.min() >= 0.078
    assert area.min() < 0.12
    assert area.max() > 0.8
    ratio = width / height
    assert ratio.min() > 0.72
    assert ratio.max() < 1.38
    assert len(np.unique(windows, axis=0)) > 290


def test_inception_falls_back_on_the_middle():
    # No window of a 3:1 strip is at least 8 % large and 3/4 to 4/3 wide ...
    # except small ones; a 1-pixel strip has none at all.
    window = inception_window((1, 300), (0, 1)).numpy()
    assert window.tolist() == center_window((1, 300)).numpy().tolist()


def test_windows_work_in_a_graph():
    graph = tf.function(inception_window)
    np.testing.assert_array_equal(
        graph(tf.constant([90, 60]), (4, 5)), inception_window([90, 60], (4, 5))
    )


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: FlipCrop(-1), "`padding` must be 0 or more"),
        (lambda: Cutout(3), "`size` must be even"),
        (
            lambda: FlipCrop()(np.zeros((1, 8, 8, 3), "float32"), (0, 0)),
            "`images` must be uint8",
        ),
        (
            lambda: Cutout()(np.zeros((1, 8, 8, 3), "uint8"), 3),
            "`seeds` must be of shape",
        ),
    ],
)
def test_bad_input_is_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()
