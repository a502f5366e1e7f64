"""What the teacher learns beside the feedback: four rows of the ablation."""

import typing

import numpy as np
import pytest

from keras_mpl import MetaPseudoLabels
from keras_mpl.recipes.methods import PAPERS
from keras_mpl.trainers.mpl import objectives
from tests import helpers

BATCH = helpers.fake_batch()
OBJECTIVES = typing.get_args(objectives.Objective)
LABELS_ALONE = ["supervised", "randaugment"]


def build(objective, **options):
    teacher = helpers.tiny_net(seed=1, gain=4.0)
    options = {**PAPERS, "consistency_weight": 2.0, "seed": 3, **options}
    student = helpers.tiny_net(seed=5)
    return MetaPseudoLabels(teacher, student, objective=objective, **options)


def expected_consistency(objective, weak, strong, threshold):
    if objective == "uda":
        target = weak**2 / (weak**2).sum(-1, keepdims=True)  # temperature 1/2
        confidence = target.max(-1)
    else:
        target, confidence = helpers.one_hot(weak.argmax(-1)), weak.max(-1)
    mask = confidence >= threshold
    assert 0 < mask.sum() < len(mask)
    return (mask * helpers.cross_entropies(target, strong)).mean()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_teachers_loss_by_hand(objective):
    threshold = {"uda": 0.95, "fixmatch": 0.8}.get(objective, 0.6)
    model = build(
        objective,
        feedback="none",
        temperature=0.5,
        confidence_threshold=threshold,
        label_smoothing=0.3,
    )
    views = BATCH.labeled_inputs, BATCH.weak_inputs, BATCH.strong_inputs
    labeled, weak, strong = (helpers.probs(model.teacher, v) for v in views)
    logs = helpers.first_logs(model, BATCH)
    smooth = 0.7 * helpers.one_hot(BATCH.labels) + 0.1
    expected = helpers.cross_entropies(smooth, labeled).mean()
    np.testing.assert_allclose(logs["labeled_loss"], expected, rtol=1e-5)
    if objective in LABELS_ALONE:
        assert not {"consistency_loss", "mask_ratio"} & set(logs)
    else:
        drift = expected_consistency(objective, weak, strong, threshold)
        np.testing.assert_allclose(logs["consistency_loss"], drift, rtol=1e-5)
        expected += 2.0 * drift
    np.testing.assert_allclose(logs["teacher_loss"], expected, rtol=1e-5)


def test_the_threshold_may_be_on_the_raw_prediction():
    threshold = 0.5
    model = build(
        "uda",
        feedback="none",
        temperature=0.1,
        confidence_threshold=threshold,
        threshold_on="raw",
    )
    weak = helpers.probs(model.teacher, BATCH.weak_inputs).max(-1)
    share = np.mean(weak >= threshold)
    logs = helpers.first_logs(model, BATCH)
    np.testing.assert_allclose(logs["mask_ratio"], share, rtol=1e-6)
    model = build("uda", temperature=0.1, confidence_threshold=threshold)
    assert helpers.first_logs(model, BATCH)["mask_ratio"] > share


@pytest.mark.parametrize("objective", LABELS_ALONE)
def test_labels_alone_do_not_look_at_the_weak_view(objective):
    found = []
    for weak in (BATCH.weak_inputs, 0 * BATCH.weak_inputs):
        model = build(objective)
        helpers.first_logs(model, BATCH._replace(weak_inputs=weak))
        found.append(helpers.flat(model.teacher.weights))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_feedback_is_added_to_every_objective(objective):
    found = []
    for weight in (0.0, 1.0):
        model = build(objective, feedback_weight=weight)
        helpers.first_logs(model, BATCH)
        found.append(helpers.flat(model.teacher.trainable_variables))
    assert np.abs(found[0] - found[1]).max() > 1e-5


def test_default_is_uda_and_is_saved():
    assert build("uda").get_config()["objective"] == "uda"
    nets = helpers.tiny_net(seed=1), helpers.tiny_net(seed=5)
    assert MetaPseudoLabels(*nets).objective == "uda"
    config = build("fixmatch").get_config()
    assert MetaPseudoLabels.from_config(config).objective == "fixmatch"


def test_unknown_objective_lists_those_there_are():
    with pytest.raises(ValueError, match="`objective` must be one of"):
        build("mixmatch")


def _moved(feedback, labels, weight=0.0):
    """How far one step moves the teacher that sees no label."""
    model = build("uda", feedback=feedback, teacher_labeled_weight=weight)
    before = helpers.flat(model.teacher.trainable_variables)
    helpers.first_logs(model, BATCH._replace(labels=labels))
    return helpers.flat(model.teacher.trainable_variables) - before


def test_without_its_labels_a_teacher_hears_of_them_by_feedback_alone():
    others = (BATCH.labels + 1) % 3
    deaf = [_moved("none", labels) for labels in (BATCH.labels, others)]
    np.testing.assert_array_equal(*deaf)
    told = [_moved("soft", labels) for labels in (BATCH.labels, others)]
    assert np.abs(told[0] - told[1]).max() > 1e-5
    seen = _moved("none", BATCH.labels, weight=1.0)
    twice = _moved("none", BATCH.labels, weight=2.0)
    # Plain SGD: the labels' part of the movement grows with their weight.
    np.testing.assert_allclose(
        twice - deaf[0], 2 * (seen - deaf[0]), rtol=1e-4, atol=1e-7
    )


def test_the_weight_of_labels_is_checked_and_saved():
    config = build("uda", teacher_labeled_weight=0.5).get_config()
    assert MetaPseudoLabels.from_config(config).teacher_labeled_weight == 0.5
    with pytest.raises(
        ValueError, match=r"`teacher_labeled_weight`.*Received.*-1"
    ):
        build("uda", teacher_labeled_weight=-1)
