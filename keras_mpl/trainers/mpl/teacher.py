"""The teacher's loss: labels, consistency and the feedback of its student."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple
from typing import TypeAlias

import tensorflow as tf

from keras_mpl import losses
from keras_mpl.batch import Batch
from keras_mpl.feedback import Feedback
from keras_mpl.feedback import Signal
from keras_mpl.trainers.engine.passes import Scalars
from keras_mpl.trainers.mpl.objectives import Consistency
from keras_mpl.types import Tensor

# From a batch and the logits of its labelled inputs to a loss per example.
LabeledLosses: TypeAlias = Callable[[Batch, Tensor], Tensor]


class TeacherLoss(NamedTuple):
    """What the teacher descends in one step; a `batching.Loss`.

    Attributes:
        batch: The step's input; labels of shape `(batch, num_classes)`.
        signal: What the feedback measured of the student's step.
        feedback: The kind of feedback.
        consistency: The loss on unlabelled examples, or `None`.
        weights: Factor of each part, by name; a part without one is left out.
        labeled_losses: The loss on given labels, of a batch and logits.
        pseudo_label_temperature: Divides the strong logits.
        dtype: Type of the loss.
        alignment: What is added to the weak logits, shape `(num_classes,)`,
            or `None`; see `losses.alignment`.
    """

    batch: Batch
    signal: Signal
    feedback: Feedback
    consistency: Consistency | None
    weights: Mapping[str, Tensor | float]
    labeled_losses: LabeledLosses
    pseudo_label_temperature: float
    dtype: str
    alignment: Tensor | None = None

    @property
    def summed(self) -> Sequence[str]:  # noqa: D102
        return ("meta_loss",)

    @property
    def names(self) -> Sequence[str]:  # noqa: D102
        always = ("meta_loss", "pseudo_label_entropy")
        return always + (
            ("consistency_loss", "mask_ratio") if self.consistency else ()
        )

    def labeled(self, logits: Tensor) -> Scalars:  # noqa: D102
        return {
            "labeled_loss": self.labeled_losses(self.batch, logits),
            "teacher_accuracy": losses.correct(self.batch.labels, logits),
        }

    def unlabeled(  # noqa: D102
        self, logits: Sequence[Tensor], rows: Mapping[str, Tensor]
    ) -> Scalars:
        weak, strong = logits[0], logits[-1]
        pseudo_logits = tempered(strong, self.pseudo_label_temperature)
        signal = self.signal._replace(**rows)
        values = {
            "meta_loss": self.feedback.meta_loss(signal, pseudo_logits),
            "pseudo_label_entropy": losses.entropy(
                tf.nn.softmax(pseudo_logits)
            ),
        }
        if self.consistency is not None:
            if self.alignment is not None:
                weak += self.alignment
            drift, mask = self.consistency(weak, strong)
            values |= {"consistency_loss": drift, "mask_ratio": mask}
        return values

    def total(self, parts: Scalars) -> Tensor:  # noqa: D102
        loss = tf.zeros([], self.dtype)
        for name, weight in self.weights.items():
            if name in parts:
                loss += tf.cast(weight, loss.dtype) * parts[name]
        return loss


def tempered(logits: Tensor, temperature: float) -> Tensor:
    """Logits of `softmax(logits / temperature)`, same shape."""
    return logits / tf.cast(temperature, logits.dtype)
