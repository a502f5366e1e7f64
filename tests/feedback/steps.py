"""A student's step that is made by hand: its gradient is linear in targets."""

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.feedback import Logs
from keras_mpl.feedback import StudentUpdate
from keras_mpl.losses import AppliedGradient

_RNG = np.random.default_rng(0)
# How each of three weights' gradient depends on each class of each example.
JACOBIAN = _RNG.normal(size=(2, 3, 3))
TARGETS = np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]])
GRADIENT = np.einsum("ikw,ik->w", JACOBIAN, TARGETS)
REGULARISED = GRADIENT + np.array([0.5, -0.25, 1.0])
LABELED_GRADIENT = np.array([0.5, -1.0, 2.0])
STEP_SIZE, CLIP_NORM = 0.25, 0.75


def split(vector):
    """Two weights, as a network would have them."""
    return [tf.constant(part) for part in (vector[:2], vector[2:, None])]


def joined(tensors):
    return np.concatenate([np.ravel(tensor) for tensor in tensors])


def applied(clip_norm=CLIP_NORM):
    norm = np.linalg.norm(REGULARISED)
    factor = 1.0 if clip_norm is None else clip_norm / norm
    return AppliedGradient(
        split(REGULARISED),
        tf.constant(norm),
        tf.constant(factor, "float64"),
        clip_norm,
    )


def update(**changes):
    """A step, of which fields may be others."""

    def credit_along(vectors):
        return tf.constant(JACOBIAN @ joined(vectors))

    def labeled_gradient(batch):
        assert batch is None
        return split(LABELED_GRADIENT)

    def labeled_loss(batch):
        assert batch is None
        return tf.constant(0.5, "float64")

    fields = {
        "targets": tf.constant(TARGETS),
        "gradient": split(GRADIENT),
        "applied": applied(),
        "step_size": tf.constant(STEP_SIZE, "float64"),
        "batch": None,
        "step": tf.constant(3),
        "key": tf.constant([1, 2]),
        "loss_before": tf.constant(2.0, "float64"),
        "labeled_loss": labeled_loss,
        "labeled_gradient": labeled_gradient,
        "credit_along": credit_along,
        "logs": Logs({}, {}),
    }
    return StudentUpdate(**{**fields, **changes})


def built(kind, *, is_alone=True):
    kind.build(keras.Layer().add_weight, dtype="float64", is_alone=is_alone)
    return kind
