"""What the teacher of Meta Pseudo Labels descends, part by part.

Free functions over a `MetaPseudoLabels` model. First one value per example,
so that a batch can be looked at whole or in slices; then scalars.
"""

from typing import Any

import tensorflow as tf

from keras_mpl import losses
from keras_mpl import schedules
from keras_mpl.batch import Batch
from keras_mpl.trainers import feedback as feedbacks
from keras_mpl.trainers import passes
from keras_mpl.trainers import replicas
from keras_mpl.trainers.feedback import Lesson
from keras_mpl.trainers.objectives import OBJECTIVES

Tensor = Any


def views(model: Any, batch: Batch) -> list[Any]:
    """The weak view, where the objective asks for it, and the strong one."""
    if OBJECTIVES[model.objective] is None:
        return [batch.strong_inputs]
    return [batch.weak_inputs, batch.strong_inputs]


def pseudo_logits(model: Any, strong: Tensor) -> Tensor:
    """Logits of the pseudo labels, of the teacher's for the strong view."""
    return strong / tf.cast(model.pseudo_label_temperature, strong.dtype)


def of_labeled(model: Any, batch: Batch, logits: Tensor) -> dict[str, Tensor]:
    """What is measured of each labelled example, shape `(batch,)`."""
    smooth = losses.smooth(batch.labels, model.label_smoothing)
    return {
        "labeled_loss": losses.cross_entropy(smooth, logits),
        "teacher_accuracy": losses.correct(batch.labels, logits),
    }


def of_unlabeled(
    model: Any, weak: Tensor, strong: Tensor, lesson: Lesson
) -> dict[str, Tensor]:
    """What is measured of each unlabelled example, shape `(rows,)`."""
    logits = pseudo_logits(model, strong)
    probs = tf.nn.softmax(logits)
    meta = feedbacks.meta_loss(model.feedback, probs, logits, lesson)
    values = {
        "meta_loss": meta,
        "pseudo_label_entropy": losses.entropy(probs),
    }
    consistency = OBJECTIVES[model.objective]
    if consistency is not None:
        drift, mask = consistency(model, weak, strong)
        values |= {"consistency_loss": drift, "mask_ratio": mask}
    return values


def reduced(
    values: dict[str, Tensor], total: Tensor | None = None
) -> dict[str, Tensor]:
    """Means over the global batch, this replica's part; the meta loss summed.

    Args:
        values: One per example, shape `(rows,)`.
        total: Number of examples to divide by; how many there are if `None`.

    Returns:
        Scalars; those of all replicas, and all slices, add up.
    """
    parts = {}
    for name, value in values.items():
        if name == "meta_loss":
            parts[name] = tf.reduce_sum(value)
        elif total is None:
            parts[name] = replicas.mean(value)
        else:
            parts[name] = tf.reduce_sum(value) / tf.cast(total, value.dtype)
    return parts


def weighted(model: Any, parts: dict[str, Tensor]) -> Tensor:
    """The teacher's loss; a part whose weight is 0 is left out exactly."""
    step = model.step.value
    weights: dict[str, Any] = {}
    if model.labeled_weight:
        weights["labeled_loss"] = model.labeled_weight
    if model.consistency_weight:
        ramp = schedules.linear_ramp(step, model.consistency_ramp_steps)
        weights["consistency_loss"] = model.consistency_weight * ramp
    if model.kind.signal != "none":
        now = tf.cast(step, "float32")
        weights["meta_loss"] = schedules.value_at(model.feedback_weight, now)
    loss = tf.zeros([], passes.wide_dtype(model.teacher))
    for name in weights.keys() & parts.keys():
        loss += tf.cast(weights[name], loss.dtype) * parts[name]
    return loss
