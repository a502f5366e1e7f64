"""Feedback every few steps: at those steps as ever, in between none."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.feedback import Signal
from keras_mpl.feedback import Soft
from keras_mpl.replicas import Logs
from keras_mpl.trainers.checks import settings
from keras_mpl.trainers.engine import guard
from keras_mpl.trainers.mpl import sparse
from tests import helpers
from tests.marks import slow_but

BATCH = helpers.fake_batch()
KINDS = ["soft", "hard", "hard_expected", "hard_batch", "finite_difference"]


def _model(feedback, **settings):
    return helpers.mpl(
        helpers.tiny_net(norm=True, seed=1),
        helpers.tiny_net(norm=True, seed=5, gain=4.0),
        feedback=feedback,
        **settings,
    )


def _teacher_after(model, steps):
    model.fit(helpers.repeated(BATCH, steps), verbose=0)
    return helpers.flat(model.teacher.trainable_variables)


@pytest.mark.parametrize("how", [{}, {"run_eagerly": True}], ids=str)
@pytest.mark.parametrize("feedback", slow_but(("soft",), KINDS))
def test_the_first_step_is_that_of_every_step(feedback, how):
    found = _teacher_after(_model(feedback, feedback_every_steps=3, **how), 1)
    expected = _teacher_after(_model(feedback, **how), 1)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("feedback", ["soft", "hard_batch"])
def test_steps_in_between_are_those_without_feedback(feedback):
    model = _model(feedback, feedback_every_steps=3)
    _teacher_after(model, 1)
    silent = _model("none")
    for mine, theirs in zip(
        model.networks.values(), silent.networks.values(), strict=True
    ):
        theirs.set_weights(mine.get_weights())
    silent.step.assign(model.step.value)
    # The student of `none` is shown `q`; samples would differ.
    steps = 2 if feedback == "soft" else 1
    found, expected = (_teacher_after(m, steps) for m in (model, silent))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    logs = model.fit(helpers.repeated(BATCH, 1), verbose=0).history
    due = abs(logs["feedback"][0]) > 0
    assert due == (feedback == "soft")  # its fourth step, or the third


@pytest.mark.parametrize("is_due", [True, False])
def test_what_is_not_finite_in_a_measurement_is_found(is_due):
    targets = tf.ones((2, 3)) / 3.0

    class Broken(Soft):
        def measure(self, update):
            guard.watch({"gradient": tf.constant(np.nan)})
            zeros = dict.fromkeys(self.logged, tf.zeros([]))
            return Signal(
                update.targets, Logs({}, zeros), targets, tf.zeros([])
            )

    @tf.function
    def is_good(is_due):
        with guard.apart() as trial:
            sparse.measured(
                Broken(), types.SimpleNamespace(targets=targets), is_due=is_due
            )
            return trial.is_good()

    assert bool(is_good(tf.constant(is_due))) == (not is_due)


def test_it_is_kept_when_a_model_is_saved(tmp_path):
    model = _model("soft", feedback_every_steps=4)
    path = tmp_path / "model.keras"
    model.save(path)
    assert keras.models.load_model(path).feedback_every_steps == 4


@pytest.mark.parametrize("value", [0, -1, 1.5, True, None])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(ValueError, match="`feedback_every_steps` must be"):
        _model("soft", feedback_every_steps=value)


def test_replicas_are_told_to_measure_at_every_step():
    with pytest.raises(ValueError, match="must be 1 on several replicas"):
        settings.every_step_on_replicas(2, 4)
    settings.every_step_on_replicas(1, 4)
