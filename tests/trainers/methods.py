"""Every training method, built alike, for the tests all of them must pass."""

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import MetaPseudoLabels
from keras_mpl.trainers import Supervised
from keras_mpl.trainers.feedback import KINDS
from tests import helpers

METHODS = ("supervised", *KINDS)
SAMPLED = tuple(name for name, kind in KINDS.items() if kind.is_sampled)


def build(method, teacher=None, student=None, **options):
    """Not compiled; `options` that a method does not have are left out."""
    student = student or helpers.tiny_net(seed=5)
    options = {"seed": 7, **options}
    if method == "supervised":
        for name in ("feedback_weight", "consistency_weight", "feedback_scale"):
            options.pop(name, None)
        return Supervised(student, **options)
    teacher = teacher or helpers.tiny_net(seed=1)
    return MetaPseudoLabels(teacher, student, feedback=method, **options)


def compiled(model, *, lr=0.2, momentum=0.9, **arguments):
    optimizers = {
        f"{name}_optimizer": keras.optimizers.SGD(lr, momentum)
        for name in model.networks
    }
    model.compile(**{**optimizers, **arguments})
    return model


def batches(count, **sizes):
    """A dataset of that many different batches."""
    made = [helpers.fake_batch(seed=seed, **sizes) for seed in range(count)]
    joined = tf.nest.map_structure(lambda *parts: tf.stack(parts), *made)
    return tf.data.Dataset.from_tensor_slices(joined)


def fit(model, data, **arguments):
    return model.fit(data, verbose=0, **arguments).history


def weights(model):
    return [np.copy(weight.value) for weight in model.weights]


def assert_same(found, expected, atol=0.0):
    assert len(found) == len(expected) > 0
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=atol)


def differ(found, expected):
    return any(
        not np.array_equal(a, b) for a, b in zip(found, expected, strict=True)
    )
