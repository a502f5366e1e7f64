"""Batch normalisation whose replicas share their statistics.

Every network of this package uses `BatchNorm` instead of Keras' own layer;
`export` turns the one into the other. Must not import the networks.
"""

from typing import TypedDict
from typing import Unpack

import keras
import tensorflow as tf

from keras_mpl.models import kernels
from keras_mpl.types import DTypeLike
from keras_mpl.types import Tensor


class LayerOptions(TypedDict, total=False):
    """The arguments of every Keras layer."""

    name: str | None
    dtype: DTypeLike | None
    trainable: bool


def _moments(inputs: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """Returns mean and biased variance over the GLOBAL batch, `(channels,)`.

    It does not use `tf.nn.moments`, which stops the gradient at the mean, so
    that its second derivative is wrong.

    Args:
        inputs: Shape `(replica_batch, ..., channels)`, float32 or float64.
        shift: Any rough guess of the mean that is equal on all replicas, shape
            `(channels,)`. It changes the rounding only: replicas exchange
            moments about it, which lose fewer digits than moments about zero.
    """
    axes = list(range(len(inputs.shape) - 1))
    count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), inputs.dtype)
    mean = tf.math.divide_no_nan(tf.reduce_sum(inputs, axes), count)
    squares = tf.reduce_sum(tf.square(inputs - mean), axes)
    variance = tf.math.divide_no_nan(squares, count)
    if not _is_replicated():
        return mean, variance
    offset = mean - shift
    sums = count * tf.stack(
        [tf.ones_like(offset), offset, variance + tf.square(offset)]
    )  # (3, channels): one exchange per layer and step
    context = tf.distribute.get_replica_context()
    count, offset, square = tf.unstack(context.all_reduce("SUM", sums))
    offset, square = offset / count, square / count
    return shift + offset, tf.maximum(square - tf.square(offset), 0.0)


def _is_replicated() -> bool:
    context = tf.distribute.get_replica_context()
    return context is not None and context.num_replicas_in_sync > 1


