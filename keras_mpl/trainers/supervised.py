"""Supervised learning on the labelled data alone: the baseline of Table 2."""

from typing import Any
from typing import ClassVar

import keras

from keras_mpl import losses
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers import passes
from keras_mpl.trainers import replicas
from keras_mpl.trainers.student_method import StudentMethod

Tensor = Any


@keras.saving.register_keras_serializable(package="keras_mpl")
class Supervised(StudentMethod):
    """Trains the student on labels; unlabelled inputs are not looked at.

    The loss is the mean cross-entropy of the smoothed labels with the
    student's predictions on the labelled inputs. Whether these come weakly or
    strongly augmented (the paper's rows Supervised and RandAugment), and
    whether they are a few or all (its row "full dataset"), is up to the data.
    See `Method` for arguments.
    """

    parts: ClassVar[tuple[str, ...]] = ("student_loss", "student_accuracy")

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy with the labels."""
        targets = losses.smooth(batch.labels, self.label_smoothing)
        logits = passes.forward(
            self.student, batch.labeled_inputs, self.key(Site.STUDENT)
        )
        loss = replicas.mean(losses.cross_entropy(targets, logits))
        accuracy = replicas.mean(losses.correct(batch.labels, logits))
        return {"student_loss": loss, "student_accuracy": accuracy}
