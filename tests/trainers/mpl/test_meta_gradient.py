"""The teacher's movement through `fit` is the gradient of the true objective.

Everything is float64 and compared with central differences that run the real
optimizer, so nothing of the derivation is trusted.
"""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.schedules import WarmupCosine
from tests import helpers
from tests.marks import slow_but

FEEDBACK_WEIGHT = 0.3
OPTIMIZERS = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
}


def warm_model(optimizer, *, clip_norm=None, **options):
    """BatchNorm in both, L2, smoothing, a schedule, and three steps behind."""
    schedule = WarmupCosine(0.4, train_steps=50, warmup_steps=5)
    options = {
        "feedback": "soft",
        "feedback_scale": "exact",
        "feedback_weight": FEEDBACK_WEIGHT,
        "label_smoothing": 0.1,
        "weight_decay": 0.01,
        "clip_norm": clip_norm,
        **options,
    }
    model = helpers.mpl(
        helpers.tiny_net(norm=True, dtype="float64", seed=1),
        helpers.tiny_net(norm=True, dtype="float64", seed=5, gain=6.0),
        student_optimizer=keras.optimizers.SGD(
            schedule, **OPTIMIZERS[optimizer]
        ),
        teacher_lr=0.1,
        **options,
    )
    batch = helpers.fake_batch(dtype="float64")
    model.fit(helpers.repeated(batch, 3), verbose=0)
    return model, batch


def objective(model, batch, before, step):
    """The teacher's loss as a function of its weights, by a real step."""
    teacher = model.teacher

    def value(vector):
        helpers.restore(model, before)
        helpers.assign_flat(teacher.trainable_variables, vector)
        joined = tf.concat(
            [batch.labeled_inputs, batch.weak_inputs, batch.strong_inputs], 0
        )
        logits = helpers.in_training_mode(teacher, joined)[:6]
        smooth = 0.9 * helpers.one_hot(batch.labels) + 0.1 / 3
        own = -(smooth * helpers.log_softmax(logits)).sum(-1).mean()
        decayed = [
            v
            for v in teacher.trainable_variables
            if v.name not in ("gamma", "beta")
        ]
        penalty = 0.01 / 2 * np.sum(helpers.flat(decayed) ** 2)
        step(batch)
        fed_back = helpers.labeled_loss(model.student, batch)
        return own + penalty + FEEDBACK_WEIGHT * fed_back

    return value


# Each value of each setting once; .ci/slow has every combination.
QUICK = {
    ("sgd", None, 1.0),
    ("momentum", 1.5, 1.0),
    ("nesterov", 1.5, 0.5),
}


@pytest.mark.parametrize(
    ("optimizer", "clip_norm", "temperature"),
    slow_but(QUICK, itertools.product(OPTIMIZERS, (None, 1.5), (1.0, 0.5))),
)
def test_teacher_moves_along_central_differences_of_eq_3(
    optimizer, clip_norm, temperature
):
    model, batch = warm_model(
        optimizer, clip_norm=clip_norm, pseudo_label_temperature=temperature
    )
    before = helpers.state(model)
    teacher = helpers.flat(model.teacher.trainable_variables)
    history = model.fit(helpers.repeated(batch, 1), verbose=0).history
    moved = helpers.flat(model.teacher.trainable_variables) - teacher
    if clip_norm:
        assert history["student_gradient_norm"][0] > clip_norm
        assert history["teacher_gradient_norm"][0] < clip_norm, history
    step = tf.function(model.train_step)
    value = objective(model, batch, before, step)
    expected = -0.1 * helpers.numeric_grad(value, teacher)
    assert helpers.relative_error(moved, expected) < 1e-6


def test_feedback_is_exact_for_a_student_who_has_the_labels_too():
    model, batch = warm_model(
        "nesterov", clip_norm=1.5, student_labeled_weight=0.7
    )
    before = helpers.state(model)
    teacher = helpers.flat(model.teacher.trainable_variables)
    history = model.fit(helpers.repeated(batch, 1), verbose=0).history
    moved = helpers.flat(model.teacher.trainable_variables) - teacher
    assert history["student_gradient_norm"][0] > 1.5  # the clip is active
    value = objective(model, batch, before, tf.function(model.train_step))
    expected = -0.1 * helpers.numeric_grad(value, teacher)
    assert helpers.relative_error(moved, expected) < 1e-6
