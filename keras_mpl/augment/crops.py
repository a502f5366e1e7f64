"""Random crops, mirroring and cutout of images.

Here are the weak views of the paper's pipelines, and the windows that image
files are decoded through. These operations move or cover pixels and never mix
them, so batches stay uint8 and exact.
"""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.augment import lookups
from keras_mpl.augment.arguments import check_count
from keras_mpl.augment.randaugment import check_uint8
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike

CENTER_FRACTION = 224 / 256  # side of the central crop, of the short side


@dataclasses.dataclass(frozen=True)
class FlipCrop:
    """Mirrors half of the images, pads all, and crops them at random.

    This is the weak view of the released code for CIFAR. Each image is
    mirrored with probability 1/2; then each of the `(2 padding + 1)^2` crops
    is equally likely.

    Attributes:
        padding: Number of pixels added on every side; 0 means no crop.
        flip: Whether to mirror left and right; use `False` for digits and
            letters.
        fill: Value of the padding.

    Raises:
        ValueError: If `padding` is no count, or `fill` no pixel value. A call
            raises it if `images` are not uint8 of rank 4, or `seeds` are not of
            shape `(2,)`.

    >>> images = tf.range(12, dtype=tf.int32)[None, None, :, None]
    >>> view = FlipCrop(0)(tf.cast(images, tf.uint8), seeds=(0, 3))
    >>> sorted(view.numpy().ravel().tolist()) == list(range(12))
    True
    """

    padding: int = 4
    _: dataclasses.KW_ONLY
    flip: bool = True
    fill: int = 128

    def __post_init__(self) -> None:
        check_count("padding", self.padding)
        check_count("fill", self.fill, most=255)

    @tf.autograph.experimental.do_not_convert
    def __call__(self, images: TensorLike, seeds: TensorLike) -> Tensor:
        """Returns the view of `images` for these seeds."""
        images = tf.convert_to_tensor(images)
        check_uint8(images, seeds)
        height, width = images.shape[1:3]
        draws = tf.random.stateless_uniform(
            (tf.shape(images)[0], 3),
            seeds_lib.fold_in(tf.cast(seeds, tf.int32), 0),
            alg="philox",
        )
        num_shifts = 2 * self.padding + 1
        shift = tf.cast(draws[:, 1:] * num_shifts, tf.int32) - self.padding
        columns = tf.range(width)[None] + shift[:, :1]
        if self.flip:
            is_flipped = draws[:, :1] < 0.5
            columns = tf.where(is_flipped, width - 1 - columns, columns)
        rows = tf.range(height)[None] + shift[:, 1:]
        positions = (rows * width)[:, :, None] + columns[:, None, :]
        is_inside = (
            _within(rows, height)[:, :, None]
            & (_within(columns, width)[:, None, :])
        )
        positions = tf.where(is_inside, positions, -1)
        flat = tf.reshape(positions, [-1, height * width])
        return lookups.gather_pixels(images, flat, self.fill)


@dataclasses.dataclass(frozen=True)
class Cutout:
    """Covers one square of every image (arXiv:1708.04552).

    Every pixel is equally likely to be the centre. The part of the square
    outside of the image is ignored.

    Attributes:
        size: Side of the square in pixels, even.
        fill: Value of the covered pixels.

    Raises:
        ValueError: If `size` is odd or no count, or `fill` no pixel value. A
            call raises it if `images` are not uint8 of rank 4, or `seeds` are
            not of shape `(2,)`.

    >>> images = tf.zeros((1, 8, 8, 1), tf.uint8)
    >>> int(tf.math.count_nonzero(Cutout(16)(images, seeds=(0, 0)))) >= 16
    True
    """

    size: int = 16
    _: dataclasses.KW_ONLY
    fill: int = 128

    def __post_init__(self) -> None:
        check_count("size", self.size)
        check_count("fill", self.fill, most=255)
        if self.size % 2:
            raise ValueError(
                "`size` must be even and 0 or more. "
                f"Received: size={self.size!r}"
            )

    @tf.autograph.experimental.do_not_convert
    def __call__(self, images: TensorLike, seeds: TensorLike) -> Tensor:
        """Returns the view of `images` for these seeds."""
        images = tf.convert_to_tensor(images)
        check_uint8(images, seeds)
        height, width = images.shape[1:3]
        draws = tf.random.stateless_uniform(
            (tf.shape(images)[0], 2),
            seeds_lib.fold_in(tf.cast(seeds, tf.int32), 0),
            alg="philox",
        )
        centers = tf.cast(draws * (width, height), tf.int32)
        return lookups.cutout(images, centers, self.size // 2, self.fill)


@dataclasses.dataclass(frozen=True)
class Chain:
    """Applies views one after the other, each with its own seeds.

    Attributes:
        steps: The views, functions of `(images, seeds)`.

    >>> images = tf.zeros((2, 8, 8, 3), tf.uint8)
    >>> Chain((FlipCrop(1), Cutout(2)))(images, seeds=(0, 1)).shape
    TensorShape([2, 8, 8, 3])
    """

    steps: tuple[Callable[[Tensor, Tensor], Tensor], ...]

    def __call__(self, images: TensorLike, seeds: TensorLike) -> Tensor:
        """Returns the view of `images` for these seeds."""
        seeds = tf.cast(seeds, tf.int32)
        for i, step in enumerate(self.steps):
            images = step(images, seeds_lib.fold_in(seeds, i))
        return images


def inception_window(size: TensorLike, seeds: TensorLike) -> Tensor:
    """Draws a window of random position, size and shape (arXiv:1409.4842).

    The window covers 8 to 100 % of the area, and its aspect ratio is from 3/4
    to 4/3. If ten attempts find no such window, it is the central square, as
    in the released code.

    Args:
        size: Height and width of the image in pixels, int32, shape `(2,)`.
        seeds: Stateless pair, int32, shape `(2,)`.

    Returns:
        `(top, left, height, width)` in pixels, int32, shape `(4,)`.
    """
    size = tf.cast(size, tf.int32)
    begin, extent, _ = tf.image.stateless_sample_distorted_bounding_box(
        tf.concat([size, [3]], axis=0),
        bounding_boxes=tf.zeros((1, 0, 4)),
        seed=seeds,
        min_object_covered=0.1,
        aspect_ratio_range=(3 / 4, 4 / 3),
        area_range=(0.08, 1.0),
        max_attempts=10,
        use_image_if_no_bounding_boxes=True,
    )
    window = tf.concat([begin[:2], extent[:2]], axis=0)
    is_whole = tf.reduce_all(window[2:] == size)
    return tf.where(is_whole, center_window(size), window)


def center_window(size: TensorLike) -> Tensor:
    """Returns the central square, whose side is 7/8 of the short side.

    Args:
        size: Height and width of the image in pixels, int32, shape `(2,)`.

    Returns:
        `(top, left, height, width)` in pixels, int32, shape `(4,)`.

    >>> center_window([256, 320]).numpy().tolist()
    [16, 48, 224, 224]
    """
    size = tf.cast(size, tf.int32)
    short = tf.cast(tf.reduce_min(size), tf.float32)
    side = tf.maximum(tf.cast(tf.round(short * CENTER_FRACTION), tf.int32), 1)
    return tf.concat([(size - side) // 2, [side, side]], axis=0)


def _within(indices: Tensor, length: int) -> Tensor:
    return (indices >= 0) & (indices < length)
