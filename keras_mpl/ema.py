"""A network whose weights are a moving average of another's.

Averages what the network is made of: trainable weights and BatchNorm's moving
statistics alike. Must not import trainers.
"""

from typing import Any

import keras
from keras import ops

Tensor = Any


def ramped_decay(ema_decay: float, step: Any) -> Tensor:
    """The decay at a step, `min(ema_decay, (1 + step) / (10 + step))`.

    The ramp, from the released code, lets the average forget the random
    initial weights quickly.

    Args:
        ema_decay: The decay reached in the end, in `[0, 1)`.
        step: Updates done before this one, shape `()`.

    Returns:
        Fraction of the old average that is kept, float32, shape `()`.

    >>> [round(float(ramped_decay(0.5, step)), 3) for step in (0, 2, 90)]
    [0.1, 0.25, 0.5]
    """
    step = ops.cast(step, "float32")
    return ops.minimum(ops.cast(ema_decay, "float32"), (1 + step) / (10 + step))


def clone(network: keras.Model) -> keras.Model:
    """Copies a network, weights and all, to hold its average.

    Args:
        network: A built Keras model that can be made from its config.

    Returns:
        A model of the same architecture and weights.

    Raises:
        ValueError: If the network has no usable config.

    >>> net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> copy = clone(net)
    >>> copy is net, bool(copy.get_weights()[0] == net.get_weights()[0])
    (False, True)
    """
    try:
        copy = keras.models.clone_model(network)
        if not copy.built:
            copy.build_from_config(network.get_build_config())
        copy.set_weights(network.get_weights())
    except Exception as error:
        raise ValueError(
            "`student` must be a model that `keras.models.clone_model` can "
            "copy (implement `get_config`), or `ema_decay` must be 0. "
            f"Received: student={network.name!r}, which fails with: {error}"
        ) from error
    return copy


def update(average: keras.Model, network: keras.Model, decay: Any) -> None:
    """Moves an average towards a network: `a <- decay a + (1 - decay) w`.

    Weights that are no floating-point numbers (counters) are copied.

    Args:
        average: A `clone` of `network`, changed in place.
        network: The network being trained.
        decay: Fraction kept, shape `()`.

    >>> net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> average = clone(net)
    >>> _ = net.layers[0].bias.assign([1.0])
    >>> update(average, net, 0.75)
    >>> float(average.layers[0].bias[0])
    0.25
    """
    for held, weight in zip(average.weights, network.weights, strict=True):
        value = weight.value
        if "float" in held.dtype:
            old = held.value
            value = old + ops.cast(1.0 - decay, held.dtype) * (value - old)
        held.assign(value)
