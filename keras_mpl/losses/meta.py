"""The teacher's meta losses, per example; the trainers SUM them."""

from keras import ops

from keras_mpl.losses.classification import cross_entropy
from keras_mpl.types import Tensor


def soft_meta_loss(probs: Tensor, credit: Tensor, scale: Tensor) -> Tensor:
    """The teacher's meta loss under soft targets: `-s sum_k q_ik c_ik`.

    Its gradient is the exact gradient of Eq. 3: credit is how much more of
    class `k` in target `i` would have lowered the student's labelled loss.
    The released code computes `CE(stop_gradient(q), q)` here, whose gradient
    is exactly zero (google-research#534).

    Args:
        probs: The teacher's `q`, shape `(batch, num_classes)`; gradient flows
            through it.
        credit: `c`, constant, same shape; already holds the `1/N`.
        scale: `s`, constant, shape `()`.

    Returns:
        Per-example loss, to be SUMMED over the global batch, shape `(batch,)`.

    >>> soft_meta_loss(ops.array([[0.5, 0.5]]), ops.array([[1.0, -3.0]]),
    ...                ops.array(2.0)).numpy()
    array([2.], dtype=float32)
    """
    return -scale * ops.sum(probs * credit, axis=-1)


def hard_meta_loss(
    targets: Tensor, logits: Tensor, credit: Tensor, scale: Tensor
) -> Tensor:
    """Per-example REINFORCE: `s c[i, y_i] CE(y_i, q_i)`.

    Args:
        targets: Sampled pseudo labels, one-hot, shape `(batch, num_classes)`.
        logits: The teacher's, same shape; gradient flows through them.
        credit: `c`, constant, same shape; already holds the `1/N`.
        scale: `s`, constant, shape `()`.

    Returns:
        Per-example loss, to be SUMMED over the global batch, shape `(batch,)`.

    >>> targets, logits = ops.array([[1.0, 0.0]]), ops.zeros((1, 2))
    >>> hard_meta_loss(targets, logits, ops.array([[2.0, 9.0]]),
    ...                ops.array(1.0)).numpy()
    array([1.3862944], dtype=float32)
    """
    shown = ops.sum(targets * credit, axis=-1)
    return scale * shown * cross_entropy(targets, logits)


def batch_meta_loss(
    targets: Tensor, logits: Tensor, advantage: Tensor
) -> Tensor:
    """One scalar of feedback for the whole batch: `(h - b) CE(y_i, q_i)`.

    The batch's labels are one compound action, so the paper's Eq. 12 asks for
    the SUM over examples. The most-used PyTorch port multiplies with
    `loss_after - loss_before` and the arg-max instead: opposite sign.

    Args:
        targets: Sampled pseudo labels, one-hot, shape `(batch, num_classes)`.
        logits: The teacher's, same shape; gradient flows through them.
        advantage: Feedback less its baseline, constant, shape `()`.

    Returns:
        Per-example loss, to be SUMMED over the global batch, shape `(batch,)`.

    >>> targets, logits = ops.array([[1.0, 0.0]]), ops.zeros((1, 2))
    >>> batch_meta_loss(targets, logits, ops.array(-2.0)).numpy()
    array([-1.3862944], dtype=float32)
    """
    return advantage * cross_entropy(targets, logits)
