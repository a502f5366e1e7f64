"""Feedback for every class of every example: the credit of Eq. 3."""

from typing import ClassVar

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.feedback.base import Feedback
from keras_mpl.feedback.sampling import sampled_targets
from keras_mpl.feedback.update import Signal
from keras_mpl.feedback.update import StudentUpdate
from keras_mpl.replicas import Logs
from keras_mpl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_mpl")
class Soft(Feedback):
    """The exact gradient of Eq. 3: the student learns from `q` itself.

    With `g` the student's gradient on the pseudo labels, `v` the gradient of
    its labelled loss after the step and `s` the step size,

        c = d<g, v> / dy            credit of each class of each example
        meta_loss = -s sum_ik q_ik c_ik

    whose gradient equals the gradient of the labelled loss after the step, as
    a function of the teacher's weights. See `Feedback` for the arguments.
    """

    has_credit: ClassVar[bool] = True

    def default_weight(self, *, is_alone: bool) -> float:  # noqa: D102
        if self.scale == "exact" or not is_alone:
            return 1.0
        return 0.1 if self.is_sampled else 0.3

    def measure(self, update: StudentUpdate) -> Signal:  # noqa: D102
        raw = update.labeled_gradient(None)
        vectors = update.applied.pull_back(raw)
        credit = update.credit_along(vectors)
        raw_norm = losses.global_norm(raw)
        scale = self.factor(
            update, vectors, update.step_size, raw_norm=raw_norm
        )
        stepped = update.step_size > 0
        usable = stepped & tf.math.is_finite(credit)  # float16 can overflow
        credit = tf.where(usable, credit, tf.zeros_like(credit))
        scale = tf.where(stepped, scale, tf.zeros_like(scale))
        scale = tf.cast(scale, credit.dtype)
        logs = Logs(
            {"feedback": scale * tf.reduce_sum(update.targets * credit)},
            {"labeled_gradient_norm": raw_norm},
        )
        if self.centering:
            credit = _centered(credit)
        return Signal(update.targets, logs, credit=credit, scale=scale)

    def meta_loss(self, signal: Signal, logits: Tensor) -> Tensor:  # noqa: D102
        probs = tf.nn.softmax(logits)
        return losses.soft_meta_loss(probs, signal.credit, signal.scale)


def _centered(credit: Tensor) -> Tensor:
    """Credit less each class' mean over the global batch; same shape.

    What is left says which examples are of a class, not how many. How many,
    teacher and student would correct in turns, each late, until both swing
    from class to class: the batch as a whole is a loop of two integrators.
    """
    examples = tf.cast(tf.shape(credit)[0], credit.dtype)
    totals = replicas.add(tf.reduce_sum(credit, axis=0))
    return credit - totals / replicas.add(examples)


@keras.saving.register_keras_serializable(package="keras_mpl")
class HardExpected(Soft):
    """Sampled pseudo labels, with credit to every class.

    The student is shown one sample `y_i ~ q_i` per example; the meta loss is
    that of `Soft`, `-s sum_ik q_ik c_ik`. It has the expectation of `Hard`
    and less variance. See `Feedback` for the arguments.
    """

    is_sampled: ClassVar[bool] = True

    def targets(self, pseudo_probs: Tensor, key: Tensor) -> Tensor:
        """What the student is shown: one sample of `q` per example."""
        return sampled_targets(pseudo_probs, key)


@keras.saving.register_keras_serializable(package="keras_mpl")
class Hard(HardExpected):
    """Sampled pseudo labels, with credit to the sampled class: REINFORCE.

    The student is shown one sample `y_i ~ q_i` per example, and

        meta_loss = s sum_i c[i, y_i] CE(y_i, q_i)

    that is Eq. 10 of the paper's App. A for each example by itself. See
    `Feedback` for the arguments.
    """

    def meta_loss(self, signal: Signal, logits: Tensor) -> Tensor:  # noqa: D102
        return losses.hard_meta_loss(
            signal.targets, logits, signal.credit, signal.scale
        )
