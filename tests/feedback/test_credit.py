"""Credit of classes and examples, of a step that is worked out by hand."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import feedback
from tests.feedback import steps

KINDS = [feedback.Soft, feedback.HardExpected, feedback.Hard]


def pulled_back(clip_norm):
    """The labelled gradient through the clip, by its formula."""
    norm = np.linalg.norm(steps.REGULARISED)
    unit, vector = steps.REGULARISED / norm, steps.LABELED_GRADIENT
    if clip_norm is None:
        return vector
    return clip_norm / norm * (vector - unit * (unit @ vector))


@pytest.mark.parametrize("clip_norm", [None, steps.CLIP_NORM])
@pytest.mark.parametrize("kind", KINDS)
def test_credit_is_how_the_step_along_the_labelled_gradient_depends_on_targets(
    kind, clip_norm
):
    applied = steps.applied(clip_norm)
    signal = kind(scale="exact").measure(steps.update(applied=applied))
    credit = steps.JACOBIAN @ pulled_back(clip_norm)
    np.testing.assert_allclose(signal.credit, credit, rtol=1e-12)
    np.testing.assert_array_equal(signal.targets, steps.TARGETS)
    assert signal.scale == steps.STEP_SIZE
    assert signal.advantage is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_logged_is_the_feedback_and_the_norm_before_the_clip(kind):
    logs = kind(scale="exact").measure(steps.update()).logs
    along = steps.GRADIENT @ pulled_back(steps.CLIP_NORM)
    norm = np.linalg.norm(steps.LABELED_GRADIENT)
    assert [*logs.summed, *logs.shared] == list(kind.logged)
    np.testing.assert_allclose(
        logs.summed["feedback"], steps.STEP_SIZE * along, rtol=1e-12
    )
    np.testing.assert_allclose(logs.shared["labeled_gradient_norm"], norm)


@pytest.mark.parametrize("floor", [0.0, 100.0])
def test_under_the_cosine_feedback_is_a_cosine_until_the_floor(floor):
    kind = feedback.Soft(cosine_floor=floor)
    logs = kind.measure(steps.update()).logs
    vector = pulled_back(steps.CLIP_NORM)
    norms = max(np.linalg.norm(steps.GRADIENT), floor) * np.linalg.norm(vector)
    np.testing.assert_allclose(
        logs.summed["feedback"], steps.GRADIENT @ vector / norms, rtol=1e-12
    )


@pytest.mark.parametrize("clip_norm", [None, steps.CLIP_NORM, 1e-6])
@pytest.mark.parametrize("share", [0.01, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("kind", [*KINDS, feedback.HardBatch])
def test_feedback_fades_with_a_labelled_gradient_below_its_floor(
    kind, share, clip_norm
):
    def told(floor):
        made = kind(labeled_floor=floor)
        update = steps.update(applied=steps.applied(clip_norm))
        if kind is feedback.HardBatch:
            return made.scalar(update)[0]
        return made.measure(update).logs.summed["feedback"]

    norm = np.linalg.norm(steps.LABELED_GRADIENT)  # before the clip
    np.testing.assert_allclose(
        told(norm / share), min(share, 1.0) * told(0.0), rtol=1e-12
    )


@pytest.mark.parametrize("scale", ["exact", "cosine"])
def test_a_student_that_waits_gives_no_credit(scale):
    update = steps.update(step_size=tf.constant(0.0, "float64"))
    signal = feedback.Soft(scale=scale, centering=False).measure(update)
    np.testing.assert_array_equal(signal.credit, np.zeros((2, 3)))
    assert signal.scale == 0.0
    assert signal.logs.summed["feedback"] == 0.0


def test_a_credit_that_overflows_counts_as_none():
    credit = [[1.0, np.inf, 2.0], [np.nan, -1.0, -np.inf]]
    update = steps.update(
        credit_along=lambda vectors: tf.constant(credit, "float64"),
        targets=tf.ones((2, 3), "float64"),
    )
    signal = feedback.Soft(scale="exact").measure(update)
    np.testing.assert_array_equal(signal.credit, [[1, 0, 2], [0, -1, 0]])
    assert signal.logs.summed["feedback"] == 2 * steps.STEP_SIZE


def test_credit_is_in_the_type_of_the_losses_whatever_the_step_sizes():
    update = steps.update(step_size=tf.constant(steps.STEP_SIZE, "float32"))
    signal = feedback.Soft(scale="exact").measure(update)
    assert signal.scale.dtype == signal.credit.dtype == tf.float64


def test_centred_credit_has_no_mean_and_keeps_its_differences():
    plain, centred = (
        np.array(feedback.Soft(centering=c).measure(steps.update()).credit)
        for c in (False, True)
    )
    np.testing.assert_allclose(centred.sum(axis=0), np.zeros(3), atol=1e-12)
    np.testing.assert_allclose(
        centred[0] - centred[1], plain[0] - plain[1], rtol=1e-9
    )


def test_meta_losses_are_those_of_the_formulas():
    credit = tf.constant([[1.0, -2.0, 0.5], [0.0, 4.0, 1.0]])
    shown, logits = tf.eye(3)[:2], tf.math.log([[0.5, 0.25, 0.25]] * 2)
    signal = feedback.Signal(
        shown, feedback.Logs({}, {}), credit, scale=tf.constant(2.0)
    )
    for kind in (feedback.Soft(), feedback.HardExpected()):
        found = kind.meta_loss(signal, logits)
        np.testing.assert_allclose(found, [-0.25, -2.5], rtol=1e-5)
    found = feedback.Hard().meta_loss(signal, logits)
    by_hand = [2 * 1.0 * np.log(2), 2 * 4.0 * np.log(4)]
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)


@pytest.mark.parametrize(
    "kind", [feedback.HardExpected, feedback.Hard, feedback.HardBatch]
)
def test_sampled_kinds_show_one_class_and_others_the_distribution(kind):
    probs, key = tf.constant([[0.2, 0.5, 0.3]] * 40), tf.constant([3, 4])
    shown = kind().targets(probs, key).numpy()
    np.testing.assert_array_equal(shown, feedback.sampled_targets(probs, key))
    np.testing.assert_array_equal(np.sort(shown), [[0, 0, 1]] * 40)
    np.testing.assert_array_equal(feedback.Soft().targets(probs, key), probs)
    assert kind.is_sampled
    assert not feedback.Soft.is_sampled


def test_samples_follow_the_distribution_and_the_key():
    probs = tf.constant([[0.1, 0.6, 0.3]] * 20_000)
    first, again, other = (
        feedback.sampled_targets(probs, tf.constant(key)).numpy()
        for key in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_allclose(first.mean(axis=0), probs[0], atol=0.01)
    np.testing.assert_array_equal(first, again)
    assert 0.4 < np.mean(first.argmax(-1) == other.argmax(-1)) < 0.52


def test_no_gradient_flows_into_what_the_student_is_shown():
    probs, key = tf.constant([[0.2, 0.8]]), tf.constant([3, 4])
    for kind in (feedback.Soft(), feedback.Hard()):
        with tf.GradientTape() as tape:
            tape.watch(probs)
            shown = tf.reduce_sum(kind.targets(probs, key)[:, 0])
        assert tape.gradient(shown, probs) is None
