"""Rows and pictures of examples in memory."""

from typing import Any
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from keras_mpl.types import Inputs
from keras_mpl.types import TensorLike

# Which examples: their numbers, a mask of them, or a slice.
Rows: TypeAlias = np.ndarray | slice


def rows_of(inputs: Inputs, rows: Rows) -> Any:
    """Returns some rows of inputs, nested or not."""
    return tf.nest.map_structure(lambda part: part[rows], inputs)


def as_picture(images: TensorLike) -> np.ndarray:
    """Returns pixels as values in `[0, 1]`, for pictures."""
    images = np.asarray(images)
    return images / 255 if images.dtype == np.uint8 else images.clip(0, 1)