@keras.saving.register_keras_serializable(package="keras_mpl")
class BatchNorm(keras.layers.Layer):
    """Normalises channels by the statistics of the GLOBAL batch.

    It computes `gamma * (x - mean) / sqrt(variance + epsilon) + beta`. Training
    uses the statistics of the batch and updates the moving ones by
    `moving = momentum * moving + (1 - momentum) * batch`. Inference uses the
    moving statistics, and so does training while `trainable` is `False`.

    Variables, defaults and results are those of
    `keras.layers.BatchNormalization`. There are four differences. One replica
    uses TensorFlow's fused kernel, which is faster. Replicas always share their
    statistics. Statistics stay float32 under pure float16 and bfloat16
    policies. And second derivatives are right. (Keras uses `tf.nn.moments`,
    which stops the gradient at the mean. First derivatives are right all the
    same, and so is the feedback, which is linear in the targets; the Hessian
    is wrong.) The moving variance is the biased one, as in Keras; the fused
    kernel of the released code gives the unbiased one.

    Args:
        momentum: Fraction of the moving statistics that one step keeps, in
            `[0, 1]`.
        epsilon: The number that is added to the variance; positive.
        **kwargs: `name`, `dtype` and `trainable` of a Keras layer.

    Attributes:
        gamma: Scale, shape `(channels,)`.
        beta: Offset, shape `(channels,)`.
        moving_mean: Moving mean, shape `(channels,)`; not trained.
        moving_variance: Moving biased variance, shape `(channels,)`; not
            trained.

    Raises:
        ValueError: If `momentum` or `epsilon` is out of range, or the input
            is not of shape `(batch, ..., channels)`, rank 2 to 4, with
            `channels` known.

    >>> layer = BatchNorm(momentum=0.5, epsilon=1e-9)
    >>> x = tf.constant([[1.0], [3.0]])
    >>> layer(x, training=True).numpy().ravel().tolist()
    [-1.0, 1.0]
    >>> [float(v[0]) for v in (layer.moving_mean, layer.moving_variance)]
    [1.0, 1.0]
    """

    def __init__(
        self,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        **kwargs: Unpack[LayerOptions],
    ):
        super().__init__(**kwargs)
        if not 0.0 <= momentum <= 1.0:
            raise ValueError(
                f"`momentum` must be in [0, 1]. Received: momentum={momentum}"
            )
        if not epsilon > 0.0:
            raise ValueError(
                f"`epsilon` must be positive. Received: epsilon={epsilon}"
            )
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)

    def build(self, input_shape: tuple[int | None, ...]) -> None:  # noqa: D102
        rank = len(input_shape)
        if not 2 <= rank <= 4 or input_shape[-1] is None:
            raise ValueError(
                "`input_shape` must be (batch, ..., channels), of rank 2 to 4, "
                f"with channels known. Received: input_shape={input_shape}"
            )
        shape = (input_shape[-1],)
        self.gamma = self._weight("gamma", shape, "ones", True)
        self.beta = self._weight("beta", shape, "zeros", True)
        self.moving_mean = self._weight("moving_mean", shape, "zeros", False)
        self.moving_variance = self._weight(
            "moving_variance", shape, "ones", False
        )
        self.input_spec = keras.layers.InputSpec(
            ndim=rank, axes={-1: input_shape[-1]}
        )

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:  # noqa: D102
        inputs = keras.ops.cast(inputs, self.compute_dtype)
        dtype = "float64" if self.compute_dtype == "float64" else "float32"
        gamma = keras.ops.cast(self.gamma, dtype)
        beta = keras.ops.cast(self.beta, dtype)
        moving_mean = keras.ops.cast(self.moving_mean, dtype)
        moving_variance = keras.ops.cast(self.moving_variance, dtype)
        if not (training and self.trainable):
            return self._normalise(
                inputs, gamma, beta, moving_mean, moving_variance
            )
        if dtype == "float64" or _is_replicated():
            mean, variance = _moments(tf.cast(inputs, dtype), moving_mean)
            outputs = self._normalise(inputs, gamma, beta, mean, variance)
        else:
            outputs, mean, variance = self._fused(inputs, gamma, beta)
        self._update(self.moving_mean, moving_mean, mean)
        self._update(self.moving_variance, moving_variance, variance)
        return outputs

    def compute_output_shape(  # noqa: D102
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, object]:  # noqa: D102
        own = {"momentum": self.momentum, "epsilon": self.epsilon}
        return {**super().get_config(), **own}

    def _weight(
        self, name: str, shape: tuple[int], initializer: str, trainable: bool
    ) -> keras.Variable:
        dtype = "float64" if self.variable_dtype == "float64" else "float32"
        return self.add_weight(
            name=name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            trainable=trainable,
            autocast=False,
        )

    def _normalise(
        self,
        inputs: Tensor,
        gamma: Tensor,
        beta: Tensor,
        mean: Tensor,
        variance: Tensor,
    ) -> Tensor:
        outputs = tf.nn.batch_normalization(
            tf.cast(inputs, mean.dtype),
            mean,
            variance,
            offset=beta,
            scale=gamma,
            variance_epsilon=self.epsilon,
        )
        return tf.cast(outputs, inputs.dtype)

    def _fused(
        self, inputs: Tensor, gamma: Tensor, beta: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        missing = 4 - len(inputs.shape)
        images = inputs
        for _ in range(missing):
            images = tf.expand_dims(images, -2)
        outputs, mean, variance = kernels.normalise(
            images, gamma, beta, self.epsilon
        )
        if missing:
            outputs = tf.squeeze(outputs, list(range(3 - missing, 3)))
        return outputs, mean, variance

    def _update(
        self, variable: keras.Variable, moving: Tensor, batch: Tensor
    ) -> None:
        step = (1.0 - self.momentum) * (batch - moving)
        variable.assign(tf.stop_gradient(moving + step))
