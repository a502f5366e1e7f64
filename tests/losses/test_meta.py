"""Meta losses per example, by hand."""

import math

import numpy as np

from keras_mpl import losses

# log_softmax of [0, log 2, 0] is [log 1/4, log 1/2, log 1/4].
LOGITS = np.array([[0.0, math.log(2), 0.0], [0.0, 0.0, 0.0]])
PROBS = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
CREDIT = np.array([[1.0, -2.0, 0.5], [0.0, 4.0, 1.0]])


def test_soft_meta_loss_by_hand():
    # -2 * (1) and -2 * (0.5 * 0 + 0.5 * 4)
    found = losses.soft_meta_loss(PROBS, CREDIT, 2.0)
    np.testing.assert_allclose(found, [-2.0, -4.0], rtol=1e-6)


def test_hard_meta_loss_by_hand():
    targets = np.eye(3)[[0, 1]]
    found = losses.hard_meta_loss(targets, LOGITS, CREDIT, 0.5)
    expected = [0.5 * 1.0 * math.log(4), 0.5 * 4.0 * math.log(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_batch_meta_loss_by_hand():
    targets = np.eye(3)[[0, 1]]
    found = losses.batch_meta_loss(targets, LOGITS, -3.0)
    np.testing.assert_allclose(
        found, [-3 * math.log(4), -3 * math.log(3)], rtol=1e-6
    )
