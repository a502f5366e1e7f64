"""Algorithm 1 of Meta Pseudo Labels (Pham et al., arXiv:2003.10580v4).

`Algorithm.train_step` is the algorithm, each line a sentence of the paper. What
it puts in order: passes and steps of one network (`engine`), the student's half
(`student`), the teacher's loss (`teacher`), and a kind of feedback
(`keras_mpl.feedback`). The settings are those of `MetaPseudoLabels`.
"""

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import schedules
from keras_mpl.batch import Batch
from keras_mpl.batch import BatchLike
from keras_mpl.feedback import Feedback
from keras_mpl.feedback import NoFeedback
from keras_mpl.feedback import Signal
from keras_mpl.feedback import StudentUpdate
from keras_mpl.replicas import Logs
from keras_mpl.seeds import Site
from keras_mpl.trainers.checks import networks as network_checks
from keras_mpl.trainers.engine.alignment import Alignment
from keras_mpl.trainers.engine.batching import Batching
from keras_mpl.trainers.engine.batching import SlicedPass
from keras_mpl.trainers.engine.forward import WeakView
from keras_mpl.trainers.engine.method import Method
from keras_mpl.trainers.engine.passes import Scalars
from keras_mpl.trainers.engine.passes import Views
from keras_mpl.trainers.engine.passes import WholePass
from keras_mpl.trainers.mpl import sparse
from keras_mpl.trainers.mpl import student as students
from keras_mpl.trainers.mpl.objectives import Consistency
from keras_mpl.trainers.mpl.teacher import TeacherLoss
from keras_mpl.trainers.mpl.teacher import tempered
from keras_mpl.types import Tensor


