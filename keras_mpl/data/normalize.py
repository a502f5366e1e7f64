"""From pixel values to what a network takes: the last step of every view."""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike


@dataclasses.dataclass(frozen=True)
class Normalize:
    """Standardises pixels channel by channel: `(x / 255 - mean) / std`.

    Attributes:
        mean: Per channel, on a scale of 0 to 1.
        std: Likewise.

    >>> Normalize((0.5,), (0.25,))([[[[0], [255]]]]).numpy().ravel().tolist()
    [-2.0, 2.0]
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, images: TensorLike) -> tf.Tensor:
        """Returns float32 images of the same shape."""
        images = tf.convert_to_tensor(images)
        width, channels = images.shape[-2:]
        # One row of pixels at a time: to repeat three numbers is slow.
        rows = tf.reshape(images, [-1, width * channels])
        mean = tf.constant([255.0 * value for value in self.mean] * width)
        scale = tf.constant([1 / (255 * value) for value in self.std] * width)
        finished = (tf.cast(rows, tf.float32) - mean) * scale
        return tf.ensure_shape(
            tf.reshape(finished, tf.shape(images)), images.shape
        )

    def undo(self, inputs: Tensor | np.ndarray) -> tf.Tensor:
        """Returns the uint8 images that these inputs were made of."""
        scaled = inputs * tf.constant([255.0 * value for value in self.std])
        pixels = scaled + [255.0 * value for value in self.mean]
        return tf.saturate_cast(tf.round(pixels), tf.uint8)
