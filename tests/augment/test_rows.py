"""Views of points, tables and texts: stateless, and as strong as set."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.augment import rows

TABLE = tf.reshape(tf.range(2000.0), (200, 10))
TOKENS = tf.ones((200, 10), "int32") * tf.range(1, 11)


@pytest.mark.parametrize(
    ("view", "inputs"),
    [(rows.table_strong, TABLE), (rows.text_strong, TOKENS)],
    ids=["table", "text"],
)
def test_a_view_is_a_function_of_its_seeds(view, inputs):
    first, again, other = (view(inputs, (3, s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.mean(first != other) > 0.2
    assert first.dtype == inputs.dtype
    assert len({row.tobytes() for row in first.numpy()}) > len(first) / 2


def test_replaced_features_are_of_the_same_column():
    found = rows.Corruption(rate=0.3)(TABLE, (0, 1)).numpy()
    changed = found != TABLE.numpy()
    np.testing.assert_allclose(changed.mean(), 0.3, atol=0.03)
    assert np.all(found % 10 == np.arange(10))  # the columns of TABLE


def test_noise_of_features_has_its_standard_deviation():
    found = rows.Corruption(noise=0.5)(TABLE, (0, 1)) - TABLE
    np.testing.assert_allclose(np.std(found), 0.5, rtol=0.05)


def test_dropped_tokens_become_the_token():
    found = rows.TokenDropout(rate=0.25, token=99)(TOKENS, (0, 1)).numpy()
    dropped = found == 99
    np.testing.assert_allclose(dropped.mean(), 0.25, atol=0.03)
    np.testing.assert_array_equal(found[~dropped], TOKENS.numpy()[~dropped])


@pytest.mark.parametrize("kind", [rows.Corruption, rows.TokenDropout])
def test_bad_rate(kind):
    with pytest.raises(ValueError, match=r"`rate` must be.*Received: rate=1"):
        kind(rate=1.0)


def test_gaussian_noise_has_its_standard_deviation():
    points = tf.ones((4000, 5))
    noise = (rows.GaussianNoise(0.2)(points, seeds=(3, 4)) - 1).numpy()
    # Standard error of a deviation over n draws: sigma / sqrt(2 n) = 0.001.
    assert abs(noise.std() - 0.2) < 0.004
    assert abs(noise.mean()) < 0.006


def test_gaussian_noise_is_a_function_of_the_seeds_alone():
    points = tf.zeros((6, 2))
    policy = rows.GaussianNoise(1.0)
    same = policy(points, seeds=(1, 2))
    np.testing.assert_array_equal(same, policy(points, seeds=(1, 2)))
    assert not np.array_equal(same, policy(points, seeds=(1, 3)))
    assert len(np.unique(same)) == 12


def test_gaussian_noise_of_deviation_0_changes_nothing():
    points = tf.random.stateless_normal((4, 2), (0, 1))
    np.testing.assert_array_equal(
        rows.GaussianNoise(0.0)(points, seeds=(1, 2)), points
    )


def test_gaussian_noise_refuses_what_it_cannot_do():
    with pytest.raises(
        ValueError, match=r"0 or more, and finite\. Received: stddev=-1"
    ):
        rows.GaussianNoise(-1)
    with pytest.raises(ValueError, match=r"shape \(2,\). Received: .*\(3,\)"):
        rows.GaussianNoise(1.0)(tf.zeros((1, 1)), seeds=(1, 2, 3))
    with pytest.raises(ValueError, match=r"floats.*Received: .* int32"):
        rows.GaussianNoise(1.0)(tf.zeros((1, 1), tf.int32), seeds=(1, 2))
