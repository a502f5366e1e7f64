"""The student's half of Algorithm 1: one step, and what it tells the teacher.

Free functions over a `MetaPseudoLabels` model. The order is that of the
paper: gradient at the old weights, step, labelled gradient at the new ones.
"""

from typing import Any

import tensorflow as tf

from keras_mpl import losses
from keras_mpl import seeds
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers import microbatches
from keras_mpl.trainers import passes
from keras_mpl.trainers import replicas
from keras_mpl.trainers.feedback import Lesson

Tensor = Any


def teach(model: Any, batch: Batch, targets: Tensor) -> Lesson:
    """Takes one step of the student, and asks how its labelled loss changed.

    Args:
        model: The `MetaPseudoLabels` whose student learns, in place.
        batch: One step's input; labels of shape `(batch, num_classes)`.
        targets: What the student is shown for the strong view, constant,
            shape `(unlabeled_ratio * batch, num_classes)`.

    Returns:
        What the student was shown and the feedback that came back.
    """
    student, optimizer, kind = model.student, model.optimizer, model.kind
    in_slices = model.microbatch_size is not None
    how = microbatches.ShownInSlices if in_slices else Shown
    shown = how(model, batch, targets)
    pseudo_gradient = passes.reduced(shown.parts, optimizer)
    of_labels, gradient = _beside_labels(model, batch, pseudo_gradient)
    rate = tf.identity(optimizer.learning_rate)  # before the schedule moves
    step_size = passes.step_size(optimizer, gradient)
    is_difference = kind.signal == "difference"
    loss_before = probe(model, batch) if is_difference else None
    descent = model.descend(student, optimizer, gradient)
    model.update_ema()
    lesson = Lesson(
        targets,
        summed={"student_loss": shown.loss, **of_labels},
        shared={
            "student_learning_rate": rate,
            "student_gradient_norm": losses.global_norm(gradient),
        },
    )
    if kind.signal == "none":
        return lesson
    if is_difference:
        change = replicas.add(loss_before - probe(model, batch))
        return _with_scalar(model, lesson, change, step_size)
    vectors = _labeled_gradient(model, batch)
    lesson.shared["labeled_gradient_norm"] = losses.global_norm(vectors)
    if kind.signal == "scalar":
        exact = step_size * descent.factor
        scale = _scale(model, pseudo_gradient, vectors, exact)
        along = scale * losses.inner_product(pseudo_gradient, vectors)
        return _with_scalar(model, lesson, along, step_size)
    vectors = losses.clip_pullback(
        vectors, descent.regularised, descent.norm, model.clip_norm
    )
    credit = shown.credit(vectors)
    scale = _scale(model, pseudo_gradient, vectors, step_size)
    lesson = _with_credit(lesson, credit, scale, step_size)
    if model.feedback_centering:
        lesson = lesson._replace(credit=_centered(lesson.credit))
    return lesson


class Shown:
    """The student's gradient on pseudo labels, at its old weights.

    The outer tape stays open over that gradient: once the new weights are
    known, it is differentiated by the targets. So the credit costs no further
    forward pass and needs no functional optimizer.

    Args:
        model: The `MetaPseudoLabels`; its moving statistics follow.
        batch: One step's input.
        targets: What the student is shown, constant.

    Attributes:
        loss: The student's, this replica's part, shape `()`.
        parts: Its scaled gradient, this replica's part.
    """

    def __init__(self, model: Any, batch: Batch, targets: Tensor):
        student, self._targets = model.student, targets
        self._optimizer = model.optimizer
        with tf.GradientTape(watch_accessed_variables=False) as self._tape:
            self._tape.watch(targets)
            with passes.watching(student) as tape:
                logits = passes.forward(
                    student, batch.strong_inputs, model.key(Site.STUDENT)
                )
                smooth = losses.smooth(targets, model.label_smoothing)
                entropy = losses.cross_entropy(smooth, logits)
                self.loss = replicas.mean(entropy)
                scaled = passes.scaled_loss(self.loss, student, self._optimizer)
            self.parts = passes.gradients(tape, scaled, student)

    def credit(self, vectors: list[Tensor]) -> Tensor:
        """Derivative by the targets of the gradient's part along vectors.

        Args:
            vectors: One tensor per trainable weight of the student.

        Returns:
            Of the targets' shape.
        """
        cotangents = [
            tf.cast(v, g.dtype)
            for v, g in zip(vectors, self.parts, strict=True)
        ]
        credit = self._tape.gradient(self.parts, self._targets, cotangents)
        scale = passes.loss_scale(self._optimizer)
        return credit / tf.cast(scale, credit.dtype)


