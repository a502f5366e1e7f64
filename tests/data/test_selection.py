"""Which examples are chosen, on tables small enough to check by eye."""

import numpy as np
import pytest

from keras_mpl import data
from keras_mpl.data import selection

# Predicted classes 0 0 0 1 1 2; confidences .9 .5 .7 .8 .6 .95.
PROBS = np.array(
    [
        [0.90, 0.05, 0.05],
        [0.50, 0.30, 0.20],
        [0.70, 0.20, 0.10],
        [0.10, 0.80, 0.10],
        [0.20, 0.60, 0.20],
        [0.03, 0.02, 0.95],
    ]
)


@pytest.mark.parametrize(
    ("per_class", "expected"),
    [(1, [0, 3, 5]), (2, [0, 2, 3, 4, 5]), (9, [0, 1, 2, 3, 4, 5])],
)
def test_top_per_class(per_class, expected):
    assert selection.top_per_class(PROBS, per_class).tolist() == expected


@pytest.mark.parametrize(
    ("threshold", "per_class", "expected"),
    [
        (0.0, 3, [0, 1, 2, 3, 3, 4, 5, 5, 5]),
        (0.65, 3, [0, 0, 2, 3, 3, 3, 5, 5, 5]),
        (0.85, 2, [0, 0, 5, 5]),
    ],
)
def test_balanced(threshold, per_class, expected):
    found = selection.balanced(
        PROBS, confidence_threshold=threshold, per_class=per_class
    )
    assert found.tolist() == expected


def test_equal_confidences_keep_their_order():
    probs = np.full((4, 2), 0.5)
    assert selection.top_per_class(probs, 2).tolist() == [0, 1]


def test_nothing_left_is_an_error():
    with pytest.raises(ValueError, match=r"highest confidence is 0\.95"):
        selection.balanced(PROBS, confidence_threshold=0.99, per_class=1)
    with pytest.raises(ValueError, match="`per_class` must be positive"):
        selection.top_per_class(PROBS, 0)


def test_near_duplicates_are_found():
    pytest.importorskip("imagehash")
    rng = np.random.default_rng(0)
    smooth = rng.random((6, 4, 4, 1)).repeat(8, axis=1).repeat(8, axis=2)
    test = smooth[:2]
    darker = 0.1 + 0.7 * test
    images = np.concatenate([smooth[2:], darker])
    found = selection.near_duplicates(images, test, max_distance=6)
    assert found.tolist() == [False] * 4 + [True] * 2


def test_an_image_duplicates_itself_and_an_empty_set_nothing():
    pytest.importorskip("imagehash")
    images = data.digits()[0][:20]
    found = selection.near_duplicates(images, images, max_distance=0)
    assert found.all()
    found = selection.near_duplicates(images, images[:0], max_distance=64)
    assert not found.any()


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="`images` must be of shape"):
        selection.near_duplicates(PROBS, PROBS, max_distance=0)


@pytest.mark.parametrize("images", [-1.0, 1.5, np.nan])
def test_images_out_of_range_are_refused(images):
    pytest.importorskip("imagehash")
    images = np.full((2, 8, 8, 1), images)
    with pytest.raises(ValueError, match=r"`images` must be uint8 or in"):
        selection.near_duplicates(images, images, max_distance=0)


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "imagehash", None)
    images = data.digits()[0][:2]
    with pytest.raises(ValueError, match="pip install imagehash"):
        selection.near_duplicates(images, images, max_distance=0)
