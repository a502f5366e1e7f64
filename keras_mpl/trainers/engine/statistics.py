"""Moving statistics that are right at every length of a training.

BatchNorm's moving mean and variance start at 0 and 1, and follow the batches
with a momentum of 0.99 or so: for some hundred steps they lag far behind the
weights, and a network that has learned predicts as if it had not. So they
follow faster at first, ramped like the average of the weights.
"""

import keras
import tensorflow as tf

from keras_mpl import ema
from keras_mpl.types import Tensor


def momenta(network: keras.Model) -> dict[int, float]:
    """The momentum of every moving statistic of a network.

    Args:
        network: Of any layers; those count that have a `momentum` below 1, a
            `moving_mean` and a `moving_variance`, as BatchNorm has.

    Returns:
        Momentum by the `id` of the variable.
    """
    found = {}
    for layer in network._flatten_layers():
        momentum = getattr(layer, "momentum", None)
        if momentum is None or momentum >= 1.0:
            continue
        for name in ("moving_mean", "moving_variance"):
            variable = getattr(layer, name, None)
            if variable is not None:
                found[id(variable)] = float(momentum)
    return found


def ramped(old: Tensor, new: Tensor, momentum: float, step: Tensor) -> Tensor:
    """What a statistic comes to under a momentum that rises from 0.1.

    `new = momentum * old + (1 - momentum) * batch` becomes the same with
    `min(momentum, (1 + step) / (10 + step))` in the place of the momentum.

    Args:
        old: Before the pass, of any shape.
        new: After it, by the layer's own momentum.
        momentum: That momentum, below 1.
        step: Steps that the network has learned, an integer of shape `()`.

    Returns:
        The statistic, of the shape and type of `new`.

    >>> old, new = tf.constant(0.0), tf.constant(0.01)  # the batch's is 1
    >>> round(float(ramped(old, new, 0.99, tf.constant(0))), 4)
    0.9
    >>> round(float(ramped(old, new, 0.99, tf.constant(10_000))), 4)
    0.01
    """
    rising = tf.cast(ema.ramped_decay(momentum, step), new.dtype)
    times = (1.0 - rising) / (1.0 - momentum)
    return old + times * (new - old)
