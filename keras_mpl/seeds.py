"""Randomness as a pure function of (seed, step, replica, site).

Nothing here keeps state. Every random draw of the package starts from a key
that `fold_in` makes; the generator is Philox. So a resumed run repeats its
draws, replicas differ in theirs, and paired runs share theirs. This module
must not import Keras layers.
"""

import enum

import tensorflow as tf

from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike


class Site(enum.IntEnum):
    """The purposes of random draws; two purposes never share a key."""

    TEACHER = 0
    STUDENT = 1
    LABELED = 2
    PSEUDO_LABEL = 3
    LABELED_ORDER = 10
    UNLABELED_ORDER = 11
    LABELED_VIEW = 12
    WEAK_VIEW = 13
    STRONG_VIEW = 14


def key(seed: int) -> Tensor:
    """Turns a user's integer into a key.

    All 64 bits of the seed count: the key holds their low and their high half.

    Args:
        seed: Any integer; only its low 64 bits count.

    Returns:
        Key, int32, shape `(2,)`.

    >>> key(7).numpy().tolist()
    [7, 0]
    """
    seed = int(seed)
    low, high = seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF
    signed = [half - (1 << 32) if half >> 31 else half for half in (low, high)]
    return tf.constant(signed, tf.int32)


def fold_in(base: TensorLike, *data: TensorLike) -> Tensor:
    """Derives a new key from a key and any number of integers.

    The order of the integers counts. (JAX has the same function of the same
    name, for one integer.)

    Args:
        base: Key, int32, shape `(2,)`.
        *data: Integers or integer tensors of shape `()`: step, replica, site.

    Returns:
        Key, int32, shape `(2,)`; different data give independent keys.

    >>> bool(tf.reduce_all(fold_in(key(0), 1, 2) == fold_in(key(0), 1, 2)))
    True
    >>> bool(tf.reduce_all(fold_in(key(0), 1, 2) == fold_in(key(0), 2, 1)))
    False
    """
    for item in data:
        low = tf.cast(item, tf.int32)
        base = tf.random.experimental.stateless_fold_in(base, low, alg="philox")
    return base
