"""Whether images in memory have the scale that others have, or are to have.

Says what looks wrong as a warning of one line: a network may scale for itself.
"""

import warnings

import numpy as np
import tensorflow as tf

from keras_mpl.data.normalize import Normalize

_BYTES = 20.0  # larger values are no standardised pixels
_LOOKED_AT = 1000  # images are enough to see their scale


def check(labeled: object, unlabeled: object, finish: object) -> None:
    """Warns if what `pair` is given is not on one scale, or scaled twice.

    Args:
        labeled: Arrays `(inputs, labels, ...)`; other kinds are not looked at.
        unlabeled: Inputs, or two views of them, likewise.
        finish: What scales the views, if anything does.
    """
    if not isinstance(labeled, (tuple, list)) or len(labeled) not in (2, 3):
        return
    if isinstance(unlabeled, (tuple, list)) and len(unlabeled) == 2:
        unlabeled = unlabeled[0]
    highs = [highest(part) for part in (labeled[0], unlabeled)]
    first, second = (high or 0.0 for high in highs)
    if first and second and (first > _BYTES) != (second > _BYTES):
        _warn(
            f"`unlabeled` has pixels up to {second:.4g} where `labeled` has "
            f"pixels up to {first:.4g}: is one not scaled?"
        )
    if isinstance(finish, Normalize) and 0 < first <= _BYTES:
        _warn(
            f"`labeled` has pixels up to {first:.4g} where `finish` takes "
            "pixels of 0 to 255: are they scaled already?"
        )


def highest(images: object) -> float | None:
    """Returns the largest size of a pixel; None of what are no images.

    >>> highest(np.full((2, 4, 4, 1), -3.0)), highest(np.zeros((2, 4)))
    (3.0, None)
    """
    if not isinstance(images, (np.ndarray, tf.Tensor)) or images.ndim != 4:
        return None
    pixels = np.asarray(images[:_LOOKED_AT], np.float64)
    return float(np.abs(pixels).max(initial=0.0))


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=4)
