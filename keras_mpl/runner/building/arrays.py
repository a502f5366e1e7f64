"""Rows and pictures of examples in memory."""

from typing import Any

import numpy as np
import tensorflow as tf


def rows_of(inputs: Any, rows: Any) -> Any:
    """Returns some rows of inputs, nested or not."""
    return tf.nest.map_structure(lambda part: part[rows], inputs)


def as_picture(images: Any) -> np.ndarray:
    """Returns pixels as values in `[0, 1]`, for pictures."""
    images = np.asarray(images)
    return images / 255 if images.dtype == np.uint8 else images.clip(0, 1)
