"""The kinds of feedback: what the student is shown and what comes back.

One row per kind of the Semantics table. Must not know networks.
"""

from typing import Any
from typing import NamedTuple

import tensorflow as tf

from keras_mpl import losses

Tensor = Any


class Kind(NamedTuple):
    """How one kind of feedback works.

    Attributes:
        is_sampled: Whether the student is shown samples of the teacher's
            distribution, or the distribution itself.
        signal: `"credit"` for one number per example and class, `"scalar"`
            for one per batch, `"difference"` for one per batch from two
            losses, `"none"` for none.
        scales: The values of `feedback_scale` it takes, its default first.
    """

    is_sampled: bool
    signal: str
    scales: tuple[str, ...]


KINDS = {
    "soft": Kind(False, "credit", ("cosine", "exact")),
    "hard": Kind(True, "credit", ("cosine", "exact")),
    "hard_expected": Kind(True, "credit", ("cosine", "exact")),
    "hard_batch": Kind(True, "scalar", ("cosine", "exact")),
    "finite_difference": Kind(True, "difference", ("exact",)),
    "none": Kind(False, "none", ("cosine", "exact")),
}


def resolved_scale(feedback: str, feedback_scale: str | None) -> str:
    """Checks a kind and its scale; fills in the kind's default scale.

    Args:
        feedback: Name of a kind.
        feedback_scale: Name of a scale, or `None` for the kind's default.

    Returns:
        Name of the scale.

    Raises:
        ValueError: If the kind is unknown or does not take the scale.

    >>> resolved_scale("soft", None)
    'cosine'
    """
    if feedback not in KINDS:
        raise ValueError(
            f"`feedback` must be one of {sorted(KINDS)}. "
            f"Received: feedback={feedback!r}"
        )
    scales = KINDS[feedback].scales
    if feedback_scale is None:
        return scales[0]
    if feedback_scale not in scales:
        raise ValueError(
            f"`feedback_scale` must be one of {sorted(scales)} with "
            f"feedback={feedback!r}. "
            f"Received: feedback_scale={feedback_scale!r}"
        )
    return feedback_scale


def resolved_centering(
    kind: Kind, scale: str, feedback_centering: bool | None
) -> bool:
    """Fills in whether credit is centred: by default, where it is rescaled.

    Args:
        kind: The kind of feedback.
        scale: Its scale.
        feedback_centering: What was asked for, or `None`.

    Returns:
        Whether each class' mean credit is taken away.

    Raises:
        ValueError: If it is asked for where there is no credit.
    """
    if feedback_centering is None:
        return kind.signal == "credit" and scale == "cosine"
    if feedback_centering and kind.signal in ("scalar", "difference"):
        credited = [n for n, k in KINDS.items() if k.signal == "credit"]
        raise ValueError(
            "`feedback_centering` must be False, or `feedback` one of "
            f"{credited}: a scalar has no classes. "
            "Received: feedback_centering=True"
        )
    return feedback_centering


def resolved_weight(
    kind: Kind, scale: str, is_alone: bool, feedback_weight: Any
) -> Any:
    """Fills in the weight that did best on validation, where none is named.

    The exact scale has a unit of its own, in which 1 is Eq. 3. Under the
    cosine, the ablation (docs/evidence.md) says 0.3 for credit beside labels
    alone, 0.1 where it is of samples, and 1 beside consistency too; and 0.01
    for a scalar, which counts once for every unlabelled example.

    Args:
        kind: The kind of feedback.
        scale: Its scale.
        is_alone: Whether it is all that the teacher hears of unlabelled
            inputs.
        feedback_weight: What was asked for, or `None`.

    Returns:
        A number, or the schedule that was asked for.
    """
    if feedback_weight is not None:
        return feedback_weight
    if scale == "cosine" and kind.signal == "scalar":
        return 0.01
    if scale == "cosine" and kind.signal == "credit" and is_alone:
        return 0.1 if kind.is_sampled else 0.3
    return 1.0


def targets(kind: Kind, pseudo_probs: Tensor, key: Tensor) -> Tensor:
    """What the student is shown: `q`, or one sample of `q` per example.

    Args:
        kind: The kind of feedback.
        pseudo_probs: The teacher's `q`, shape `(batch, num_classes)`.
        key: Key of the draws, int32, shape `(2,)`.

    Returns:
        Probabilities or one-hot rows, constant, same shape.
    """
    if not kind.is_sampled:
        return tf.stop_gradient(pseudo_probs)
    rows = tf.shape(pseudo_probs)[:1]
    # XLA makes other floats of the same bits; from integers they are equal.
    bits = tf.random.stateless_uniform(
        rows, key, None, None, tf.uint32, alg="philox"
    )
    high = tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32))
    draws = tf.cast(high, pseudo_probs.dtype) * 2.0**-24
    return tf.stop_gradient(losses.sampled_one_hot(pseudo_probs, draws))


class Lesson(NamedTuple):
    """What came back from one step of the student.

    Attributes:
        targets: What the student was shown, shape `(batch, num_classes)`.
        summed: Scalars to log whose replicas' parts add up.
        shared: Scalars to log that are equal on every replica.
        credit: `c`, shape `(batch, num_classes)`, or `None`.
        scale: `s`, shape `()`, where there is credit.
        advantage: Scalar feedback less its baseline, shape `()`, or `None`.
    """

    targets: Tensor
    summed: dict[str, Tensor]
    shared: dict[str, Tensor]
    credit: Tensor | None = None
    scale: Tensor | None = None
    advantage: Tensor | None = None


def meta_loss(
    feedback: str, pseudo_probs: Tensor, logits: Tensor, lesson: Lesson
) -> Tensor:
    """The teacher's meta loss, per example; to be SUMMED, not averaged.

    Args:
        feedback: Name of a kind.
        pseudo_probs: The teacher's `q`, shape `(batch, num_classes)`.
        logits: The logits of `q`, same shape.
        lesson: What came back from the student.

    Returns:
        Per-example loss, shape `(batch,)`.
    """
    if lesson.advantage is not None:
        return losses.batch_meta_loss(lesson.targets, logits, lesson.advantage)
    if lesson.credit is None:
        return tf.zeros_like(pseudo_probs[:, 0])
    if feedback == "hard":
        return losses.hard_meta_loss(
            lesson.targets, logits, lesson.credit, lesson.scale
        )
    return losses.soft_meta_loss(pseudo_probs, lesson.credit, lesson.scale)
