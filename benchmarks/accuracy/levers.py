"""Kinds of feedback that rows of the ablation have: controls and variants.

Each is a `Feedback`: a user's own kind is written the same way.
"""

import dataclasses

import tensorflow as tf

from keras_mpl import seeds
from keras_mpl.feedback import Hard
from keras_mpl.feedback import HardBatch
from keras_mpl.feedback import NoFeedback
from keras_mpl.feedback import Signal
from keras_mpl.feedback import Soft
from keras_mpl.feedback import StudentUpdate
from keras_mpl.types import Tensor

# Shorter than `digits_20`, so that hundreds of runs fit into an hour.
STEPS = 300


class ChangedCredit(Soft):
    """`Soft` whose credit is changed before the teacher is told."""

    def changed(self, credit: Tensor, update: StudentUpdate) -> Tensor:
        """Returns what stands in the place of the credit, of its shape."""
        raise NotImplementedError

    def measure(self, update: StudentUpdate) -> Signal:
        """As `Soft`, with the credit changed."""
        signal = super().measure(update)
        return signal._replace(credit=self.changed(signal.credit, update))


class SignFlipped(ChangedCredit):
    """The student's progress counts against its labels."""

    def changed(self, credit, update):  # noqa: D102
        return -credit


class Shuffled(ChangedCredit):
    """Each example gets the credit of another one of its batch."""

    def changed(self, credit, update):  # noqa: D102
        order = tf.random.experimental.stateless_shuffle(
            tf.range(tf.shape(credit)[0]), seeds.fold_in(update.key, 1)
        )
        return tf.gather(credit, order)


class Rising(ChangedCredit):
    """The feedback counts from 0 to twice, by steps.

    As the teacher's rate falls, that is 0.73 of what a constant factor comes
    to, and 1.27 of it for `Falling`.
    """

    def changed(self, credit, update):  # noqa: D102
        return tf.cast(2 * _progress(update), credit.dtype) * credit


class Falling(ChangedCredit):
    """The feedback counts from twice to 0, by steps.

    As recipes have it by `feedback_schedule=linear`, which came later.
    """

    def changed(self, credit, update):  # noqa: D102
        return tf.cast(2 - 2 * _progress(update), credit.dtype) * credit


class Normalised(ChangedCredit):
    """Every class' credit has one deviation over the batch: their mean."""

    def changed(self, credit, update):  # noqa: D102
        deviation = tf.math.reduce_std(credit, axis=0)
        mean = tf.reduce_mean(deviation)
        return tf.math.divide_no_nan(mean, deviation) * credit


class Clipped(ChangedCredit):
    """No credit is further from 0 than its root mean square over the batch."""

    def changed(self, credit, update):  # noqa: D102
        bound = tf.sqrt(tf.reduce_mean(credit**2))
        return tf.clip_by_value(credit, -bound, bound)


class RandomLabels(Soft):
    """The student is asked how it does on labels drawn at random."""

    def measure(self, update: StudentUpdate) -> Signal:
        """As `Soft`, with other labels of the same inputs."""
        labels = update.batch.labels
        shape = tf.shape(labels)
        drawn = tf.random.stateless_uniform(
            shape[:1], seeds.fold_in(update.key, 2), 0, shape[1], tf.int32
        )
        labels = tf.one_hot(drawn, shape[1], dtype=labels.dtype)
        return super().measure(asked_about(update, labels=labels))


class Averaged(Soft):
    """The student is asked about a moving average of labelled gradients.

    The labelled gradient of one batch is a noisy estimate. The average over
    steps has less noise, and comes late.

    Args:
        rate: Of the average, in [0, 1); below that, the plain mean of the
            first steps.
        **settings: Those of `Soft`.
    """

    def __init__(self, rate: float = 0.9, **settings):
        super().__init__(**settings)
        self.rate = rate
        self._averages: list[tf.Variable] = []

    def measure(self, update: StudentUpdate) -> Signal:
        """As `Soft`, along the average."""
        raw = update.labeled_gradient(None)
        if not self._averages:
            with tf.init_scope():
                self._averages = [
                    tf.Variable(tf.zeros(v.shape, v.dtype), trainable=False)
                    for v in raw
                ]
        step = tf.cast(update.step, tf.float32)
        rate = tf.minimum(self.rate, step / (step + 1))  # 0 at first
        along = [
            held + tf.cast(1 - rate, v.dtype) * (v - held)
            for held, v in zip(self._averages, raw, strict=True)
        ]
        for held, average in zip(self._averages, along, strict=True):
            held.assign(average)
        return super().measure(
            dataclasses.replace(update, labeled_gradient=lambda _: along)
        )


class Unheard(Hard):
    """The student learns from samples, and the teacher is told nothing."""

    def measure(self, update: StudentUpdate) -> Signal:
        """As `Hard`, with credit 0."""
        signal = super().measure(update)
        return signal._replace(credit=tf.zeros_like(signal.credit))


class MostProbable(NoFeedback):
    """No feedback; the student learns from the likeliest class alone."""

    def targets(self, pseudo_probs: Tensor, key: Tensor) -> Tensor:
        """The arg-max, one-hot."""
        best = tf.argmax(pseudo_probs, axis=-1)
        classes = pseudo_probs.shape[-1]
        return tf.one_hot(best, classes, dtype=pseudo_probs.dtype)


def without_baseline(**config):
    """`HardBatch` with one scalar per batch as it is."""
    return HardBatch(**{**config, "baseline_rate": None})


def asked_about(update: StudentUpdate, **changes: Tensor) -> StudentUpdate:
    """The same step of the student, asked about another labelled batch.

    Args:
        update: The step.
        **changes: Fields of its `Batch`.
    """
    other = update.batch._replace(**changes)
    return dataclasses.replace(
        update, labeled_gradient=lambda _: update.labeled_gradient(other)
    )


def _progress(update):
    return tf.cast(update.step, tf.float32) / STEPS
