"""Norms, products and the clip, on lists that fit on paper."""

import numpy as np
import pytest
from keras import ops

from keras_mpl import losses
from tests import helpers


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


@pytest.mark.parametrize("clip_norm", [5.0, 6.0])
def test_clip_pullback_up_to_the_largest_norm_changes_nothing(clip_norm):
    [found] = losses.clip_pullback(
        [ops.array([1.0, -2.0])],
        [ops.array([3.0, 4.0])],
        ops.array(5.0),
        clip_norm,
    )
    np.testing.assert_array_equal(found, [1.0, -2.0])


def test_clip_pullback_keeps_the_type_of_each_cotangent():
    found = losses.clip_pullback(
        [ops.array([1.0], "float16"), ops.array([2.0], "float32")],
        [ops.array([3.0], "float16"), ops.array([4.0], "float32")],
        ops.array(5.0),
        1.0,
    )
    assert [v.dtype.name for v in found] == ["float16", "float32"]


def test_an_applied_gradient_pulls_back_through_its_own_clip():
    gradient, norm = [ops.array([3.0, 4.0])], ops.array(5.0)
    factor = losses.clip_factor(norm, 1.0)
    applied = losses.AppliedGradient(gradient, norm, factor, 1.0)
    vectors = [ops.array([1.0, -2.0])]
    expected = losses.clip_pullback(vectors, gradient, norm, 1.0)
    np.testing.assert_array_equal(applied.pull_back(vectors), expected)
    assert applied.moved is None


def test_lists_of_other_lengths_are_refused():
    one, two = [ops.array([1.0])], [ops.array([1.0]), ops.array([2.0])]
    with pytest.raises(ValueError, match="longer"):
        losses.inner_product(one, two)
    for norm in (0.5, 2.0):
        with pytest.raises(ValueError, match=r"longer|shorter"):
            losses.clip_pullback(two, one, ops.array(norm), 1.0)
