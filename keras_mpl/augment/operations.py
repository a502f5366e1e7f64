"""RandAugment's operations: their names, magnitudes and lookup tables.

This module says what each operation does to a pixel at a given magnitude, as
small NumPy tables. The results equal Pillow's in every integer. Nothing here
sees an image or draws a number: `randaugment` chooses the operations, and
`lookups` applies them.
"""

import math

import numpy as np

# The released code's pool (arXiv:2003.10580, augment.py), in its order.
OPERATIONS = (
    "autocontrast",
    "equalize",
    "invert",
    "rotate",
    "posterize",
    "solarize",
    "color",
    "contrast",
    "brightness",
    "sharpness",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "cutout",
)
# The released code defines these, too, but does not put them in its pool.
EXTRA_OPERATIONS = ("identity", "solarize_add")

STATISTICAL = ("autocontrast", "equalize")  # the image decides their tables
FIXED_TONES = ("invert", "posterize", "solarize", "solarize_add", "brightness")
GEOMETRIC = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")

_FIXED_POINT = 1 << 16  # Pillow's affine transform has 16 fractional bits


def level(
    name: str, magnitude: float, translation: float, cutout: float
) -> float:
    """Returns the argument of an operation at a magnitude.

    The mappings are those of the released code, on a scale of 0 to 10; above
    10 they are extrapolated linearly. They stay within what Pillow accepts: 1
    to 8 bits for posterize, and a threshold of at most 256 for solarize, which
    then changes nothing. (The released code keeps the threshold in 8 bits: 409
    wraps around to 153 at magnitude 16.)

    Args:
        name: One of `OPERATIONS` or `EXTRA_OPERATIONS`.
        magnitude: 0 or more; 10 is the full scale.
        translation: Shift in pixels at magnitude 10.
        cutout: Half the side of the covered square in pixels at magnitude 10.

    Returns:
        Degrees for rotate, pixels per pixel for the shears, pixels for the
        translations, half a side in pixels for cutout, bits for posterize, a
        pixel value for solarize and solarize_add, a factor for color,
        contrast, brightness and sharpness, and 0 for the rest.

    >>> [level(n, 16, 4, 4) for n in ("rotate", "translate_x", "cutout")]
    [48.0, 6.4, 6]
    """
    part = magnitude / 10
    if name == "rotate":
        return part * 30.0
    if name in ("shear_x", "shear_y"):
        return part * 0.3
    if name in ("translate_x", "translate_y"):
        return part * translation
    if name in ("color", "contrast", "brightness", "sharpness"):
        return part * 1.8 + 0.1
    if name == "cutout":
        return int(part * cutout)
    if name == "posterize":
        return min(max(int(part * 4), 1), 8)
    if name == "solarize":
        return min(int(part * 256), 256)
    if name == "solarize_add":
        return int(part * 110)
    return 0


def tone_table(name: str, level: float) -> np.ndarray:
    """Returns the new value of each pixel value, uint8, shape `(256,)`.

    Args:
        name: One of `FIXED_TONES`.
        level: The result of the function `level`.

    >>> tone_table("posterize", 1)[[127, 128]].tolist()
    [0, 128]
    >>> tone_table("brightness", 1.5)[[3, 200]].tolist()
    [4, 255]
    """
    values = np.arange(256)
    if name == "invert":
        values = 255 - values
    elif name == "posterize":
        values &= ~(2 ** (8 - int(level)) - 1)
    elif name == "solarize":
        values = np.where(values < level, values, 255 - values)
    elif name == "solarize_add":
        added = np.clip(values + int(level), 0, 255)
        values = np.where(values < 128, added, values)
    else:
        return blended(np.zeros(256), values, level)
    return values.astype(np.uint8)


def contrast_tables(factor: float) -> np.ndarray:
    """Returns one lookup table per mean luma, uint8, shape `(256, 256)`."""
    values = np.arange(256)
    return blended(values[:, None], values[None], factor)


def blended(low: np.ndarray, high: np.ndarray, factor: float) -> np.ndarray:
    """Returns `low + factor * (high - low)` as uint8, rounded as by Pillow.

    The arithmetic is float32. Fractions are dropped, and values are clipped to
    0 to 255. (The released code blends in 0 to 1, and its 8 bits wrap around.)
    """
    low, high = np.asarray(low, np.float32), np.asarray(high, np.float32)
    mixed = low + np.float32(factor) * (high - low)
    return np.clip(mixed, 0, 255).astype(np.uint8)


def source_positions(
    name: str, level: float, height: int, width: int
) -> np.ndarray:
    """Returns the position that each pixel of a warped image is read from.

    Each operation is one affine map with nearest-neighbour interpolation. The
    rotation is about the centre of the image.

    Args:
        name: One of `GEOMETRIC`.
        level: The result of the function `level`, with either sign.
        height: Rows of the image, in pixels.
        width: Columns of the image, in pixels.

    Returns:
        Row-major positions in the input, int32, shape `(height * width,)`; -1
        stands for a position outside of the image.

    >>> source_positions("translate_x", 1.0, 1, 3).tolist()
    [1, 2, -1]
    """
    matrix = {
        "shear_x": (1.0, level, 0.0, 0.0, 1.0, 0.0),
        "shear_y": (1.0, 0.0, 0.0, level, 1.0, 0.0),
        "translate_x": (1.0, 0.0, level, 0.0, 1.0, 0.0),
        "translate_y": (1.0, 0.0, 0.0, 0.0, 1.0, level),
    }.get(name) or _rotation(level, height, width)
    return _positions(matrix, height, width)


def _rotation(degrees: float, height: int, width: int) -> tuple[float, ...]:
    """Returns Pillow's matrix of a counter-clockwise rotation."""
    angle = -math.radians(degrees)
    cos, sin = round(math.cos(angle), 15), round(math.sin(angle), 15)
    x, y = width / 2, height / 2
    return (
        *(cos, sin, cos * -x + sin * -y + x),
        *(-sin, cos, -sin * -x + cos * -y + y),
    )


def _positions(
    matrix: tuple[float, ...], height: int, width: int
) -> np.ndarray:
    """Maps pixel centres as Pillow does, in fixed point where Pillow does."""
    x, y = np.arange(width)[None], np.arange(height)[:, None]
    is_scale = matrix[1] == matrix[3] == 0
    sources = []
    for a, b, c in (matrix[:3], matrix[3:]):
        start = c + a * 0.5 + b * 0.5
        if is_scale:
            sources.append(np.floor(start + a * x + b * y).astype(np.int64))
        else:
            first, *steps = (
                math.floor(entry * _FIXED_POINT + 0.5)
                for entry in (start, a, b)
            )
            fixed = first + steps[0] * x + steps[1] * y
            sources.append(fixed >> 16)
    column, row = np.broadcast_arrays(*sources)
    is_inside = (0 <= column) & (column < width) & (0 <= row) & (row < height)
    positions = np.where(is_inside, row * width + column, -1)
    return positions.astype(np.int32).ravel()
