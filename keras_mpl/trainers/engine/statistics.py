"""Moving statistics that are right at every length of a training.

BatchNorm's moving mean and variance start at 0 and 1, and follow the batches
with a momentum of 0.99 or so: for some hundred steps they lag far behind the
weights, and a network that has learned predicts as if it had not. So they
follow faster at first, ramped like the average of the weights.
"""

import keras

from keras_mpl import ema
from keras_mpl.types import Tensor


def momenta(network: keras.Model) -> dict[int, float]:
    """The momentum of every moving statistic of a network.

    Args:
        network: Of any layers; those count that have a `momentum` below 1, a
            `moving_mean` and a `moving_variance`, as BatchNorm has (batch
            renormalisation, which has more of them, is as its layer has it).

    Returns:
        Momentum by the `id` of the variable.
    """
    found = {}
    for layer in network._flatten_layers():
        momentum = getattr(layer, "momentum", None)
        if momentum is None or momentum >= 1.0:
            continue
        if getattr(layer, "renorm", False):  # follows by another rule
            continue
        for name in ("moving_mean", "moving_variance"):
            variable = getattr(layer, name, None)
            if variable is not None:
                found[id(variable)] = float(momentum)
    return found


def times(momentum: float, step: Tensor, calls: int = 1) -> Tensor:
    """How many times further a statistic moves under a momentum that rises.

    `old + (1 - momentum) (batch - old)` becomes the same with
    `min(momentum, (1 + step) / (10 + step))` in the place of the momentum. A
    layer that is called twice in a pass keeps the momentum squared of the old
    value, and so on.

    Args:
        momentum: The layer's own, below 1.
        step: Steps that the network has learned, an integer of shape `()`.
        calls: How often the layer was called in the pass.

    Returns:
        Factor of `new - old`, float32, shape `()`; 1 once the layer's own
        momentum is reached.

    >>> round(float(times(0.99, 0)), 4)  # 0.9 of the way, and not 0.01
    90.0
    >>> round(float(times(0.99, 10_000)), 4)
    1.0
    >>> round(float(times(0.99, 0, calls=2)), 4)  # 0.99 of the way
    49.7487
    """
    ramped = ema.ramped_decay(momentum, step)
    return (1.0 - ramped**calls) / (1.0 - momentum**calls)
