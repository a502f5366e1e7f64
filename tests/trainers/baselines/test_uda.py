"""UDA's loss is that of its paper, in NumPy; annealing leaves out the easy."""

import numpy as np
import pytest

from keras_mpl.trainers import UDA
from tests import helpers

BATCH = helpers.fake_batch()


def predicted(gain=4.0):
    """A network, and its predictions on the three views."""
    network = helpers.tiny_net(seed=3, gain=gain)
    views = BATCH.labeled_inputs, BATCH.weak_inputs, BATCH.strong_inputs
    return network, *(helpers.probs(network, view) for view in views)


@pytest.mark.parametrize("threshold_on", ["raw", "sharpened"])
def test_the_loss_is_that_of_the_paper(threshold_on):
    network, labeled, weak, strong = predicted()
    target = weak**2 / (weak**2).sum(-1, keepdims=True)
    confidence = (weak if threshold_on == "raw" else target).max(-1)
    mask = confidence > np.sort(confidence)[3]  # all but four of eight
    model = UDA(
        network,
        temperature=0.5,
        confidence_threshold=np.sort(confidence)[3:5].mean(),
        threshold_on=threshold_on,
        consistency_weight=2.0,
        label_smoothing=0.3,
    )
    logs = helpers.first_logs(model, BATCH)
    smooth = 0.7 * helpers.one_hot(BATCH.labels) + 0.1
    labeled_loss = helpers.cross_entropies(smooth, labeled).mean()
    drift = (mask * helpers.cross_entropies(target, strong)).mean()
    expected = {
        "labeled_loss": labeled_loss,
        "consistency_loss": drift,
        "student_loss": labeled_loss + 2.0 * drift,
        "mask_ratio": mask.mean(),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5, err_msg=name)


def test_annealing_leaves_out_labels_that_are_known_well_enough():
    network, labeled, _, _ = predicted()
    model = UDA(
        network,
        annealing="linear",
        annealing_steps=4,
        consistency_weight=0.0,
    )
    model.step.assign(1)
    logs = helpers.first_logs(model, BATCH)
    of_label = labeled[np.arange(6), np.asarray(BATCH.labels)]
    kept = of_label <= 1 / 3 + (2 / 3) / 4  # a quarter of the way from 1/K
    assert 0 < kept.sum() < 6
    expected = -np.log(of_label[kept]).mean()
    np.testing.assert_allclose(logs["student_loss"], expected, rtol=1e-5)


def test_at_the_end_of_annealing_every_label_counts():
    network, labeled, _, _ = predicted()
    model = UDA(network, annealing="exp", annealing_steps=4)
    model.step.assign(9)
    logs = helpers.first_logs(model, BATCH)
    everything = helpers.cross_entropies(helpers.one_hot(BATCH.labels), labeled)
    np.testing.assert_allclose(
        logs["labeled_loss"], everything.mean(), rtol=1e-5
    )


def test_nothing_left_to_learn_is_a_loss_of_zero():
    batch = BATCH._replace(
        labels=predicted(gain=50.0)[1].argmax(-1).astype("int32")
    )
    model = UDA(
        predicted(gain=50.0)[0],
        annealing="linear",
        annealing_steps=1000,
        consistency_weight=0.0,
    )
    assert helpers.first_logs(model, batch)["student_loss"] == 0.0


def test_the_ramp_weighs_the_consistency_loss():
    model = UDA(
        predicted()[0], confidence_threshold=0.0, consistency_ramp_steps=4
    )
    model.step.assign(1)
    logs = helpers.first_logs(model, BATCH)
    expected = logs["labeled_loss"] + 0.25 * logs["consistency_loss"]
    np.testing.assert_allclose(logs["student_loss"], expected, rtol=1e-6)
    assert logs["consistency_loss"] > 0.1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"threshold_on": "soft"}, "`threshold_on` must be one of"),
        ({"annealing": "cosine"}, "`annealing` must be one of"),
        ({"annealing": "log"}, "`annealing_steps` must be positive"),
        ({"temperature": 0.0}, "`temperature` must be positive"),
        ({"confidence_threshold": 1.5}, "`confidence_threshold` must be"),
        ({"consistency_weight": -1.0}, "`consistency_weight` must be"),
    ],
)
def test_bad_settings(settings, words):
    with pytest.raises(ValueError, match=words) as caught:
        UDA(helpers.tiny_net(), **settings)
    assert "Received: " in str(caught.value)
