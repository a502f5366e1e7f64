"""Kernels whose gradients keep less and whose second derivatives cost less.

A training step of Meta Pseudo Labels holds the activations of two networks and
differentiates one gradient once more, so both count. Must not import layers.
"""

import contextlib
from collections.abc import Iterator
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from keras_mpl.types import Tensor

_BY_COTANGENTS_ALONE: ContextVar[bool] = ContextVar(
    "by_cotangents_alone", default=False
)
_Triple = tuple[Tensor, Tensor, Tensor]


@contextlib.contextmanager
def by_cotangents_alone() -> Iterator[None]:
    """Leaves out second derivatives by what is no cotangent.

    For who differentiates a gradient by its cotangent, and by nothing else:
    TensorFlow would trace all others, and drop them later.
    """
    token = _BY_COTANGENTS_ALONE.set(True)
    try:
        yield
    finally:
        _BY_COTANGENTS_ALONE.reset(token)


def leaky_relu(inputs: Tensor, slope: float) -> Tensor:
    """Computes `max(x, slope * x)`; only the RESULT is kept for the gradient.

    The result has the sign of `x`, which is all that the gradient needs. So
    what comes before, such as a normalised batch, is not kept until then; it is
    a third of the activations of a pre-activation residual network.

    Args:
        inputs: Of any shape, floating point.
        slope: Slope for negative inputs, in `[0, 1]`.

    Returns:
        Of the inputs' shape.
    """

    @tf.custom_gradient
    def kernel(x: Tensor) -> Any:
        outputs = tf.nn.leaky_relu(x, slope)

        def gradient(cotangent: Tensor) -> Tensor:
            return tf.raw_ops.LeakyReluGrad(
                gradients=cotangent, features=outputs, alpha=slope
            )

        return outputs, gradient

    return kernel(inputs)


def normalise(
    images: Tensor, gamma: Tensor, beta: Tensor, epsilon: float
) -> _Triple:
    """Normalises channels by the batch's own statistics, in one fused kernel.

    Its gradient is linear in the cotangent, `dx = A dy`, with a symmetric `A`.
    So the derivative of the gradient by the cotangent, which is what the credit
    of pseudo labels passes through (docs/design.md), is the kernel of the
    gradient once more; TensorFlow writes it out in twenty operations. The other
    second derivatives are TensorFlow's.

    Args:
        images: Shape `(batch, height, width, channels)`.
        gamma: Scale, float32, shape `(channels,)`.
        beta: Offset, float32, shape `(channels,)`.
        epsilon: The number that is added to the variance.

    Returns:
        The normalised images; the batch's mean and biased variance, which
        are constants to a gradient, shape `(channels,)`.
    """
    statistics: list[Tensor] = []

    @tf.custom_gradient
    def kernel(images: Tensor, gamma: Tensor, beta: Tensor) -> Any:
        found = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=gamma,
            offset=beta,
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=epsilon,
            is_training=True,
        )
        # The kernel divides by max(count - 1, 1), Keras by count.
        variance = tf.math.multiply_no_nan(
            found.batch_variance, _bias(images, gamma.dtype)
        )
        spaces = (
            found.reserve_space_1,
            found.reserve_space_2,
            found.reserve_space_3,
        )
        # Beside the result: as outputs they would be given cotangents, zeros.
        statistics.extend(map(tf.stop_gradient, (found.batch_mean, variance)))
        kept = _Kept(found.batch_mean, variance, spaces, epsilon)

        def gradient(cotangent: Tensor) -> _Triple:
            return kept.pull_back(cotangent, images, gamma)

        return found.y, gradient

    outputs = kernel(images, gamma, beta)
    mean, variance = statistics
    return outputs, mean, variance


def _bias(images: Tensor, dtype: tf.DType) -> Tensor:
    """What a variance over `count - 1` is multiplied with to be one over it."""
    known = images.shape[:-1].num_elements()
    if known:  # where the batch is of a known size nothing is computed
        return tf.constant((known - 1) / known, dtype)
    count = tf.cast(tf.reduce_prod(tf.shape(images)[:-1]), dtype)
    return (count - 1.0) / count


class _Kept(NamedTuple):
    """What a normalised batch leaves for its gradient."""

    mean: Tensor
    variance: Tensor
    spaces: _Triple
    epsilon: float

    def pull_back(
        self, cotangent: Tensor, images: Tensor, gamma: Tensor
    ) -> _Triple:
        """The gradient by images, gamma and beta; differentiable itself."""

        @tf.custom_gradient
        def kernel(cotangent: Tensor, images: Tensor, gamma: Tensor) -> Any:
            def gradient(*along: Tensor) -> tuple[Tensor | None, ...]:
                if _BY_COTANGENTS_ALONE.get():
                    return self._push(along, images, gamma), None, None
                with tf.GradientTape() as tape:
                    tape.watch([images, gamma])
                    again = self._fused(cotangent, images, gamma)
                rest = tape.gradient(again, [images, gamma], list(along))
                return (self._push(along, images, gamma), *rest)

            return self._fused(cotangent, images, gamma), gradient

        return kernel(cotangent, images, gamma)

    def _fused(
        self, cotangent: Tensor, images: Tensor, gamma: Tensor
    ) -> _Triple:
        found = tf.raw_ops.FusedBatchNormGradV3(
            y_backprop=cotangent,
            x=images,
            scale=gamma,
            reserve_space_1=self.spaces[0],
            reserve_space_2=self.spaces[1],
            reserve_space_3=self.spaces[2],
            epsilon=self.epsilon,
            is_training=True,
        )
        return found.x_backprop, found.scale_backprop, found.offset_backprop

    def _push(
        self, along: Sequence[Tensor], images: Tensor, gamma: Tensor
    ) -> Tensor:
        """The normalised images' change along images, gamma and beta."""
        through_images, _, _ = self._fused(along[0], images, gamma)
        # Otherwise ready before its turn, in every layer at once, and kept.
        with tf.control_dependencies([through_images]):
            through_weights = tf.raw_ops.FusedBatchNormV3(
                x=images,
                scale=along[1],
                offset=along[2],
                mean=self.mean,
                variance=self.variance,
                epsilon=self.epsilon,
                is_training=False,
            )
        return through_images + through_weights.y
