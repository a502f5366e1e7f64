"""Draws pseudo labels from the teacher's distribution."""

import tensorflow as tf

from keras_mpl import losses
from keras_mpl.types import Tensor


def sampled_targets(pseudo_probs: Tensor, key: Tensor) -> Tensor:
    """Draws one class per example.

    Args:
        pseudo_probs: The teacher's `q`, shape `(unlabeled, num_classes)`.
        key: Key of the draws, int32, shape `(2,)`.

    Returns:
        One-hot rows, constant, same shape.
    """
    rows = tf.shape(pseudo_probs)[:1]
    # XLA makes other floats of the same bits; from integers they are equal.
    bits = tf.random.stateless_uniform(
        rows, key, None, None, tf.uint32, alg="philox"
    )
    high = tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32))
    draws = tf.cast(high, pseudo_probs.dtype) * 2.0**-24
    return tf.stop_gradient(losses.sampled_one_hot(pseudo_probs, draws))
