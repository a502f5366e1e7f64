"""`verify` tells a right gradient from a wrong one, and leaves no trace."""

import keras
import numpy as np
import pytest

from keras_mpl import losses
from keras_mpl.trainers import verify
from tests import helpers


def warm(dtype="float64", optimizer=None, **settings):
    model = helpers.mpl(
        helpers.tiny_net(dtype=dtype, seed=1),
        helpers.tiny_net(norm=True, dropout=0.1, dtype=dtype, seed=5),
        student_optimizer=optimizer
        or keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        weight_decay=0.01,
        ema_decay=0.9,
        **settings,
    )
    batch = helpers.fake_batch(dtype=dtype)
    model.fit(helpers.repeated(batch, 2), verbose=0)
    return model, batch


@pytest.mark.slow
def test_table_shows_right_zero_and_wrong_formulas_for_what_they_are():
    found = verify(*warm(), draws=30)
    rows = {row.name: row for row in found.rows}
    assert found.passed
    assert found.measured_error < 1e-6
    assert rows["soft"].relative_error < 1e-6
    assert rows["hard_expected"].cosine > 0.99
    assert all(rows[n].cosine > 0 for n in ("hard", "hard_batch"))
    assert np.isnan(rows["released TensorFlow code"].cosine)
    assert rows["released TensorFlow code"].norm < 1e-12
    assert rows["most-used PyTorch port"].cosine < 0
    assert "agrees with central differences" in str(found)


def test_all_state_is_restored():
    model, batch = warm()
    before, config = helpers.state(model), model.get_config()
    verify(model, batch, kinds=("hard",), draws=2)
    assert config == model.get_config()
    for old, new in zip(before, helpers.state(model), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_wrong_sign_does_not_pass(monkeypatch):
    right = losses.soft_meta_loss
    monkeypatch.setattr(losses, "soft_meta_loss", lambda *a: -right(*a))
    found = verify(*warm(), kinds=())
    assert not found.passed
    assert found.rows[0].cosine == pytest.approx(-1.0)
    assert "DOES NOT AGREE" in str(found)


@pytest.mark.slow
def test_a_wrong_factor_does_not_pass(monkeypatch):
    right = losses.soft_meta_loss
    monkeypatch.setattr(losses, "soft_meta_loss", lambda *a: 1.001 * right(*a))
    assert not verify(*warm(), kinds=()).passed


@pytest.mark.slow
def test_a_student_who_learns_the_labels_too_passes():
    found = verify(*warm(student_labeled_weight=1.0), kinds=())
    assert found.passed
    assert found.measured_error < 1e-6


def test_eq_3_is_differentiated_at_constant_weights_of_pseudo_labels():
    settings = {
        "student_labeled_weight": 1.0,
        "pseudo_label_weighting": "confidence",
    }
    found = verify(*warm(**settings), kinds=())
    assert found.passed
    assert found.measured_error < 1e-6


def test_single_precision_passes_within_its_own_noise():
    found = verify(*warm("float32"), kinds=())
    assert found.passed
    assert 1e-6 < found.noise_floor < 0.1
    assert "noise floor in float32" in str(found)


@pytest.mark.slow
def test_other_optimizers_are_judged_by_direction():
    found = verify(*warm(optimizer=keras.optimizers.Adam(1e-3)), kinds=())
    assert not found.is_linear
    assert found.measured_cosine > 0
    assert "only its direction counts" in str(found)


@pytest.mark.slow
def test_one_hot_labels_and_plain_tuples_are_taken():
    model, batch = warm()
    one_hot = helpers.one_hot(batch.labels)
    data = ((batch.labeled_inputs, one_hot), tuple(batch[2:]))
    assert verify(model, data, kinds=()).passed


def test_a_model_that_was_not_compiled_is_refused():
    with pytest.raises(
        ValueError, match=r"must be a compiled .* Received: Seq"
    ):
        verify(helpers.tiny_net(), helpers.fake_batch())
