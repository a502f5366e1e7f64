"""A network that takes pixels: resizing and scaling are layers of the model.

Only operations of Keras itself are used, so that such a model loads without
this package, under every backend, and goes into other formats. Resizing is two
matrix products whose weights follow from the size of the images. They do what
Pillow does: the middle square, bicubic, antialiased, rounded after each of the
two directions. On a CPU, pixels of whole numbers are resized to the last bit
alike under every backend, compiled or not, which is not so for
`keras.layers.Resizing`: every sum and product is exact, but those of
reciprocals, which all of them round alike. Must not import the networks,
trainers or data.
"""

import dataclasses

import keras
import numpy as np
from keras import ops

from keras_mpl.types import Tensor

_INPUT = "pixels"
_ENDING = "_complete"  # of the name of a model around a network
_WINDOW = 7 / 8  # of the short side, where only the middle is read
# Weights are whole numbers in units of 1 / `_ONE`, as Pillow's are. Two halves,
# of eleven bits each, are summed apart. Float32 holds both sums without error:
# of any pixels where the side becomes 50 times smaller or less, beyond of any
# but such as were made to have all of their light where rounding goes one way.
_ONE = 2.0**22
_HALF = 2.0**11


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pixels:
    """How pixels from 0 to 255 become what a network takes.

    Attributes:
        mean: Per channel what is subtracted, on a scale of 0 to 1; `None`, as
            `std`, if pixels are divided by 255 and no more.
        std: Per channel what the rest is divided by, on the same scale.
        is_cropped: Whether only 7/8 of the short side are read, without
            antialiasing, as images of streamed sets are tested on; if not, the
            whole middle square is, with it.
    """

    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    is_cropped: bool = False

    def __post_init__(self) -> None:
        """Checks that mean and std belong together."""
        if (self.mean is None) != (self.std is None) or (
            self.mean and self.std and len(self.mean) != len(self.std)
        ):
            raise ValueError(
                "`mean` and `std` must be of as many channels, or both be "
                f"none. Received: mean={self.mean}, std={self.std}"
            )

    def scaled(self, images: Tensor) -> Tensor:
        """Returns network inputs, to the last bit as training computes them."""
        if self.mean is None or self.std is None:
            return ops.divide(images, 255.0)
        mean = np.array([255.0 * x for x in self.mean], "float32")
        scale = np.array([1 / (255 * x) for x in self.std], "float32")
        return ops.multiply(ops.subtract(images, mean), scale)


def on_pixels(
    network: keras.Model,
    pixels: Pixels | None,
    *,
    softmax: bool = False,
    temperature: float = 1.0,
) -> keras.Model:
    """Puts resizing and scaling before a network, or a softmax behind it.

    Args:
        network: A plain network, of inputs `(batch, size, size, channels)` if
            pixels are given.
        pixels: How they are scaled; `None` leaves the inputs as they are.
        softmax: Whether answers are probabilities in place of logits.
        temperature: What logits are divided by before the softmax.

    Returns:
        A model around the network, which has all of its weights.

    Raises:
        ValueError: If the network does not take square images of these
            channels.
    """
    if pixels is None:
        inputs = keras.Input(
            network.input_shape[1:], dtype=network.inputs[0].dtype
        )
        answers = network(inputs)
    else:
        size, channels = _size(network, pixels)
        inputs = keras.Input(
            (None, None, channels), dtype="float32", name=_INPUT
        )
        answers = network(pixels.scaled(_resized(inputs, size, pixels)))
    if softmax:
        answers = ops.cast(answers, "float32")
        answers = ops.softmax(ops.divide(answers, float(temperature)))
    return keras.Model(inputs, answers, name=f"{network.name}{_ENDING}")


def network_of(model: keras.Model) -> keras.Model:
    """Returns the network inside a model that `on_pixels` made.

    Args:
        model: Any; one that is not of `on_pixels` is returned as it is.
    """
    inner = [one for one in model.layers if isinstance(one, keras.Model)]
    is_ours = len(inner) == 1 and model.name == f"{inner[0].name}{_ENDING}"
    return inner[0] if is_ours else model


def takes_pixels(model: keras.Model) -> bool:
    """Whether a model takes pixels of any size, as `on_pixels` makes it."""
    return network_of(model) is not model and model.inputs[0].name == _INPUT


def _size(network: keras.Model, pixels: Pixels) -> tuple[int, int]:
    shape = network.input_shape[1:]
    is_square = len(shape) == 3 and None not in shape and shape[0] == shape[1]
    if not is_square or (pixels.mean and len(pixels.mean) != shape[2]):
        raise ValueError(
            "`model` must take square images of the channels of `pixels`. "
            f"Received: inputs of shape {shape}, {pixels}"
        )
    return shape[0], shape[2]


