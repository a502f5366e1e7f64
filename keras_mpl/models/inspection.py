"""The size of a network, counted from its graph without its weights.

Must not import the networks, trainers or data.
"""

import concurrent.futures
import math
from collections.abc import Callable
from typing import NamedTuple

import keras

_COUNTED = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Dense,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
)


class Size(NamedTuple):
    """The size of a network.

    Attributes:
        parameters: Number of trainable values.
        multiply_adds: Number of multiply-adds of the convolutions and dense
            layers, for one example.
        input_shape: Shape of one example's input.
        output_shape: Shape of one example's output.
    """

    parameters: int
    multiply_adds: int
    input_shape: tuple[int | None, ...]
    output_shape: tuple[int | None, ...]


def size(build: Callable[[], keras.Model]) -> Size:
    """Counts a network without memory for its weights.

    `build` runs in a thread of its own, in which Keras' variables have no
    values. (Keras has its global state per thread.)

    Args:
        build: Function that builds a functional network of one input and one
            output, of known sizes, and loads no weights.

    Returns:
        The size of the network.

    Raises:
        ValueError: If a layer with a kernel is none of those that are counted,
            or if the size of its output is unknown.

    >>> layers = [keras.Input((4,)), keras.layers.Dense(3)]
    >>> size(lambda: keras.Sequential(layers))[:2]
    (15, 12)
    """

    def count() -> Size:
        with keras.StatelessScope(initialize_variables=False):
            model = build()
        return Size(
            sum(math.prod(w.shape) for w in model.trainable_weights),
            multiply_adds(model),
            tuple(model.input_shape[1:]),
            tuple(model.output_shape[1:]),
        )

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(count).result()


def multiply_adds(model: keras.Model) -> int:
    """Counts the multiply-adds of convolutions and dense layers.

    A layer has one multiply-add per value of its kernel and position of its
    output. As usual, normalisation, activation and pooling are not counted.

    Args:
        model: A built network; its nested networks are counted too.

    Returns:
        The number of multiply-adds for one example.

    Raises:
        ValueError: If a layer with a kernel is none of those that are counted,
            or if the size of its output is unknown.

    >>> layers = [keras.Input((8, 8, 2)), keras.layers.Conv2D(3, 5, strides=2)]
    >>> multiply_adds(keras.Sequential(layers))  # 2 x 2 positions
    600
    """
    leaves = [
        layer
        for layer in model._flatten_layers()
        if not isinstance(layer, keras.Model)
    ]
    return sum(_multiply_adds(layer) for layer in leaves)


def _multiply_adds(layer: keras.layers.Layer) -> int:
    if not any(len(weight.shape) > 1 for weight in layer.trainable_weights):
        return 0
    if not isinstance(layer, _COUNTED):
        known = ", ".join(kind.__name__ for kind in _COUNTED)
        raise ValueError(
            f"`model` must have its kernels in {known}. "
            f"Received: {type(layer).__name__} {layer.name!r}"
        )
    positions = layer.output.shape[1:-1]
    if None in positions:
        raise ValueError(
            "`model` must be built for inputs of known size. Received: "
            f"{layer.name!r} with outputs of shape {layer.output.shape}"
        )
    return math.prod(layer.kernel.shape) * math.prod(positions)
