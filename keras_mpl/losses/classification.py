"""Per-example losses and scores of predictions against given labels."""

from keras import ops

from keras_mpl.types import Tensor

_LEAST = 1e-30  # a probability whose inverse is still finite in float32


def class_probs(labels: Tensor, num_classes: int, dtype: str) -> Tensor:
    """Reads labels of either form as a distribution over the classes.

    Args:
        labels: Class ids, whole numbers of any type, shape `(batch,)` or
            `(batch, 1)`, or class probabilities (one-hot among them), shape
            `(batch, num_classes)`.
        num_classes: Number of classes.
        dtype: Floating-point type of the result.

    Returns:
        Probabilities, shape `(batch, num_classes)`.

    >>> class_probs(ops.array([1, 0]), 2, "float32").numpy().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if len(labels.shape) == 2 and labels.shape[-1] == num_classes:
        return ops.cast(labels, dtype)
    ids = ops.cast(ops.reshape(labels, (-1,)), "int32")
    return ops.one_hot(ids, num_classes, dtype=dtype)


def smooth(probs: Tensor, label_smoothing: float) -> Tensor:
    """Mixes a distribution with the uniform one, `(1 - a) p + a / K`.

    Args:
        probs: Class probabilities, shape `(batch, num_classes)`.
        label_smoothing: The fraction `a` of the uniform distribution, in
            `[0, 1)`.

    Returns:
        Probabilities, same shape and type.

    >>> smooth(ops.array([[1.0, 0.0]]), 0.5).numpy().tolist()
    [[0.75, 0.25]]
    """
    if not label_smoothing:
        return probs
    num_classes = probs.shape[-1]
    return probs * (1.0 - label_smoothing) + label_smoothing / num_classes


def cross_entropy(probs: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy of a target distribution with a prediction (Eq. 1).

    `-sum_k probs[i, k] * log_softmax(logits)[i, k]`; linear in `probs`.

    Args:
        probs: Target probabilities, shape `(batch, num_classes)`.
        logits: Predictions before softmax, same shape.

    Returns:
        Per-example loss in nats, shape `(batch,)`.

    >>> cross_entropy(ops.array([[1.0, 0.0]]), ops.zeros((1, 2))).numpy()
    array([0.6931472], dtype=float32)
    """
    return -ops.sum(probs * ops.log_softmax(logits, axis=-1), axis=-1)


def labeled_cross_entropy(
    labels: Tensor,
    logits: Tensor,
    *,
    label_smoothing: float = 0.0,
    sample_weight: Tensor | None = None,
) -> Tensor:
    """Cross-entropy with given labels, smoothed, and weighed by example.

    Args:
        labels: Class probabilities, one-hot among them, shape
            `(batch, num_classes)`.
        logits: Predictions before softmax, same shape.
        label_smoothing: Fraction of the uniform distribution in the targets.
        sample_weight: What each example counts, shape `(batch,)`; `None` if
            all count alike.

    Returns:
        Per-example loss in nats, shape `(batch,)`.

    >>> labels, logits = ops.array([[1.0, 0.0], [0.0, 1.0]]), ops.zeros((2, 2))
    >>> labeled_cross_entropy(
    ...     labels, logits, sample_weight=ops.array([1.0, 2.0])
    ... ).numpy()
    array([0.6931472, 1.3862944], dtype=float32)
    """
    loss = cross_entropy(smooth(labels, label_smoothing), logits)
    return loss if sample_weight is None else loss * sample_weight


def entropy(probs: Tensor) -> Tensor:
    """How undecided a distribution is; 0 for one-hot, `log K` for uniform.

    Args:
        probs: Class probabilities, shape `(batch, num_classes)`.

    Returns:
        Per-example entropy in nats, shape `(batch,)`.

    >>> entropy(ops.array([[0.5, 0.5], [1.0, 0.0]])).numpy()
    array([0.6931472, 0.       ], dtype=float32)
    """
    safe = ops.where(probs > _LEAST, probs, ops.ones_like(probs))
    return ops.sum(probs * ops.log(1.0 / safe), axis=-1)


def correct(labels: Tensor, logits: Tensor) -> Tensor:
    """1 where the most probable class is the labelled one, else 0.

    Args:
        labels: Integer class ids, shape `(batch,)` or `(batch, 1)`, or class
            probabilities, shape `(batch, num_classes)`.
        logits: Predictions before softmax, shape `(batch, num_classes)`.

    Returns:
        Per-example float32, shape `(batch,)`.

    >>> correct(ops.array([0, 1]), ops.array([[2.0, 1.0], [2.0, 1.0]])).numpy()
    array([1., 0.], dtype=float32)
    """
    if len(labels.shape) == 2 and labels.shape[-1] == logits.shape[-1]:
        ids = ops.argmax(labels, axis=-1)
    else:
        ids = ops.reshape(labels, (-1,))
    hits = ops.equal(ops.cast(ids, "int32"), ops.argmax(logits, axis=-1))
    return ops.cast(hits, "float32")
