"""Mean Teacher follows its own average, by the squared distance."""

import numpy as np
import pytest

from keras_mpl.trainers import MeanTeacher
from tests import helpers

BATCH = helpers.fake_batch()


def test_the_loss_is_that_of_the_paper():
    network = helpers.tiny_net(seed=3, gain=4.0)
    model = MeanTeacher(
        network, consistency_weight=5.0, consistency_ramp_steps=4
    )
    for weight in model.ema_student.weights:  # as if it had lagged behind
        weight.assign(weight * 0.5)
    model.step.assign(1)
    followed = helpers.probs(model.ema_student, BATCH.weak_inputs)
    strong = helpers.probs(network, BATCH.strong_inputs)
    labeled = helpers.probs(network, BATCH.labeled_inputs)
    logs = helpers.first_logs(model, BATCH)
    drift = ((followed - strong) ** 2).mean()
    labels = helpers.one_hot(BATCH.labels)
    labeled_loss = helpers.cross_entropies(labels, labeled).mean()
    ramp = np.exp(-5 * (1 - 1 / 4) ** 2)
    expected = {
        "labeled_loss": labeled_loss,
        "consistency_loss": drift,
        "student_loss": labeled_loss + 5.0 * ramp * drift,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5, err_msg=name)


def test_the_average_leaves_its_statistics_to_the_students():
    """The teacher's own pass must not move what is an average."""
    network = helpers.tiny_net(seed=3, norm=True)
    model = MeanTeacher(network, consistency_ramp_steps=0, ema_decay=0.5)
    old = [np.copy(w.value) for w in model.ema_student.weights]
    helpers.first_logs(model, BATCH)
    for now, was, student in zip(
        model.ema_student.weights, old, network.weights, strict=True
    ):
        # The ramped decay of the first step is 1 / 10.
        expected = 0.1 * was + 0.9 * np.asarray(student.value)
        np.testing.assert_allclose(now.value, expected, rtol=1e-5, atol=1e-7)


def test_without_an_average_there_is_no_teacher():
    with pytest.raises(ValueError, match="`ema_decay` must be positive"):
        MeanTeacher(helpers.tiny_net(), ema_decay=0.0)
