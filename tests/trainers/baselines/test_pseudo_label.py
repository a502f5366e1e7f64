"""Pseudo labels of a fixed teacher: Eq. 1 in NumPy, hard and soft."""

import keras
import numpy as np
import pytest

from keras_mpl.trainers import PseudoLabel
from tests import helpers

BATCH = helpers.fake_batch()


def networks(**options):
    return (
        helpers.tiny_net(seed=1, gain=4.0, **options),
        helpers.tiny_net(seed=5, **options),
    )


def inference(network, inputs):
    logits = np.asarray(network(inputs, training=False), "float64")
    return np.exp(helpers.log_softmax(logits))


@pytest.mark.parametrize("pseudo_labels", ["hard", "soft"])
@pytest.mark.parametrize("threshold", [0.0, 0.75])
def test_the_loss_is_eq_1(pseudo_labels, threshold):
    teacher, student = networks()
    model = PseudoLabel(
        teacher,
        student,
        pseudo_labels=pseudo_labels,
        confidence_threshold=threshold,
        label_smoothing=0.3,
    )
    said = inference(teacher, BATCH.weak_inputs)
    strong = helpers.probs(student, BATCH.strong_inputs)
    logs = helpers.first_logs(model, BATCH)
    mask = said.max(-1) >= threshold
    assert mask.any()
    assert mask.all() == (threshold == 0.0)
    is_hard = pseudo_labels == "hard"
    target = helpers.one_hot(said.argmax(-1)) if is_hard else said
    per_example = helpers.cross_entropies(0.7 * target + 0.1, strong)
    expected = (mask * per_example).mean()
    np.testing.assert_allclose(logs["student_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(logs["mask_ratio"], mask.mean(), rtol=1e-6)
    assert "labeled_loss" not in logs


def test_labels_count_when_they_have_a_weight():
    teacher, student = networks()
    model = PseudoLabel(teacher, student, student_labeled_weight=2.0)
    labeled = helpers.probs(student, BATCH.labeled_inputs)
    logs = helpers.first_logs(model, BATCH)
    labels = helpers.one_hot(BATCH.labels)
    labeled_loss = helpers.cross_entropies(labels, labeled).mean()
    np.testing.assert_allclose(logs["labeled_loss"], labeled_loss, rtol=1e-5)
    expected = logs["unlabeled_loss"] + 2.0 * labeled_loss
    np.testing.assert_allclose(logs["student_loss"], expected, rtol=1e-5)


def test_labels_do_not_count_by_default():
    found = []
    for labels in (BATCH.labels, (BATCH.labels + 1) % 3):
        teacher, student = networks()
        model = PseudoLabel(teacher, student, seed=3)
        helpers.first_logs(model, BATCH._replace(labels=labels))
        found.append(helpers.flat(student.trainable_variables))
    np.testing.assert_array_equal(*found)


def test_the_teacher_labels_in_inference_mode():
    teacher, student = networks(norm=True, dropout=0.5)
    said = inference(teacher, BATCH.weak_inputs)
    model = PseudoLabel(teacher, student, pseudo_labels="soft")
    target, _ = model._targets(BATCH)
    np.testing.assert_allclose(target, said, rtol=1e-5)


def test_a_frozen_teacher_will_do():
    teacher, student = networks()
    teacher.trainable = False
    logs = helpers.first_logs(PseudoLabel(teacher, student), BATCH)
    assert np.isfinite(logs["student_loss"])


def test_only_the_student_has_an_optimizer():
    model = PseudoLabel(*networks())
    with pytest.raises(ValueError, match="student_optimizer"):
        model.compile(student_optimizer="sgd", teacher_optimizer="sgd")
    model.compile(student_optimizer="sgd", metrics=["accuracy"])
    found = model.evaluate(
        np.asarray(BATCH.labeled_inputs),
        np.asarray(BATCH.labels),
        verbose=0,
        return_dict=True,
    )
    assert "teacher_accuracy" in found


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"pseudo_labels": "warm"}, "`pseudo_labels` must be one of"),
        ({"confidence_threshold": -0.1}, "`confidence_threshold` must be"),
        (
            {"student_labeled_weight": -1.0},
            "`student_labeled_weight` must be",
        ),
    ],
)
def test_bad_settings(settings, words):
    with pytest.raises(ValueError, match=words) as caught:
        PseudoLabel(*networks(), **settings)
    assert "Received: " in str(caught.value)


def test_teacher_and_student_must_agree_on_classes():
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])
    with pytest.raises(ValueError, match="same number of classes"):
        PseudoLabel(other, helpers.tiny_net())
