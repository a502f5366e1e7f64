"""Per-example losses and the algebra of feedback, as pure functions.

Nothing here holds state, draws from a global generator or knows a network.
Losses return one value per example; the trainers reduce them over the global
batch. Written with `keras.ops`, so that another backend can follow.
"""

from typing import Any

import keras
from keras import ops

Tensor = Any


def widen(values: Tensor) -> Tensor:
    """Casts half-precision values to float32; leaves the wider types alone.

    Args:
        values: Floating-point tensor of any shape.

    Returns:
        The same values as float32 or float64.

    >>> widen(ops.ones((2,), "bfloat16")).dtype.name
    'float32'
    """
    is_double = keras.backend.standardize_dtype(values.dtype) == "float64"
    return values if is_double else ops.cast(values, "float32")


def class_probs(labels: Tensor, num_classes: int, dtype: str) -> Tensor:
    """Reads labels of either form as a distribution over the classes.

    Args:
        labels: Integer class ids, shape `(batch,)` or `(batch, 1)`, or class
            probabilities (one-hot among them), shape `(batch, num_classes)`.
        num_classes: Number of classes.
        dtype: Floating-point type of the result.

    Returns:
        Probabilities, shape `(batch, num_classes)`.

    >>> class_probs(ops.array([1, 0]), 2, "float32").numpy().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if len(labels.shape) == 2 and labels.shape[-1] == num_classes:
        return ops.cast(labels, dtype)
    return ops.one_hot(ops.reshape(labels, (-1,)), num_classes, dtype=dtype)


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


def entropy(probs: Tensor) -> Tensor:
    """How undecided a distribution is; 0 for one-hot, `log K` for uniform.

    Args:
        probs: Class probabilities, shape `(batch, num_classes)`.

    Returns:
        Per-example entropy in nats, shape `(batch,)`.

    >>> entropy(ops.array([[0.5, 0.5], [1.0, 0.0]])).numpy()
    array([0.6931472, 0.       ], dtype=float32)
    """
    safe = ops.where(probs > 0, probs, ops.ones_like(probs))
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


def global_norm(tensors: list[Tensor]) -> Tensor:
    """Euclidean norm of a list of tensors taken as one vector, shape `()`.

    >>> float(global_norm([ops.array([3.0]), ops.array([[4.0]])]))
    5.0
    """
    return ops.sqrt(inner_product(tensors, tensors))


def inner_product(left: list[Tensor], right: list[Tensor]) -> Tensor:
    """Inner product `<left, right>` of two lists of tensors, shape `()`.

    Half-precision tensors are multiplied and summed in float32.

    >>> float(inner_product([ops.array([1.0, 2.0])], [ops.array([3.0, 4.0])]))
    11.0
    """
    products = [
        ops.sum(widen(a) * widen(b)) for a, b in zip(left, right, strict=True)
    ]
    return sum(products[1:], products[0])


def clip_factor(norm: Tensor, clip_norm: float | None) -> Tensor:
    """What clipping by the global norm multiplies a gradient with.

    Args:
        norm: Global norm of the gradient, shape `()`.
        clip_norm: Largest norm let through; `None` for no clipping.

    Returns:
        `1` while `norm <= clip_norm`, `clip_norm / norm` beyond; shape `()`.

    >>> float(clip_factor(ops.array(4.0), 1.0))
    0.25
    """
    if clip_norm is None:
        return ops.ones_like(norm)
    active = norm > clip_norm
    safe = ops.where(active, norm, ops.ones_like(norm))
    return ops.where(active, clip_norm / safe, ops.ones_like(norm))


def clip_pullback(
    vectors: list[Tensor],
    gradients: list[Tensor],
    norm: Tensor,
    clip_norm: float | None,
) -> list[Tensor]:
    """Pulls a cotangent back through clipping by the global norm.

    Where the clip is inactive, nothing changes. Where it is active, with `n`
    the norm and `d` the unit vector of the gradients, the derivative of
    `C g / n` is symmetric and gives `(C / n) (v - d <d, v>)`.

    Args:
        vectors: Cotangent `v`, like `gradients`.
        gradients: What was clipped (L2 included), a list of tensors.
        norm: Global norm of `gradients`, shape `()`.
        clip_norm: Largest norm let through; `None` for no clipping.

    Returns:
        The cotangent of the gradients, a list of tensors.

    >>> [v] = clip_pullback([ops.array([1.0, 1.0])], [ops.array([2.0, 0.0])],
    ...                     ops.array(2.0), 1.0)
    >>> v.numpy().tolist()
    [0.0, 0.5]
    """
    if clip_norm is None:
        return vectors
    factor = clip_factor(norm, clip_norm)
    active = norm > clip_norm
    safe = ops.where(active, norm, ops.ones_like(norm))
    along = inner_product(gradients, vectors) / safe / safe
    along = ops.where(active, along, ops.zeros_like(along))
    return [
        ops.cast(factor, v.dtype) * (v - ops.cast(along, v.dtype) * g)
        for v, g in zip(vectors, gradients, strict=True)
    ]


def cosine_scale(
    student_norm: Tensor, labeled_norm: Tensor, floor: float
) -> Tensor:
    """Turns an inner product of two gradients into their cosine (App. C.3).

    `1 / (labeled_norm * max(student_norm, floor))`, and 0 where the labelled
    gradient is 0. The student's gradient falls as it comes to agree with the
    teacher; without a floor the feedback would grow without bound.

    Args:
        student_norm: `|g|`, norm of the student's gradient, shape `()`.
        labeled_norm: `|v|`, norm of the labelled gradient, shape `()`.
        floor: Smallest `|g|` divided by.

    Returns:
        The factor, shape `()`.

    >>> float(cosine_scale(ops.array(0.5), ops.array(2.0), 0.0))
    1.0
    """
    divisor = labeled_norm * ops.maximum(student_norm, floor)
    safe = ops.where(divisor > 0, divisor, ops.ones_like(divisor))
    return ops.where(divisor > 0, 1.0 / safe, ops.zeros_like(divisor))


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
