"""Batched image operations: each image of a batch gets its own parameters.

Pure functions of tensors. What is drawn, and how strongly, is the business of
`policies`; nothing here draws random numbers or knows of datasets.
"""

import math
from typing import Any

import tensorflow as tf


def warp(
    images: Any,
    matrices: Any,
    *,
    fill: float = 0.0,
    interpolation: str = "bilinear",
) -> tf.Tensor:
    """Moves the pixels of every image by its own projective map.

    A row `[a0, a1, a2, b0, b1, b2, c0, c1]` of `matrices` sends the pixel
    `(x, y)` of the output to the place in the input it is read from,
    `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`, `k = c0 x + c1 y + 1`.
    Integer images are rounded to the nearest value; TensorFlow's kernel alone
    would cut off the fraction. The operation has no XLA kernel: it belongs
    into `tf.data`.

    Args:
        images: Images, shape `(batch, height, width, channels)`, uint8 or
            float.
        matrices: Maps from output to input, float32, shape `(batch, 8)`.
        fill: Pixel value of what lies outside of the input.
        interpolation: `"bilinear"` or `"nearest"`.

    Returns:
        Images of the same static shape and dtype.

    Raises:
        ValueError: If `interpolation` is neither of the two.

    >>> row = tf.reshape(tf.constant([1.0, 2.0, 3.0]), (1, 1, 3, 1))
    >>> one_to_the_right = [[1.0, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0]]
    >>> warp(row, one_to_the_right, fill=9.0).numpy().ravel().tolist()
    [9.0, 1.0, 2.0]
    """
    if interpolation not in ("bilinear", "nearest"):
        raise ValueError(
            "`interpolation` must be 'bilinear' or 'nearest'. "
            f"Received: interpolation={interpolation!r}"
        )
    images = tf.convert_to_tensor(images)
    is_rounded = images.dtype.is_integer and interpolation == "bilinear"
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32) if is_rounded else images,
        transforms=tf.cast(matrices, tf.float32),
        output_shape=tf.shape(images)[1:3],
        fill_value=tf.cast(fill, tf.float32),
        interpolation=interpolation.upper(),
        fill_mode="CONSTANT",
    )
    if is_rounded:
        warped = tf.saturate_cast(tf.round(warped), images.dtype)
    return tf.ensure_shape(warped, images.shape)


def affine_matrices(
    height: Any,
    width: Any,
    *,
    rotation_degrees: Any = 0.0,
    shear: Any = (0.0, 0.0),
    scale: Any = 1.0,
    translation: Any = (0.0, 0.0),
) -> tf.Tensor:
    """Composes rotation, shear, scale and shift into matrices for `warp`.

    A point at offset `p` from the centre of the image goes to
    `rotate(shear_x(shear_y(scale * p))) + translation`; the rows returned are
    the inverse of that, as `warp` wants them. All arguments broadcast over
    the batch. Directions are `(x, y)`: to the right and down.

    Args:
        height: Rows of the image, in pixels.
        width: Columns of the image, in pixels.
        rotation_degrees: Angle in degrees, counter-clockwise as seen, shape
            `(batch,)` or `()`.
        shear: Shift in pixels per pixel, `x` by `y` and `y` by `x`, shape
            `(batch, 2)` or `(2,)`.
        scale: Factor of size, above 1 enlarges, shape `(batch,)` or `()`.
        translation: Shift of the centre in pixels, shape `(batch, 2)` or
            `(2,)`.

    Returns:
        Maps from output to input, float32, shape `(batch, 8)`.

    >>> affine_matrices(5, 5, translation=[[1.0, 2.0]]).numpy().tolist()
    [[1.0, 0.0, -1.0, 0.0, 1.0, -2.0, 0.0, 0.0]]
    >>> affine_matrices(5, 5, scale=[2.0]).numpy().tolist()
    [[0.5, 0.0, 1.0, 0.0, 0.5, 1.0, 0.0, 0.0]]
    """
    angle = tf.cast(rotation_degrees, tf.float32) * (math.pi / 180.0)
    cos, sin = tf.cos(angle), tf.sin(angle)
    shear_x, shear_y = tf.unstack(tf.cast(shear, tf.float32), axis=-1)
    shift_x, shift_y = tf.unstack(tf.cast(translation, tf.float32), axis=-1)
    scale = tf.cast(scale, tf.float32)
    cross = 1.0 + shear_x * shear_y
    a0 = (cos - shear_x * sin) / scale
    a1 = (-sin - shear_x * cos) / scale
    b0 = (cross * sin - shear_y * cos) / scale
    b1 = (cross * cos + shear_y * sin) / scale
    center_x = (tf.cast(width, tf.float32) - 1.0) / 2.0
    center_y = (tf.cast(height, tf.float32) - 1.0) / 2.0
    x, y = center_x + shift_x, center_y + shift_y
    a2 = center_x - a0 * x - a1 * y
    b2 = center_y - b0 * x - b1 * y
    entries = [a0, a1, a2, b0, b1, b2, 0.0, 0.0]
    columns = [tf.broadcast_to(entry, tf.shape(a2 + b2)) for entry in entries]
    return tf.reshape(tf.stack(columns, axis=-1), (-1, 8))


def cutout(
    images: Any, centers: Any, size: Any, fill: float = 0.0
) -> tf.Tensor:
    """Covers one square of every image, each at its own place.

    The square reaches from `center - size // 2` over `size` pixels and is cut
    off at the border.

    Args:
        images: Images, shape `(batch, height, width, channels)`.
        centers: Pixel `(x, y)` per image, integer, shape `(batch, 2)`.
        size: Side of the square in pixels, integer, shape `()` or `(batch,)`;
            0 covers nothing.
        fill: Value of the covered pixels.

    Returns:
        Images of the same shape and dtype.

    >>> row = tf.ones((1, 1, 4, 1))
    >>> cutout(row, [[2, 0]], 2).numpy().ravel().tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    images = tf.convert_to_tensor(images)
    centers = tf.cast(centers, tf.int32)
    size = tf.reshape(tf.cast(size, tf.int32), (-1, 1))

    def is_inside(center: tf.Tensor, length: int) -> tf.Tensor:
        offset = tf.range(length)[None] - center[:, None] + size // 2
        return (offset >= 0) & (offset < size)  # (batch, length)

    columns = is_inside(centers[:, 0], tf.shape(images)[2])
    rows = is_inside(centers[:, 1], tf.shape(images)[1])
    mask = (rows[:, :, None] & columns[:, None, :])[..., None]
    covered = tf.where(mask, tf.cast(fill, images.dtype), images)
    return tf.ensure_shape(covered, images.shape)
