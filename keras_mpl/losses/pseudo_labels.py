"""How predictions become targets: sharpened, masked by confidence, sampled."""

from keras import ops

from keras_mpl.types import Tensor


def sharpened_probs(logits: Tensor, temperature: float) -> Tensor:
    """UDA's target: `softmax(logits / temperature)`.

    Args:
        logits: Predictions on the weak view, shape `(batch, num_classes)`.
        temperature: Below 1 sharpens; positive.

    Returns:
        Probabilities, shape `(batch, num_classes)`.

    >>> sharpened_probs(ops.array([[0.0, ops.log(2.0)]]), 0.5).numpy()
    array([[0.2, 0.8]], dtype=float32)
    """
    return ops.softmax(logits / temperature, axis=-1)


def confidence_mask(probs: Tensor, confidence_threshold: float) -> Tensor:
    """1 where the highest probability reaches the threshold, else 0.

    The released code gates the SHARPENED target, and rejected rows stay in
    the mean of the loss; both hold here.

    Args:
        probs: Target probabilities, shape `(batch, num_classes)`.
        confidence_threshold: A probability in `[0, 1]`.

    Returns:
        Float mask, shape `(batch,)`.

    >>> confidence_mask(ops.array([[0.5, 0.5], [0.9, 0.1]]), 0.6).numpy()
    array([0., 1.], dtype=float32)
    """
    highest = ops.max(probs, axis=-1)
    return ops.cast(highest >= confidence_threshold, probs.dtype)


def sampled_one_hot(probs: Tensor, uniforms: Tensor) -> Tensor:
    """Draws one class per row by inverting the cumulative distribution.

    Args:
        probs: Class probabilities, shape `(batch, num_classes)`.
        uniforms: Draws from `[0, 1)`, shape `(batch,)`.

    Returns:
        One-hot rows of the type of `probs`, shape `(batch, num_classes)`.

    >>> probs = ops.array([[0.25, 0.75], [0.25, 0.75]])
    >>> sampled_one_hot(probs, ops.array([0.2, 0.3])).numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    cumulative = ops.cumsum(probs, axis=-1)
    draws = ops.expand_dims(uniforms, -1) * cumulative[:, -1:]
    ids = ops.sum(ops.cast(cumulative <= draws, "int32"), axis=-1)
    ids = ops.minimum(ids, probs.shape[-1] - 1)
    return ops.one_hot(ids, probs.shape[-1], dtype=probs.dtype)
