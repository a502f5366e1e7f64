"""Pillow's version of each operation, and images to try it on."""

import functools
import os
import pathlib

import numpy as np
import pytest
from PIL import Image
from PIL import ImageEnhance
from PIL import ImageOps

FILL = (128, 128, 128)


def cifar_dir():
    """Returns where CIFAR-10 is prepared, or skips the test."""
    beside = pathlib.Path(__file__).parents[2] / "../shared/tfds"
    folder = pathlib.Path(os.environ.get("KERAS_MPL_TFDS", beside))
    if not (folder / "cifar10").is_dir():
        pytest.skip(f"no CIFAR-10 in {folder}; KERAS_MPL_TFDS may name it")
    return str(folder)


@functools.cache
def cifar_images(count):
    """Returns the first training images of CIFAR-10, or skips the test."""
    import tensorflow_datasets as tfds

    data = tfds.load(
        "cifar10", split="train", data_dir=cifar_dir(), download=False
    )
    return next(data.batch(count).as_numpy_iterator())["image"]


def odd_images():
    """Images on which tables degenerate: flat, two-valued, ramps, noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10, 32, 32, 3))
    images[0] = 0
    images[1] = 255
    images[2] = (7, 7, 200)
    images[3] = np.where(images[3] < 128, 100, 101)
    images[4] = np.arange(32)[:, None] * 8
    images[5] = 40 + images[5] // 4
    images[6, :, :16] = (255, 0, 128)
    images[7] = np.where(images[7] < 250, 9, images[7])
    images[8, ..., 1] = 77
    return images.astype(np.uint8)


def _affine(image, *matrix):
    return image.transform(
        image.size, Image.Transform.AFFINE, matrix, fillcolor=FILL
    )


PIL_OPERATIONS = {
    "identity": lambda image, level: image,
    "autocontrast": lambda image, level: ImageOps.autocontrast(image),
    "equalize": lambda image, level: ImageOps.equalize(image),
    "invert": lambda image, level: ImageOps.invert(image),
    "rotate": lambda image, level: image.rotate(level, fillcolor=FILL),
    "posterize": lambda image, level: ImageOps.posterize(image, level),
    "solarize": lambda image, level: ImageOps.solarize(image, level),
    "solarize_add": lambda image, level: image.point(
        [min(v + level, 255) if v < 128 else v for v in range(256)]
        * len(image.getbands())
    ),
    "color": lambda image, level: ImageEnhance.Color(image).enhance(level),
    "contrast": lambda image, level: ImageEnhance.Contrast(image).enhance(
        level
    ),
    "brightness": lambda image, level: ImageEnhance.Brightness(image).enhance(
        level
    ),
    "sharpness": lambda image, level: ImageEnhance.Sharpness(image).enhance(
        level
    ),
    "shear_x": lambda image, level: _affine(image, 1, level, 0, 0, 1, 0),
    "shear_y": lambda image, level: _affine(image, 1, 0, 0, level, 1, 0),
    "translate_x": lambda image, level: _affine(image, 1, 0, level, 0, 1, 0),
    "translate_y": lambda image, level: _affine(image, 1, 0, 0, 0, 1, level),
}


def cover(image, center, half):
    """Cutout on a NumPy image, slowly."""
    out = image.copy()
    x, y = center
    top, left = max(0, y - half), max(0, x - half)
    out[top : max(0, y + half), left : max(0, x + half)] = 128
    return out


def pil_operation(name, image, level):
    """Applies one operation to one image, uint8, as Pillow does."""
    made = PIL_OPERATIONS[name](Image.fromarray(image), level)
    return np.asarray(made)
