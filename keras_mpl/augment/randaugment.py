"""RandAugment (arXiv:1909.13719) with the draws of the paper's released code.

This module draws the operations of each image. It then divides the batch by
operation, so that an image costs the time of its own operations only, and not
that of all fifteen.
"""

import dataclasses
import functools
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.augment import lookups
from keras_mpl.augment import operations
from keras_mpl.augment.arguments import check_amount
from keras_mpl.augment.arguments import check_count
from keras_mpl.augment.operations import EXTRA_OPERATIONS
from keras_mpl.augment.operations import OPERATIONS
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike

MAX_MAGNITUDE = 30.0


class Draws(NamedTuple):
    """The random draws of one layer, one per image.

    Attributes:
        operation: Index into `RandAugment.operations`, int32, `(batch,)`.
        is_applied: Whether it is applied, bool, `(batch,)`.
        is_negative: Whether a signed level is negative, bool, `(batch,)`.
        centers: Centre `(x, y)` of the cutout, int32, `(batch, 2)`.
    """

    operation: Tensor
    is_applied: Tensor
    is_negative: Tensor
    centers: Tensor


@dataclasses.dataclass(frozen=True)
class RandAugment:
    """Applies random operations to each image, one after the other.

    Every image draws its own probability, uniformly from `probability`. It
    also draws `num_layers` operations with replacement, each of which is
    applied with that probability. Rotations, shears and translations draw a
    sign. The levels are those of the released code (`operations.level`), and
    the pixels equal Pillow's in every integer. Three errors of the released
    code are not copied: its solarize threshold and its blends wrap around in 8
    bits, and its contrast uses the number of pixels over 256 as mean luma.

    Attributes:
        num_layers: Number of operations per image.
        magnitude: Strength of all operations. 10 is the full scale; the levels
            are extrapolated linearly up to 30. The paper's CIFAR recipe has
            16.
        operations: The names that are drawn from, of `OPERATIONS` and
            `EXTRA_OPERATIONS`; a list becomes a tuple.
        probability: Lowest and highest probability of applying an operation;
            a list becomes a tuple.
        max_translation: Shift in pixels at magnitude 10; `None` is an eighth
            of the width. The released code has 4 for 32 x 32 images and 100
            for 224 x 224.
        max_cutout: Half the side of the cutout in pixels at magnitude 10;
            `None` is an eighth of the width. The released code has 4 and 40.
        fill: Value of uncovered borders and of covered squares.

    Raises:
        ValueError: If a setting is out of range or an operation is unknown. A
            call raises it if `images` are not uint8 of rank 4, of static size
            and of 1 or 3 channels, or if `seeds` are not of shape `(2,)`.

    >>> images = np.zeros((4, 32, 32, 3), "uint8")
    >>> RandAugment(2, 16)(images, seeds=(0, 1)).shape
    TensorShape([4, 32, 32, 3])
    """

    num_layers: int = 2
    magnitude: float = 16
    _: dataclasses.KW_ONLY
    operations: tuple[str, ...] = OPERATIONS
    probability: tuple[float, float] = (0.2, 0.8)
    max_translation: float | None = None
    max_cutout: float | None = None
    fill: int = 128

    def __post_init__(self) -> None:
        check_count("num_layers", self.num_layers)
        check_amount("magnitude", self.magnitude, most=MAX_MAGNITUDE)
        check_count("fill", self.fill, most=255)
        for name in ("max_translation", "max_cutout"):
            if getattr(self, name) is not None:
                check_amount(name, getattr(self, name))
        for name in ("operations", "probability"):
            if isinstance(getattr(self, name), list):  # which has no hash
                object.__setattr__(self, name, tuple(getattr(self, name)))
        names, bounds = self.operations, self.probability
        is_pair = isinstance(bounds, tuple) and len(bounds) == 2
        for bound in bounds if is_pair else ():
            check_amount("probability", bound, most=1)
        known = (*OPERATIONS, *EXTRA_OPERATIONS)
        are_known = isinstance(names, tuple) and all(
            name in known for name in names
        )
        checks = (
            (
                "operations",
                names and are_known,
                f"one or more of {', '.join(known)}",
            ),
            (
                "probability",
                is_pair and bounds[0] <= bounds[1],
                "the lowest and the highest one",
            ),
        )
        for name, is_right, expected in checks:
            if not is_right:
                raise ValueError(
                    f"`{name}` must be {expected}. "
                    f"Received: {name}={getattr(self, name)!r}"
                )

    @tf.autograph.experimental.do_not_convert
    def __call__(self, images: TensorLike, seeds: TensorLike) -> Tensor:
        """Returns the view of `images` for these seeds.

        Args:
            images: Images, uint8, shape `(batch, height, width, channels)`.
            seeds: Stateless pair, int32, shape `(2,)`.

        Returns:
            Images of the same shape and dtype.

        Raises:
            ValueError: If `images` or `seeds` have another shape or dtype.
        """
        images = tf.convert_to_tensor(images)
        check_uint8(images, seeds)
        for draws in self.draw(tf.shape(images)[0], images.shape[1:3], seeds):
            images = self.apply(images, draws)
        return images

    def draw(
        self, batch: TensorLike, size: tuple[int, int], seeds: TensorLike
    ) -> list[Draws]:
        """Draws the operations of each image.

        Args:
            batch: Number of images, an integer, shape `()`.
            size: Height and width of an image, in pixels.
            seeds: Stateless pair, int32, shape `(2,)`.

        Returns:
            The draws of each layer.
        """
        height, width = size
        uniform = tf.random.stateless_uniform(
            (batch, 1 + 5 * self.num_layers),
            seeds_lib.fold_in(tf.cast(seeds, tf.int32), 0),
            alg="philox",
        )
        low, high = self.probability
        probability = low + (high - low) * uniform[:, 0]
        layers = []
        for layer in range(self.num_layers):
            one = uniform[:, 1 + 5 * layer :][:, :5]
            layers.append(
                Draws(
                    tf.cast(one[:, 0] * len(self.operations), tf.int32),
                    one[:, 1] < probability,
                    one[:, 2] < 0.5,
                    tf.cast(one[:, 3:5] * (width, height), tf.int32),
                )
            )
        return layers

    def apply(self, images: TensorLike, draws: Draws) -> Tensor:
        """Applies to each image the operation that was drawn for it.

        Args:
            images: Images, uint8, shape `(batch, height, width, channels)`.
            draws: The draws of one layer.

        Returns:
            Images of the same shape and dtype.
        """
        images = tf.convert_to_tensor(images)
        groups = _groups(self, *images.shape[1:])
        group = tf.gather(tf.constant(groups.of_operation), draws.operation)
        group = tf.where(draws.is_applied, group, 0)
        names = groups.names
        indices = tf.dynamic_partition(
            tf.range(tf.shape(images)[0]), group, len(names)
        )
        parts = []
        for name, rows in zip(names, indices, strict=True):
            own = Draws(*(tf.gather(column, rows) for column in draws))
            parts.append(groups.apply(name, tf.gather(images, rows), own))
        out = tf.dynamic_stitch(indices, parts)
        return tf.ensure_shape(out, images.shape)

    def level(self, name: str, width: int) -> float:
        """Returns the argument of an operation on images of this width."""
        eighth = width // 8
        translation, half = (
            eighth if limit is None else limit
            for limit in (self.max_translation, self.max_cutout)
        )
        return operations.level(name, self.magnitude, translation, half)


