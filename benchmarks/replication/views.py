"""CIFAR's weak and strong views in JAX, on uint8, image by image.

The weak view mirrors and shifts; the strong one, of the weak one, is
RandAugment with two operations at magnitude 16, a cutout of 16 pixels, and
another flip and shift. An operation is a look-up of tones, of a blend or of
positions, from the tables that `prepare` wrote, so pixels are equal to the
package's in every integer, given the same draws.
"""

from collections.abc import Sequence
from typing import NamedTuple
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

Array: TypeAlias = jax.Array

SIDE, PADDING, FILL = 32, 4, 128
CUTOUT_HALF, LAYERS = 8, 2
PROBABILITY = 0.2, 0.8  # of applying an operation, drawn per image
MEAN = np.array([0.491400, 0.482158, 0.4465309], np.float32)
STD = np.array([0.247032, 0.243485, 0.26159], np.float32)
# The order in which `prepare` writes the tables.
NAMES = (
    *("autocontrast", "equalize", "invert", "rotate", "posterize", "solarize"),
    *("color", "contrast", "brightness", "sharpness", "shear_x", "shear_y"),
    *("translate_x", "translate_y", "cutout"),
)
NOTHING = -1


class Tables(NamedTuple):
    """What `prepare.tables` computed, and every stretch of tones.

    Attributes:
        tones: Look-up table per operation, `(operations, 256)`.
        positions: Where pixels come from, by operation and sign.
        contrast: Blends `(low, high)` at the level of all four blends.
        stretched: By lowest and highest tone, `(256, 256, 256)`.
        cutout_half: Half the side of the cutout that is an operation.
    """

    tones: Array
    positions: Array
    contrast: Array
    stretched: Array
    cutout_half: int | Array


class Draws(NamedTuple):
    """One layer's draws, one per image: see `keras_mpl.augment`."""

    operation: Array
    is_negative: Array
    centers: Array


def load_tables(arrays: dict[str, np.ndarray]) -> Tables:
    """Makes the tables of what `prepare` wrote.

    Raises:
        ValueError: If the four blends are of several levels.
    """
    levels = arrays["levels"]
    blends = [levels[NAMES.index(n)] for n in NAMES[6:10]]
    if len(set(blends)) != 1:  # one table serves all of them
        raise ValueError(
            "`levels` must be equal for color, contrast, brightness and "
            f"sharpness. Received: levels={blends}"
        )
    low, high = np.meshgrid(np.arange(256.0), np.arange(256.0), indexing="ij")
    scale = 255.0 / np.where(high > low, high - low, 1.0)
    tones = np.arange(256.0)
    stretched = tones * scale[..., None] + (-low * scale)[..., None]
    stretched = np.where((high <= low)[..., None], tones, stretched)
    return Tables(
        tones=jnp.asarray(arrays["tones"]),
        positions=jnp.asarray(arrays["positions"]),
        contrast=jnp.asarray(arrays["contrast"]),
        stretched=jnp.asarray(np.clip(stretched, 0, 255).astype(np.uint8)),
        cutout_half=int(levels[NAMES.index("cutout")]),
    )


def weak(images: Array, key: Array) -> Array:
    """Mirrors and shifts images, uint8, `(n, 32, 32, 3)`."""
    return flip_crop(images, jax.random.uniform(key, (len(images), 3)))


def strong(images: Array, key: Array, tables: Tables) -> Array:
    """Makes the strong view of a weak one, uint8, `(n, 32, 32, 3)`."""
    keys = jax.random.split(key, 3)
    shapes = (1 + 5 * LAYERS, 2, 3)
    uniform = [
        jax.random.uniform(key, (len(images), columns))
        for key, columns in zip(keys, shapes, strict=True)
    ]
    return strong_of(images, uniform, tables)


def strong_of(images: Array, uniform: Sequence[Array], tables: Tables) -> Array:
    """Makes the strong view of given draws from `[0, 1)`.

    Args:
        images: The weak view, uint8, shape `(n, 32, 32, 3)`.
        uniform: Draws of RandAugment, `(n, 11)`, of the cutout, `(n, 2)`, and
            of the last flip and shift, `(n, 3)`.
        tables: What operations do to pixels.

    Returns:
        Images of the same shape.
    """
    for draws in draw(uniform[0]):
        images = apply(images, draws, tables)
    centers = (uniform[1] * SIDE).astype(jnp.int32)
    return flip_crop(covered(images, centers, CUTOUT_HALF), uniform[2])


def normalised(images: Array) -> Array:
    """Standardises pixels: what the networks take, float32."""
    return (images.astype(jnp.float32) - 255.0 * MEAN) * (1 / (255.0 * STD))


def draw(uniform: Array) -> list[Draws]:
    """Reads draws from `[0, 1)`, shape `(n, 11)`: the layers' operations."""
    low, high = PROBABILITY
    probability = low + (high - low) * uniform[:, 0]
    layers = []
    for layer in range(LAYERS):
        one = uniform[:, 1 + 5 * layer : 6 + 5 * layer]
        operation = (one[:, 0] * len(NAMES)).astype(jnp.int32)
        layers.append(
            Draws(
                jnp.where(one[:, 1] < probability, operation, NOTHING),
                one[:, 2] < 0.5,
                (one[:, 3:5] * SIDE).astype(jnp.int32),
            )
        )
    return layers