def _beside_labels(
    model: Any, batch: Batch, pseudo_gradient: list[Tensor]
) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Adds what the student learns from the labels themselves, if it does.

    Args:
        model: The `MetaPseudoLabels`; its moving statistics follow.
        batch: One step's input.
        pseudo_gradient: The gradient on pseudo labels, which feedback is about.

    Returns:
        The labelled loss to log, this replica's part, and the gradient that
        the student's optimizer is given.
    """
    if not model.student_labeled_weight:
        return {}, pseudo_gradient
    with passes.watching(model.student) as tape:
        key = seeds.fold(model.key(Site.LABELED), 1)
        logits = passes.forward(model.student, batch.labeled_inputs, key)
        smooth = losses.smooth(batch.labels, model.label_smoothing)
        loss = replicas.mean(losses.cross_entropy(smooth, logits))
        weighted = tf.cast(model.student_labeled_weight, loss.dtype) * loss
        scaled = model.optimizer.scale_loss(weighted)
    parts = passes.gradients(tape, scaled, model.student)
    more = passes.reduced(parts, model.optimizer)
    total = [a + b for a, b in zip(pseudo_gradient, more, strict=True)]
    return {"student_labeled_loss": loss}, total


def probe(model: Any, batch: Batch) -> Tensor:
    """The student's labelled loss: no smoothing, no statistics moved."""
    logits = passes.forward(
        model.student,
        batch.labeled_inputs,
        model.key(Site.LABELED),
        move_statistics=False,
    )
    return replicas.mean(losses.cross_entropy(batch.labels, logits))


def _labeled_gradient(model: Any, batch: Batch) -> list[Tensor]:
    """Gradient of the labelled loss at the student's present weights."""
    with passes.watching(model.student) as tape:
        scaled = model.optimizer.scale_loss(probe(model, batch))
    parts = passes.gradients(tape, scaled, model.student)
    return passes.reduced(parts, model.optimizer)


def _scale(
    model: Any, gradient: list[Tensor], vectors: list[Tensor], exact: Tensor
) -> Tensor:
    if model.feedback_scale == "exact":
        return exact
    return losses.cosine_scale(
        losses.global_norm(gradient),
        losses.global_norm(vectors),
        model.cosine_floor,
    )


def _with_credit(
    lesson: Lesson, credit: Tensor, scale: Tensor, step_size: Tensor
) -> Lesson:
    """Feedback for every class of every example; 0 while waiting."""
    stepped = step_size > 0
    usable = stepped & tf.math.is_finite(credit)  # float16 can overflow
    credit = tf.where(usable, credit, tf.zeros_like(credit))
    scale = tf.where(stepped, scale, tf.zeros_like(scale))
    scale = tf.cast(scale, credit.dtype)
    shown = scale * tf.reduce_sum(lesson.targets * credit)
    lesson.summed["feedback"] = shown
    return lesson._replace(credit=credit, scale=scale)


def _centered(credit: Tensor) -> Tensor:
    """Credit less each class' mean over the global batch; same shape.

    What is left says which examples are of a class, not how many. How many,
    teacher and student would correct in turns, each late, until both swing
    from class to class: the batch as a whole is a loop of two integrators.
    """
    examples = tf.cast(tf.shape(credit)[0], credit.dtype)
    totals = replicas.add(tf.reduce_sum(credit, axis=0))
    return credit - totals / replicas.add(examples)


def _with_scalar(
    model: Any, lesson: Lesson, feedback: Tensor, step_size: Tensor
) -> Lesson:
    """One number for the batch, less its baseline; 0 while waiting.

    The baseline starts at the first feedback, moves by a hundredth of the way
    and is subtracted after its update, as in the released code.
    """
    stepped = (step_size > 0) & tf.math.is_finite(feedback)
    old = model.feedback_baseline.value
    feedback = tf.cast(feedback, old.dtype)
    feedback = tf.where(stepped, feedback, tf.zeros_like(feedback))
    is_first = model.feedback_count.value == 0
    moved = tf.where(is_first, feedback, old + 0.01 * (feedback - old))
    baseline = tf.where(stepped, moved, old)
    model.feedback_baseline.assign(baseline)
    model.feedback_count.assign_add(tf.cast(stepped, "int64"))
    advantage = tf.where(stepped, feedback - baseline, tf.zeros_like(baseline))
    lesson.shared["feedback"] = feedback
    return lesson._replace(advantage=tf.cast(advantage, lesson.targets.dtype))
