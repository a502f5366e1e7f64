"""The floating-point type that losses and norms are computed in."""

import keras
from keras import ops

from keras_mpl.types import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Casts half-precision values to float32; leaves the wider types alone.

    Args:
        values: Floating-point tensor of any shape.

    Returns:
        The same values as float32 or float64.

    >>> at_least_float32(ops.ones((2,), "bfloat16")).dtype.name
    'float32'
    """
    is_double = keras.backend.standardize_dtype(values.dtype) == "float64"
    return values if is_double else ops.cast(values, "float32")