def _resized(images: Tensor, size: int, pixels: Pixels) -> Tensor:
    """Returns the middle square at a size; unchanged where it has that size."""
    rows = ops.cumsum(ops.ones_like(images[0, :, 0, 0]))  # 1, 2, ..., height
    columns = ops.cumsum(ops.ones_like(images[0, 0, :, 0]))
    side = ops.minimum(ops.max(rows), ops.max(columns))
    if pixels.is_cropped:
        side = ops.maximum(ops.round(side * _WINDOW), 1.0)
    is_same = ops.equal(side, float(size))

    def whole(values: Tensor) -> Tensor:
        rounded = ops.floor(ops.clip(values, 0.0, 255.0) + 0.5)
        return ops.where(is_same, values, rounded)

    x = ops.transpose(images, (0, 3, 1, 2))
    x = _product(x, _weights(columns, side, size, pixels.is_cropped))
    x = x if pixels.is_cropped else whole(x)
    x = ops.transpose(x, (0, 1, 3, 2))
    x = _product(x, _weights(rows, side, size, pixels.is_cropped))
    return ops.transpose(whole(x), (0, 3, 2, 1))


def _product(pixels: Tensor, weights: Tensor) -> Tensor:
    """Returns pixels times weights; of whole pixels alike in any order.

    By `tensordot`: TensorFlow's `matmul` of `(images, 1, height, width)` and
    `(width, size)` writes where it must not, with oneDNN (seen in 2.20, 2.21).

    Args:
        pixels: `(..., places)`, from 0 to 255.
        weights: `(places, size)`, whole numbers in units of 1 / `_ONE`.
    """
    whole = ops.floor(pixels)
    coarse = ops.floor(weights / _HALF + 0.5)
    fine = weights - coarse * _HALF
    return (
        ops.tensordot(whole, coarse, axes=1) / _HALF
        + ops.tensordot(whole, fine, axes=1) / _ONE
        + ops.tensordot(pixels - whole, weights / _ONE, axes=1)
    )


def _weights(
    places: Tensor, side: Tensor, size: int, is_cropped: bool
) -> Tensor:
    """Returns how much of each place is in each result, `(places, size)`.

    They are whole numbers, in units of 1 / `_ONE`. Distances are exact for
    sides of up to 2**23 / `size`. Both quotients are products with a
    reciprocal, since XLA makes that of a quotient, and others do not.

    Args:
        places: 1, 2, ... of one direction.
        side: Of the square in the middle.
        size: Of the result.
        is_cropped: Whether nothing outside of the square is read, and the
            filter stays four pixels wide.
    """
    before = ops.floor((ops.max(places) - side) * 0.5)
    odd = np.arange(1, 2 * size, 2, dtype="float32")[None]
    ours = (2.0 * (places - before) - 1.0) * float(size)
    distance = ops.expand_dims(ours, -1) - ops.multiply(side, odd)
    unit = float(size) if is_cropped else ops.maximum(side, float(size))
    share = ops.floor(ops.abs(distance) * (0.5 * _ONE / unit))
    weights = _cubic(ops.minimum(share, 2.0 * _ONE))
    if is_cropped:
        inside = (places > before) & (places <= before + side)
        weights = weights * ops.cast(ops.expand_dims(inside, -1), "float32")
    high = ops.floor(weights / _HALF)
    low = ops.sum(weights - high * _HALF, axis=0, keepdims=True)
    total = ops.sum(high, axis=0, keepdims=True) * _HALF + low
    twice = ops.floor(weights * (2.0 * _ONE / total))
    return ops.floor((twice + 1.0) / 2.0)


def _cubic(x: Tensor) -> Tensor:
    """Keys' cubic of distances, with the parameter -1/2 that Pillow has.

    Args:
        x: Whole numbers from 0 to 2 `_ONE`, in units of 1 / `_ONE`.

    Returns:
        Whole numbers, in units of 1 / (2 `_ONE`).
    """
    is_near = x < _ONE
    x = ops.where(is_near, x, 2.0 * _ONE - x)
    square = _times(x, x)
    bump = _times(square, _ONE - x)
    return ops.where(is_near, 2.0 * (_ONE - square) - 3.0 * bump, -bump)


def _times(a: Tensor, b: Tensor) -> Tensor:
    """Returns the product of shares of `_ONE`, exact but for rounding down."""
    high_a, high_b = ops.floor(a / _HALF), ops.floor(b / _HALF)
    low_a, low_b = a - high_a * _HALF, b - high_b * _HALF
    low = high_a * low_b + low_a * high_b + ops.floor(low_a * low_b / _HALF)
    return high_a * high_b + ops.floor(low / _HALF)
