"""Batched image operations: each image of a batch has its own parameters.

These are pure functions of tensors. They draw no random numbers, since
`policies` decides what is drawn and how strong it is. Must not know of
datasets.
"""

import math
from typing import Literal

import tensorflow as tf

from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike


def warp(
    images: TensorLike,
    matrices: TensorLike,
    *,
    fill: float = 0.0,
    interpolation: Literal["bilinear", "nearest"] = "bilinear",
) -> Tensor:
    """Warps every image by its own projective map.

    A row `[a0, a1, a2, b0, b1, b2, c0, c1]` of `matrices` maps the pixel
    `(x, y)` of the output to the point of the input that it is read from:
    `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`, `k = c0 x + c1 y + 1`.
    Values of integer images are rounded to the nearest integer; TensorFlow's
    kernel alone would drop the fraction. The operation has no XLA kernel, so
    use it in `tf.data`.

    Args:
        images: Images, shape `(batch, height, width, channels)`, uint8 or
            float.
        matrices: Maps from output to input, float32, shape `(batch, 8)`.
        fill: Pixel value outside of the input.
        interpolation: `"bilinear"` or `"nearest"`.

    Returns:
        Images of the same static shape and dtype.

    Raises:
        ValueError: If `interpolation` is neither of the two names.

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
    height: TensorLike,
    width: TensorLike,
    *,
    rotation_degrees: TensorLike = 0.0,
    shear: TensorLike = (0.0, 0.0),
    scale: TensorLike = 1.0,
    translation: TensorLike = (0.0, 0.0),
) -> Tensor:
    """Composes rotation, shear, scale and shift into matrices for `warp`.

    A point at offset `p` from the centre of the image moves to
    `rotate(shear_x(shear_y(scale * p))) + translation`. The matrices are the
    inverse of this map, because `warp` needs the inverse. All arguments
    broadcast over the batch. `x` points to the right and `y` points down.

    Args:
        height: Rows of the image, in pixels.
        width: Columns of the image, in pixels.
        rotation_degrees: Counter-clockwise angle in degrees, shape `(batch,)`
            or `()`.
        shear: Shift of `x` per pixel of `y`, and of `y` per pixel of `x`,
            shape `(batch, 2)` or `(2,)`.
        scale: Zoom factor; above 1 enlarges; shape `(batch,)` or `()`.
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
    images: TensorLike,
    centers: TensorLike,
    size: TensorLike,
    fill: float = 0.0,
) -> Tensor:
    """Covers one square of every image; each image has its own centre.

    The square begins at `center - size // 2` and has `size` pixels a side. Its
    part outside of the image is ignored.

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

    def is_inside(center: Tensor, length: int) -> Tensor:
        offset = tf.range(length)[None] - center[:, None] + size // 2
        return (offset >= 0) & (offset < size)  # (batch, length)

    columns = is_inside(centers[:, 0], tf.shape(images)[2])
    rows = is_inside(centers[:, 1], tf.shape(images)[1])
    mask = (rows[:, :, None] & columns[:, None, :])[..., None]
    covered = tf.where(mask, tf.cast(fill, images.dtype), images)
    return tf.ensure_shape(covered, images.shape)
