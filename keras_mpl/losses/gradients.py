"""The algebra of gradients, each a list of one tensor per weight."""

from typing import NamedTuple

import tensorflow as tf
from keras import ops

from keras_mpl.losses.precision import at_least_float32
from keras_mpl.types import Tensor


def global_norm(tensors: list[Tensor]) -> Tensor:
    """Euclidean norm of a list of tensors taken as one vector, shape `()`.

    >>> float(global_norm([ops.array([3.0]), ops.array([[4.0]])]))
    5.0
    """
    return ops.sqrt(ops.sum(squared_norms(tensors)))


def squared_norms(tensors: list[Tensor]) -> Tensor:
    """Squared Euclidean norm of each tensor of a list, shape `(len(list),)`.

    One operation per tensor, where a product and a sum would be three.
    Half-precision tensors are squared and summed in float32.

    >>> squared_norms([ops.array([3.0]), ops.array([[4.0]])]).numpy().tolist()
    [9.0, 16.0]
    """
    halves = [tf.nn.l2_loss(at_least_float32(t)) for t in tensors]
    return 2.0 * ops.stack(halves)


def inner_product(left: list[Tensor], right: list[Tensor]) -> Tensor:
    """Inner product `<left, right>` of two lists of tensors, shape `()`.

    Half-precision tensors are multiplied and summed in float32.

    >>> float(inner_product([ops.array([1.0, 2.0])], [ops.array([3.0, 4.0])]))
    11.0
    """
    products = [
        ops.sum(at_least_float32(a) * at_least_float32(b))
        for a, b in zip(left, right, strict=True)
    ]
    return ops.sum(ops.stack(products)) if products[1:] else products[0]


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
    student_norm: Tensor,
    labeled_norm: Tensor,
    floor: float,
    labeled_floor: float = 0.0,
    *,
    raw_norm: Tensor | None = None,
) -> Tensor:
    """Turns an inner product of two gradients into their cosine (App. C.3).

    `1 / (|v| max(|g|, floor))`, and 0 where `v` is 0. The student's gradient
    falls as it comes to agree with the teacher; without a floor the feedback
    would grow without bound. The labelled one falls as it comes to fit the
    labels; without a floor the feedback would count as much where nothing is
    left to learn from them. Below `labeled_floor` it counts in proportion.

    Args:
        student_norm: `|g|`, norm of the student's gradient, shape `()`.
        labeled_norm: `|v|`, norm of the labelled gradient, as it is in the
            inner product, shape `()`.
        floor: Smallest `|g|` divided by.
        labeled_floor: The norm from which on a labelled gradient counts in
            full.
        raw_norm: The norm that is compared with it, of the labelled gradient
            before it was pulled back through a clip, shape `()`; `|v|` if
            `None`.

    Returns:
        The factor, shape `()`.

    >>> float(cosine_scale(ops.array(0.5), ops.array(2.0), 0.0))
    1.0
    """
    divisor = labeled_norm * ops.maximum(student_norm, floor)
    has_both = divisor > 0
    safe = ops.where(has_both, divisor, ops.ones_like(divisor))
    scale = ops.where(has_both, 1.0 / safe, ops.zeros_like(divisor))
    if labeled_floor:
        raw_norm = labeled_norm if raw_norm is None else raw_norm
        scale = scale * ops.minimum(raw_norm / labeled_floor, 1.0)
    return scale


class AppliedGradient(NamedTuple):
    """What an optimizer was given: a gradient with L2 added, then clipped.

    Attributes:
        regularised: The gradient with L2 added, one tensor per weight.
        norm: Global norm of `regularised`, shape `()`.
        factor: What the clip multiplied with, shape `()`.
        clip_norm: Largest global norm let through, or `None`.
        moved: Whether the weights moved, boolean, shape `()`; `None` if they
            do at every step.
    """

    regularised: list[Tensor]
    norm: Tensor
    factor: Tensor
    clip_norm: float | None
    moved: Tensor | None = None

    def pull_back(self, vectors: list[Tensor]) -> list[Tensor]:
        """Pulls a cotangent back through the clip; see `clip_pullback`."""
        return clip_pullback(
            vectors, self.regularised, self.norm, self.clip_norm
        )
