"""Our kinds in the unit of Eq. 3, and other people's formulas by hand."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import feedback
from keras_mpl import seeds
from keras_mpl.trainers.verification import formulas
from tests.feedback.clipped import ClippedCredit

Z = tf.constant([[0.0, np.log(3.0)], [0.0, 0.0]], "float64")


def gradient(kind, advantage):
    signal = feedback.Signal(
        tf.one_hot([0, 0], 2, dtype="float64"),
        feedback.Logs({}, {}),
        advantage=tf.constant(advantage, "float64"),
    )
    with tf.GradientTape() as tape:
        tape.watch(Z)
        loss = tf.reduce_sum(kind.meta_loss(signal, Z))
    return tape.gradient(loss, Z).numpy()


@pytest.mark.parametrize("kind", [k for k in feedback.KINDS if k != "none"])
def test_our_kinds_are_exact_not_centred_and_without_a_baseline(kind):
    found = formulas.ours(kind)
    assert (found.name, found.view) == (kind, -1)
    assert (found.feedback.scale, found.feedback.centering) == ("exact", False)
    assert getattr(found.feedback, "baseline_rate", None) is None


def test_a_users_own_kind_keeps_its_other_settings():
    mine = ClippedCredit(scale="cosine", bound=3.0)
    found = formulas.ours(mine).feedback
    assert (found.scale, found.bound) == ("exact", 3.0)
    assert mine.scale == "cosine"


def test_the_released_term_has_no_gradient():
    assert np.abs(gradient(formulas.released().feedback, 1.0)).max() < 1e-16


def test_the_port_takes_the_weak_arg_max_and_the_other_sign():
    found = formulas.port()
    assert found.view == 0
    shown = found.feedback.targets(tf.nn.softmax(Z), seeds.key(0))
    np.testing.assert_array_equal(shown[0], [0.0, 1.0])
    # (after - before) (q - argmax) / N with before - after = 2
    probs = np.array([[0.25, 0.75], [0.5, 0.5]])
    hard = np.array([[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(
        gradient(found.feedback, 2.0), -2.0 * (probs - hard) / 2
    )
