"""The augmentation policies: which operations make a view, and how strong.

A policy is a pure function `(images, seeds) -> images` that draws anew for
every image. Must not know of datasets or networks.
"""

import dataclasses

import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.augment import kernels
from keras_mpl.augment.arguments import check_amount
from keras_mpl.augment.crops import Chain
from keras_mpl.augment.crops import Cutout
from keras_mpl.augment.crops import FlipCrop
from keras_mpl.augment.randaugment import RandAugment
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike

_AMOUNTS = (
    "max_rotation_degrees",
    "max_shear",
    "max_translation",
    "max_scale",
    "cutout_size",
    "noise",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Geometric:
    """Rotates, shears, zooms and shifts each image; it never mirrors one.

    This policy is for digits, letters and other images whose mirror image has
    another meaning. It applies one bilinear warp, then cutout, then noise.
    Every amount is drawn per image, uniformly from `[-max, max]`. An amount of
    0 switches its operation off and does not change the draws of the others.
    Noise is not clipped, so values may leave the range of the images.

    Attributes:
        max_rotation_degrees: Largest angle, in degrees.
        max_shear: Largest shear along `x` and along `y`, in pixels per pixel.
        max_translation: Largest shift along each axis, as a fraction of that
            side of the image.
        max_scale: Largest zoom, as a base-2 logarithm: 1 draws factors from
            0.5 to 2.
        cutout_size: Side of the covered square, in pixels; every pixel is
            equally likely to be its centre.
        noise: Standard deviation of the added Gaussian noise, in pixel values;
            noise needs float images.
        fill: Pixel value of uncovered borders and of the covered square.

    Raises:
        ValueError: If an amount is negative. A call raises it if `seeds` are
            not of shape `(2,)`, if `images` are not of rank 4, or if they are
            integer images and `noise` is above 0.

    >>> images = tf.random.stateless_uniform((2, 8, 8, 1), (1, 2))
    >>> same = Geometric()(images, seeds=(0, 0))
    >>> bool(tf.reduce_all(same == images))
    True
    >>> turned = Geometric(max_rotation_degrees=20.0)(images, seeds=(0, 0))
    >>> bool(tf.reduce_all(turned == images))
    False
    """

    max_rotation_degrees: float = 0.0
    max_shear: float = 0.0
    max_translation: float = 0.0
    max_scale: float = 0.0
    cutout_size: int = 0
    noise: float = 0.0
    fill: float = 0.0

    def __post_init__(self) -> None:
        for name in _AMOUNTS:
            check_amount(name, getattr(self, name))

    @tf.autograph.experimental.do_not_convert
    def __call__(self, images: TensorLike, seeds: TensorLike) -> Tensor:
        """Returns the view of `images` for these seeds.

        Args:
            images: Images, shape `(batch, height, width, channels)`.
            seeds: Stateless pair, int32, shape `(2,)`; the same pair gives
                the same view.

        Returns:
            Images of the same shape and dtype.

        Raises:
            ValueError: If `seeds` are not of shape `(2,)`, if `images` are not
                of rank 4, or if they are integer images and `noise` is above
                0.
        """
        images = tf.convert_to_tensor(images)
        seeds = tf.cast(seeds, tf.int32)
        self._check(images, seeds)
        # Per image: angle, shear (2), zoom, shift (2), cutout's centre (2).
        draws = tf.random.stateless_uniform(
            (tf.shape(images)[0], 8), seeds_lib.fold_in(seeds, 0), alg="philox"
        )
        if self._has_warp():
            images = self._warp(images, draws[:, :6])
        if self.cutout_size:
            sides = tf.cast(tf.shape(images)[2:0:-1], tf.float32)
            centers = tf.cast(draws[:, 6:] * sides, tf.int32)
            images = kernels.cutout(
                images, centers, self.cutout_size, self.fill
            )
        if self.noise:
            normal = tf.random.stateless_normal(
                tf.shape(images), seeds_lib.fold_in(seeds, 1), alg="philox"
            )
            images += tf.cast(self.noise * normal, images.dtype)
        return images

    def _check(self, images: Tensor, seeds: Tensor) -> None:
        if images.shape.rank != 4:
            raise ValueError(
                "`images` must be of shape (batch, height, width, channels). "
                f"Received: images of shape {images.shape}"
            )
        if seeds.shape != (2,):
            raise ValueError(
                "`seeds` must be of shape (2,). "
                f"Received: seeds of shape {seeds.shape}"
            )
        if self.noise and not images.dtype.is_floating:
            raise ValueError(
                "`images` must be float when noise is added. "
                f"Received: {images.dtype.name} images, noise={self.noise}"
            )

    def _has_warp(self) -> bool:
        return any(getattr(self, name) for name in _AMOUNTS[:4])

    def _warp(self, images: Tensor, draws: Tensor) -> Tensor:
        amounts = 2.0 * draws - 1.0  # uniform in [-1, 1)
        height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))
        matrices = kernels.affine_matrices(
            height,
            width,
            rotation_degrees=self.max_rotation_degrees * amounts[:, 0],
            shear=self.max_shear * amounts[:, 1:3],
            scale=2.0 ** (self.max_scale * amounts[:, 3]),
            translation=self.max_translation
            * amounts[:, 4:6]
            * tf.stack([width, height]),
        )
        return kernels.warp(images, matrices, fill=self.fill)


# These two are for 8x8 digits in [0, 1]. The weak view shifts them by at most
# half a pixel.
digits_weak = Geometric(max_translation=0.0625)

# The strong view shifts them by up to 0.8 of a pixel; a person can still read
# most of the digits.
digits_strong = Geometric(
    max_rotation_degrees=20.0,
    max_shear=0.1,
    max_translation=0.1,
    max_scale=0.15,
    cutout_size=2,
    noise=0.05,
)

# The released code's views of CIFAR, on uint8. The recipes make the strong view
# of the weak one: flip, crop, RandAugment, cutout, and a second flip and crop.
cifar_weak = FlipCrop(4)
cifar_strong = Chain((RandAugment(2, 16), Cutout(16), FlipCrop(4)))

# These views do not mirror the digits. They are not in the released code.
svhn_weak = FlipCrop(4, flip=False)
svhn_strong = Chain((RandAugment(2, 16), Cutout(16), FlipCrop(4, flip=False)))

# For small grey images, such as letters of 28 x 28 pixels, on uint8: nothing is
# mirrored, and corners that a turn uncovers are black. They are not in the
# released code.
grey_weak = FlipCrop(2, flip=False, fill=0)
grey_strong = Chain(
    (
        Geometric(
            max_rotation_degrees=15.0,
            max_shear=0.1,
            max_translation=0.1,
            max_scale=0.15,
            cutout_size=8,
        ),
        FlipCrop(2, flip=False, fill=0),
    )
)

# Both views are of the same Inception crop of 224 x 224 pixels, and each is
# mirrored independently.
imagenet_weak = FlipCrop(0)
imagenet_strong = Chain(
    (FlipCrop(0), RandAugment(2, 17, max_translation=100, max_cutout=40))
)
