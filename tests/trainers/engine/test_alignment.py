"""Aligned targets are `q * mean label / mean q`, renormalised, by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import MetaPseudoLabels
from keras_mpl import losses
from keras_mpl import trainers
from tests import helpers

BATCH = helpers.fake_batch(labeled=5, unlabeled=8)
SHARE = helpers.one_hot(BATCH.labels).mean(0)
THRESHOLD = 0.8


def means(*batch_means):
    """Running means over steps: decays 1/10, 2/11, from uniform ones."""
    found = np.full(3, 1 / 3)
    for step, mean in enumerate(batch_means):
        decay = (1 + step) / (10 + step)
        found = decay * found + (1 - decay) * mean
    return found


def aligned(weak):
    target = weak * means(SHARE) / means(weak.mean(0))
    return target / target.sum(-1, keepdims=True)


def expected_drift(target, strong, *, is_hard, temperature=0.5):
    gate = target
    if is_hard:
        target = helpers.one_hot(target.argmax(-1))
    else:
        target = target ** (1 / temperature)
        target /= target.sum(-1, keepdims=True)
    mask = gate.max(-1) >= THRESHOLD
    assert 0 < mask.sum() < len(mask)
    return (mask * helpers.cross_entropies(target, strong)).mean()


def student(is_hard, **options):
    net = helpers.tiny_net(seed=3, gain=4.0)
    if is_hard:
        return trainers.FixMatch(net, confidence_threshold=THRESHOLD, **options)
    return trainers.UDA(
        net, confidence_threshold=THRESHOLD, temperature=0.5, **options
    )


def views(network):
    return (
        helpers.probs(network, view)
        for view in (BATCH.weak_inputs, BATCH.strong_inputs)
    )


@pytest.mark.parametrize("is_hard", [False, True], ids=["uda", "fixmatch"])
def test_the_loss_of_a_student_by_hand(is_hard):
    model = student(is_hard, align_distribution=True)
    weak, strong = views(model.student)
    expected = expected_drift(aligned(weak), strong, is_hard=is_hard)
    plain = expected_drift(weak, strong, is_hard=is_hard)
    assert abs(expected - plain) > 0.01
    logs = helpers.first_logs(model, BATCH)
    np.testing.assert_allclose(logs["consistency_loss"], expected, rtol=1e-5)
    logs = helpers.first_logs(student(is_hard), BATCH)
    np.testing.assert_allclose(logs["consistency_loss"], plain, rtol=1e-5)


def teacher(objective, **options):
    return MetaPseudoLabels(
        helpers.tiny_net(seed=3, gain=4.0),
        helpers.tiny_net(seed=5),
        objective=objective,
        confidence_threshold=THRESHOLD,
        temperature=1.0,
        seed=1,
        **options,
    )


@pytest.mark.parametrize("microbatch_size", [None, 4])
@pytest.mark.parametrize("objective", ["uda", "fixmatch"])
def test_the_loss_of_a_teacher_by_hand(objective, microbatch_size):
    model = teacher(
        objective, align_distribution=True, microbatch_size=microbatch_size
    )
    weak, strong = views(model.teacher)
    expected = expected_drift(
        aligned(weak), strong, is_hard=objective == "fixmatch", temperature=1.0
    )
    logs = helpers.first_logs(model, BATCH)
    np.testing.assert_allclose(logs["consistency_loss"], expected, rtol=1e-5)


def test_what_the_student_is_shown_stays_as_it_is():
    found = [
        helpers.first_logs(teacher("uda", align_distribution=on), BATCH)
        for on in (False, True)
    ]
    for name in ("student_loss", "pseudo_label_entropy", "meta_loss"):
        assert found[0][name] == found[1][name]
    assert found[0]["consistency_loss"] != found[1]["consistency_loss"]


def test_both_shares_are_running_means():
    model = student(True, align_distribution=True)
    model.compile(student_optimizer="sgd", run_eagerly=True)
    predicted = []
    for _ in range(2):
        weak, _ = views(model.student)
        predicted.append(weak.mean(0))
        model.fit(helpers.repeated(BATCH, 1), verbose=0)
    held = model._alignment
    np.testing.assert_allclose(held.labeled_share, means(SHARE, SHARE), 1e-5)
    np.testing.assert_allclose(held.predicted_share, means(*predicted), 1e-5)
    assert {held.labeled_share.name, held.predicted_share.name} <= {
        weight.name for weight in model.non_trainable_weights
    }


def test_no_gradient_flows_into_the_targets():
    model = student(False, align_distribution=True, consistency_weight=1.0)
    network = model.student
    weak, _ = views(network)
    target = aligned(weak) ** 2
    target = tf.constant(target / target.sum(-1, keepdims=True), "float32")
    mask = tf.constant(aligned(weak).max(-1) >= THRESHOLD, "float32")
    labels = tf.constant(helpers.one_hot(BATCH.labels), "float32")
    with tf.GradientTape() as tape:
        strong = network(BATCH.strong_inputs, training=True)
        labeled = network(BATCH.labeled_inputs, training=True)
        loss = tf.reduce_mean(mask * losses.cross_entropy(target, strong))
        loss += tf.reduce_mean(losses.cross_entropy(labels, labeled))
    weights = network.trainable_variables
    gradient = tape.gradient(loss, [weight.value for weight in weights])
    before = helpers.flat(weights)
    helpers.first_logs(model, BATCH)  # SGD at a rate of 0.01
    expected = before - 0.01 * np.concatenate([np.ravel(g) for g in gradient])
    np.testing.assert_allclose(helpers.flat(weights), expected, atol=1e-6)
    assert np.abs(helpers.flat(weights) - before).max() > 1e-4


def test_a_class_that_is_never_predicted_stays_finite():
    shift = losses.alignment(tf.constant([1.0, 0.0]), tf.constant([0.0, 1.0]))
    assert np.isfinite(shift).all()
    np.testing.assert_allclose(shift, [np.log(1e6), -np.log(1e6)], rtol=1e-6)


@pytest.mark.parametrize("objective", ["supervised", "randaugment"])
def test_labels_alone_have_nothing_to_align(objective):
    with pytest.raises(ValueError, match=r"`align_distribution` must be False"):
        teacher(objective, align_distribution=True)


def test_off_is_the_default_and_has_no_variable():
    plain, on = student(True), student(True, align_distribution=True)
    assert plain.get_config()["align_distribution"] is False
    assert len(on.weights) == len(plain.weights) + 2
    with pytest.raises(ValueError, match="`align_distribution` must be one of"):
        student(True, align_distribution="yes")


def test_shares_and_class_weights_are_saved(tmp_path):
    model = student(True, align_distribution=True, class_weights=(1, 2, 3))
    helpers.first_logs(model, BATCH)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_config()["align_distribution"] is True
    for name in ("labeled_share", "predicted_share"):
        kept = np.asarray(getattr(model._alignment, name))
        found = np.asarray(getattr(loaded._alignment, name))
        np.testing.assert_array_equal(found, kept)
        assert np.abs(kept - 1 / 3).max() > 0.01
    np.testing.assert_array_equal(loaded.weight_by_class, [1.0, 2.0, 3.0])
