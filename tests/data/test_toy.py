"""The small sets are what they say."""

import numpy as np

from keras_mpl import data


def test_digits_are_scaled_images_with_integer_labels():
    images, labels = data.digits()
    assert (images.shape, images.dtype) == ((1797, 8, 8, 1), np.float32)
    assert (labels.shape, labels.dtype) == ((1797,), np.int32)
    assert (images.min(), images.max()) == (0.0, 1.0)
    expected = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.bincount(labels).tolist() == expected


def test_moons_without_noise_lie_on_two_half_circles():
    points, labels = data.two_moons(50, noise=0.0)
    assert (points.dtype, labels.dtype) == (np.float32, np.int32)
    centers = np.array([[0.0, 0.0], [1.0, 0.5]])[labels]
    radii = np.linalg.norm(points - centers, axis=1)
    np.testing.assert_allclose(radii, 1.0, rtol=1e-6)


def test_moons_depend_on_the_seed_alone():
    points, _ = data.two_moons(20, seed=1)
    again, _ = data.two_moons(20, seed=1)
    other, _ = data.two_moons(20, seed=2)
    assert (points == again).all()
    assert (points != other).any()
