"""Images on another scale than others, and sets too small, are said."""

import numpy as np
import pytest

from keras_mpl import data


def _images(high, count=8, dtype="float32"):
    draws = np.random.default_rng(0).uniform(0, high, (count, 4, 4, 1))
    return draws.astype(dtype)


def _same_view(inputs, seeds):
    del seeds
    return inputs


def _paired(labeled, unlabeled, **options):
    return data.pair(
        (labeled, np.arange(8) % 2),
        unlabeled,
        strong=_same_view,
        batch_size=2,
        unlabeled_ratio=2,
        **options,
    )


@pytest.mark.parametrize(("first", "second"), [(1, 255), (255, 1)])
def test_images_on_another_scale_are_said(first, second):
    with pytest.warns(UserWarning, match="`unlabeled` has pixels up to .* is"):
        _paired(_images(first), _images(second))


def test_images_that_are_scaled_twice_are_said():
    finish = data.Normalize((0.5,), (0.5,))
    with pytest.warns(UserWarning, match="`labeled` has pixels up to 0.9"):
        _paired(_images(1), _images(1), finish=finish)


def test_images_on_one_scale_raise_no_warning():  # warnings are errors
    finish = data.Normalize((0.5,), (0.5,))
    _paired(_images(1), _images(1))
    _paired(_images(255, dtype="uint8"), _images(255, dtype="uint8"))
    _paired(_images(255), _images(255), finish=finish)
    _paired(_images(1), 0 * _images(1))


@pytest.mark.parametrize(
    ("count", "match"),
    [
        (8, r"of 40 examples \(`batch_size` times `unlabeled_ratio`\)"),
        (1, r"batch of 2 examples \(`batch_size`\)"),
    ],
)
def test_too_few_examples_name_the_settings(count, match):
    with pytest.raises(ValueError, match=match):
        data.pair(
            (_images(1, count), np.zeros(count, int)),
            _images(1),
            strong=_same_view,
            batch_size=2,
            unlabeled_ratio=20,
        )
