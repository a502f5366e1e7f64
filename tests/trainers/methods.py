"""Every training method, built alike, for the tests all of them must pass."""

import inspect

import keras
import numpy as np
import tensorflow as tf
from keras.saving import serialize_keras_object

from keras_mpl import MetaPseudoLabels
from keras_mpl import trainers
from keras_mpl.feedback import KINDS
from keras_mpl.recipes.methods import PAPERS
from tests import helpers
from tests.feedback.clipped import ClippedCredit
from tests.trainers.toy import EntropyMinimisation

CLASSES = {
    "supervised": trainers.Supervised,
    "pseudo_label": trainers.PseudoLabel,
    "uda": trainers.UDA,
    "fixmatch": trainers.FixMatch,
    "mean_teacher": trainers.MeanTeacher,
    "noisy_student": trainers.NoisyStudent,
    "toy": EntropyMinimisation,
    "aligned": trainers.FixMatch,
    **dict.fromkeys(
        (*KINDS, "beside_labels", "clipped", "aligned_mpl"), MetaPseudoLabels
    ),
}
# The papers' thresholds let none of a tiny net's predictions through.
DEFAULTS = {
    "uda": {
        "confidence_threshold": 0.4,
        "annealing": "linear",
        "annealing_steps": 20,
    },
    "fixmatch": {"confidence_threshold": 0.4},
    "mean_teacher": {"consistency_ramp_steps": 2},
    **{kind: {"feedback": kind, **PAPERS} for kind in KINDS},
    "beside_labels": {**PAPERS, "student_labeled_weight": 0.7},
    "aligned": {
        "confidence_threshold": 0.4,
        "align_distribution": True,
        "class_weights": (1.0, 2.0, 3.0),
    },
    "aligned_mpl": {
        **PAPERS,
        "align_distribution": True,
        "class_weights": (3.0, 1.0, 2.0),
        "student_labeled_weight": 0.7,
        "pseudo_label_weighting": "confidence",
        "student_statistics": "labeled",
    },
    "clipped": {
        "feedback": serialize_keras_object(ClippedCredit()),
        **PAPERS,
    },
}
METHODS = tuple(CLASSES)
SAMPLED = tuple(name for name, kind in KINDS.items() if kind.is_sampled)


def build(method, teacher=None, student=None, **options):
    """Not compiled; `options` that a method does not have are left out."""
    kind = CLASSES[method]
    accepted = {
        name
        for part in (trainers.Method, kind)
        for name in inspect.signature(part.__init__).parameters
    }
    options = {"seed": 7, **DEFAULTS.get(method, {}), **options}
    options = {k: v for k, v in options.items() if k in accepted}
    student = student or helpers.tiny_net(seed=5)
    if "teacher" not in accepted:
        return kind(student, **options)
    return kind(teacher or helpers.tiny_net(seed=1), student, **options)


def compiled(model, *, lr=0.2, momentum=0.9, **arguments):
    optimizers = {
        f"{name}_optimizer": keras.optimizers.SGD(lr, momentum)
        for name in model.trained_networks
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
