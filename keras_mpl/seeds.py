"""Randomness as a pure function of (seed, step, replica, site).

Nothing here keeps state. Every draw in the package starts from a key made by
`fold`, with Philox underneath, so that a resumed run, another replica and a
paired ablation draw exactly what they should. Must not import Keras layers.
"""

import enum
from typing import Any

import tensorflow as tf


class Site(enum.IntEnum):
    """Where a draw happens; two sites never share a key."""

    TEACHER = 0
    STUDENT = 1
    LABELED = 2
    PSEUDO_LABEL = 3
    LABELED_ORDER = 10
    UNLABELED_ORDER = 11
    LABELED_VIEW = 12
    WEAK_VIEW = 13
    STRONG_VIEW = 14


def key(seed: int) -> tf.Tensor:
    """Turns a user's integer into a key, int32, shape `(2,)`.

    All 64 bits of the seed count: its low half and its high half.

    >>> key(7).numpy().tolist()
    [7, 0]
    """
    seed = int(seed)
    low, high = seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF
    signed = [half - (1 << 32) if half >> 31 else half for half in (low, high)]
    return tf.constant(signed, tf.int32)


def fold(base: Any, *data: Any) -> tf.Tensor:
    """Derives a new key from a key and any number of integers, in order.

    Args:
        base: Key, int32, shape `(2,)`.
        *data: Integers or integer tensors of shape `()`: step, replica, site.

    Returns:
        Key, int32, shape `(2,)`; different data give independent keys.

    >>> bool(tf.reduce_all(fold(key(0), 1, 2) == fold(key(0), 1, 2)))
    True
    >>> bool(tf.reduce_all(fold(key(0), 1, 2) == fold(key(0), 2, 1)))
    False
    """
    for item in data:
        low = tf.cast(item, tf.int32)
        base = tf.random.experimental.stateless_fold_in(base, low, alg="philox")
    return base
