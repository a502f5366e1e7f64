"""Meta losses to compare: our kinds of feedback, and other people's formulas.

The latter are written by us from their descriptions, to be measured beside
ours; nothing trains with them. Strong logits `z` are those of the pseudo
labels, divided by the model's `pseudo_label_temperature` (1 by default).
"""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from keras_mpl import losses
from keras_mpl.trainers import feedback as feedbacks

Tensor = Any


class Formula(NamedTuple):
    """A meta loss: what the student is shown, and what the teacher descends.

    Attributes:
        name: For the table.
        kind: What `lessons.teach` measures for it.
        shown: From weak and strong logits and a key to the student's targets.
        loss: From strong logits and the lesson to per-example losses.
        is_sampled: Whether the targets are drawn.
    """

    name: str
    kind: feedbacks.Kind
    shown: Callable[[Tensor, Tensor, Tensor], Tensor]
    loss: Callable[[Tensor, Any], Tensor]
    is_sampled: bool


def ours(name: str) -> Formula:
    """The formula of one of our kinds of feedback."""
    kind = feedbacks.KINDS[name]

    def loss(strong: Tensor, lesson: Any) -> Tensor:
        if "feedback" in lesson.shared:  # a scalar, before its baseline
            advantage = lesson.shared["feedback"]
            lesson = lesson._replace(advantage=tf.cast(advantage, strong.dtype))
        return feedbacks.meta_loss(name, tf.nn.softmax(strong), strong, lesson)

    return Formula(
        name,
        kind,
        lambda _, strong, key: feedbacks.targets(
            kind, tf.nn.softmax(strong), key
        ),
        loss,
        kind.is_sampled,
    )


def released() -> Formula:
    """Google's: `(after - before) CE(stop_gradient(softmax(z)), z) / N`."""

    def loss(strong: Tensor, lesson: Any) -> Tensor:
        constant = tf.stop_gradient(tf.nn.softmax(strong))
        change = -tf.cast(lesson.shared["feedback"], strong.dtype)
        entropy = losses.cross_entropy(constant, strong)
        return change * entropy / tf.cast(tf.shape(strong)[0], strong.dtype)

    return Formula(
        "released TensorFlow code",
        feedbacks.KINDS["finite_difference"],
        lambda _, strong, key: tf.nn.softmax(strong),
        loss,
        False,
    )


def port() -> Formula:
    """The most-used PyTorch port's: `(after - before) CE(argmax z, z) / N`.

    The student is shown the weak view's arg-max, the teacher is told about
    the strong view's.
    """

    def one_hot(logits: Tensor) -> Tensor:
        return tf.one_hot(
            tf.argmax(logits, -1), logits.shape[-1], dtype=logits.dtype
        )

    def loss(strong: Tensor, lesson: Any) -> Tensor:
        change = -tf.cast(lesson.shared["feedback"], strong.dtype)
        hard = losses.cross_entropy(one_hot(strong), strong)
        return change * hard / tf.cast(tf.shape(strong)[0], strong.dtype)

    return Formula(
        "most-used PyTorch port",
        feedbacks.KINDS["finite_difference"],
        lambda weak, strong, key: one_hot(weak),
        loss,
        False,
    )
