"""From an image file to pixels of the size that a network takes.

`read_image` is the one reader of files: for training, evaluation and
prediction. It takes the middle square of the upright image. The pipelines of
`streams` have `random_crop` and `center_crop`, in TensorFlow: JPEG (only the
window is decoded), PNG, GIF (its first frame), BMP, WebP. What a file holds is
found by looking at it.
"""

import io
import os
import stat

import numpy as np
import tensorflow as tf
from PIL import Image
from PIL import TiffImagePlugin

from keras_mpl import augment
from keras_mpl.data import headers
from keras_mpl.data import names
from keras_mpl.types import TensorLike

_GREY = 128  # behind transparent pixels
_DEPTHS = (8, 12, 16)  # bits per value of the pictures that cameras make
_ORIENTATION = 0x0112  # of EXIF: how a camera was held
_SAMPLE_FORMAT = 339  # of TIFF: (1,), or nothing, for values without a sign
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(
    path: str | os.PathLike[str],
    *,
    size: int,
    channels: int = 3,
    is_cropped: bool = False,
) -> np.ndarray:
    """Reads an image file as networks are shown it.

    The image is turned upright as its EXIF data say, transparency is laid
    over grey, values of more than 8 bits are scaled, and of an animation the
    first frame is taken. The middle square is averaged or interpolated
    (bicubic, antialiased) to `size`.

    Wider values of one channel are scaled by 16 bits; by 12 if all of them fit
    into 12, by 8 if they fit into 8; negative ones are black. Floats from 0 to
    1 are scaled by 255. Others (beyond 16 bits, with fractions, none above 0)
    are scaled so that the image's lowest is black and its highest is white.

    Args:
        path: JPEG, PNG, WebP, GIF, BMP, TIFF, or another that Pillow reads.
        size: Height and width of the result, in pixels.
        channels: 1 or 3.
        is_cropped: Whether to read it as sets that are streamed are tested
            on instead, by `center_crop`: JPEG, PNG, WebP, GIF or BMP. Of 16
            bits the upper 8 are taken, and transparency is laid over grey in
            PNG and WebP, but not in GIF and BMP.

    Returns:
        Pixels, uint8, shape `(size, size, channels)`.

    Raises:
        ValueError: If the file cannot be read, is cut off, or has more than
            179 million pixels.
    """
    try:
        content = content_of(path)
        if is_cropped:
            return center_crop(content, size=size, channels=channels).numpy()
        return image_of(content, size=size, channels=channels)
    except Exception as error:  # Pillow raises many kinds for a bad file
        reason = names.printable(error) or type(error).__name__
        raise ValueError(
            "`images` must be image files that can be read. "
            f"Received: {names.printable(path)} ({reason})"
        ) from error


def content_of(path: str | os.PathLike[str]) -> bytes:
    """Reads the bytes of a regular file that is not empty.

    Raises:
        OSError: If there is no such file.
        ValueError: If it is no regular file, such as a pipe, or empty.
    """
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise OSError((error.strerror or "no such file").lower()) from error
    if not stat.S_ISREG(mode):
        raise ValueError("no regular file")
    with open(path, "rb") as file:
        content = file.read()
    if not content:
        raise ValueError("the file is empty")
    return content


def image_of(content: bytes, *, size: int, channels: int = 3) -> np.ndarray:
    """Decodes the bytes of an image file, as `read_image` does.

    Raises:
        ValueError: If there are too many pixels, or no finite ones.
        Exception: Whatever else Pillow has against the bytes.
    """
    try:
        file = Image.open(io.BytesIO(content))
    except Image.UnidentifiedImageError as error:
        raise ValueError("no image, or of an unknown format") from error
    with file:
        if file.width * file.height > headers.MAX_PIXELS:
            raise ValueError(
                f"{file.width} x {file.height} pixels, more than "
                f"{headers.MAX_PIXELS:,} in all"
            )
        wide = str(file.tile[0][3]) if file.tile else ""
        file.draft(None, (2 * size, 2 * size))  # JPEG: decode no more
        file.load()
        image = _in_bytes(file, content, is_wide=";16" in wide)
        image = image.convert("L" if channels == 1 else "RGB")
        turn = _UPRIGHT.get(_orientation(file))
    if turn is not None:
        image = image.transpose(turn)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    image = image.resize((size, size), Image.Resampling.BICUBIC, box)
    return np.asarray(image, np.uint8).reshape(size, size, channels)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF data say nothing
        return 1


def _in_bytes(
    image: Image.Image, content: bytes, *, is_wide: bool
) -> Image.Image:
    """An opaque image with 8 bits per value, of an image of any mode."""
    if image.mode[0] in "IF":  # one channel, of 16 or 32 bits
        return Image.fromarray(_scaled(_values(image)))
    if is_wide and image.mode in ("RGB", "RGBA", "LA"):
        colours = image.split()[: -1 if image.mode != "RGB" else None]
        if all(np.asarray(one).max(initial=0) < 16 for one in colours):
            image = _of_12_bits(image, content)
    if "transparency" in image.info or image.mode in (
        *("RGBA", "LA", "PA"),
        *("RGBa", "La"),
    ):
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (_GREY, _GREY, _GREY, 255))
        return Image.alpha_composite(ground, image)
    return image


