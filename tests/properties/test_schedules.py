"""What holds for schedules and ramps at every step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_mpl import ema
from keras_mpl import schedules
from tests.properties import draws

STEPS = np.arange(0, 60)


@st.composite
def schedule(draw):
    warmup, wait = draw(st.integers(0, 15)), draw(st.integers(0, 15))
    return schedules.WarmupCosine(
        draw(draws.floats(0, 10)),
        train_steps=warmup + wait + draw(st.integers(1, 25)),
        warmup_steps=warmup,
        wait_steps=wait,
    )


@given(schedule())
def test_a_rate_waits_rises_falls_and_ends_at_0(one):
    rates = np.array([float(one(step)) for step in STEPS])
    begin = one.wait_steps + one.warmup_steps
    close = 1e-5 * one.peak_lr
    assert (rates >= 0).all()
    assert (rates <= one.peak_lr + close).all()
    assert (rates[: one.wait_steps] == 0).all()
    assert (np.diff(rates[one.wait_steps : begin]) >= -close).all()
    assert (np.diff(rates[begin:]) <= close).all()
    assert (rates[one.train_steps :] <= close).all()


@given(schedule())
def test_a_schedule_is_the_same_after_it_was_saved(one):
    again = schedules.WarmupCosine.from_config(one.get_config())
    assert [float(again(s)) for s in STEPS] == [float(one(s)) for s in STEPS]


@given(st.integers(0, 30))
@pytest.mark.parametrize(
    "ramp", [schedules.linear_ramp, schedules.sigmoid_ramp]
)
def test_a_ramp_rises_to_1_and_stays(ramp, steps):
    values = np.array([float(ramp(step, steps)) for step in STEPS])
    assert (np.diff(values) >= 0).all()
    assert ((values >= 0) & (values <= 1)).all()
    assert (values[steps:] == 1).all()


@given(draws.floats(0, 0.999))
def test_an_average_keeps_no_more_than_its_decay(decay):
    kept = np.array([float(ema.ramped_decay(decay, s)) for s in STEPS])
    assert (np.diff(kept) >= 0).all()
    assert (kept <= np.float32(decay)).all()
