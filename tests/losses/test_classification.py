"""Losses and scores against given labels, on paper-sized arrays."""

import math

import numpy as np
import pytest
from keras import ops

from keras_mpl import losses

# log_softmax of [0, log 2, 0] is [log 1/4, log 1/2, log 1/4].
LOGITS = np.array([[0.0, math.log(2), 0.0], [0.0, 0.0, 0.0]])
PROBS = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])


def test_cross_entropy_by_hand():
    found = losses.cross_entropy(PROBS, LOGITS)
    np.testing.assert_allclose(found, [math.log(4), math.log(3)], rtol=1e-6)


def test_cross_entropy_of_one_class_is_zero():
    found = losses.cross_entropy(np.ones((2, 1)), np.array([[5.0], [-3.0]]))
    np.testing.assert_array_equal(found, [0.0, 0.0])


def test_cross_entropy_is_linear_in_the_target():
    mixed = losses.cross_entropy(0.25 * PROBS + 0.75 * PROBS[::-1], LOGITS)
    parts = [losses.cross_entropy(p, LOGITS) for p in (PROBS, PROBS[::-1])]
    np.testing.assert_allclose(mixed, 0.25 * parts[0] + 0.75 * parts[1], 1e-6)


def test_cross_entropy_of_far_logits_is_finite():
    found = losses.cross_entropy(PROBS[:1], np.array([[-1e4, 1e4, 0.0]]))
    np.testing.assert_allclose(found, [2e4], rtol=1e-6)


def test_smoothing_by_hand():
    found = losses.smooth(PROBS, 0.3)
    np.testing.assert_allclose(
        found, [[0.8, 0.1, 0.1], [0.45, 0.45, 0.1]], rtol=1e-6
    )
    np.testing.assert_array_equal(losses.smooth(PROBS, 0.0), PROBS)


@pytest.mark.parametrize(
    "labels",
    [[2, 0], [[2], [0]], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]],
    ids=["ids", "column", "one_hot"],
)
def test_labels_of_every_form_become_one_hot(labels):
    found = losses.class_probs(ops.array(labels), 3, "float64")
    assert found.dtype.name == "float64"
    np.testing.assert_array_equal(found, [[0, 0, 1], [1, 0, 0]])


def test_labels_of_one_class():
    found = losses.class_probs(ops.array([0, 0]), 1, "float32")
    np.testing.assert_array_equal(found, [[1.0], [1.0]])


@pytest.mark.parametrize(
    "labels",
    [[1, 2], [[1], [2]], [[0.1, 0.8, 0.1], [0.0, 0.0, 1.0]]],
    ids=["ids", "column", "probs"],
)
def test_correct_counts_hits(labels):
    found = losses.correct(ops.array(labels), ops.array(LOGITS))
    np.testing.assert_array_equal(found, [1.0, 0.0])


def test_entropy_by_hand():
    probs = np.array([[0.25, 0.5, 0.25], [0.0, 1.0, 0.0]])
    np.testing.assert_allclose(
        losses.entropy(probs), [1.5 * math.log(2), 0.0], rtol=1e-6
    )


def test_entropy_of_a_probability_that_is_nearly_none_is_finite():
    probs = np.array([[1.0, 1.17432e-38], [1.0, 1e-45]], "float32")
    np.testing.assert_allclose(losses.entropy(probs), 0, atol=1e-6)


def test_labeled_cross_entropy_is_plain_unless_asked():
    found = losses.labeled_cross_entropy(PROBS, LOGITS)
    np.testing.assert_array_equal(found, losses.cross_entropy(PROBS, LOGITS))


def test_labeled_cross_entropy_smooths_and_then_weighs():
    found = losses.labeled_cross_entropy(
        PROBS,
        LOGITS,
        label_smoothing=0.3,
        sample_weight=np.array([2.0, 3.0]),
    )
    # 0.8 log 4 + 0.1 log 2 + 0.1 log 4, twice, and three times log 3
    by_hand = [2 * 1.9 * math.log(2), 3 * math.log(3)]
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)


def test_hits_of_two_classes_are_counted_in_every_form():
    logits = ops.array([[2.0, 1.0], [1.0, 2.0], [2.0, 1.0]])
    for labels in ([0, 1, 1], [[0], [1], [1]], [[1, 0], [0.2, 0.8], [0, 1]]):
        found = losses.correct(ops.array(labels), logits)
        assert found.dtype.name == "float32"
        np.testing.assert_array_equal(found, [1.0, 1.0, 0.0])
