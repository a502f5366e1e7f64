"""Every policy trains, and float16 loses nothing to underflow or overflow."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.feedback import KINDS
from tests import helpers
from tests.trainers import methods

POLICIES = (
    "mixed_float16",
    "mixed_bfloat16",
    "float16",
    "bfloat16",
    "float32",
    "float64",
)
FLOAT16 = ("mixed_float16", "float16")


def net(policy, **options):
    keras.config.set_dtype_policy(policy)
    try:
        return helpers.tiny_net(dtype=None, **options)
    finally:
        keras.config.set_dtype_policy("float32")


def model_of(policy, *, norm=True, feedback="soft", **options):
    nets = [net(policy, norm=norm, seed=seed) for seed in (1, 5)]
    model = methods.build(feedback, *nets, **options)
    return methods.compiled(model, lr=0.1, momentum=0.0, run_eagerly=True)


@pytest.mark.parametrize("scale", ["cosine", "exact"])
@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_trains(policy, scale):
    model = model_of(policy, feedback_scale=scale, ema_decay=0.5)
    before = methods.weights(model)
    history = methods.fit(model, methods.batches(3))
    assert np.isfinite(list(history.values())).all()
    assert history["feedback"][0] != 0.0
    assert all(np.isfinite(w).all() for w in methods.weights(model))
    after = methods.weights(model)
    for old, new, weight in zip(before, after, model.weights, strict=True):
        if "float" in weight.dtype and weight.name != "feedback_baseline":
            assert not np.array_equal(old, new), weight.path


@pytest.mark.parametrize("policy", POLICIES)
def test_only_float16_scales_the_loss(policy):
    model = model_of(policy)
    for optimizer in (model.optimizer, model.teacher_optimizer):
        scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert scales == (policy in FLOAT16)


def test_only_the_float16_network_of_two_scales_the_loss():
    model = methods.build("soft", net("mixed_float16"))
    methods.compiled(model)
    scaling = keras.optimizers.LossScaleOptimizer
    assert isinstance(model.teacher_optimizer, scaling)
    assert not isinstance(model.optimizer, scaling)


# float16 has 11 bits, bfloat16 8; a second derivative loses one or two.
@pytest.mark.parametrize("scale", ["cosine", "exact"])
@pytest.mark.parametrize(
    ("policy", "rtol"),
    [
        ("mixed_float16", 0.01),
        pytest.param("float16", 0.01, marks=pytest.mark.slow),
        ("mixed_bfloat16", 0.06),
    ],
)
@pytest.mark.parametrize("feedback", ["soft", "hard_batch"])
def test_feedback_is_that_of_float32(
    policy, rtol, scale, feedback, monkeypatch
):
    # Both are shown the same labels: a draw near a boundary may differ.
    rows = tf.one_hot(range(8), helpers.CLASSES)
    monkeypatch.setattr(KINDS["hard_batch"], "targets", lambda *_: rows)
    wide = model_of("float32", feedback_scale=scale, feedback=feedback)
    narrow = model_of(policy, feedback_scale=scale, feedback=feedback)
    for name, network in wide.networks.items():
        narrow.networks[name].set_weights(network.get_weights())
    logs = [methods.fit(m, methods.batches(1)) for m in (narrow, wide)]
    for name in ("feedback", "labeled_gradient_norm", "student_gradient_norm"):
        assert logs[1][name][0] != 0.0
        np.testing.assert_allclose(*(log[name] for log in logs), rtol=rtol)


@pytest.mark.parametrize("feedback", ["soft", "hard", "hard_batch"])
def test_a_step_skipped_by_loss_scaling_gives_no_feedback(feedback):
    model = model_of(
        "mixed_float16",
        norm=False,
        feedback=feedback,
        consistency_weight=0.0,
        ema_decay=0.0,
    )
    methods.fit(model, methods.batches(1))
    model.optimizer.dynamic_scale.assign(2.0**30)
    student = methods.weights(model.student)
    teacher = methods.weights(model.teacher)
    history = methods.fit(model, methods.batches(1))
    assert not np.isfinite(history["student_gradient_norm"][0])
    assert history["feedback"] == [0.0]
    assert history["meta_loss"] == [0.0]
    methods.assert_same(methods.weights(model.student), student)
    assert float(model.optimizer.dynamic_scale.value) == 2.0**29
    moved = methods.weights(model.teacher)
    assert all(np.isfinite(weight).all() for weight in moved)
    assert methods.differ(moved, teacher)


@pytest.mark.parametrize("feedback", ["soft", "hard", "hard_batch"])
def test_an_overflow_of_the_labelled_gradient_gives_no_feedback(feedback):
    """The student's scale fits its own gradient, not the labelled one."""
    model = model_of(
        "mixed_float16",
        norm=False,
        feedback=feedback,
        consistency_weight=0.0,
        ema_decay=0.0,
    )
    # A teacher that agrees with the student, far from the labels.
    for network in model.networks.values():
        for weight, value in zip(network.weights, (0, 0, 0, 8), strict=True):
            weight.assign(np.full(weight.shape, value) * [1, 0, 0])
    model.teacher.layers[-1].bias.assign([7.9, 0, 0])
    model.teacher_optimizer.dynamic_scale.assign(1.0)
    model.optimizer.dynamic_scale.assign(2.0**17)
    batch = helpers.fake_batch()
    data = helpers.repeated(batch._replace(labels=batch.labels * 0 + 1), 1)
    teacher = methods.weights(model.teacher)
    history = methods.fit(model, data)
    assert not np.isfinite(history["labeled_gradient_norm"][0])
    assert np.isfinite(history["student_gradient_norm"][0])
    assert history["feedback"] == [0.0]
    moved = methods.weights(model.teacher)
    assert all(np.isfinite(weight).all() for weight in moved)
    assert methods.differ(moved, teacher)
