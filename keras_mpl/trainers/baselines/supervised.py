"""Supervised learning on the labelled data alone: the baseline of Table 2."""

from typing import ClassVar

import keras

from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers.engine.forward import forward
from keras_mpl.trainers.engine.student_method import StudentMethod
from keras_mpl.types import Tensor


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
        logits = forward(
            self.student,
            batch.labeled_inputs,
            self.key(Site.STUDENT),
            step=self.statistics_step,
        )
        terms = self.labeled_terms(batch, logits)
        return {"student_loss": terms.pop("labeled_loss"), **terms}
