"""What holds for the losses whatever they are given."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from keras_mpl import losses
from tests.properties import draws


@st.composite
def targets_and_logits(draw, largest=50.0):
    shape = draw(draws.SHAPES)
    return draw(draws.probs(shape)), draw(draws.logits(shape, largest))


@given(targets_and_logits(), st.randoms(use_true_random=False))
def test_cross_entropy_does_not_know_the_order_of_the_classes(pair, random):
    probs, logits = pair
    order = [*range(probs.shape[1])]
    random.shuffle(order)
    np.testing.assert_allclose(
        losses.cross_entropy(probs[:, order], logits[:, order]),
        losses.cross_entropy(probs, logits),
        rtol=1e-5,
        atol=1e-4,
    )


@given(targets_and_logits(), draws.floats(-20, 20))
def test_cross_entropy_does_not_see_what_is_added_to_all_logits(pair, added):
    probs, logits = pair
    np.testing.assert_allclose(
        losses.cross_entropy(probs, logits + np.float32(added)),
        losses.cross_entropy(probs, logits),
        rtol=1e-4,
        atol=1e-4,
    )


@given(targets_and_logits())
def test_cross_entropy_is_never_below_the_entropy(pair):
    probs, logits = pair
    gap = losses.cross_entropy(probs, logits) - losses.entropy(probs)
    assert (np.asarray(gap) >= -1e-4).all()


@given(targets_and_logits(), draws.floats(0, 1))
def test_cross_entropy_is_linear_in_the_target(pair, share):
    probs, logits = pair
    other = np.roll(probs, 1, axis=1)
    mixed = share * probs + (1 - share) * other
    first, second = (losses.cross_entropy(p, logits) for p in (probs, other))
    np.testing.assert_allclose(
        losses.cross_entropy(np.float32(mixed), logits),
        share * first + (1 - share) * second,
        rtol=1e-4,
        atol=1e-3,
    )


@given(targets_and_logits(largest=1e4), draws.floats(0.05, 5))
def test_losses_of_large_logits_are_finite(pair, temperature):
    probs, logits = pair
    loss, mask = losses.uda_loss(
        logits, -logits, temperature=temperature, confidence_threshold=0.5
    )
    for found in (losses.cross_entropy(probs, logits), loss, mask):
        assert np.isfinite(found).all()
    assert set(np.unique(mask)) <= {0.0, 1.0}
    assert (np.asarray(loss)[np.asarray(mask) == 0] == 0).all()


@given(targets_and_logits(), draws.floats(0, 0.9))
def test_smoothing_keeps_distributions_and_their_order(pair, amount):
    probs, _ = pair
    smooth = np.asarray(losses.smooth(probs, amount))
    np.testing.assert_allclose(smooth.sum(-1), 1, rtol=1e-5)
    assert (smooth >= amount / probs.shape[1] - 1e-6).all()
    rows = np.arange(len(probs))
    best = smooth[rows, probs.argmax(-1)]
    np.testing.assert_allclose(best, smooth.max(-1), rtol=1e-6)


@given(targets_and_logits())
def test_entropy_is_from_0_to_that_of_the_uniform_distribution(pair):
    entropy = np.asarray(losses.entropy(pair[0]))
    assert (entropy >= -1e-6).all()
    assert (entropy <= np.log(pair[0].shape[1]) + 1e-5).all()


@given(targets_and_logits(), draws.floats(0.05, 1))
def test_sharpening_makes_the_most_probable_class_more_probable(pair, below):
    _, logits = pair
    sharp, plain = (
        np.asarray(losses.sharpened_probs(logits, t)) for t in (below, 1.0)
    )
    np.testing.assert_allclose(sharp.sum(-1), 1, rtol=1e-5)
    assert (sharp.max(-1) >= plain.max(-1) - 1e-5).all()


@given(targets_and_logits(), draws.floats(0, 1), draws.floats(0, 1))
def test_a_higher_threshold_lets_no_more_through(pair, one, other):
    low, high = (
        np.asarray(losses.confidence_mask(pair[0], threshold))
        for threshold in sorted((one, other))
    )
    assert (high <= low).all()


@given(targets_and_logits(), draws.floats(0, 0.999))
def test_a_sample_is_one_class_that_can_be(pair, uniform):
    probs, _ = pair
    drawn = losses.sampled_one_hot(probs, np.full(len(probs), uniform, "f4"))
    drawn = np.asarray(drawn)
    np.testing.assert_array_equal(drawn.sum(-1), 1)
    assert (probs[drawn == 1] > 0).all()


@st.composite
def gradients(draw):
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 4)))
    return [draw(draws.logits(shape, 10.0)) for _ in range(3)]


@given(gradients(), draws.floats(0.01, 20))
def test_clipping_lets_no_larger_norm_through(vectors, clip_norm):
    norm = losses.global_norm(vectors)
    factor = losses.clip_factor(norm, clip_norm)
    assert 0 < float(factor) <= 1
    assert float(norm * factor) <= clip_norm * (1 + 1e-5) or factor == 1


@given(gradients(), draws.floats(0.01, 20))
def test_the_pull_back_of_a_clip_is_symmetric(vectors, clip_norm):
    gradient, left, right = ([v] for v in vectors)
    norm = losses.global_norm(gradient)

    def back(vector):
        return losses.clip_pullback(vector, gradient, norm, clip_norm)

    np.testing.assert_allclose(
        losses.inner_product(back(left), right),
        losses.inner_product(left, back(right)),
        rtol=1e-3,
        atol=1e-2,
    )


@given(gradients())
def test_a_cosine_is_from_minus_1_to_1(vectors):
    ours, theirs = ([v] for v in vectors[:2])
    scale = losses.cosine_scale(
        losses.global_norm(ours), losses.global_norm(theirs), 0.05
    )
    assert abs(float(scale * losses.inner_product(ours, theirs))) <= 1 + 1e-4
