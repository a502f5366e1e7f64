"""The uint8 kernels of RandAugment, by hand."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.augment import kernels
from keras_mpl.augment import lookups


def images(values):
    """Images of one row, from a list per image."""
    return tf.constant(np.array(values, "uint8")[:, None, :, None])


def test_each_image_or_channel_has_its_own_table():
    tables = np.stack([np.arange(256), 255 - np.arange(256)]).astype("uint8")
    found = lookups.apply_tables(images([[1, 2], [1, 2]]), tables, [[1], [0]])
    assert found.numpy()[:, 0, :, 0].tolist() == [[254, 253], [1, 2]]
    pixel = tf.constant([[[[9, 9, 9]]]], tf.uint8)
    found = lookups.apply_tables(pixel, tables, [[0, 1, 0]])
    assert found.numpy().ravel().tolist() == [9, 246, 9]


def test_gathered_pixels_stay_in_their_image():
    found = lookups.gather_pixels(
        images([[1, 2, 3], [4, 5, 6]]), [[2, 1, 0], [-1, 0, 0]], 99
    )
    assert found.numpy()[:, 0, :, 0].tolist() == [[3, 2, 1], [99, 4, 4]]


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ((255, 255, 255), 255),
        ((255, 0, 0), 76),  # 0.299 * 255 = 76.2
        ((0, 255, 0), 150),  # 0.587 * 255 = 149.7
        ((0, 0, 255), 29),  # 0.114 * 255 = 29.1
    ],
)
def test_luma_weighs_the_colours(color, expected):
    pixel = tf.constant(color, tf.uint8)[None, None, None]
    assert lookups.luma(pixel).numpy().item() == expected


def test_mean_luma_is_rounded_half_up():
    found = lookups.mean_luma(images([[1, 2], [1, 1], [2, 3]]))
    assert found.numpy().tolist() == [2, 1, 3]


def test_smooth_weighs_the_centre_by_five_and_keeps_the_border():
    image = np.zeros((1, 3, 3, 1), "uint8")
    image[0, 1, 1, 0] = 130
    image[0, 0, 0, 0] = 13
    found = lookups.smooth(tf.constant(image)).numpy()[0, :, :, 0]
    # (5 * 130 + 13) / 13 = 51
    assert found.tolist() == [[13, 0, 0], [0, 51, 0], [0, 0, 0]]
    row = images([[5, 6, 7]])
    np.testing.assert_array_equal(lookups.smooth(row), row)


def test_blends_are_clipped_and_drop_fractions():
    low, high = images([[0, 100, 100]]), images([[3, 200, 0]])
    found = lookups.blend(low, high, 1.9)
    assert found.numpy().ravel().tolist() == [5, 255, 0]


def test_autocontrast_reaches_from_0_to_255_and_keeps_flat_images():
    found = lookups.autocontrast(images([[100, 125, 150], [7, 7, 7]]))
    assert found.numpy()[:, 0, :, 0].tolist() == [[0, 127, 255], [7, 7, 7]]


def test_equalize_gives_every_value_the_same_share():
    values = np.repeat([10, 20, 30, 40], 300)
    found = lookups.equalize(images([values])).numpy().ravel()
    # A step is (1200 - 300) // 255 = 3 pixels, so each value adds 100.
    assert np.unique(found).tolist() == [0, 100, 200, 255]


@pytest.mark.parametrize("half", [0, 1, 3])
def test_cutout_equals_that_of_any_dtype(half):
    rng = np.random.default_rng(0)
    batch = tf.constant(rng.integers(0, 256, (20, 6, 5, 3)), tf.uint8)
    centers = tf.constant(rng.integers(0, 5, (20, 2)), tf.int32)
    np.testing.assert_array_equal(
        lookups.cutout(batch, centers, half, 128),
        kernels.cutout(batch, centers, 2 * half, 128),
    )
