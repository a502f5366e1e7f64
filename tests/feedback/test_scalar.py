"""One number per batch, its baseline, and what the teacher is told of it."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import feedback
from tests.feedback import steps

ALONG = float(steps.GRADIENT @ steps.LABELED_GRADIENT)


class Given(feedback.ScalarFeedback):
    """Measures what it is told to."""

    def scalar(self, update):
        return update.loss_before, feedback.Logs({}, {})


def advantages(kind, *values, step_size=1.0):
    """What the teacher is told of one value after the other."""
    size = tf.constant(step_size, "float64")
    found = [
        kind.measure(
            steps.update(
                loss_before=tf.constant(value, "float64"), step_size=size
            )
        )
        for value in values
    ]
    return [float(signal.advantage) for signal in found]


def test_the_scalar_is_the_step_along_the_labelled_gradient():
    kind = steps.built(feedback.HardBatch(scale="exact", baseline_rate=None))
    signal = kind.measure(steps.update())
    factor = steps.CLIP_NORM / np.linalg.norm(steps.REGULARISED)
    by_hand = steps.STEP_SIZE * factor * ALONG
    np.testing.assert_allclose(signal.advantage, by_hand, rtol=1e-12)
    np.testing.assert_allclose(signal.logs.shared["feedback"], by_hand)
    np.testing.assert_allclose(
        signal.logs.shared["labeled_gradient_norm"],
        np.linalg.norm(steps.LABELED_GRADIENT),
    )
    assert {*signal.logs.shared} == {*kind.logged}
    assert signal.logs.summed == {}
    np.testing.assert_array_equal(signal.targets, steps.TARGETS)
    assert signal.credit is signal.scale is None


def test_under_the_cosine_the_scalar_is_the_cosine():
    kind = steps.built(feedback.HardBatch(baseline_rate=None, cosine_floor=0))
    norms = (
        np.linalg.norm(steps.GRADIENT),
        np.linalg.norm(steps.LABELED_GRADIENT),
    )
    np.testing.assert_allclose(
        kind.measure(steps.update()).advantage, ALONG / np.prod(norms)
    )


def test_the_difference_is_the_loss_before_less_the_loss_after():
    kind = steps.built(feedback.FiniteDifference(baseline_rate=None))
    signal = kind.measure(steps.update())
    assert float(signal.advantage) == 1.5
    assert {*signal.logs.shared} == {*kind.logged} == {"feedback"}
    assert signal.logs.summed == {}


def test_the_baseline_starts_at_the_first_value_and_follows_the_others():
    kind = steps.built(Given(baseline_rate=0.25))
    found = advantages(kind, 2.0, 6.0, -1.0)
    # b = 2; b = 2 + (6 - 2) / 4 = 3; b = 3 + (-1 - 3) / 4 = 2
    np.testing.assert_allclose(found, [0.0, 3.0, -3.0], rtol=1e-12)
    assert float(kind.baseline.value) == 2.0
    assert int(kind.count.value) == 3


@pytest.mark.parametrize(
    ("value", "step_size"), [(9.0, 0.0), (np.inf, 1.0), (np.nan, 1.0)]
)
def test_a_step_that_was_none_leaves_the_baseline_alone(value, step_size):
    kind = steps.built(Given(baseline_rate=0.5))
    advantages(kind, 4.0)
    update = steps.update(
        loss_before=tf.constant(value, "float64"),
        step_size=tf.constant(step_size, "float64"),
    )
    signal = kind.measure(update)
    assert float(signal.advantage) == 0.0
    assert float(signal.logs.shared["feedback"]) == 0.0
    assert (float(kind.baseline.value), int(kind.count.value)) == (4.0, 1)


def test_a_small_step_is_a_step():
    kind = steps.built(Given(baseline_rate=None))
    assert advantages(kind, 4.0, step_size=1e-3) == [4.0]


def test_the_baseline_keeps_the_type_of_the_losses():
    kind = steps.built(Given(baseline_rate=0.5))
    third = tf.constant(1 / 3, "float32")
    for _ in range(2):
        signal = kind.measure(steps.update(loss_before=third))
    assert kind.baseline.dtype == "float64"
    assert signal.advantage.dtype == tf.float32
    assert float(kind.baseline.value) == float(third)


@pytest.mark.parametrize("kind", [feedback.HardBatch, Given])
def test_state_of_the_baseline_is_saved_and_not_trained(kind):
    made = steps.built(kind())
    assert not made.baseline.trainable
    assert not made.count.trainable
    assert made.baseline.shape == made.count.shape == ()
    assert (made.baseline.name, made.count.name) == (
        "feedback_baseline",
        "feedback_count",
    )
    assert made.count.dtype == "int64"
    for variable in (made.baseline, made.count):
        assert variable.aggregation == "only_first_replica"
        assert float(variable.value) == 0.0


def test_the_loss_of_the_batch_is_the_advantage_times_the_cross_entropy():
    signal = feedback.Signal(
        tf.eye(3)[:2],
        feedback.Logs({}, {}),
        advantage=tf.constant(-2.0, "float64"),
    )
    logits = tf.math.log([[0.5, 0.25, 0.25]] * 2)
    found = feedback.HardBatch().meta_loss(signal, logits)
    assert found.dtype == tf.float32
    by_hand = [-2 * np.log(2), -2 * np.log(4)]
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)


def test_a_scalar_kind_must_say_what_it_measures():
    class Mute(feedback.ScalarFeedback):
        pass

    with pytest.raises(NotImplementedError) as raised:
        Mute().scalar(None)
    assert str(raised.value) == "`Mute` must have a method `scalar`"


@pytest.mark.parametrize("rate", [0.01, 1, 1.0, None])
def test_the_rate_of_the_baseline_is_kept(rate):
    kind = feedback.HardBatch(baseline_rate=rate)
    assert kind.get_config()["baseline_rate"] is kind.baseline_rate is rate
    assert feedback.HardBatch().baseline_rate == 0.01


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_scalar_kind_may_choose_its_weight_by_what_else_is_learned(is_alone):
    class Careful(Given):
        def default_weight(self, *, is_alone):
            return 0.1 if is_alone else 0.5

    kind = steps.built(Careful(), is_alone=is_alone)
    assert kind.weight == (0.1 if is_alone else 0.5)