class Algorithm(Method):
    """One step of Meta Pseudo Labels and its parts; see `MetaPseudoLabels`."""

    teacher: keras.Model
    feedback: Feedback
    teacher_labeled_weight: float
    student_labeled_weight: float
    consistency_weight: float
    consistency_ramp_steps: int
    pseudo_label_temperature: float
    pseudo_label_weighting: students.Weighting
    student_statistics: students.Statistics
    weak_view: WeakView
    feedback_every_steps: int
    _batching: Batching
    _consistency: Consistency | None
    _alignment: Alignment | None

    def train_step(self, data: BatchLike) -> dict[str, Tensor]:
        """Algorithm 1: the student learns, and the teacher learns from that.

        Args:
            data: A `Batch`, or `((inputs, labels), (weak, strong))`.

        Returns:
            The means so far this epoch of everything in `logged`.
        """
        batch = self.read_batch(data)
        # The teacher labels the unlabelled examples; its pass is kept.
        teacher_pass = self.teacher_pass(batch)
        pseudo_probs = tf.nn.softmax(self.pseudo_logits(teacher_pass))
        # The student is shown those labels, or samples of them, and steps.
        key = self.key(Site.PSEUDO_LABEL)
        targets = self.feedback.targets(pseudo_probs, key)
        weights = self.pseudo_label_weights(pseudo_probs)
        update = self.update_student(batch, targets, weights)
        # What did that step do to the student's loss on the given labels?
        signal = self.measure(update)
        # The teacher descends its own losses and the feedback, and steps.
        alignment = self.alignment_of(batch, teacher_pass)
        loss = self.teacher_loss(batch, signal, alignment)
        parts, gradient = teacher_pass.differentiate(loss, signal.per_example())
        teacher_logs = self.update_teacher(loss, parts, gradient)
        self.step.assign_add(1)
        return self.log(teacher_logs, update.logs, signal.logs)

    def teacher_pass(self, batch: Batch) -> WholePass | SlicedPass:
        """The teacher's training-mode pass over what it learns from.

        Args:
            batch: One step's input.

        Returns:
            The pass over labelled, weak and strong inputs together; the weak
            ones apart where `weak_view` says so, and not at all where the
            teacher learns from labels alone.
        """
        weak, strong = (batch.weak_inputs,), (batch.strong_inputs,)
        views = Views(batch.labeled_inputs, strong)
        if self._consistency and self.weak_view == "joint":
            views = Views(batch.labeled_inputs, weak + strong)
        elif self._consistency:
            views = Views(batch.labeled_inputs, strong, constant=weak)
        return self._batching.record(
            self.learner("teacher"), views, self.key(Site.TEACHER)
        )

    def pseudo_logits(self, teacher_pass: WholePass | SlicedPass) -> Tensor:
        """Logits of the pseudo labels `q`, shape `(unlabeled, num_classes)`."""
        return tempered(teacher_pass.logits(-1), self.pseudo_label_temperature)

    def pseudo_label_weights(self, pseudo_probs: Tensor) -> Tensor | None:
        """What each pseudo label counts for the student, a constant.

        Args:
            pseudo_probs: `q`, shape `(unlabeled, num_classes)`.
        """
        return students.weights(pseudo_probs, self.pseudo_label_weighting)

    def update_student(
        self,
        batch: Batch,
        targets: Tensor,
        weights: Tensor | None = None,
        *,
        compares_losses: bool | None = None,
    ) -> StudentUpdate:
        """The student's step on pseudo labels; its average follows.

        Args:
            batch: One step's input; labels of shape `(batch, num_classes)`.
            targets: What it is shown, constant, shape
                `(unlabeled, num_classes)`.
            weights: What each of these counts, constant, shape `(unlabeled,)`;
                1 each if `None`.
            compares_losses: See `Feedback`; as this model's has it if `None`.

        Returns:
            The step, which is done.
        """
        if compares_losses is None:
            compares_losses = self.feedback.compares_losses
        student = students.Student(
            self.learner("student"),
            self._batching,
            self.key,
            self.step.value,
            self.label_smoothing,
            self.student_labeled_weight,
            self.student_statistics,
        )
        update = student.update(
            batch, targets, weights, compares_losses=compares_losses
        )
        self.update_ema(update.applied.moved)
        return update

    def measure(self, update: StudentUpdate) -> Signal:
        """What the feedback says of the student's step, where it is due.

        Args:
            update: The step, which is done.
        """
        is_none = isinstance(self.feedback, NoFeedback)
        if is_none or self.feedback_every_steps == 1:
            return self.feedback.measure(update)
        is_due = self.step.value % self.feedback_every_steps == 0
        return sparse.measured(self.feedback, update, is_due=is_due)

    def alignment_of(
        self, batch: Batch, teacher_pass: WholePass | SlicedPass
    ) -> Tensor | None:
        """What aligns the targets of consistency to the labels.

        Args:
            batch: One step's input; labels of shape `(batch, num_classes)`.
            teacher_pass: The teacher's pass over it.

        Returns:
            What is added to the weak logits, shape `(num_classes,)`; `None`
            without `align_distribution`.
        """
        if self._alignment is None:
            return None
        weak = teacher_pass.logits(0)
        return self._alignment.follow(batch.labels, weak, self.step.value)

    def teacher_loss(
        self, batch: Batch, signal: Signal, alignment: Tensor | None = None
    ) -> TeacherLoss:
        """What the teacher descends in this step.

        Args:
            batch: One step's input; labels of shape `(batch, num_classes)`.
            signal: What the feedback measured.
            alignment: What `alignment_of` returned.
        """
        return TeacherLoss(
            batch,
            signal,
            self.feedback,
            self._consistency,
            self._weights(),
            self.labeled_losses,
            self.pseudo_label_temperature,
            network_checks.loss_dtype(self.teacher),
            alignment,
        )

    def update_teacher(
        self, loss: TeacherLoss, parts: Scalars, scaled: list[Tensor]
    ) -> Logs:
        """The teacher's step.

        Args:
            loss: What it descends.
            parts: The parts of that loss, this replica's.
            scaled: The scaled gradient of it, this replica's part.

        Returns:
            Scalars to log.
        """
        teacher = self.learner("teacher")
        gradient = teacher.summed(scaled)
        shared = {
            "teacher_gradient_norm": losses.global_norm(gradient),
            "teacher_learning_rate": teacher.learning_rate(),
        }
        teacher.step(gradient)
        return Logs({**parts, "teacher_loss": loss.total(parts)}, shared)

    def _weights(self) -> dict[str, Tensor | float]:
        """Factors of the teacher's losses; a part at 0 is left out exactly."""
        step = self.step.value
        weights: dict[str, Tensor | float] = {}
        if self.teacher_labeled_weight:
            weights["labeled_loss"] = self.teacher_labeled_weight
        if self.consistency_weight:
            ramp = schedules.linear_ramp(step, self.consistency_ramp_steps)
            weights["consistency_loss"] = self.consistency_weight * ramp
        if not isinstance(self.feedback, NoFeedback):
            now = tf.cast(step, "float32")
            weights["meta_loss"] = schedules.value_at(self.feedback_weight, now)
        return weights
