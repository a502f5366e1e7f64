"""A step of Meta Pseudo Labels over a few unlabelled examples at a time.

Free functions over a `MetaPseudoLabels` model with a `microbatch_size`: sums
over slices in the place of one pass over all, so that memory does not grow
with `unlabeled_ratio`. Nothing is held from one pass to the next but logits;
what is needed again is computed again, the student's at a snapshot of its old
weights. Without BatchNorm and dropout it is the same step.
"""

from typing import Any

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import seeds
from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers import feedback as feedbacks
from keras_mpl.trainers import passes
from keras_mpl.trainers import replicas
from keras_mpl.trainers import teacher_losses
from keras_mpl.trainers.feedback import Lesson
from keras_mpl.trainers.objectives import OBJECTIVES
from keras_mpl.trainers.slices import Slices

Tensor = Any


def learn(model: Any, batch: Batch) -> tuple[Any, list[Tensor], Lesson]:
    """One step of the student, and what the teacher makes of it.

    Args:
        model: The `MetaPseudoLabels`; its student learns, in place.
        batch: One step's input; labels of shape `(batch, num_classes)`.

    Returns:
        The teacher's loss and its parts, the scaled gradient of it (both
        this replica's), and the lesson.
    """
    views = Slices(teacher_losses.views(model, batch), model.microbatch_size)
    strong = _strong_logits(model, views)
    probs = tf.nn.softmax(teacher_losses.pseudo_logits(model, strong))
    targets = feedbacks.targets(model.kind, probs, model.key(Site.PSEUDO_LABEL))
    lesson = model.teach(batch, targets)
    parts, gradient = _of_labels(model, batch)
    more, rest = _of_views(model, views, lesson)
    total = [a + b for a, b in zip(gradient, rest, strict=True)]
    parts |= more
    parts["teacher_loss"] = teacher_losses.weighted(model, parts)
    return parts, total, lesson


def _teacher(
    model: Any, views: Slices, index: Tensor, *, move_statistics: bool
) -> list[Tensor]:
    key = seeds.fold(model.key(Site.TEACHER), 1 + index)
    return passes.forward_joined(
        model.teacher, views[index], key, move_statistics=move_statistics
    )


def _strong_logits(model: Any, views: Slices) -> Tensor:
    """What the teacher says of the strong view, constant."""
    like = tf.zeros(
        (views.rows, model.num_classes), passes.wide_dtype(model.teacher)
    )
    return views.collect(
        lambda index: _teacher(model, views, index, move_statistics=False)[-1],
        like,
    )


def _of_labels(
    model: Any, batch: Batch
) -> tuple[dict[str, Tensor], list[Tensor]]:
    """The labelled part of the teacher's loss, regularisers included."""
    with passes.watching(model.teacher) as tape:
        logits = passes.forward(
            model.teacher,
            batch.labeled_inputs,
            seeds.fold(model.key(Site.TEACHER), 0),
        )
        parts = teacher_losses.reduced(
            teacher_losses.of_labeled(model, batch, logits)
        )
        loss = teacher_losses.weighted(model, parts)
        scaled = passes.scaled_loss(
            loss, model.teacher, model.teacher_optimizer
        )
    return parts, passes.gradients(tape, scaled, model.teacher)


def _of_views(
    model: Any, views: Slices, lesson: Lesson
) -> tuple[dict[str, Tensor], list[Tensor]]:
    """The unlabelled part of the teacher's loss, slice by slice."""
    total = _total(views)
    size = views.rows // views.number
    cut = Slices([lesson.targets], size)
    credit = None if lesson.credit is None else Slices([lesson.credit], size)

    def part(index: Tensor) -> tuple[dict[str, Tensor], list[Tensor]]:
        own = lesson._replace(targets=cut[index][0])
        if credit is not None:
            own = own._replace(credit=credit[index][0])
        with passes.watching(model.teacher) as tape:
            logits = _teacher(model, views, index, move_statistics=True)
            values = teacher_losses.of_unlabeled(
                model, logits[0], logits[-1], own
            )
            parts = teacher_losses.reduced(values, total)
            loss = teacher_losses.weighted(model, parts)
            scaled = model.teacher_optimizer.scale_loss(loss)
        return parts, passes.gradients(tape, scaled, model.teacher)

    names = ["meta_loss", "pseudo_label_entropy"]
    if OBJECTIVES[model.objective] is not None:
        names += ["consistency_loss", "mask_ratio"]
    zero = tf.zeros([], passes.wide_dtype(model.teacher))
    return views.add(part, (dict.fromkeys(names, zero), _zeros(model.teacher)))


class ShownInSlices:
    """The student's gradient on pseudo labels; see `lessons.Shown`."""

    def __init__(self, model: Any, batch: Batch, targets: Tensor):
        self._model = model
        self._targets = targets
        self._key = model.key(Site.STUDENT)
        size = model.microbatch_size
        self._rows = Slices((batch.strong_inputs, targets), size)
        self._total = _total(self._rows)
        student = model.student
        wide = passes.wide_dtype(student)
        if model.kind.signal == "credit":
            self._old = [
                tf.identity(v.value) for v in student.trainable_variables
            ]
        with passes.watching(student) as tape:  # each slice has none of them
            penalty = passes.scaled_loss(
                tf.zeros([], wide), student, model.optimizer
            )
        start = passes.gradients(tape, penalty, student)
        self.loss, self.parts = self._rows.add(
            self._gradient, (tf.zeros([], wide), start)
        )

    def _gradient(self, index: Tensor) -> tuple[Tensor, list[Tensor]]:
        model = self._model
        inputs, targets = self._rows[index]
        with passes.watching(model.student) as tape:
            logits = passes.forward(
                model.student, inputs, seeds.fold(self._key, index)
            )
            smooth = losses.smooth(targets, model.label_smoothing)
            entropy = losses.cross_entropy(smooth, logits)
            loss = tf.reduce_sum(entropy)
            loss /= tf.cast(self._total, loss.dtype)
            scaled = model.optimizer.scale_loss(loss)
        return loss, passes.gradients(tape, scaled, model.student)

    def credit(self, vectors: list[Tensor]) -> Tensor:
        """By forward mode, at the old weights: no graph of a gradient is kept.

        The loss is linear in the targets, so what a target's share of the
        gradient comes to along `vectors` is the change of its log-probability
        along them.
        """
        model = self._model

        def part(index: Tensor) -> Tensor:
            inputs, _ = self._rows[index]
            old = [tf.identity(weight) for weight in self._old]
            along = [
                tf.cast(v, w.dtype) for v, w in zip(vectors, old, strict=True)
            ]
            with tf.autodiff.ForwardAccumulator(old, along) as forward:
                logits = passes.forward(
                    model.student,
                    inputs,
                    seeds.fold(self._key, index),
                    move_statistics=False,
                    weights=old,
                )
                log_probs = tf.nn.log_softmax(logits)
            return forward.jvp(
                log_probs, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )

        change = self._rows.collect(part, self._targets)
        share = (1.0 - model.label_smoothing) / tf.cast(
            self._total, change.dtype
        )
        return -share * change


def _total(slices: Slices) -> Tensor:
    """Rows of all replicas together."""
    return replicas.add(tf.constant(float(slices.rows)))


def _zeros(network: keras.Model) -> list[Tensor]:
    return [tf.zeros(v.shape, v.dtype) for v in network.trainable_variables]
