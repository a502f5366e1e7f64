"""A temperature makes probabilities true, and changes no class."""

import numpy as np
import pytest

from keras_mpl.report.diagnosis import calibration


def _answers(count=4000, sharpness=3.0):
    """Logits that are too sure by a factor, and labels of the true odds."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(count, 4)) * 1.5
    probs = calibration.calibrated(logits)
    drawn = (probs.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return sharpness * logits, drawn


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_factor_of_logits_that_are_too_sure_is_found(sharpness):
    logits, labels = _answers(sharpness=sharpness)
    found = calibration.fit_temperature(logits, labels)
    assert found == pytest.approx(sharpness, rel=0.05)


def test_the_temperature_lowers_the_error_on_other_examples():
    logits, labels = _answers()
    found = calibration.fit_temperature(logits[:1000], labels[:1000])
    before, after = (
        calibration.reliability(
            calibration.calibrated(logits[1000:], temperature), labels[1000:]
        ).error
        for temperature in (1.0, found)
    )
    assert after < 0.04 < 0.15 < before


def test_no_class_changes():
    logits, _ = _answers(100)
    for temperature in (0.1, 7.0):
        probs = calibration.calibrated(logits, temperature)
        assert (probs.argmax(axis=1) == logits.argmax(axis=1)).all()
        np.testing.assert_allclose(probs.sum(axis=1), 1.0)


@pytest.mark.parametrize("case", ["few", "all right", "all wrong"])
def test_a_temperature_is_not_made_up(case):
    logits, labels = _answers(100)
    if case == "few":
        logits, labels = logits[:19], labels[:19]
    else:
        labels = (logits.argmax(axis=1) + (case == "all wrong")) % 4
    assert calibration.fit_temperature(logits, labels) is None


def test_the_bins_hold_every_example_once():
    probs = np.array([[1.0, 0.0], [0.5, 0.5], [0.96, 0.04]])
    found = calibration.reliability(probs, np.array([0, 1, 1]))
    assert found.counts.sum() == 3
    assert found.counts[-1] == 2  # a probability of 1, too
    assert found.accuracy[-1] == 0.5
    assert found.confidence[-1] == pytest.approx(0.98)
    # (2 * |0.98 - 0.5| + 1 * |0.5 - 0|) / 3
    assert found.error == pytest.approx((2 * 0.48 + 0.5) / 3)


def test_the_error_by_chance_is_that_of_true_odds_and_falls_with_size():
    logits, labels = _answers(sharpness=1.0)
    probs = calibration.calibrated(logits)
    few, many = (calibration.error_by_chance(probs[:n]) for n in (50, 4000))
    measured = calibration.reliability(probs, labels).error
    assert many == pytest.approx(measured, abs=0.01)
    assert few > 3 * many