def _values(image: Image.Image) -> np.ndarray:
    """The values of one channel; Pillow gives all of 32 bits a sign."""
    values = np.asarray(image)
    if image.mode == "I" and isinstance(image, TiffImagePlugin.TiffImageFile):
        if image.tag_v2.get(_SAMPLE_FORMAT, (1,)) == (1,):
            return values.view(np.uint32)
    return values


def _scaled(values: np.ndarray) -> np.ndarray:
    """Values of 8, 12 or 16 bits, up to 1, or in a range of their own.

    How many bits a picture has is what its brightest value needs: 12 bits in
    a file of 16 are common, and would come out black. Floats that are whole
    are such values, too. `read_image` says what becomes of all others.
    """
    if not np.isfinite(values).all():
        raise ValueError("values that are not finite")
    low, high = float(values.min()), float(values.max())
    is_float = values.dtype.kind == "f"
    if is_float and 0 <= low and high <= 1:
        return np.round(values * 255).astype(np.uint8)
    has_bits = 0 < high < 2**16
    if has_bits and not (is_float and (high <= 1 or (values % 1).any())):
        bits = next(bits for bits in _DEPTHS if high < 2**bits)
        return (values.clip(0) // 2 ** (bits - 8)).astype(np.uint8)
    scale = 255 / (high - low) if high > low else 0.0
    shifted = values.astype(np.float64) - low
    return np.round(shifted * scale).astype(np.uint8)


def _of_12_bits(image: Image.Image, content: bytes) -> Image.Image:
    """Colours of 12 bits in 16, of which Pillow keeps the upper 8 alone."""
    if image.format != "PNG":  # no other reader: 16 levels are left
        return Image.fromarray(np.asarray(image) * np.uint8(17))
    values = tf.io.decode_png(content, dtype=tf.uint16).numpy()
    if image.mode == "RGB":
        return Image.fromarray(_scaled(values))
    alpha = (values[..., -1:] // 2**8).astype(np.uint8)
    whole = np.concatenate([_scaled(values[..., :-1]), alpha], axis=-1)
    return Image.fromarray(whole)


def random_crop(
    file: TensorLike, seeds: TensorLike, *, size: int, channels: int = 3
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
    file = headers.check_size(file)
    window = augment.inception_window(_size(file), seeds)
    image = _resized(_window(file, window, channels), size)
    return headers.upright(image, headers.orientation(file))


def center_crop(file: TensorLike, *, size: int, channels: int = 3) -> tf.Tensor:
    """Decodes the middle of an image: 7/8 of its short side, for evaluation.

    Args:
        file: Bytes of the file, string, shape `()`.
        size: Height and width of the result, in pixels.
        channels: 1 or 3.

    Returns:
        Image, uint8, shape `(size, size, channels)`, resized by a bicubic.
    """
    file = headers.check_size(file)
    window = augment.center_window(_size(file))
    image = _resized(_window(file, window, channels), size)
    return headers.upright(image, headers.orientation(file))


def _size(file: TensorLike) -> tf.Tensor:
    """Height and width; of a JPEG file, without decoding it."""
    return tf.cond(
        tf.io.is_jpeg(file),
        lambda: tf.image.extract_jpeg_shape(file)[:2],
        lambda: tf.shape(_whole(file))[:2],
    )


def _window(file: TensorLike, window: tf.Tensor, channels: int) -> tf.Tensor:
    def part() -> tf.Tensor:
        image = tf.slice(
            _whole(file),
            tf.concat([window[:2], [0]], axis=0),
            tf.concat([window[2:], [4]], axis=0),
        )
        image = _over_grey(image)
        return tf.image.rgb_to_grayscale(image) if channels == 1 else image

    return tf.cond(
        tf.io.is_jpeg(file),
        lambda: tf.image.decode_and_crop_jpeg(file, window, channels),
        part,
    )


def _whole(file: TensorLike) -> tf.Tensor:
    """All of an image that is no JPEG: colours, and how opaque they are."""

    def read(channels: int) -> tf.Tensor:
        return tf.io.decode_image(file, channels, expand_animations=False)

    def of_the_file() -> tf.Tensor:  # 1 or 3 channels, or 4 with opacity
        image = tf.cond(headers.is_bmp(file), lambda: read(3), lambda: read(0))
        count = tf.shape(image)[-1]
        image = tf.tile(image, [1, 1, tf.where(count == 1, 3, 1)])
        more = tf.where(count == 4, 0, 1)
        return tf.pad(image, [[0, 0], [0, 0], [0, more]], constant_values=255)

    whole = tf.cond(headers.is_deep_png(file), lambda: read(4), of_the_file)
    return tf.ensure_shape(whole, (None, None, 4))


def _over_grey(image: tf.Tensor) -> tf.Tensor:
    colours = tf.cast(image[..., :3], tf.int32)
    opacity = tf.cast(image[..., 3:], tf.int32)
    mixed = colours * opacity + _GREY * (255 - opacity)
    return tf.cast((mixed + 127) // 255, tf.uint8)


def _resized(image: tf.Tensor, size: int) -> tf.Tensor:
    resized = tf.image.resize(image, (size, size), "bicubic")
    pixels = tf.saturate_cast(tf.round(resized), tf.uint8)
    return tf.ensure_shape(pixels, (size, size, None))
