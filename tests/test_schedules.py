"""Values against the released formula, written out once more in NumPy."""

import keras
import numpy as np
import pytest

from keras_mpl import schedules
from keras_mpl.schedules import WarmupCosine

SETTINGS = {"train_steps": 100, "warmup_steps": 10, "wait_steps": 20}


def released(step, peak, train_steps, warmup_steps, wait_steps):
    """`learning_rate_schedule` of the released code: cosine, wait, warm-up."""
    if step < wait_steps:
        return 0.0
    since = step - wait_steps
    if since < warmup_steps:
        return peak * (since + 1) / warmup_steps
    horizon = train_steps - warmup_steps - wait_steps
    return peak * 0.5 * (1 + np.cos(np.pi * (since - warmup_steps) / horizon))


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, 0.0),
        (19, 0.0),
        (20, 0.02),
        (29, 0.2),
        (30, 0.2),
        (65, 0.1),
        (100, 0.0),
        (1000, 0.0),
    ],
)
def test_rate_waits_warms_up_and_falls(step, expected):
    schedule = WarmupCosine(0.2, **SETTINGS)
    np.testing.assert_allclose(schedule(step), expected, atol=1e-8)


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, {**SETTINGS, "wait_steps": 0}, {**SETTINGS, "warmup_steps": 0}],
    ids=["both", "warm_up", "wait"],
)
def test_rate_is_that_of_the_released_code(settings):
    schedule = WarmupCosine(0.3, **settings)
    steps = range(0, 101, 7)
    expected = [released(step, 0.3, **settings) for step in steps]
    found = [float(schedule(step)) for step in steps]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_schedule_survives_serialisation():
    schedule = WarmupCosine(0.2, **SETTINGS)
    config = keras.optimizers.schedules.serialize(schedule)
    copy = keras.optimizers.schedules.deserialize(config)
    assert type(copy) is WarmupCosine
    assert copy.get_config() == schedule.get_config()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"wait_steps": -1},
            "`peak_lr`, `warmup_steps` and `wait_steps` must be 0 or more, and "
            "finite. Received: peak_lr=0.1, warmup_steps=10, wait_steps=-1",
        ),
        (
            {"warmup_steps": -2},
            "`peak_lr`, `warmup_steps` and `wait_steps` must be 0 or more, and "
            "finite. Received: peak_lr=0.1, warmup_steps=-2, wait_steps=20",
        ),
        (
            {"warmup_steps": 80},
            "`train_steps` must be more than `warmup_steps + wait_steps`. "
            "Received: train_steps=100, warmup_steps=80, wait_steps=20",
        ),
    ],
)
def test_impossible_lengths_are_refused(settings, message):
    with pytest.raises(ValueError, match="Received") as raised:
        WarmupCosine(0.1, **{**SETTINGS, **settings})
    assert str(raised.value) == message


def test_negative_rate_is_refused_and_zero_is_a_rate():
    with pytest.raises(
        ValueError, match=r"0 or more, and finite\. .*peak_lr=-0\.1"
    ):
        WarmupCosine(-0.1, train_steps=3)
    assert float(WarmupCosine(0.0, train_steps=3)(1)) == 0.0


def test_without_settings_the_rate_falls_from_the_first_step():
    schedule = WarmupCosine(0.2, train_steps=2)
    found = [float(schedule(step)) for step in range(3)]
    np.testing.assert_allclose(found, [0.2, 0.1, 0.0], atol=1e-8)
    assert schedule.get_config() == {
        "peak_lr": 0.2,
        "train_steps": 2,
        "warmup_steps": 0,
        "wait_steps": 0,
        "name": "warmup_cosine",
    }


def test_a_warm_up_of_one_step_is_at_the_peak():
    schedule = WarmupCosine(0.2, train_steps=3, warmup_steps=1)
    found = [float(schedule(step)) for step in range(4)]
    np.testing.assert_allclose(found, [0.2, 0.2, 0.1, 0.0], atol=1e-8)


@pytest.mark.parametrize(
    ("step", "ramp_steps", "expected"),
    [
        (0, 8, 0.0),
        (2, 8, 0.25),
        (8, 8, 1.0),
        (99, 8, 1.0),
        (0, 1, 0.0),
        (0, 0, 1.0),
    ],
)
def test_ramp_by_hand(step, ramp_steps, expected):
    assert float(schedules.linear_ramp(step, ramp_steps)) == expected


def test_weight_is_a_number_or_a_schedule():
    assert schedules.value_at(0.5, 3) == 0.5
    schedule = WarmupCosine(1.0, train_steps=10, warmup_steps=4)
    assert float(schedules.value_at(schedule, 1)) == 0.5


@pytest.mark.parametrize(
    ("step", "ramp_steps", "expected"),
    [
        (0, 10, np.exp(-5.0)),
        (5, 10, np.exp(-5.0 * 0.25)),
        (10, 10, 1.0),
        (99, 10, 1.0),
        (0, 0, 1.0),
    ],
)
def test_sigmoid_ramp_is_that_of_mean_teacher(step, ramp_steps, expected):
    found = schedules.sigmoid_ramp(step, ramp_steps)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.usefixtures("wide_default")
def test_rates_and_ramps_are_single_precision_whatever_the_default():
    schedule = WarmupCosine(0.2, **SETTINGS)
    for step in (5, np.int64(25), np.float64(50)):
        assert schedule(step).dtype.name == "float32"
        for ramp_steps in (0, 8):
            ramp = schedules.linear_ramp(step, ramp_steps)
            assert ramp.dtype.name == "float32"