def apply(images: Array, draws: Draws, tables: Tables) -> Array:
    """Applies to each image the operation that was drawn for it."""
    operation = draws.operation
    known = jnp.maximum(operation, 0)

    def among(*names: str) -> Array:
        found = [operation == NAMES.index(name) for name in names]
        return jnp.stack(found).any(axis=0)[:, None, None, None]

    low = jnp.where(among("color"), _luma(images), _smooth(images))
    blended = tables.contrast[low, images]
    toned = _toned(images, operation, tables)
    images = jnp.where(among("color", "sharpness"), blended, toned)
    positions = tables.positions[known, draws.is_negative.astype(jnp.int32)]
    still = jnp.arange(SIDE * SIDE)
    positions = jnp.where((operation < 0)[:, None], still, positions)
    moved = _gathered(images, positions)
    square = covered(images, draws.centers, tables.cutout_half)
    return jnp.where(among("cutout"), square, moved)


def flip_crop(images: Array, uniform: Array) -> Array:
    """Mirrors half of the images and shifts all; draws of shape `(n, 3)`."""
    shift = (uniform[:, 1:] * (2 * PADDING + 1)).astype(jnp.int32) - PADDING
    line = jnp.arange(SIDE)
    columns = line + shift[:, :1]
    columns = jnp.where(uniform[:, :1] < 0.5, SIDE - 1 - columns, columns)
    rows = line + shift[:, 1:]
    inside = [(0 <= c) & (c < SIDE) for c in (rows, columns)]
    is_inside = inside[0][:, :, None] & inside[1][:, None, :]
    positions = rows[:, :, None] * SIDE + columns[:, None, :]
    positions = jnp.where(is_inside, positions, -1)
    return _gathered(images, positions.reshape(len(images), -1))


def covered(images: Array, centers: Array, half: int | Array) -> Array:
    """Covers a square of `2 * half` pixels around `(x, y)`, `(n, 2)`."""
    offset = jnp.arange(SIDE) - centers[:, :, None]
    x, y = jnp.unstack((offset >= -half) & (offset < half), axis=1)
    mask = (y[:, :, None] & x[:, None, :])[..., None]
    return jnp.where(mask, jnp.uint8(FILL), images)


def _gathered(images: Array, positions: Array) -> Array:
    flat = images.reshape(len(images), SIDE * SIDE, 3)
    found = jnp.take_along_axis(
        flat, jnp.maximum(positions, 0)[..., None], axis=1
    )
    outside = (positions < 0)[..., None]
    return jnp.where(outside, jnp.uint8(FILL), found).reshape(images.shape)


def _toned(images: Array, operation: Array, tables: Tables) -> Array:
    """Looks up every pixel in the table of its image and channel."""

    def at(name: str) -> Array:
        return (operation == NAMES.index(name))[:, None, None]

    flat = images.reshape(len(images), SIDE * SIDE, 3).transpose(0, 2, 1)
    found = tables.tones[jnp.maximum(operation, 0)][:, None]
    same = jnp.arange(256, dtype=jnp.uint8)
    found = jnp.where((operation < 0)[:, None, None], same, found)
    luma = _luma(images).sum(axis=(1, 2, 3))
    mean = (2 * luma + SIDE * SIDE) // (2 * SIDE * SIDE)
    found = jnp.where(at("contrast"), tables.contrast[mean][:, None], found)
    ends = flat.min(axis=2), flat.max(axis=2)
    found = jnp.where(at("autocontrast"), tables.stretched[ends], found)
    found = jnp.where(at("equalize"), _equalising(flat), found)
    looked_up = jnp.take_along_axis(found, flat.astype(jnp.int32), axis=2)
    return looked_up.transpose(0, 2, 1).reshape(images.shape)


def _equalising(flat: Array) -> Array:
    """The tables that flatten histograms, uint8, `(n, channels, 256)`."""
    tones = jnp.arange(256)
    counts = (flat[..., None] == tones).sum(axis=2, dtype=jnp.int32)
    last = jnp.where(counts > 0, tones, 0).max(axis=-1, keepdims=True)
    in_last = jnp.take_along_axis(counts, last, axis=-1)
    step = (counts.sum(axis=-1, keepdims=True) - in_last) // 255
    safe = jnp.maximum(step, 1)
    below = jnp.cumsum(counts, axis=-1) - counts
    flattened = jnp.minimum((safe // 2 + below) // safe, 255)
    return jnp.where(step > 0, flattened, tones).astype(jnp.uint8)


def _luma(images: Array) -> Array:
    red, green, blue = jnp.split(images.astype(jnp.int32), 3, axis=-1)
    return (19595 * red + 38470 * green + 7471 * blue + 0x8000) // 0x10000


def _smooth(images: Array) -> Array:
    values = images.astype(jnp.int32)
    rows = values[:, :-2] + values[:, 1:-1] + values[:, 2:]
    total = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    inner = values[:, 1:-1, 1:-1]
    averaged = (2 * (total + 4 * inner) + 13) // 26  # rounded half up
    return values.at[:, 1:-1, 1:-1].set(averaged)
