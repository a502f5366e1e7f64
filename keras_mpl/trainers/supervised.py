"""Supervised learning on the labelled data alone: the baseline of Table 2."""

from typing import Any

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl.seeds import Site
from keras_mpl.trainers import passes
from keras_mpl.trainers import replicas
from keras_mpl.trainers.base import Method

Tensor = Any


@keras.saving.register_keras_serializable(package="keras_mpl")
class Supervised(Method):
    """Trains the student on labels; unlabelled inputs are not looked at.

    The loss is the mean cross-entropy of the smoothed labels with the
    student's predictions on the labelled inputs. See `Method` for arguments.
    """

    @property
    def logged(self) -> tuple[str, ...]:
        """Names of the scalars logged."""
        return (
            "student_loss",
            "student_accuracy",
            "student_gradient_norm",
            "student_learning_rate",
        )

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """One step of gradient descent on a labelled batch."""
        batch = self.unpack(data)
        targets = losses.smooth(batch.labels, self.label_smoothing)
        with passes.watching(self.student) as tape:
            logits = passes.forward(
                self.student, batch.labeled_inputs, self.key(Site.STUDENT)
            )
            loss = replicas.mean(losses.cross_entropy(targets, logits))
            scaled = passes.scaled_loss(loss, self.student, self.optimizer)
        parts = passes.gradients(tape, scaled, self.student)
        gradient = passes.reduced(parts, self.optimizer)
        rate = tf.identity(self.optimizer.learning_rate)
        self.descend(self.student, self.optimizer, gradient)
        self.update_ema()
        self.step.assign_add(1)
        accuracy = replicas.mean(losses.correct(batch.labels, logits))
        return self.log(
            summed={"student_loss": loss, "student_accuracy": accuracy},
            shared={
                "student_gradient_norm": losses.global_norm(gradient),
                "student_learning_rate": rate,
            },
        )
