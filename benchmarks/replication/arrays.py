"""How images lie in files between the two machines; no TensorFlow, no JAX."""

import pathlib

import numpy as np
from PIL import Image

ARRAYS, ORIGIN = "arrays.npz", "origin.json"
PER_FILE, COLUMNS, SIDE = 1000, 50, 32


def mosaic(images: np.ndarray) -> np.ndarray:
    """Puts images, uint8 `(n, side, side, 3)`, into one picture, 50 a row."""
    rows = len(images) // COLUMNS
    tiles = images.reshape(rows, COLUMNS, SIDE, SIDE, 3)
    return tiles.transpose(0, 2, 1, 3, 4).reshape(rows * SIDE, -1, 3)


def tiles(picture: np.ndarray) -> np.ndarray:
    """Takes apart what `mosaic` made."""
    rows = len(picture) // SIDE
    parts = picture.reshape(rows, SIDE, COLUMNS, SIDE, 3)
    return parts.transpose(0, 2, 1, 3, 4).reshape(-1, SIDE, SIDE, 3)


def images(folder: pathlib.Path, name: str, count: int) -> np.ndarray:
    """Reads the images of a set, uint8, shape `(count, side, side, 3)`.

    Raises:
        ValueError: If there are not so many.
    """
    paths = sorted(folder.glob(f"{name}_*.webp"))
    read = [tiles(np.asarray(Image.open(p).convert("RGB"))) for p in paths]
    found = sum(map(len, read))
    if found != count:
        raise ValueError(
            f"`folder` must have the {count} images of {name}, {PER_FILE} to a "
            f"file. Received: {folder}, with {found} in {len(paths)} files"
        )
    return np.concatenate(read)
