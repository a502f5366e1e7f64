"""Methods that train the student alone: one loss, one step of one optimizer.

A subclass writes the loss; everything around it is here. Must not know any
method.
"""

from typing import ClassVar

from keras_mpl import losses
from keras_mpl import replicas
from keras_mpl.batch import Batch
from keras_mpl.batch import BatchLike
from keras_mpl.replicas import Logs
from keras_mpl.trainers.engine.alignment import Alignment
from keras_mpl.trainers.engine.method import Method
from keras_mpl.types import Tensor


class StudentMethod(Method):
    """A method whose student descends one loss, `student_loss`.

    A subclass names the scalars it computes in `parts`, writes
    `student_losses`, and lists further arguments in `own_settings`. See
    `Method` for the arguments that all share.
    """

    parts: ClassVar[tuple[str, ...]] = ("student_loss",)
    _alignment: Alignment | None = None

    def prepare_alignment(self, align_distribution: bool) -> None:
        """Makes the running means of distribution alignment, if it is on."""
        if align_distribution:
            self._alignment = Alignment(self.add_weight, self.student)

    def aligned(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Logits whose softmax has the classes' shares of the labels.

        Args:
            labels: Probabilities, shape `(batch, num_classes)`.
            logits: Of the weak view, shape `(unlabeled, num_classes)`.

        Returns:
            The logits, as they are without `align_distribution`.
        """
        if self._alignment is None:
            return logits
        shift = self._alignment.follow(labels, logits, self.step.value)
        return logits + shift

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

    def train_step(self, data: BatchLike) -> dict[str, Tensor]:
        """One step of gradient descent on `student_loss`.

        Args:
            data: A `Batch`, or `((inputs, labels), (weak, strong))`.

        Returns:
            The means so far this epoch of everything in `logged`.
        """
        batch = self.read_batch(data)
        student = self.learner("student")
        with student.recording() as tape:
            parts = self.student_losses(batch)
            loss = student.scaled(parts["student_loss"])
            penalty = student.penalty(loss.dtype.name)
        found = student.pull_back(tape, [loss, penalty], [None, None])
        gradient = student.summed(found)
        rate = student.learning_rate()  # before the schedule moves
        applied = student.step(gradient)
        self.update_ema(applied.moved)
        self.step.assign_add(1)
        shared = {
            "student_gradient_norm": losses.global_norm(gradient),
            "student_learning_rate": rate,
        }
        return self.log(Logs(parts, shared))

    def labeled_terms(self, batch: Batch, logits: Tensor) -> dict[str, Tensor]:
        """The loss on given labels and the share that is predicted right.

        Args:
            batch: One step's input; labels of shape `(batch, num_classes)`.
            logits: The student's of the labelled inputs, same shape.

        Returns:
            `labeled_loss`, weighed, and `student_accuracy`, in which examples
            count alike; this replica's parts.
        """
        hits = losses.correct(batch.labels, logits)
        return {
            "labeled_loss": replicas.mean(self.labeled_losses(batch, logits)),
            "student_accuracy": replicas.mean(hits),
        }
