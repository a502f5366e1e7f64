"""What the first bytes of an image file say, read inside of a graph.

How a camera was held, how many pixels there are, and which decoder knows how
opaque they are, before any is decoded.
"""

import tensorflow as tf

from keras_mpl.types import TensorLike

MAX_PIXELS = 178_956_970  # Pillow's own limit, which a program may lift
_HEAD = 1024  # bytes in which cameras write how they were held
_BIG = (0x01, 0x12, 0x00, 0x03, 0x00, 0x00, 0x00, 0x01, 0x00)  # big-endian
_LITTLE = (0x12, 0x01, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00)


def orientation(file: TensorLike) -> tf.Tensor:
    """Returns the EXIF orientation, 1 to 8; 1 where none is found.

    Args:
        file: Bytes of the file, string, shape `()`.
    """
    head = _head(file, _HEAD)
    found = tf.concat([_after(head, _BIG), _after(head, _LITTLE)], axis=0)
    found = tf.boolean_mask(found, (found >= 1) & (found <= 8))
    return tf.concat([found, [1]], axis=0)[0]


def _head(file: TensorLike, count: int) -> tf.Tensor:
    """The first bytes, filled with zeros where there are fewer."""
    head = tf.strings.substr(file, 0, count)
    values = tf.io.decode_raw(head, tf.uint8, fixed_length=None)
    values = tf.pad(values, [[0, count - tf.size(values)]])
    return tf.cast(tf.ensure_shape(values, (count,)), tf.int32)


def _after(head: tf.Tensor, pattern: tuple[int, ...]) -> tf.Tensor:
    """The bytes that follow a pattern, wherever it is."""
    count = _HEAD - len(pattern)
    is_match = tf.ones((count,), tf.bool)
    for i, value in enumerate(pattern):
        is_match &= head[i : i + count] == value
    return tf.boolean_mask(head[len(pattern) :], is_match)


def upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns a square image upright, as its EXIF orientation says."""
    mirrored = tf.transpose(image, (1, 0, 2))  # at the falling diagonal
    turned = (
        lambda: image,
        lambda: image[:, ::-1],
        lambda: image[::-1, ::-1],
        lambda: image[::-1],
        lambda: mirrored,
        lambda: mirrored[:, ::-1],
        lambda: mirrored[::-1, ::-1],
        lambda: mirrored[::-1],
    )
    return tf.switch_case(orientation - 1, turned)


def check_size(file: TensorLike) -> tf.Tensor:
    """Returns the file, or fails if it is a PNG or GIF of too many pixels."""
    head = tf.cast(_head(file, 32), tf.int64)
    width, height = (_joined(head[i : i + 4][::-1]) for i in (16, 20))
    is_png = _is_png(head)
    is_gif = tf.reduce_all(head[:3] == [0x47, 0x49, 0x46])
    in_gif = _joined(head[6:8]) * _joined(head[8:10])
    count = tf.where(is_png, width * height, tf.where(is_gif, in_gif, 0))
    fits = tf.debugging.assert_less_equal(
        count,
        tf.constant(MAX_PIXELS, tf.int64),
        f"an image must have at most {MAX_PIXELS:,} pixels",
    )
    with tf.control_dependencies([fits] if fits is not None else []):
        return tf.identity(file)


def is_deep_png(file: TensorLike) -> tf.Tensor:
    """Says whether a file is a PNG of 8 or 16 bits per value.

    Of fewer bits, TensorFlow calls opaque pixels almost clear if it is asked
    for 4 channels.
    """
    head = _head(file, 32)
    return _is_png(head) & (head[24] >= 8)


def is_bmp(file: TensorLike) -> tf.Tensor:
    """Says whether a file is a BMP, whose fourth channel often is unused."""
    return tf.reduce_all(_head(file, 2) == [0x42, 0x4D])


def _is_png(head: tf.Tensor) -> tf.Tensor:
    return tf.reduce_all(head[1:4] == [0x50, 0x4E, 0x47])


def _joined(values: tf.Tensor) -> tf.Tensor:
    """The number that bytes spell, the lowest one first."""
    powers = [256**i for i in range(values.shape[0])]
    return tf.reduce_sum(values * tf.constant(powers, tf.int64))