class _Groups:
    """The operations of a policy, grouped by the kernel that applies them."""

    def __init__(
        self, policy: RandAugment, height: int, width: int, channels: int
    ):
        self._policy = policy
        self._size = height, width, channels
        self._tones = self._tone_tables()
        self._maps = self._positions()
        kinds = [self._kind(name) for name in policy.operations]
        self.names = list(dict.fromkeys(["identity", *kinds]))
        self.of_operation = [self.names.index(kind) for kind in kinds]

    def _kind(self, name: str) -> str:
        if name in operations.FIXED_TONES:
            return "tone"
        if name in operations.GEOMETRIC:
            return "warp"
        has_color = self._size[2] > 1
        return "identity" if name == "color" and not has_color else name

    def apply(self, kind: str, images: Tensor, draws: Draws) -> Tensor:
        policy = self._policy
        if kind == "identity":
            return images
        if kind == "autocontrast":
            return lookups.autocontrast(images)
        if kind == "equalize":
            return lookups.equalize(images)
        if kind == "tone":
            rows = draws.operation[:, None]
            return lookups.apply_tables(images, self._tones, rows)
        if kind == "warp":
            rows = 2 * draws.operation + tf.cast(draws.is_negative, tf.int32)
            positions = tf.gather(self._maps, rows)
            return lookups.gather_pixels(images, positions, policy.fill)
        level = policy.level(kind, self._size[1])
        if kind == "contrast":
            tables = operations.contrast_tables(level)
            rows = lookups.mean_luma(images)[:, None]
            return lookups.apply_tables(images, tables, rows)
        if kind == "cutout":
            return lookups.cutout(
                images, draws.centers, math.floor(level), policy.fill
            )
        changes_color = kind == "color"
        low = lookups.luma(images) if changes_color else lookups.smooth(images)
        return lookups.blend(low, images, level)

    def _tone_tables(self) -> np.ndarray:
        """Returns one lookup table per operation; other kinds have zeros."""
        tables = np.zeros((len(self._policy.operations), 256), np.uint8)
        for row, name in enumerate(self._policy.operations):
            if name in operations.FIXED_TONES:
                level = self._policy.level(name, self._size[1])
                tables[row] = operations.tone_table(name, level)
        return tables

    def _positions(self) -> np.ndarray:
        """Returns one map per operation and sign; other kinds have zeros."""
        height, width, _ = self._size
        names = self._policy.operations
        maps = np.zeros((2 * len(names), height * width), np.int32)
        for row, name in enumerate(names):
            if name in operations.GEOMETRIC:
                level = self._policy.level(name, width)
                for sign in (0, 1):
                    signed = -level if sign else level
                    maps[2 * row + sign] = operations.source_positions(
                        name, signed, height, width
                    )
        return maps


_groups = functools.lru_cache(maxsize=32)(_Groups)  # makes the tables once


def check_uint8(images: Tensor, seeds: TensorLike) -> None:
    """Checks that images are uint8 of static size and that seeds are a pair.

    Args:
        images: Images, uint8, shape `(batch, height, width, channels)`.
        seeds: Stateless pair, int32, shape `(2,)`.

    Raises:
        ValueError: If either is not.
    """
    is_static = images.shape.rank == 4 and None not in images.shape[1:]
    if not is_static or images.dtype != tf.uint8:
        raise ValueError(
            "`images` must be uint8 of shape (batch, height, width, channels), "
            "and all of it but the batch must be static. "
            f"Received: {images.dtype.name} of shape {images.shape}"
        )
    if images.shape[-1] not in (1, 3):
        raise ValueError(
            "`images` must have 1 or 3 channels. "
            f"Received: images of shape {images.shape}"
        )
    if tf.convert_to_tensor(seeds).shape != (2,):
        raise ValueError(
            "`seeds` must be of shape (2,). "
            f"Received: seeds of shape {tf.convert_to_tensor(seeds).shape}"
        )
