"""Batched uint8 kernels of RandAugment: lookup tables, gathers and blends.

Every image of a batch has its own table, positions or blend. The results equal
Pillow's in every integer; one gather per image makes them fast. Nothing here
draws random numbers. Must not know of policies.
"""

import numpy as np
import tensorflow as tf

from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike


def apply_tables(
    images: TensorLike, tables: TensorLike, rows: TensorLike
) -> Tensor:
    """Replaces every pixel value by its entry in a lookup table.

    Args:
        images: Images, uint8, shape `(batch, height, width, channels)`.
        tables: Lookup tables, uint8, shape `(num_tables, 256)`.
        rows: Index of the table, int32, shape `(batch, 1)` for one table per
            image, or `(batch, channels)` for one per channel.

    Returns:
        Images of the same shape.

    >>> tables = np.stack([np.arange(256), 255 - np.arange(256)]).astype("u1")
    >>> images = np.full((2, 1, 1, 1), 7, "uint8")
    >>> apply_tables(images, tables, [[0], [1]]).numpy().ravel().tolist()
    [7, 248]
    """
    images = tf.convert_to_tensor(images)
    start = tf.cast(rows, tf.int32)[:, None, None, :] * 256
    indices = tf.cast(images, tf.int32) + start
    return tf.gather(tf.reshape(tables, [-1]), indices)


def gather_pixels(
    images: TensorLike, positions: TensorLike, fill: int
) -> Tensor:
    """Reads every pixel of every image from another position of that image.

    Args:
        images: Images, uint8, shape `(batch, height, width, channels)`.
        positions: Row-major positions to read from, int32, shape
            `(batch, height * width)`; a negative position stands for `fill`.
        fill: Pixel value outside of the image.

    Returns:
        Images of the same shape.

    >>> row = np.array([[[[1], [2], [3]]]], "uint8")
    >>> gather_pixels(row, [[-1, 0, 1]], 9).numpy().ravel().tolist()
    [9, 1, 2]
    """
    images = tf.convert_to_tensor(images)
    positions = tf.cast(positions, tf.int32)
    batch, height, width, channels = tf.unstack(tf.shape(images))
    size = height * width
    start = tf.range(batch)[:, None] * size
    indices = tf.where(positions < 0, batch * size, positions + start)
    outside = tf.fill([1, channels], tf.cast(fill, images.dtype))
    flat = tf.concat([tf.reshape(images, [-1, channels]), outside], axis=0)
    gathered = tf.gather(flat, tf.reshape(indices, [-1, height, width]))
    return tf.ensure_shape(gathered, images.shape)


def luma(images: Tensor) -> Tensor:
    """Returns the luma (ITU-R 601-2), rounded as by Pillow, int32."""
    values = tf.cast(images, tf.int32)
    if images.shape[-1] == 1:
        return values
    red, green, blue = tf.split(values, 3, axis=-1)
    return (19595 * red + 38470 * green + 7471 * blue + 0x8000) // 0x10000


def mean_luma(images: Tensor) -> Tensor:
    """Returns the mean luma, rounded half up, int32, shape `(batch,)`."""
    count = images.shape[1] * images.shape[2]
    total = tf.reduce_sum(luma(images), axis=[1, 2, 3])
    return (2 * total + count) // (2 * count)


def smooth(images: Tensor) -> Tensor:
    """Averages 3x3 pixels with weight 5 for the centre, as Pillow's SMOOTH.

    The outermost pixels do not change, so an image with fewer than three rows
    or columns does not change at all. (The released code does the same.)
    """
    values = tf.cast(images, tf.int32)
    height, width = images.shape[1:3]
    if height < 3 or width < 3:
        return values
    rows = values[:, :-2] + values[:, 1:-1] + values[:, 2:]
    total = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    inner = values[:, 1:-1, 1:-1]
    averaged = (2 * (total + 4 * inner) + 13) // 26  # rounded half up
    middle = tf.concat(
        [values[:, 1:-1, :1], averaged, values[:, 1:-1, -1:]], axis=2
    )
    return tf.concat([values[:, :1], middle, values[:, -1:]], axis=1)


