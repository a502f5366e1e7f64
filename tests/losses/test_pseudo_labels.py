"""Targets are sharpened, masked and sampled as by hand."""

import math

import numpy as np
import pytest
from keras import ops

from keras_mpl import losses

# log_softmax of [0, log 2, 0] is [log 1/4, log 1/2, log 1/4].
LOGITS = np.array([[0.0, math.log(2), 0.0], [0.0, 0.0, 0.0]])
PROBS = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])


def test_sharpening_by_hand():
    # At temperature 1/2 the odds are squared: 1 : 4 : 1.
    found = losses.sharpened_probs(LOGITS[:1], 0.5)
    np.testing.assert_allclose(found, [[1 / 6, 4 / 6, 1 / 6]], rtol=1e-6)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(0.0, [1, 1]), (0.5, [1, 1]), (0.51, [1, 0]), (1.0, [1, 0])],
)
def test_mask_lets_the_threshold_itself_through(threshold, expected):
    found = losses.confidence_mask(ops.array(PROBS), threshold)
    np.testing.assert_array_equal(found, expected)


def test_mask_can_reject_everything():
    found = losses.confidence_mask(ops.full((2, 3), 1 / 3), 0.6)
    np.testing.assert_array_equal(found, [0.0, 0.0])


@pytest.mark.parametrize(
    ("uniform", "expected"),
    [(0.0, 0), (0.249, 0), (0.25, 1), (0.749, 1), (0.75, 2), (1.0, 2)],
)
def test_sampling_inverts_the_cumulative_distribution(uniform, expected):
    probs = ops.array([[0.25, 0.5, 0.25]])
    found = losses.sampled_one_hot(probs, ops.array([uniform]))
    np.testing.assert_array_equal(found, np.eye(3)[[expected]])


def test_masks_and_samples_have_the_type_of_the_probabilities():
    probs = ops.array(PROBS, "float64")
    uniforms = ops.array([0.5, 0.5], "float64")
    assert losses.confidence_mask(probs, 0.5).dtype.name == "float64"
    assert losses.sampled_one_hot(probs, uniforms).dtype.name == "float64"


def test_sampling_never_draws_a_class_of_probability_zero():
    probs = ops.array([[0.0, 0.5, 0.5, 0.0]] * 2)
    largest = np.nextafter(np.float32(1), np.float32(0))
    found = losses.sampled_one_hot(probs, ops.array([0.0, largest]))
    np.testing.assert_array_equal(found, [[0, 1, 0, 0], [0, 0, 1, 0]])


def test_sampling_follows_the_probabilities():
    probs = ops.tile(ops.array([[0.1, 0.6, 0.3]]), (20_000, 1))
    uniforms = np.random.default_rng(0).random(20_000, "float32")
    found = np.mean(losses.sampled_one_hot(probs, ops.array(uniforms)), axis=0)
    np.testing.assert_allclose(found, [0.1, 0.6, 0.3], atol=0.01)


def test_what_does_not_add_up_to_one_is_read_as_odds():
    probs = ops.array([[0.1, 0.3, 0.1]] * 3)
    found = losses.sampled_one_hot(probs, ops.array([0.19, 0.5, 0.81]))
    np.testing.assert_array_equal(found, np.eye(3))
