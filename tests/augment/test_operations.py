"""Levels, lookup tables and positions of RandAugment, by hand."""

import numpy as np
import pytest

from keras_mpl.augment import RandAugment
from keras_mpl.augment import operations


def test_levels_are_those_of_the_released_code():
    # PAPER.md 5.4: magnitude 16 on CIFAR, 17 on ImageNet.
    cifar = RandAugment(2, 16)
    imagenet = RandAugment(2, 17, max_translation=100, max_cutout=40)
    found = {n: cifar.level(n, 32) for n in operations.OPERATIONS}
    assert found["rotate"] == 48.0
    assert found["shear_x"] == pytest.approx(0.48)
    assert found["translate_y"] == pytest.approx(6.4)
    assert found["sharpness"] == pytest.approx(2.98)
    assert (found["posterize"], found["cutout"]) == (6, 6)
    assert found["solarize"] == 256  # released: 409, in 8 bits 153
    assert imagenet.level("rotate", 224) == 51.0
    assert imagenet.level("translate_x", 224) == pytest.approx(170)
    assert imagenet.level("color", 224) == pytest.approx(3.16)
    assert imagenet.level("cutout", 224) == 68
    assert operations.level("solarize_add", 16, 4, 4) == 176
    assert len(operations.OPERATIONS) == 15


def test_levels_stay_within_what_pillow_accepts():
    def levels(name):
        return [operations.level(name, m, 4, 4) for m in (0, 1, 10, 30)]

    assert levels("posterize") == [1, 1, 4, 8]
    assert levels("solarize") == [0, 25, 256, 256]
    assert levels("equalize") == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "level", "expected"),
    [
        ("invert", 0, [255, 155, 127, 55, 0]),
        ("posterize", 1, [0, 0, 128, 128, 128]),
        ("posterize", 8, [0, 100, 128, 200, 255]),
        ("solarize", 128, [0, 100, 127, 55, 0]),
        ("solarize", 256, [0, 100, 128, 200, 255]),
        ("solarize_add", 110, [110, 210, 128, 200, 255]),
        ("brightness", 0.5, [0, 50, 64, 100, 127]),
        ("brightness", 1.9, [0, 190, 243, 255, 255]),
    ],
)
def test_tone_tables_by_hand(name, level, expected):
    table = operations.tone_table(name, level)
    assert (table.dtype, table.shape) == (np.uint8, (256,))
    assert table[[0, 100, 128, 200, 255]].tolist() == expected


def test_contrast_blends_with_the_mean_luma():
    tables = operations.contrast_tables(0.5)
    assert tables[100, [0, 100, 255]].tolist() == [50, 100, 177]
    np.testing.assert_array_equal(
        operations.contrast_tables(1.0)[7], np.arange(256)
    )


@pytest.mark.parametrize(
    ("name", "level", "expected"),
    [
        ("translate_x", 1.0, [[1, 2, -1], [4, 5, -1], [7, 8, -1]]),
        ("translate_y", -1.0, [[-1, -1, -1], [0, 1, 2], [3, 4, 5]]),
        ("rotate", 0.0, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]),
        ("rotate", 90.0, [[2, 5, 8], [1, 4, 7], [0, 3, 6]]),
        ("rotate", 180.0, [[8, 7, 6], [5, 4, 3], [2, 1, 0]]),
    ],
)
def test_positions_by_hand(name, level, expected):
    found = operations.source_positions(name, level, 3, 3)
    assert found.reshape(3, 3).tolist() == expected


def test_shears_map_the_centres_of_pixels():
    # The centre (0.5, 0.5) of the first pixel goes to (1.5, 0.5) or (0.5, 1.5).
    x = operations.source_positions("shear_x", 1.0, 3, 3).reshape(3, 3)
    assert x.tolist() == [[1, 2, -1], [5, -1, -1], [-1, -1, -1]]
    y = operations.source_positions("shear_y", 1.0, 3, 3).reshape(3, 3)
    assert y.tolist() == [[3, 7, -1], [6, -1, -1], [-1, -1, -1]]
