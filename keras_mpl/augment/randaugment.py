"""RandAugment (arXiv:1909.13719) as the released code of the paper draws it.

Answers which operations an image gets, and hands the images of a batch to the
kernels group by group: each image costs what its own operations cost, not the
sum over all fifteen.
"""

import dataclasses
import functools
import math
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.augment import lookups
from keras_mpl.augment import operations
from keras_mpl.augment.operations import EXTRA_OPERATIONS
from keras_mpl.augment.operations import OPERATIONS

MAX_MAGNITUDE = 30.0


class Draws(NamedTuple):
    """What was drawn for each image in one layer.

    Attributes:
        operation: Index into `RandAugment.operations`, int32, `(batch,)`.
        is_applied: Whether the image gets it, bool, `(batch,)`.
        is_negative: Whether a signed level is negative, bool, `(batch,)`.
        centers: Pixel `(x, y)` for cutout, int32, `(batch, 2)`.
    """

    operation: Any
    is_applied: Any
    is_negative: Any
    centers: Any


@dataclasses.dataclass(frozen=True)
class RandAugment:
    """Applies random operations to each image, one after the other.

    Every image draws a probability of its own, evenly from `probability`;
    each of its `num_layers` operations, evenly chosen with replacement, is
    applied with it. Rotations, shears and translations draw a sign. Levels
    are those of the released code (`operations.level`); pixels are Pillow's,
    integer for integer. Quirks of the released code, not copied: its solarize
    threshold and its blends wrap around in 8 bits, and the "mean grey" of its
    contrast is the number of pixels over 256.

    Attributes:
        num_layers: Operations per image.
        magnitude: Strength of all of them: 10 is the full scale of the level
            tables, which go on in a straight line to 30; the paper's CIFAR
            recipe has 16.
        operations: The pool, of `OPERATIONS` and `EXTRA_OPERATIONS`.
        probability: Lowest and highest probability of applying an operation.
        max_translation: Shift in pixels at magnitude 10; by default an eighth
            of the width. The released code has 4 for 32 x 32 images and 100
            for 224 x 224.
        max_cutout: Half a side of the cutout in pixels at magnitude 10, by
            default an eighth of the width; released: 4, and 40.
        fill: Value of uncovered and of cut-out pixels.

    Raises:
        ValueError: If a setting is out of range or an operation unknown; on
            call if `images` are not uint8 of rank 4, of static size and of 1
            or 3 channels, or `seeds` not of shape `(2,)`.

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
        known = (*OPERATIONS, *EXTRA_OPERATIONS)
        unknown = [name for name in self.operations if name not in known]
        low, high = self.probability
        checks = (
            ("num_layers", self.num_layers >= 0, "0 or more"),
            (
                "magnitude",
                0 <= self.magnitude <= MAX_MAGNITUDE,
                f"from 0 to {MAX_MAGNITUDE:.0f}",
            ),
            (
                "operations",
                self.operations and not unknown,
                f"one or more of {', '.join(known)}",
            ),
            ("probability", 0 <= low <= high <= 1, "two numbers in [0, 1]"),
            ("fill", 0 <= self.fill <= 255, "from 0 to 255"),
        )
        for name, is_right, expected in checks:
            if not is_right:
                raise ValueError(
                    f"`{name}` must be {expected}. "
                    f"Received: {name}={getattr(self, name)!r}"
                )

    def __call__(self, images: Any, seeds: Any) -> tf.Tensor:
        """Returns the view of `images` that belongs to `seeds`.

        Args:
            images: Images, uint8, shape `(batch, height, width, channels)`.
            seeds: Stateless pair, int32, shape `(2,)`.

        Returns:
            Images of the same shape and dtype.

        Raises:
            ValueError: If `images` or `seeds` are not of that kind.
        """
        images = tf.convert_to_tensor(images)
        check_uint8(images, seeds)
        for draws in self.draw(tf.shape(images)[0], images.shape[1:3], seeds):
            images = self.apply(images, draws)
        return images

    def draw(self, batch: Any, size: Any, seeds: Any) -> list[Draws]:
        """Draws what happens to each image.

        Args:
            batch: Number of images.
            size: Height and width of an image, in pixels.
            seeds: Stateless pair, int32, shape `(2,)`.

        Returns:
            Per layer its draws.
        """
        height, width = size
        uniform = tf.random.stateless_uniform(
            (batch, 1 + 5 * self.num_layers),
            seeds_lib.fold(tf.cast(seeds, tf.int32), 0),
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

    def apply(self, images: Any, draws: Draws) -> tf.Tensor:
        """Applies one operation to each image.

        Args:
            images: Images, uint8, shape `(batch, height, width, channels)`.
            draws: One layer of `draw`.

        Returns:
            Images of the same shape and dtype.
        """
        images = tf.convert_to_tensor(images)
        groups = _groups(self, *images.shape[1:])
        chosen = tf.gather(tf.constant(groups.of_operation), draws.operation)
        chosen = tf.where(draws.is_applied, chosen, 0)
        names = groups.names
        indices = tf.dynamic_partition(
            tf.range(tf.shape(images)[0]), chosen, len(names)
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
    """The operations of a policy, sorted by the kernel that applies them."""

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
        is_grey = self._size[2] == 1
        return "identity" if name == "color" and is_grey else name

    def apply(self, kind: str, images: tf.Tensor, draws: Draws) -> tf.Tensor:
        policy = self._policy
        if kind == "identity":
            return images
        if kind == "autocontrast":
            return lookups.autocontrast(images)
        if kind == "equalize":
            return lookups.equalize(images)
        if kind == "tone":
            rows = draws.operation[:, None]
            return lookups.look_up(images, self._tones, rows)
        if kind == "warp":
            rows = 2 * draws.operation + tf.cast(draws.is_negative, tf.int32)
            positions = tf.gather(self._maps, rows)
            return lookups.take_pixels(images, positions, policy.fill)
        level = policy.level(kind, self._size[1])
        if kind == "contrast":
            tables = operations.contrast_tables(level)
            rows = lookups.mean_grey(images)[:, None]
            return lookups.look_up(images, tables, rows)
        if kind == "cutout":
            return lookups.cover(
                images, draws.centers, math.floor(level), policy.fill
            )
        return lookups.blend_operation(kind, images, level)

    def _tone_tables(self) -> np.ndarray:
        """One table per operation of the pool; of other kinds, zeros."""
        tables = np.zeros((len(self._policy.operations), 256), np.uint8)
        for row, name in enumerate(self._policy.operations):
            if name in operations.FIXED_TONES:
                level = self._policy.level(name, self._size[1])
                tables[row] = operations.tone_table(name, level)
        return tables

    def _positions(self) -> np.ndarray:
        """Two maps per operation, one for each sign; of other kinds, zeros."""
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


_groups = functools.lru_cache(maxsize=32)(_Groups)  # tables are made once


def check_uint8(images: tf.Tensor, seeds: Any) -> None:
    """Raises unless images are uint8 of known size and seeds are a pair."""
    is_static = images.shape.rank == 4 and None not in images.shape[1:]
    if not is_static or images.dtype != tf.uint8:
        raise ValueError(
            "`images` must be uint8 of shape (batch, height, width, channels), "
            "static but for the batch. "
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
