"""A view keeps shape, type and range, follows its seeds, and mixes no rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from keras_mpl import augment
from tests.properties import draws

# Views of pixels, with the type that they take and their channels.
VIEWS = {
    "cifar_weak": ("uint8", 3),
    "cifar_strong": ("uint8", 3),
    "svhn_strong": ("uint8", 3),
    "grey_weak": ("uint8", 1),
    "grey_strong": ("uint8", 1),
    "digits_weak": ("float32", 1),
    "digits_strong": ("float32", 1),
}


@st.composite
def images(draw, dtype, channels):
    size = 8 if dtype == "float32" else draw(st.sampled_from([8, 11, 16]))
    shape = (draw(st.integers(1, 4)), size, size, channels)
    values = st.integers(0, 255) if dtype == "uint8" else draws.floats(0, 1)
    return draw(arrays.arrays(dtype, shape, elements=values))


@pytest.mark.parametrize("name", VIEWS)
def test_a_view(name):
    view, (dtype, channels) = getattr(augment, name), VIEWS[name]

    @settings(max_examples=max(2, settings.default.max_examples // 5))
    @given(images(dtype, channels), draws.SEEDS)
    def check(given_images, seeds):
        before = given_images.copy()
        shown = np.asarray(view(given_images, seeds))
        np.testing.assert_array_equal(given_images, before)
        assert (shown.shape, shown.dtype) == (before.shape, before.dtype)
        assert np.isfinite(shown).all()
        if dtype == "float32":  # noise is not clipped
            assert abs(shown - 0.5).max() < 1.5
        np.testing.assert_array_equal(shown, view(given_images, seeds))
        changed = before.copy()
        changed[-1] = before[-1].max() - before[-1]
        others = np.asarray(view(changed, seeds))[:-1]
        np.testing.assert_array_equal(others, shown[:-1])

    check()


@given(draws.logits((4, 6)), draws.SEEDS, draws.floats(0, 3))
def test_noise_is_of_its_size_and_follows_its_seeds(rows, seeds, stddev):
    view = augment.GaussianNoise(stddev)
    shown = np.asarray(view(rows, seeds))
    np.testing.assert_array_equal(shown, view(rows, seeds))
    assert abs(shown - rows).max() <= 8 * stddev + 1e-4
