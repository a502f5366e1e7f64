"""The exponential moving average (EMA) of a network's weights.

The average includes the trainable weights and BatchNorm's moving statistics.
This module must not import trainers.
"""

import keras
from keras import ops

from keras_mpl import copies
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike

__all__ = ["clone", "freeze_alike", "ramped_decay", "update"]


def ramped_decay(ema_decay: float, step: TensorLike) -> Tensor:
    """Returns the decay at a step: `min(ema_decay, (1 + step) / (10 + step))`.

    The ramp is that of the released code. It makes the average forget the
    random initial weights quickly.

    Args:
        ema_decay: The decay after the ramp, in `[0, 1)`.
        step: Number of updates before this one, shape `()`.

    Returns:
        Fraction of the old average that an update keeps, float32, shape `()`.

    >>> [round(float(ramped_decay(0.5, step)), 3) for step in (0, 2, 90)]
    [0.1, 0.25, 0.5]
    """
    step = ops.cast(step, "float32")
    return ops.minimum(ops.cast(ema_decay, "float32"), (1 + step) / (10 + step))


def clone(network: keras.Model) -> keras.Model:
    """Copies a network and its weights; the copy will hold the average.

    Args:
        network: A built Keras model that Keras can rebuild from its config.

    Returns:
        A model of the same architecture and weights.

    Raises:
        ValueError: If Keras cannot rebuild the network from its config.

    >>> net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> copy = clone(net)
    >>> copy is net, bool(copy.get_weights()[0] == net.get_weights()[0])
    (False, True)
    """
    try:
        copy = keras.models.clone_model(network)
        if not copy.built:
            copy.build_from_config(network.get_build_config())
        copies.copy_state(network, copy)
    except Exception as error:
        raise ValueError(
            "`student` must be a model that `keras.models.clone_model` can "
            "copy (implement `get_config`), or `ema_decay` must be 0. "
            f"Received: student={network.name!r}, which fails with: {error}"
        ) from error
    return copy


def freeze_alike(average: keras.Model, network: keras.Model) -> None:
    """Freezes the layers of an average that the network has frozen.

    And lets the others free: BatchNorm of a frozen layer normalises otherwise.

    Args:
        average: A `clone` of `network`; its layers are changed in place.
        network: The network that is trained.
    """
    pairs = zip(
        network._flatten_layers(), average._flatten_layers(), strict=True
    )
    for ours, theirs in pairs:  # a layer comes before those inside it
        theirs.trainable = ours.trainable


def update(
    average: keras.Model, network: keras.Model, decay: float | Tensor
) -> None:
    """Moves an average towards a network: `a <- decay a + (1 - decay) w`.

    Weights of integers, such as counters, are copied.

    Args:
        average: A `clone` of `network`; it is changed in place.
        network: The network that is trained.
        decay: Fraction of the average that is kept, shape `()`.

    >>> net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> average = clone(net)
    >>> _ = net.layers[0].bias.assign([1.0])
    >>> update(average, net, 0.75)
    >>> float(average.layers[0].bias[0])
    0.25
    """
    rates = {
        dtype: ops.cast(1.0 - decay, dtype)
        for dtype in {averaged.dtype for averaged in average.weights}
        if "float" in dtype
    }
    for averaged, weight in zip(average.weights, network.weights, strict=True):
        value = weight.value
        if averaged.dtype in rates:
            old = ops.convert_to_tensor(averaged.value)
            value = old + rates[averaged.dtype] * (value - old)
        averaged.assign(value)
