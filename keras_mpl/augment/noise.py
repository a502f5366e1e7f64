"""Noise as a view, for inputs that are no images: points, tables, vectors."""

import dataclasses
from typing import Any

import tensorflow as tf


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
