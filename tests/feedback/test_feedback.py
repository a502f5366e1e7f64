"""A feedback is read by name, config or object, checked, and serialised."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import MetaPseudoLabels
from keras_mpl import feedback
from keras_mpl.schedules import WarmupCosine
from tests import helpers
from tests.feedback.clipped import ClippedCredit


def model(kind, **settings):
    nets = helpers.tiny_net(seed=1), helpers.tiny_net(seed=5)
    return MetaPseudoLabels(*nets, feedback=kind, seed=7, **settings)


@pytest.mark.parametrize("name", feedback.KINDS)
def test_a_name_is_its_class_with_the_same_settings(name):
    found = feedback.get(name, weight=0.5)
    assert type(found) is feedback.KINDS[name]
    assert (found.name, found.weight) == (name, 0.5)


@pytest.mark.parametrize("name", feedback.KINDS)
def test_a_kind_comes_back_from_its_config(name):
    kind = feedback.get(name, weight=0.25)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(kind)
    )
    assert type(again) is type(kind)
    assert again.get_config() == kind.get_config()


def test_an_object_is_taken_as_it_is():
    kind = feedback.HardBatch(scale="exact", baseline_rate=0.5)
    assert model(kind).feedback is kind


def test_an_object_trains_as_its_name_does():
    batch = helpers.fake_batch()
    moved = []
    for kind in ("hard", feedback.Hard(scale="exact", weight=2.0)):
        settings = {} if kind != "hard" else {"feedback_weight": 2.0}
        scale = None if settings == {} else "exact"
        made = helpers.mpl(
            helpers.tiny_net(seed=1),
            helpers.tiny_net(seed=5),
            feedback=kind,
            feedback_scale=scale,
            **settings,
        )
        made.train_step(batch)
        moved.append(helpers.flat(made.teacher.trainable_variables))
    np.testing.assert_array_equal(*moved)


def test_settings_beside_an_object_are_refused():
    with pytest.raises(
        ValueError, match=r"`feedback_scale`, `feedback_weight`"
    ):
        model(feedback.Soft(), feedback_scale="exact", feedback_weight=1.0)


def test_an_object_serves_one_model():
    kind = feedback.HardBatch()
    model(kind)
    with pytest.raises(ValueError, match=r"new object for each model"):
        model(kind)


@pytest.mark.parametrize("given", ["argmax", None, 3, feedback.Soft])
def test_what_is_no_feedback_is_refused(given):
    with pytest.raises(ValueError, match=r"`feedback` must be one of .*'soft'"):
        model(given)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": "unit"}, r"one of \['cosine', 'exact'\]"),
        ({"centering": "yes"}, "must be one of"),
        ({"weight": -1.0}, "0 or more"),
        ({"weight": float("inf")}, "finite"),
        ({"weight": "much"}, "must be a number or a `LearningRateSchedule`"),
        ({"cosine_floor": WarmupCosine(1.0, train_steps=9)}, "be a number"),
        ({"cosine_floor": float("nan")}, "`cosine_floor` must be 0 or more"),
    ],
)
def test_a_setting_that_can_not_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        feedback.Soft(**settings)


@pytest.mark.parametrize("weight", [np.float32(0.5), np.float64(0.5), 1])
def test_a_weight_may_be_a_number_of_numpy(weight):
    assert float(feedback.Soft(weight=weight).weight) == float(weight)


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.5, float("nan")])
def test_a_baseline_moves_part_of_the_way(rate):
    with pytest.raises(
        ValueError, match=r"`baseline_rate` must be in \(0, 1\]"
    ):
        feedback.HardBatch(baseline_rate=rate)


def test_a_scalar_has_no_classes_to_centre():
    with pytest.raises(ValueError, match="has no number per class"):
        feedback.FiniteDifference(centering=True)


def test_no_feedback_takes_the_settings_of_any_kind():
    kind = feedback.NoFeedback(scale="exact", centering=True, weight=3.0)
    assert not kind.needs_plain_sgd
    logits = tf.ones((2, 3))
    signal = feedback.Signal(logits, feedback.Logs({}, {}))
    np.testing.assert_array_equal(kind.meta_loss(signal, logits), [0.0, 0.0])


def test_without_a_baseline_the_first_scalar_moves_the_teacher():
    batch = helpers.fake_batch()
    norms = {}
    for rate in (0.01, None):
        made = helpers.mpl(
            helpers.tiny_net(seed=1),
            helpers.tiny_net(seed=5),
            feedback=feedback.HardBatch(baseline_rate=rate, weight=1.0),
        )
        norms[rate] = float(made.train_step(batch)["meta_loss"])
    assert norms[0.01] == 0.0
    assert abs(norms[None]) > 1e-3


def test_a_subclass_must_answer():
    class Silent(feedback.Feedback):
        pass

    with pytest.raises(NotImplementedError, match=r"`Silent` .* `measure`"):
        Silent().measure(None)
    with pytest.raises(NotImplementedError, match=r"`Silent` .* `meta_loss`"):
        Silent().meta_loss(None, None)


def test_a_users_own_kind_is_in_a_saved_model(tmp_path):
    made = model(ClippedCredit(bound=0.5))
    made.compile(student_optimizer="sgd", teacher_optimizer="sgd")
    made.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.feedback) is ClippedCredit
    assert loaded.feedback.get_config() == made.feedback.get_config()


def test_a_config_of_version_0_1_0_trains_as_it_did_then():
    config = model("hard_batch").get_config()
    config |= {
        "feedback": "hard_batch",
        "feedback_scale": "cosine",
        "feedback_weight": 0.3,
        "cosine_floor": 0.05,
        "labeled_weight": 2.0,
    }
    there = (
        "teacher student label_smoothing ema_decay weight_decay clip_norm seed "
        "name feedback feedback_scale feedback_weight labeled_weight objective "
        "consistency_weight consistency_ramp_steps temperature "
        "confidence_threshold cosine_floor"
    )
    made = MetaPseudoLabels.from_config({k: config[k] for k in there.split()})
    assert (made.feedback.name, made.feedback_weight) == ("hard_batch", 0.3)
    assert made.teacher_labeled_weight == 2.0
    assert made.student_labeled_weight == made.labeled_floor == 0.0
    assert made.threshold_on == "sharpened"
    assert made.feedback_centering is made.ramp_statistics is False
    assert (made.pseudo_label_weighting, made.student_statistics) == (
        "equal",
        "all",
    )


def test_the_old_name_of_the_teachers_weight_says_the_new_one():
    with pytest.warns(FutureWarning, match="teacher_labeled_weight=0.5"):
        assert model("soft", labeled_weight=0.5).teacher_labeled_weight == 0.5
