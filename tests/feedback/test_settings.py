"""The settings of a kind, what it is without them, and its messages."""

import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import feedback
from keras_mpl.schedules import WarmupCosine
from tests.feedback import steps

SETTINGS = {
    "scale": "exact",
    "centering": True,
    "weight": 0.5,
    "cosine_floor": 0.25,
    "labeled_floor": 0.75,
}


def refusal(function, *arguments, **settings):
    with pytest.raises(ValueError, match="Received") as raised:
        function(*arguments, **settings)
    return str(raised.value)


def test_a_config_has_every_setting():
    assert feedback.Soft(**SETTINGS).get_config() == SETTINGS
    again = feedback.Soft.from_config(SETTINGS)
    assert again.get_config() == SETTINGS
    assert feedback.Soft.from_config({}).weight is None


def test_without_settings_a_kind_is_under_the_cosine():
    config = feedback.Soft().get_config()
    assert config == {
        "scale": "cosine",
        "centering": True,
        "weight": None,
        "cosine_floor": 0.05,
        "labeled_floor": None,
    }
    assert not feedback.Soft(scale="exact").centering
    assert feedback.HardBatch().centering is False
    assert feedback.FiniteDifference().scale == "exact"


@pytest.mark.parametrize(
    ("kind", "exact", "alone", "beside"),
    [
        (feedback.Soft, 1.0, 0.3, 1.0),
        (feedback.HardExpected, 1.0, 0.1, 1.0),
        (feedback.Hard, 1.0, 0.1, 1.0),
        (feedback.HardBatch, 1.0, 0.01, 0.01),
        (feedback.NoFeedback, 1.0, 1.0, 1.0),
    ],
)
def test_the_weight_that_was_best_is_filled_in(kind, exact, alone, beside):
    for is_alone, expected in ((True, alone), (False, beside)):
        made = steps.built(kind(), is_alone=is_alone)
        assert made.weight == expected
        made = steps.built(kind(scale="exact"), is_alone=is_alone)
        assert made.weight == exact
    assert steps.built(kind(weight=0.7)).weight == 0.7


def test_plain_sgd_is_needed_where_the_step_size_counts():
    needs = {
        (name, scale): feedback.get(name, scale=scale).needs_plain_sgd
        for name in ("soft", "hard_batch")
        for scale in ("exact", "cosine")
    }
    assert needs == {key: key[1] == "exact" for key in needs}
    assert feedback.FiniteDifference().needs_plain_sgd is False
    assert feedback.NoFeedback(scale="exact").needs_plain_sgd is False


def test_what_a_kind_says_of_itself():
    said = {
        name: (
            kind.has_credit,
            kind.is_sampled,
            kind.compares_losses,
            len(kind.logged),
        )
        for name, kind in feedback.KINDS.items()
    }
    assert said == {
        "soft": (True, False, False, 2),
        "hard": (True, True, False, 2),
        "hard_expected": (True, True, False, 2),
        "hard_batch": (False, True, False, 2),
        "finite_difference": (False, True, True, 1),
        "none": (False, False, False, 0),
    }


def test_no_feedback_tells_the_teacher_nothing():
    kind = steps.built(feedback.NoFeedback())
    signal = kind.measure(steps.update())
    np.testing.assert_array_equal(signal.targets, steps.TARGETS)
    assert signal.logs == feedback.Logs({}, {})
    assert signal.credit is signal.scale is signal.advantage is None
    logits = tf.ones((2, 3), "float64")
    found = kind.meta_loss(signal, logits)
    assert found.dtype == tf.float64
    np.testing.assert_array_equal(found, [0.0, 0.0])
    assert feedback.NoFeedback().centering is False
    assert feedback.NoFeedback(centering=True).centering is True


@pytest.mark.parametrize("weight", [0, 0.0, 0.5, 3])
def test_the_ends_of_the_range_are_in_it(weight):
    kind = feedback.Soft(weight=weight, cosine_floor=weight)
    assert (kind.weight, kind.cosine_floor) == (weight, weight)
    assert type(kind.weight) is type(kind.cosine_floor) is float


