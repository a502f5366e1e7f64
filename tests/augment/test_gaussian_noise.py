"""Gaussian noise as a view."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import augment


def test_has_the_spread_that_was_asked_for():
    points = tf.ones((4000, 5))
    noise = (augment.GaussianNoise(0.2)(points, seeds=(3, 4)) - 1).numpy()
    # Standard error of a deviation over n draws: sigma / sqrt(2 n) = 0.001.
    assert abs(noise.std() - 0.2) < 0.004
    assert abs(noise.mean()) < 0.006


def test_is_a_function_of_the_seeds_alone():
    points = tf.zeros((6, 2))
    policy = augment.GaussianNoise(1.0)
    same = policy(points, seeds=(1, 2))
    np.testing.assert_array_equal(same, policy(points, seeds=(1, 2)))
    assert not np.array_equal(same, policy(points, seeds=(1, 3)))
    assert len(np.unique(same)) == 12


def test_none_at_all_changes_nothing():
    points = tf.random.stateless_normal((4, 2), (0, 1))
    np.testing.assert_array_equal(
        augment.GaussianNoise(0.0)(points, seeds=(1, 2)), points
    )


def test_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match=r"0 or more\. Received: stddev=-1"):
        augment.GaussianNoise(-1)
    with pytest.raises(ValueError, match=r"shape \(2,\). Received: .*\(3,\)"):
        augment.GaussianNoise(1.0)(tf.zeros((1, 1)), seeds=(1, 2, 3))
    with pytest.raises(ValueError, match=r"floats.*Received: .* int32"):
        augment.GaussianNoise(1.0)(tf.zeros((1, 1), tf.int32), seeds=(1, 2))
