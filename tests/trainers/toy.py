"""A method that somebody else might add: entropy minimisation, in one class.

Grandvalet and Bengio (2004): on unlabelled inputs, predictions should be
decided. It is in `methods.METHODS`, and so in every contract test.
"""

import keras

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.seeds import Site
from keras_mpl.trainers import StudentMethod
from keras_mpl.trainers import forward_joined


@keras.saving.register_keras_serializable(package="tests")
class EntropyMinimisation(StudentMethod):
    parts = ("student_loss", "student_accuracy", "entropy")
    own_settings = ("entropy_weight",)

    def __init__(self, student, *, entropy_weight=0.5, **settings):
        super().__init__(student, **settings)
        self.entropy_weight = entropy_weight

    def student_losses(self, batch):
        labeled, weak = forward_joined(
            self.student,
            (batch.labeled_inputs, batch.weak_inputs),
            self.key(Site.STUDENT),
            step=self.statistics_step,
        )
        terms = self.labeled_terms(batch, labeled)
        entropy = replicas.mean(losses.entropy(keras.ops.softmax(weak)))
        return {
            "student_loss": terms["labeled_loss"]
            + self.entropy_weight * entropy,
            "student_accuracy": terms["student_accuracy"],
            "entropy": entropy,
        }
