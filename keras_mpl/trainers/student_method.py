"""Methods that train the student alone: one loss, one step of one optimizer.

A subclass writes the loss; everything around it is here. Must not know any
method.
"""

from typing import Any
from typing import ClassVar

import tensorflow as tf

from keras_mpl import losses
from keras_mpl.batch import Batch
from keras_mpl.trainers import passes
from keras_mpl.trainers.base import Method

Tensor = Any


class StudentMethod(Method):
    """A method whose student descends one loss, `student_loss`.

    A subclass names the scalars it computes in `parts`, writes
    `student_losses`, and lists further arguments in `own_settings`. See
    `Method` for the arguments that all share.
    """

    parts: ClassVar[tuple[str, ...]] = ("student_loss",)

    @property
    def logged(self) -> tuple[str, ...]:
        """Names of the scalars logged."""
        return (*self.parts, "student_gradient_norm", "student_learning_rate")

    def student_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Computes everything in `parts`; recorded on the student's tape.

        Args:
            batch: One step's input; labels of shape `(batch, num_classes)`.

        Returns:
            Scalars, this replica's parts of sums over the global batch;
            `student_loss` is what the student descends.

        Raises:
            NotImplementedError: If the subclass has none.
        """
        raise NotImplementedError(
            f"`{type(self).__name__}` must have a method `student_losses`"
        )

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """One step of gradient descent on `student_loss`.

        Args:
            data: A `Batch`, or `((inputs, labels), (weak, strong))`.

        Returns:
            The means so far this epoch of everything in `logged`.
        """
        batch = self.unpack(data)
        with passes.watching(self.student) as tape:
            parts = self.student_losses(batch)
            scaled = passes.scaled_loss(
                parts["student_loss"], self.student, self.optimizer
            )
        found = passes.gradients(tape, scaled, self.student)
        gradient = passes.reduced(found, self.optimizer)
        rate = tf.identity(self.optimizer.learning_rate)
        self.descend(self.student, self.optimizer, gradient)
        self.update_ema()
        self.step.assign_add(1)
        return self.log(
            summed=parts,
            shared={
                "student_gradient_norm": losses.global_norm(gradient),
                "student_learning_rate": rate,
            },
        )