def test_rows_of_a_signal_are_those_that_it_has():
    empty = feedback.Logs({}, {})
    assert feedback.Signal("y", empty).per_example() == {"targets": "y"}
    found = feedback.Signal("y", empty, credit="c").per_example()
    assert found == {"targets": "y", "credit": "c"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"scale": "unit"},
            "`feedback_scale` must be one of ['cosine', 'exact'] with "
            "feedback='soft'. Received: feedback_scale='unit'",
        ),
        (
            {"centering": 2},
            "`feedback_centering` must be one of [None, True, False]. "
            "Received: feedback_centering=2",
        ),
        (
            {"weight": "much"},
            "`feedback_weight` must be a number or a `LearningRateSchedule`. "
            "Received: feedback_weight='much'",
        ),
        (
            {"weight": True},
            "`feedback_weight` must be a number or a `LearningRateSchedule`. "
            "Received: feedback_weight=True",
        ),
        (
            {"cosine_floor": "low"},
            "`cosine_floor` must be a number. Received: cosine_floor='low'",
        ),
        (
            {"weight": -1},
            "`feedback_weight` must be 0 or more, and finite. "
            "Received: feedback_weight=-1",
        ),
        (
            {"cosine_floor": float("inf")},
            "`cosine_floor` must be 0 or more, and finite. "
            "Received: cosine_floor=inf",
        ),
    ],
)
def test_a_refused_setting_is_named_with_what_it_must_be(settings, message):
    assert refusal(feedback.Soft, **settings) == message


def test_other_refusals_say_what_to_do():
    assert refusal(feedback.HardBatch, centering=True) == (
        "`feedback_centering` must be False with feedback='hard_batch', which "
        "has no number per class. Received: feedback_centering=True"
    )
    assert refusal(feedback.HardBatch, baseline_rate=2) == (
        "`baseline_rate` must be in (0, 1], or None for no baseline. "
        "Received: baseline_rate=2"
    )
    assert refusal(steps.built, steps.built(feedback.Hard())) == (
        "`feedback` must be a new object for each model. Received: the Hard "
        "of another model"
    )
    names = re.escape(str(sorted(feedback.KINDS)))
    assert re.fullmatch(
        f"`feedback` must be one of {names}, or a "
        r"`keras_mpl\.feedback\.Feedback`\. Received: feedback='best'",
        refusal(feedback.get, "best"),
    )
    given = {"weight": 0.5, "cosine_floor": 0.1, "scale": None}
    assert refusal(feedback.get, feedback.Soft(), **given) == (
        "`cosine_floor`, `feedback_weight` must be given to the feedback "
        "object itself, as `Soft(cosine_floor=)`, and not beside it. "
        "Received: feedback='soft' as an object"
    )


def test_a_kind_without_an_answer_says_which_it_lacks():
    class Silent(feedback.Feedback):
        pass

    for name, arguments in (("measure", (None,)), ("meta_loss", (None, None))):
        with pytest.raises(NotImplementedError) as raised:
            getattr(Silent(), name)(*arguments)
        message = f"`Silent` must have a method `{name}`"
        assert str(raised.value) == message


def test_a_schedule_is_kept_comes_back_and_is_no_floor():
    schedule = WarmupCosine(2.0, train_steps=9)
    kind = feedback.Soft(weight=schedule)
    assert kind.weight is schedule
    stored = json.dumps(kind.get_config())
    again = feedback.Soft.from_config(json.loads(stored))
    assert again.weight.get_config() == schedule.get_config()
    assert refusal(feedback.Soft, cosine_floor=schedule).startswith(
        "`cosine_floor` must be a number. Received: cosine_floor=<"
    )


def test_what_keras_made_of_a_kind_is_read():
    config = keras.saving.serialize_keras_object(feedback.Hard(weight=0.25))
    again = feedback.get(config)
    assert type(again) is feedback.Hard
    assert again.weight == 0.25
    assert "`feedback_weight` must be given to the feedback object" in (
        refusal(feedback.get, config, weight=0.5)
    )


@pytest.mark.parametrize("name", feedback.KINDS)
def test_a_kind_has_the_name_it_is_called_by(name):
    assert feedback.get(name).name == name
