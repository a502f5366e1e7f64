"""No feedback: the ablation that every claim is measured against."""

from typing import ClassVar

import keras
import tensorflow as tf

from keras_mpl.feedback.base import Feedback
from keras_mpl.feedback.update import Signal
from keras_mpl.feedback.update import StudentUpdate
from keras_mpl.replicas import Logs
from keras_mpl.types import Tensor


@keras.saving.register_keras_serializable(package="keras_mpl")
class NoFeedback(Feedback):
    """The student learns from `q`, and the teacher is told nothing.

    The meta loss is 0. It accepts any scale, so that an ablation changes one
    argument alone. See `Feedback` for the arguments.
    """

    logged: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:  # noqa: D102
        return "none"

    @property
    def needs_plain_sgd(self) -> bool:  # noqa: D102
        return False

    def _checked_centering(self, centering: bool | None) -> bool:
        return bool(centering)

    def measure(self, update: StudentUpdate) -> Signal:  # noqa: D102
        return Signal(update.targets, Logs({}, {}))

    def meta_loss(self, signal: Signal, logits: Tensor) -> Tensor:  # noqa: D102
        del signal
        return tf.zeros_like(logits[:, 0])
