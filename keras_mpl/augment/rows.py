"""Views of inputs that are not images: points, feature rows, token rows.

Like the policies for images, they are pure functions `(inputs, seeds) ->
inputs` that draw anew for every example.
"""

import dataclasses

import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.augment.arguments import check_amount
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike


def _check_rate(rate: float) -> None:
    check_amount("rate", rate)
    if rate >= 1:
        raise ValueError(f"`rate` must be in [0, 1). Received: rate={rate}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Corruption:
    """Replaces features by those of other rows of the batch, and adds noise.

    A replaced feature takes its value from a random row of the batch, so that
    every column keeps its distribution (SCARF, arXiv:2106.15147).

    Attributes:
        rate: Probability that a feature is replaced, in `[0, 1)`.
        noise: Standard deviation of the added Gaussian noise.

    Raises:
        ValueError: If `rate` is not in `[0, 1)`.

    >>> rows = tf.reshape(tf.range(12.0), (4, 3))
    >>> bool(tf.reduce_all(Corruption()(rows, (0, 0)) == rows))
    True
    """

    rate: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        _check_rate(self.rate)

    @tf.autograph.experimental.do_not_convert
    def __call__(self, inputs: TensorLike, seeds: TensorLike) -> Tensor:
        """Returns the view of rows, `(batch, features)`, for these seeds."""
        inputs = tf.convert_to_tensor(inputs)
        size, columns = tf.shape(inputs)[0], tf.shape(inputs)[1]
        key = [seeds_lib.fold_in(tf.cast(seeds, tf.int32), i) for i in range(3)]
        drawn = tf.random.stateless_uniform(
            tf.shape(inputs), key[0], alg="philox"
        )
        rows = tf.random.stateless_uniform(
            tf.shape(inputs), key[1], 0, size, tf.int32, alg="philox"
        )
        column = tf.broadcast_to(tf.range(columns)[None], tf.shape(inputs))
        others = tf.gather_nd(inputs, tf.stack([rows, column], axis=-1))
        normal = tf.random.stateless_normal(
            tf.shape(inputs), key[2], alg="philox"
        )
        replaced = tf.where(drawn < self.rate, others, inputs)
        return replaced + tf.cast(self.noise * normal, inputs.dtype)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenDropout:
    """Replaces random tokens by one fixed id.

    Attributes:
        rate: Probability that a token is replaced, in `[0, 1)`.
        token: The id that replaces it.

    Raises:
        ValueError: If `rate` is not in `[0, 1)`.

    >>> tokens = tf.constant([[3, 5, 7]])
    >>> TokenDropout()(tokens, (0, 0)).numpy().tolist()
    [[3, 5, 7]]
    """

    rate: float = 0.0
    token: int = 0

    def __post_init__(self) -> None:
        _check_rate(self.rate)

    @tf.autograph.experimental.do_not_convert
    def __call__(self, tokens: TensorLike, seeds: TensorLike) -> Tensor:
        """Returns the view of tokens, `(batch, length)`, for these seeds."""
        tokens = tf.convert_to_tensor(tokens)
        drawn = tf.random.stateless_uniform(
            tf.shape(tokens), tf.cast(seeds, tf.int32), alg="philox"
        )
        return tf.where(
            drawn < self.rate, tf.cast(self.token, tokens.dtype), tokens
        )


@dataclasses.dataclass(frozen=True)
class GaussianNoise:
    """Adds Gaussian noise to every value of every example.

    It is a pure function of the inputs and the seeds. The draws of Keras' layer
    of that name depend on its earlier draws.

    Attributes:
        stddev: Standard deviation of the noise, in units of the inputs.

    Raises:
        ValueError: If `stddev` is no amount. A call raises it if `seeds` are
            not of shape `(2,)` or the inputs are not floats.

    >>> points = tf.zeros((3, 2))
    >>> GaussianNoise(0.1)(points, seeds=(0, 1)).shape
    TensorShape([3, 2])
    """

    stddev: float

    def __post_init__(self) -> None:
        check_amount("stddev", self.stddev)

    @tf.autograph.experimental.do_not_convert
    def __call__(self, inputs: TensorLike, seeds: TensorLike) -> Tensor:
        """Returns the noisy inputs for these seeds.

        Args:
            inputs: Floats of shape `(batch, ...)`.
            seeds: Stateless pair, int32, shape `(2,)`.

        Returns:
            Tensor of the same shape and dtype.

        Raises:
            ValueError: If `seeds` are not of shape `(2,)`, or `inputs` are not
                floats.
        """
        inputs = tf.convert_to_tensor(inputs)
        seeds = tf.cast(seeds, tf.int32)
        if seeds.shape != (2,):
            raise ValueError(
                "`seeds` must be of shape (2,). "
                f"Received: seeds of shape {seeds.shape}"
            )
        if not inputs.dtype.is_floating:
            raise ValueError(
                "`inputs` must be floats when noise is added. "
                f"Received: inputs of dtype {inputs.dtype.name}"
            )
        normal = tf.random.stateless_normal(
            tf.shape(inputs), seeds, alg="philox"
        )
        return inputs + tf.cast(self.stddev * normal, inputs.dtype)


# Features are standardised: the noise is a tenth of their standard deviation.
# The strong view also replaces three features in ten.
table_weak = Corruption(noise=0.1)
table_strong = Corruption(rate=0.3, noise=0.1)

# The weak view drops a tenth of the words. The strong view drops half of them,
# and the topic can still be recognised.
text_weak = TokenDropout(rate=0.1)
text_strong = TokenDropout(rate=0.5)

# The arcs of two moons have radius 1. The weak view does not change the points;
# the noise of the strong view is about a quarter of the gap between the arcs.
moons_weak = GaussianNoise(0.0)
moons_strong = GaussianNoise(0.15)
