"""Noisy Student weighs all examples alike, and its student teaches next."""

import numpy as np

from keras_mpl.trainers import NoisyStudent
from tests import helpers

BATCH = helpers.fake_batch()


def test_the_loss_is_the_average_over_both_sets():
    teacher = helpers.tiny_net(seed=1, gain=4.0)
    student = helpers.tiny_net(seed=5)
    model = NoisyStudent(teacher, student, confidence_threshold=0.75)
    said = helpers.probs(teacher, BATCH.weak_inputs)
    strong = helpers.probs(student, BATCH.strong_inputs)
    labeled = helpers.probs(student, BATCH.labeled_inputs)
    logs = helpers.first_logs(model, BATCH)
    mask = said.max(-1) >= 0.75
    assert 0 < mask.sum() < len(mask)
    of_labels = helpers.cross_entropies(helpers.one_hot(BATCH.labels), labeled)
    unlabeled = mask * helpers.cross_entropies(said, strong)
    expected = (of_labels.sum() + unlabeled.sum()) / (6 + 8)
    np.testing.assert_allclose(logs["student_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(
        logs["unlabeled_loss"], unlabeled.mean(), rtol=1e-5
    )


def test_the_averaged_student_teaches_the_next_round():
    nets = [helpers.tiny_net(seed=seed) for seed in (1, 5, 9)]
    first = NoisyStudent(
        *nets[:2], pseudo_labels="hard", ema_decay=0.5, clip_norm=2.0, seed=3
    )
    helpers.first_logs(first, BATCH)
    second = first.successor(nets[2])
    assert second.teacher is first.ema_student
    assert second.student is nets[2]
    theirs = [model.get_config() for model in (first, second)]
    for config in theirs:
        for name in ("teacher", "student", "name"):
            del config[name]
    assert theirs[0] == theirs[1]
    assert theirs[0]["pseudo_labels"] == "hard"
    taught = np.copy(helpers.flat(second.teacher.weights))
    logs = helpers.first_logs(second, BATCH)
    assert np.isfinite(logs["student_loss"])
    np.testing.assert_array_equal(helpers.flat(second.teacher.weights), taught)
