"""From the bytes of an image file to pixels of the size that a network takes.

TensorFlow only, for pipelines: JPEG (only the window is decoded), PNG, GIF
(its first frame), BMP, WebP. What a file holds is found by looking at it.
"""

from typing import Any

import tensorflow as tf

from keras_mpl import augment


def random_crop(
    file: Any, seeds: Any, *, size: int, channels: int = 3
) -> tf.Tensor:
    """Decodes a random window of an image (arXiv:1409.4842).

    Args:
        file: Bytes of the file, string, shape `()`.
        seeds: Stateless pair, int32, shape `(2,)`.
        size: Height and width of the result, in pixels.
        channels: 1 or 3.

    Returns:
        Image, uint8, shape `(size, size, channels)`, resized by a bicubic.
    """
    window = augment.inception_window(_size(file), seeds)
    return _resized(_window(file, window, channels), size)


def center_crop(file: Any, *, size: int, channels: int = 3) -> tf.Tensor:
    """Decodes the middle of an image: 7/8 of its short side, for evaluation.

    Args:
        file: Bytes of the file, string, shape `()`.
        size: Height and width of the result, in pixels.
        channels: 1 or 3.

    Returns:
        Image, uint8, shape `(size, size, channels)`, resized by a bicubic.
    """
    window = augment.center_window(_size(file))
    return _resized(_window(file, window, channels), size)


def _size(file: tf.Tensor) -> tf.Tensor:
    """Height and width; of a JPEG file, without decoding it."""
    return tf.cond(
        tf.io.is_jpeg(file),
        lambda: tf.image.extract_jpeg_shape(file)[:2],
        lambda: tf.shape(_whole(file, 3))[:2],
    )


def _window(file: tf.Tensor, window: tf.Tensor, channels: int) -> tf.Tensor:
    def part() -> tf.Tensor:
        image = _whole(file, channels)
        return tf.slice(
            image,
            tf.concat([window[:2], [0]], axis=0),
            tf.concat([window[2:], [channels]], axis=0),
        )

    return tf.cond(
        tf.io.is_jpeg(file),
        lambda: tf.image.decode_and_crop_jpeg(file, window, channels),
        part,
    )


def _whole(file: tf.Tensor, channels: int) -> tf.Tensor:
    # Decoders of GIF, BMP and WebP know no single channel.
    image = tf.io.decode_image(file, 3, expand_animations=False)
    image = tf.ensure_shape(image, (None, None, 3))
    return tf.image.rgb_to_grayscale(image) if channels == 1 else image


def _resized(image: tf.Tensor, size: int) -> tf.Tensor:
    resized = tf.image.resize(image, (size, size), "bicubic")
    pixels = tf.saturate_cast(tf.round(resized), tf.uint8)
    return tf.ensure_shape(pixels, (size, size, None))
