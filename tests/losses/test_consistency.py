"""The losses on unlabelled examples, beside numbers worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import losses
from tests import helpers

LOG = np.log
# Rows of probabilities that are easy to sharpen: at temperature 1/2 they
# become proportional to their squares.
WEAK = np.array([[0.6, 0.2, 0.2], [0.4, 0.3, 0.3]])
SHARP = np.array([[9, 1, 1], [16, 9, 9]]) / np.array([[11], [34]])
STRONG = np.array([[0.5, 0.25, 0.25], [0.125, 0.5, 0.375]])


def logits(probs):
    return tf.constant(LOG(probs) + 3.0, "float64")  # softmax ignores shifts


@pytest.mark.parametrize(
    ("threshold_on", "threshold", "expected"),
    [
        ("sharpened", 0.0, [1, 1]),
        ("sharpened", 0.7, [1, 0]),  # 9/11 = 0.82, 16/34 = 0.47
        ("raw", 0.5, [1, 0]),
        ("raw", 0.7, [0, 0]),
    ],
)
def test_uda_by_hand(threshold_on, threshold, expected):
    loss, mask = losses.uda_loss(
        logits(WEAK),
        logits(STRONG),
        temperature=0.5,
        confidence_threshold=threshold,
        threshold_on=threshold_on,
    )
    by_hand = [
        -(9 * LOG(0.5) + 2 * LOG(0.25)) / 11,
        -(16 * LOG(0.125) + 9 * LOG(0.5) + 9 * LOG(0.375)) / 34,
    ]
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_allclose(loss, np.multiply(by_hand, expected), rtol=1e-12)


def test_hard_label_by_hand():
    target, mask = losses.hard_label(logits(WEAK), 0.5)
    np.testing.assert_array_equal(target, [[1, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(mask, [1, 0])
    assert target.dtype == mask.dtype == tf.float64


def test_uda_gates_the_sharpened_target_unless_asked():
    _, mask = losses.uda_loss(
        logits(WEAK),
        logits(STRONG),
        temperature=0.5,
        confidence_threshold=0.7,
    )
    np.testing.assert_array_equal(mask, [1, 0])


def test_a_class_that_is_never_predicted_is_one_of_a_million():
    shift = losses.alignment(
        tf.constant([0.5, 0.5], "float64"), tf.constant([1.0, 0.0], "float64")
    )
    np.testing.assert_allclose(shift, [LOG(0.5), LOG(0.5e6)], rtol=1e-9)


def test_the_threshold_itself_counts():
    _, mask = losses.hard_label(tf.zeros((1, 2)), 0.5)
    assert mask.numpy().tolist() == [1.0]


def test_squared_distance_by_hand():
    found = losses.squared_distance(logits(WEAK), logits(STRONG))
    by_hand = [
        (0.1**2 + 0.05**2 + 0.05**2) / 3,
        (0.275**2 + 0.2**2 + 0.075**2) / 3,
    ]
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)


@pytest.mark.parametrize(
    "loss",
    [
        lambda target, followed: losses.uda_loss(
            target, followed, temperature=0.5, confidence_threshold=0.0
        )[0],
        losses.squared_distance,
    ],
    ids=["uda", "squared_distance"],
)
def test_gradient_flows_into_the_strong_view_alone(loss):
    target, followed = logits(WEAK), logits(STRONG)
    with tf.GradientTape() as tape:
        tape.watch([target, followed])
        total = tf.reduce_sum(loss(target, followed))
    into_target, into_followed = tape.gradient(total, [target, followed])
    assert into_target is None
    numeric = helpers.numeric_grad(
        lambda flat: float(
            tf.reduce_sum(loss(target, tf.reshape(flat, (2, 3))))
        ),
        followed.numpy().ravel(),
    )
    assert np.abs(numeric).max() > 1e-2
    np.testing.assert_allclose(
        np.ravel(into_followed), numeric, rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize(
    ("annealing", "at"),
    [
        ("linear", [0.1, 0.55, 1.0]),
        ("log", [0.1, 0.1 + 0.9 * (1 - np.exp(-2.5)), 1 - 0.9 * np.exp(-5)]),
        ("exp", [0.1 + 0.9 * np.exp(-5), 0.1 + 0.9 * np.exp(-2.5), 1.0]),
    ],
)
def test_annealing_rises_from_chance_to_certainty(annealing, at):
    found = [
        float(losses.annealing_threshold(annealing, tf.constant(t), 10))
        for t in (0.0, 0.5, 1.0)
    ]
    np.testing.assert_allclose(found, at, rtol=1e-6)