def blend(low: Tensor, high: Tensor, factor: float) -> Tensor:
    """Returns `low + factor * (high - low)`, clipped, as uint8."""
    low, high = tf.cast(low, tf.float32), tf.cast(high, tf.float32)
    mixed = low + tf.constant(factor, tf.float32) * (high - low)
    return tf.cast(tf.clip_by_value(mixed, 0.0, 255.0), tf.uint8)


def autocontrast(images: Tensor) -> Tensor:
    """Stretches the values of every channel to the range from 0 to 255."""
    low = tf.cast(tf.reduce_min(images, axis=[1, 2]), tf.float64)
    high = tf.cast(tf.reduce_max(images, axis=[1, 2]), tf.float64)
    is_flat = (high <= low)[..., None]
    scale = 255.0 / tf.where(high > low, high - low, 1.0)
    offset = -low * scale
    values = tf.range(256, dtype=tf.float64)
    stretched = values * scale[..., None] + offset[..., None]
    stretched = tf.clip_by_value(stretched, 0.0, 255.0)
    tables = tf.where(is_flat, values, stretched)
    return _apply_per_channel(images, tf.cast(tables, tf.uint8))


def equalize(images: Tensor) -> Tensor:
    """Equalises the histogram of every channel."""
    counts = _histograms(images)  # (batch, channels, 256)
    is_used = counts > 0
    last = tf.reduce_max(tf.where(is_used, tf.range(256), 0), axis=-1)
    in_last = tf.gather(counts, last, batch_dims=2)
    step = (tf.reduce_sum(counts, axis=-1) - in_last) // 255
    safe = tf.maximum(step, 1)[..., None]
    below = tf.cumsum(counts, axis=-1, exclusive=True)
    flattened = tf.minimum((safe // 2 + below) // safe, 255)
    tables = tf.where(step[..., None] > 0, flattened, tf.range(256))
    return _apply_per_channel(images, tf.cast(tables, tf.uint8))


def _apply_per_channel(images: Tensor, tables: Tensor) -> Tensor:
    """Applies lookup tables of shape `(batch, channels, 256)`."""
    batch, channels = tf.unstack(tf.shape(tables)[:2])
    rows = tf.reshape(tf.range(batch * channels), [batch, channels])
    return apply_tables(images, tf.reshape(tables, [-1, 256]), rows)


def _histograms(images: Tensor) -> Tensor:
    channels = images.shape[-1]
    values = tf.transpose(tf.cast(images, tf.int32), [0, 3, 1, 2])
    flat = tf.reshape(values, [-1, images.shape[1] * images.shape[2]])
    counts = tf.raw_ops.DenseBincount(
        input=flat,
        size=256,
        weights=tf.constant([], tf.int32),
        binary_output=False,
    )
    return tf.reshape(counts, [-1, channels, 256])


def cutout(images: Tensor, centers: Tensor, half: int, fill: int) -> Tensor:
    """Covers a square of `2 * half` pixels a side, cut off at the border.

    It does what `kernels.cutout` does, for uint8 and a fixed size. It is
    faster, because the channels of a row are masked together.

    Args:
        images: Images, uint8, shape `(batch, height, width, channels)`.
        centers: Pixel `(x, y)` per image, int32, shape `(batch, 2)`.
        half: Half the side of the square, in pixels.
        fill: Value of the covered pixels.

    Returns:
        Images of the same shape.
    """
    _, height, width, channels = images.shape

    def is_inside(center: Tensor, indices: np.ndarray) -> Tensor:
        offset = indices[None] - center[:, None]
        return (offset >= -half) & (offset < half)

    columns = np.repeat(np.arange(width, dtype=np.int32), channels)
    rows = np.arange(height, dtype=np.int32)
    mask = (
        is_inside(centers[:, 1], rows)[:, :, None]
        & is_inside(centers[:, 0], columns)[:, None, :]
    )
    flat = tf.reshape(images, [-1, height, width * channels])
    covered = tf.where(mask, tf.cast(fill, images.dtype), flat)
    return tf.ensure_shape(tf.reshape(covered, tf.shape(images)), images.shape)
