"""Hand-computed values; every array here is small enough to do on paper."""

import math

import numpy as np
import pytest
from keras import ops

from keras_mpl import losses
from tests import helpers

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
    [(0.0, 0), (0.249, 0), (0.25, 1), (0.749, 1), (0.75, 2), (0.9999, 2)],
)
def test_sampling_inverts_the_cumulative_distribution(uniform, expected):
    probs = ops.array([[0.25, 0.5, 0.25]])
    found = losses.sampled_one_hot(probs, ops.array([uniform]))
    np.testing.assert_array_equal(found, np.eye(3)[[expected]])


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


def test_norm_and_inner_product_of_lists():
    left = [ops.array([1.0, 2.0]), ops.array([[2.0]])]
    right = [ops.array([3.0, -1.0]), ops.array([[5.0]])]
    assert float(losses.global_norm(left)) == 3.0
    assert float(losses.inner_product(left, right)) == 11.0


def test_half_precision_sums_are_wide():
    big = [ops.full((4,), 300.0, "float16")]  # 300 ** 2 is no float16
    assert float(losses.global_norm(big)) == 600.0


@pytest.mark.parametrize(
    ("norm", "clip_norm", "expected"),
    [(4.0, 1.0, 0.25), (1.0, 1.0, 1.0), (0.5, 1.0, 1.0), (0.0, 1.0, 1.0)],
)
def test_clip_factor_by_hand(norm, clip_norm, expected):
    assert float(losses.clip_factor(ops.array(norm), clip_norm)) == expected
    assert float(losses.clip_factor(ops.array(norm), None)) == 1.0


@pytest.mark.parametrize("clip_norm", [0.5, 100.0, None])
def test_clip_pullback_is_the_transposed_jacobian(clip_norm):
    rng = np.random.default_rng(0)
    gradient, vector = rng.normal(size=5), rng.normal(size=5)

    def clipped(g):
        norm = np.linalg.norm(g)
        return g if clip_norm is None else g * min(1.0, clip_norm / norm)

    expected = helpers.numeric_grad(lambda g: vector @ clipped(g), gradient)
    parts = [ops.array(a) for a in np.split(gradient, [2])]
    found = losses.clip_pullback(
        [ops.array(a) for a in np.split(vector, [2])],
        parts,
        losses.global_norm(parts),
        clip_norm,
    )
    np.testing.assert_allclose(np.concatenate(found), expected, atol=1e-8)


@pytest.mark.parametrize("norm", [0.0, 1e-25], ids=["zero", "tiny"])
def test_clip_pullback_of_no_gradient_changes_nothing(norm):
    [found] = losses.clip_pullback(
        [ops.array([1.0, -2.0])], [ops.array([norm, 0.0])], ops.array(norm), 1.0
    )
    np.testing.assert_array_equal(found, [1.0, -2.0])


@pytest.mark.parametrize(
    ("student", "labeled", "expected"),
    [(0.5, 2.0, 1.0), (0.01, 2.0, 5.0), (0.0, 2.0, 5.0), (0.5, 0.0, 0.0)],
    ids=["plain", "floored", "no_student_gradient", "no_labeled_gradient"],
)
def test_cosine_scale_by_hand(student, labeled, expected):
    found = losses.cosine_scale(ops.array(student), ops.array(labeled), 0.1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_cosine_scale_of_nothing_without_a_floor_is_zero():
    found = losses.cosine_scale(ops.array(0.0), ops.array(2.0), 0.0)
    assert float(found) == 0.0


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


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("float16", "float32"),
        ("bfloat16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
    ],
)
def test_half_precision_is_widened_to_at_least_float32(given, expected):
    assert losses.at_least_float32(ops.ones((2,), given)).dtype.name == expected
