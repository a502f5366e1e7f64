"""Losses on unlabelled examples that the methods share, and their masks.

No gradient flows into a target.
"""

from typing import Literal

import tensorflow as tf

from keras_mpl.losses.classification import cross_entropy
from keras_mpl.losses.pseudo_labels import confidence_mask
from keras_mpl.losses.pseudo_labels import sharpened_probs
from keras_mpl.types import Tensor

_LEAST_SHARE = 1e-6  # of a class that is hardly ever predicted

Threshold = Literal["raw", "sharpened"]
Annealing = Literal["none", "linear", "log", "exp"]


def uda_loss(
    weak_logits: Tensor,
    strong_logits: Tensor,
    *,
    temperature: float,
    confidence_threshold: float,
    threshold_on: Threshold = "sharpened",
) -> tuple[Tensor, Tensor]:
    """UDA's consistency loss: the strong view should predict like the weak.

    `mask * CE(softmax(weak / temperature), strong)`. Xie et al.
    (arXiv:1904.12848) write a divergence, which differs by a constant, the
    target's entropy. The mask looks at `softmax(weak)` in their released code
    (`"raw"`), at the sharpened target in that of Meta Pseudo Labels.

    Args:
        weak_logits: Of the weak view, shape `(batch, num_classes)`.
        strong_logits: Of the strong view, same shape.
        temperature: Below 1 sharpens the target.
        confidence_threshold: Lowest highest probability that counts.
        threshold_on: `"raw"` or `"sharpened"`.

    Returns:
        Per-example loss, 0 where masked, and the mask, shape `(batch,)` each.

    >>> logits = tf.zeros((1, 2))
    >>> loss, mask = uda_loss(logits, logits, temperature=0.5,
    ...                       confidence_threshold=0.5)
    >>> loss.numpy(), mask.numpy()
    (array([0.6931472], dtype=float32), array([1.], dtype=float32))
    """
    weak_logits = tf.stop_gradient(weak_logits)
    target = sharpened_probs(weak_logits, temperature)
    gate = target if threshold_on == "sharpened" else tf.nn.softmax(weak_logits)
    mask = confidence_mask(gate, confidence_threshold)
    return mask * cross_entropy(target, strong_logits), mask


def hard_label(
    logits: Tensor, confidence_threshold: float
) -> tuple[Tensor, Tensor]:
    """The most probable class as a target, and whether it counts.

    Args:
        logits: Of the network that labels, shape `(batch, num_classes)`.
        confidence_threshold: Lowest highest probability that counts.

    Returns:
        One-hot rows, shape `(batch, num_classes)`, and the mask, shape
        `(batch,)`.

    >>> target, mask = hard_label(tf.constant([[2.0, 0.0]]), 0.95)
    >>> target.numpy().tolist(), mask.numpy().tolist()
    ([[1.0, 0.0]], [0.0])
    """
    probs = tf.nn.softmax(tf.stop_gradient(logits))
    ids = tf.argmax(probs, axis=-1)
    target = tf.one_hot(ids, probs.shape[-1], dtype=probs.dtype)
    return target, confidence_mask(probs, confidence_threshold)


def alignment(labeled_share: Tensor, predicted_share: Tensor) -> Tensor:
    """What is added to logits so that predictions are aligned to the labels.

    `softmax(logits + alignment)` is `q * labeled_share / predicted_share`,
    renormalised: the distribution alignment of ReMixMatch
    (arXiv:1911.09785, Sec. 3.1). A class that is predicted more often than it
    is labelled becomes less probable.

    Args:
        labeled_share: Mean of the labels, shape `(num_classes,)`.
        predicted_share: Mean of the predictions `q`, same shape.

    Returns:
        Shape `(num_classes,)`; no gradient flows through it.

    >>> shift = alignment(tf.constant([0.5, 0.5]), tf.constant([0.75, 0.25]))
    >>> tf.nn.softmax(tf.math.log([[0.6, 0.4]]) + shift).numpy().round(4)
    array([[0.3333, 0.6667]], dtype=float32)
    """
    labeled, predicted = (
        tf.math.log(tf.maximum(share, _LEAST_SHARE))
        for share in (labeled_share, predicted_share)
    )
    return tf.stop_gradient(labeled - predicted)


def squared_distance(target_logits: Tensor, logits: Tensor) -> Tensor:
    """Mean over classes of the squared difference of two predictions.

    Args:
        target_logits: Of the network that is followed; no gradient flows
            into it. Shape `(batch, num_classes)`.
        logits: Of the one that follows, same shape.

    Returns:
        Per-example distance, shape `(batch,)`.

    >>> squared_distance(tf.constant([[100.0, 0.0]]), tf.zeros((1, 2))).numpy()
    array([0.25], dtype=float32)
    """
    target = tf.nn.softmax(tf.stop_gradient(target_logits))
    return tf.reduce_mean(tf.square(tf.nn.softmax(logits) - target), axis=-1)


def annealing_threshold(
    annealing: Annealing, progress: Tensor, num_classes: int
) -> Tensor:
    """Training signal annealing: the confidence up to which labels train.

    `a (1 - 1/K) + 1/K` with `a = t` (linear), `1 - exp(-5 t)` (log) or
    `exp(5 (t - 1))` (exp) at the fraction `t` of training
    (arXiv:1904.12848, Sec. 3.3 and `get_tsa_threshold` of the released code).

    Args:
        annealing: Name of the schedule.
        progress: Fraction of training done, shape `()`.
        num_classes: `K`.

    Returns:
        A probability, shape `()`.

    >>> float(annealing_threshold("linear", tf.constant(0.5), 2))
    0.75
    """
    risen = {
        "linear": progress,
        "log": 1.0 - tf.exp(-5.0 * progress),
        "exp": tf.exp(5.0 * (progress - 1.0)),
    }[annealing]
    return risen * (1.0 - 1.0 / num_classes) + 1.0 / num_classes
