"""Views of what is no image: points, rows of features, rows of tokens.

Callables `(inputs, seeds) -> inputs` like the policies for images: pure
functions of both, that draw anew for every example.
"""

import dataclasses
from typing import Any

import tensorflow as tf

from keras_mpl import seeds as seeds_lib


def _check_rate(rate: float) -> None:
    if not 0 <= rate < 1:
        raise ValueError(f"`rate` must be in [0, 1). Received: rate={rate}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Corruption:
    """Exchanges features with other rows of the batch, and adds noise.

    An exchanged feature takes the value it has in a random other row, so that
    every column keeps its distribution (SCARF, arXiv:2106.15147).

    Attributes:
        rate: Chance of each feature to be exchanged, in `[0, 1)`.
        noise: Standard deviation of added Gaussian noise.

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

    def __call__(self, inputs: Any, seeds: Any) -> tf.Tensor:
        """Returns the view of rows, `(batch, features)`, for these seeds."""
        inputs = tf.convert_to_tensor(inputs)
        size, columns = tf.shape(inputs)[0], tf.shape(inputs)[1]
        key = [seeds_lib.fold(tf.cast(seeds, tf.int32), i) for i in range(3)]
        drawn = tf.random.stateless_uniform(
            tf.shape(inputs), key[0], alg="philox"
        )
        rows = tf.random.stateless_uniform(
            tf.shape(inputs), key[1], 0, size, tf.int32, alg="philox"
        )
        at = tf.broadcast_to(tf.range(columns)[None], tf.shape(inputs))
        others = tf.gather_nd(inputs, tf.stack([rows, at], axis=-1))
        normal = tf.random.stateless_normal(
            tf.shape(inputs), key[2], alg="philox"
        )
        exchanged = tf.where(drawn < self.rate, others, inputs)
        return exchanged + tf.cast(self.noise * normal, inputs.dtype)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TokenDropout:
    """Takes tokens away at random: puts another id in their place.

    Attributes:
        rate: Chance of each token to be taken away, in `[0, 1)`.
        token: What is put in its place.

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

    def __call__(self, tokens: Any, seeds: Any) -> tf.Tensor:
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
    """Adds noise, drawn anew for every number of every example.

    A policy: a pure function of the inputs and the seeds, unlike Keras' layer
    of that name, whose draws depend on what was drawn before.

    Attributes:
        stddev: Standard deviation of the noise, in units of the inputs.

    Raises:
        ValueError: If `stddev` is negative; on call if `seeds` is not of
            shape `(2,)` or the inputs are not floats.

    >>> points = tf.zeros((3, 2))
    >>> GaussianNoise(0.1)(points, seeds=(0, 1)).shape
    TensorShape([3, 2])
    """

    stddev: float

    def __post_init__(self) -> None:
        if not self.stddev >= 0:
            raise ValueError(
                f"`stddev` must be 0 or more. Received: stddev={self.stddev!r}"
            )

    def __call__(self, inputs: Any, seeds: Any) -> tf.Tensor:
        """Returns the noisy inputs that belong to `seeds`.

        Args:
            inputs: Floats of any shape, examples first.
            seeds: Stateless pair, int32, shape `(2,)`.

        Returns:
            Tensor of the same shape and dtype.

        Raises:
            ValueError: If `seeds` is not of shape `(2,)`, or `inputs` are not
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
                "`inputs` must be floats to be noisy. "
                f"Received: inputs of dtype {inputs.dtype.name}"
            )
        normal = tf.random.stateless_normal(
            tf.shape(inputs), seeds, alg="philox"
        )
        return inputs + tf.cast(self.stddev * normal, inputs.dtype)


# A tenth of a standard deviation; every third feature of another row.
table_weak = Corruption(noise=0.1)
table_strong = Corruption(rate=0.3, noise=0.1)

# Every tenth word away is hardly noticed; with half away, topics still show.
text_weak = TokenDropout(rate=0.1)
text_strong = TokenDropout(rate=0.5)

# Two moons' arcs have radius 1; as they are, and a quarter of their gap.
moons_weak = GaussianNoise(0.0)
moons_strong = GaussianNoise(0.15)
