"""How activations are normalised, and how replicas share the statistics.

`BatchNorm` is what every network of this package uses in the place of Keras'
own layer; `export` turns one into the other. Must not import the networks.
"""

from typing import Any

import keras
import tensorflow as tf


def _moments(inputs: Any, shift: Any) -> tuple[Any, Any]:
    """Mean and biased variance over the GLOBAL batch, shapes `(channels,)`.

    Not `tf.nn.moments`: it stops the gradient at the mean, so its second
    derivative is wrong.

    Args:
        inputs: Shape `(replica_batch, ..., channels)`, float32 or float64.
        shift: Any rough guess of the mean that all replicas agree on, shape
            `(channels,)`. It changes rounding only: replicas exchange moments
            about it, which do not cancel the way moments about zero do.
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
    """Normalises channels by statistics of the GLOBAL batch, fast.

    In training `gamma * (x - mean) / sqrt(variance + epsilon) + beta` with the
    batch's own statistics; in inference, and while `trainable` is `False`,
    with moving ones, which training moves by
    `moving = momentum * moving + (1 - momentum) * batch`.

    Differs from `keras.layers.BatchNormalization`, with which it shares
    variables, defaults and results, in four points: TensorFlow's fused kernel
    does the work on one replica; replicas always share statistics; statistics
    stay float32 under pure float16 and bfloat16 policies; and second
    derivatives are right. (Keras rests on `tf.nn.moments`, which stops the
    gradient at the mean: harmless once, and in the feedback, which is linear
    in the targets, but wrong for the Hessian.) The moving variance is the
    biased one, as in Keras and unlike the released code, whose fused kernel
    hands out the unbiased one.

    Args:
        momentum: How much of the moving statistics survives one step, a
            fraction in `[0, 1]`.
        epsilon: Added to the variance, in its units; positive.
        **kwargs: `name`, `dtype`, `trainable` of a Keras layer.

    Attributes:
        gamma: Scale, shape `(channels,)`, as all four are.
        beta: Offset.
        moving_mean: Not trained.
        moving_variance: Biased, not trained.

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
        self, momentum: float = 0.99, epsilon: float = 1e-3, **kwargs: Any
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

    def build(self, input_shape: Any) -> None:  # noqa: D102
        rank = len(input_shape)
        if not 2 <= rank <= 4 or input_shape[-1] is None:
            raise ValueError(
                "`input_shape` must be (batch, ..., channels), of rank 2 to 4, "
                f"with channels known. Received: input_shape={input_shape}"
            )
        shape = (input_shape[-1],)
        self.gamma = self._vector("gamma", shape, "ones", True)
        self.beta = self._vector("beta", shape, "zeros", True)
        self.moving_mean = self._vector("moving_mean", shape, "zeros", False)
        self.moving_variance = self._vector(
            "moving_variance", shape, "ones", False
        )
        self.input_spec = keras.layers.InputSpec(
            ndim=rank, axes={-1: input_shape[-1]}
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: D102
        inputs = keras.ops.cast(inputs, self.compute_dtype)
        dtype = "float64" if self.compute_dtype == "float64" else "float32"
        gamma = keras.ops.cast(self.gamma, dtype)
        beta = keras.ops.cast(self.beta, dtype)
        moving_mean = keras.ops.cast(self.moving_mean, dtype)
        moving_variance = keras.ops.cast(self.moving_variance, dtype)
        if not (training and self.trainable):
            return self._plain(
                inputs, gamma, beta, moving_mean, moving_variance
            )
        if dtype == "float64" or _is_replicated():
            mean, variance = _moments(tf.cast(inputs, dtype), moving_mean)
            outputs = self._plain(inputs, gamma, beta, mean, variance)
        else:
            outputs, mean, variance = self._fused(inputs, gamma, beta)
        self._move(self.moving_mean, moving_mean, mean)
        self._move(self.moving_variance, moving_variance, variance)
        return outputs

    def compute_output_shape(self, input_shape: Any) -> Any:  # noqa: D102
        return input_shape

    def get_config(self) -> dict[str, Any]:  # noqa: D102
        own = {"momentum": self.momentum, "epsilon": self.epsilon}
        return {**super().get_config(), **own}

    def _vector(
        self, name: str, shape: tuple[int], initializer: str, trainable: bool
    ) -> Any:
        dtype = "float64" if self.variable_dtype == "float64" else "float32"
        return self.add_weight(
            name=name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            trainable=trainable,
            autocast=False,
        )

    def _plain(
        self, inputs: Any, gamma: Any, beta: Any, mean: Any, variance: Any
    ) -> Any:
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
        self, inputs: Any, gamma: Any, beta: Any
    ) -> tuple[Any, Any, Any]:
        missing = 4 - len(inputs.shape)
        images = inputs
        for _ in range(missing):
            images = tf.expand_dims(images, -2)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            images, gamma, beta, epsilon=self.epsilon, is_training=True
        )
        if missing:
            outputs = tf.squeeze(outputs, list(range(3 - missing, 3)))
        # The kernel divides by max(count - 1, 1), Keras by count.
        count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), variance.dtype)
        biased = tf.math.multiply_no_nan(variance, (count - 1.0) / count)
        return outputs, mean, biased

    def _move(self, variable: Any, moving: Any, batch: Any) -> None:
        batch = tf.stop_gradient(batch)
        variable.assign(moving * self.momentum + batch * (1.0 - self.momentum))
