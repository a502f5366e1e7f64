"""What the student's pseudo labels count, and which passes move statistics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import MetaPseudoLabels
from keras_mpl import feedback
from tests import helpers

BESIDE = {"student_labeled_weight": 1.0}
BY_CONFIDENCE = {**BESIDE, "pseudo_label_weighting": "confidence"}


def model_of(*, norm=False, rate=1.0, **settings):
    return helpers.mpl(
        helpers.tiny_net(dtype="float64", seed=1, gain=4.0),
        helpers.tiny_net(norm=norm, dtype="float64", seed=5),
        student_optimizer=keras.optimizers.SGD(rate),
        **settings,
    )


def moved(model, batch):
    before = helpers.flat(model.student.trainable_variables)
    model.train_step(batch)
    return helpers.flat(model.student.trainable_variables) - before


def moving_mean(network):
    [found] = [
        np.copy(v.value)
        for v in network.non_trainable_variables
        if "moving_mean" in v.path
    ]
    return found


def test_a_pseudo_label_counts_its_highest_probability():
    batch = helpers.fake_batch(dtype="float64")
    without = moved(model_of(**BESIDE, pseudo_label_weighting="equal"), batch)
    found = moved(model_of(**BY_CONFIDENCE), batch)
    fresh = model_of(**BESIDE)
    probs = tf.nn.softmax(fresh.teacher(batch.strong_inputs))
    counts = tf.reduce_max(probs, axis=-1)
    variables = fresh.student.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        losses = tf.nn.softmax_cross_entropy_with_logits(
            probs, fresh.student(batch.strong_inputs)
        )
        equal = tf.reduce_mean(losses)
        weighed = tf.reduce_mean(counts * losses)
    more = [
        np.ravel(b - a)
        for a, b in zip(
            tape.gradient(equal, variables),
            tape.gradient(weighed, variables),
            strict=True,
        )
    ]
    assert np.ptp(counts) > 0.1
    np.testing.assert_allclose(
        found - without, -np.concatenate(more), atol=1e-12
    )


def test_what_they_count_is_logged():
    batch = helpers.fake_batch(dtype="float64")
    model = model_of(**BY_CONFIDENCE)
    probs = tf.nn.softmax(model.teacher(batch.strong_inputs))
    expected = float(tf.reduce_mean(tf.reduce_max(probs, axis=-1)))
    logs = model.train_step(batch)
    assert float(logs["pseudo_label_weight"]) == pytest.approx(expected)
    equal = model_of(**BESIDE, pseudo_label_weighting="equal")
    assert "pseudo_label_weight" not in equal.train_step(batch)


def test_statistics_follow_the_labelled_pass_alone():
    batch = helpers.fake_batch(dtype="float64")
    other = batch._replace(strong_inputs=batch.strong_inputs + 3.0)
    found = {}
    for statistics in ("labeled", "all"):
        for name, shown in (("as it is", batch), ("other", other)):
            model = model_of(norm=True, rate=0.0, **BESIDE)
            model.student_statistics = statistics
            model.train_step(shown)
            found[statistics, name] = moving_mean(model.student)
    start = moving_mean(helpers.tiny_net(norm=True, dtype="float64", seed=5))
    np.testing.assert_array_equal(
        found["labeled", "as it is"], found["labeled", "other"]
    )
    assert np.abs(found["labeled", "as it is"] - start).max() > 1e-3
    assert np.abs(found["all", "as it is"] - found["all", "other"]).max() > 1e-3


def test_they_follow_from_what_the_student_learns_unless_set():
    nets = (helpers.tiny_net(seed=1), helpers.tiny_net(seed=5))
    settings = [
        (MetaPseudoLabels(*nets, **given), expected)
        for given, expected in (
            ({}, ("confidence", "labeled", 1.0)),
            ({"student_labeled_weight": 0.0}, ("equal", "all", 0.0)),
            ({"feedback": feedback.Soft()}, ("confidence", "labeled", 1.0)),
            (
                {
                    "student_labeled_weight": 0.0,
                    "pseudo_label_weighting": "confidence",
                    "labeled_floor": 0.5,
                },
                ("confidence", "all", 0.5),
            ),
        )
    ]
    for model, expected in settings:
        config = model.get_config()
        names = ("pseudo_label_weighting", "student_statistics")
        own = config["feedback"]["config"]["labeled_floor"]
        assert (*(config[name] for name in names), own) == expected


def test_a_config_from_before_keeps_what_it_was_trained_with():
    config = model_of(**BESIDE).get_config()
    for name in ("pseudo_label_weighting", "student_statistics"):
        del config[name]
    del config["feedback"]["config"]["labeled_floor"]
    found = MetaPseudoLabels.from_config(config)
    assert found.labeled_floor == 0.0
    assert found.pseudo_label_weighting == "equal"
    assert found.student_statistics == "all"


def test_statistics_of_a_pass_that_is_not_there_are_refused():
    with pytest.raises(ValueError, match=r"must be 'all' .*weight=0.0"):
        model_of(student_labeled_weight=0.0, student_statistics="labeled")
    with pytest.raises(ValueError, match=r"one of \['labeled', 'all'\]"):
        model_of(**BESIDE, student_statistics="weak")
    with pytest.raises(ValueError, match=r"one of \['confidence', 'equal'\]"):
        model_of(**BESIDE, pseudo_label_weighting=0.5)


def test_a_floor_beside_that_of_an_object_is_refused():
    with pytest.raises(ValueError, match=r"`labeled_floor`.*0.5 and 2.0"):
        model_of(feedback=feedback.Soft(labeled_floor=2.0), labeled_floor=0.5)


def test_an_object_stays_as_it_is_where_other_settings_are_refused():
    kind = feedback.Soft()
    with pytest.raises(ValueError, match="ema_decay"):
        model_of(feedback=kind, ema_decay=5.0)
    assert kind.labeled_floor is None


def test_a_weight_that_is_no_number_is_named():
    with pytest.raises(ValueError, match="`student_labeled_weight` must be"):
        model_of(student_labeled_weight=np.ones(2))
