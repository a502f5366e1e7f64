"""Reads Python iterators of paired batches: `zip(labeled, unlabeled)`."""

import itertools
from collections.abc import Iterator

import tensorflow as tf

from keras_mpl.batch import BatchLike
from keras_mpl.trainers.checks import batches as batch_checks


def dataset(
    batches: Iterator[BatchLike],
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Makes a `tf.data.Dataset` of an iterator, to be read through once.

    Args:
        batches: Gives `Batch` or `((inputs, labels), (weak, strong))`, of
            arrays or tensors; batch sizes may vary.

    Returns:
        Dataset of `Batch`, and one of its first element alone, to look at:
        reading on in the former would lose elements.

    Raises:
        ValueError: If it is empty or gives something else.
    """
    first = next(batches, None)
    if first is None:
        raise ValueError(
            "`fit` must be given at least one batch. "
            "Received: an iterator that is empty"
        )
    first = tf.nest.map_structure(
        tf.convert_to_tensor, batch_checks.as_batch(first)
    )
    signature = tf.nest.map_structure(
        lambda part: tf.TensorSpec([None, *part.shape[1:]], part.dtype), first
    )
    every = itertools.chain([first], map(batch_checks.as_batch, batches))
    whole = tf.data.Dataset.from_generator(
        lambda: every,
        output_signature=signature,
    )
    return whole, tf.data.Dataset.from_tensors(first)
