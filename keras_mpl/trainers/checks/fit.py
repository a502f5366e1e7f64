"""What can be wrong with the arguments of `fit`, said in one line each."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.trainers.checks import batches as batch_checks

_ELSEWHERE = {
    "batch_size": "batches come from the data, as `data.pair(batch_size=)`",
    "class_weight": "the labelled loss weighs all classes alike",
    "sample_weight": "the labelled loss weighs all examples alike",
    "validation_split": "give `validation_data`",
}


def arguments(given: Mapping[str, Any]) -> None:
    """Refuses arguments of `keras.Model.fit` that paired batches can not take.

    Raises:
        ValueError: If one of them is set.
    """
    for name, reason in _ELSEWHERE.items():
        if given.get(name):
            raise ValueError(
                f"`{name}` must not be given to `fit`: {reason}. "
                f"Received: {name}={given[name]!r}"
            )


def one_pass(steps_per_epoch: int | None, given: Mapping[str, Any]) -> None:
    """Checks that an iterator, which ends for good, is one epoch.

    Raises:
        ValueError: If there are more epochs and no `steps_per_epoch`.
    """
    epochs = given.get("epochs", 1)
    if epochs > 1 and steps_per_epoch is None:
        raise ValueError(
            "`steps_per_epoch` must be given with an iterator and more than "
            "one epoch, as an iterator is gone through once. "
            f"Received: epochs={epochs}"
        )


def validation(data: object, spec: object, classes: int) -> None:
    """Checks validation data before training rather than after an epoch.

    Args:
        data: `(inputs, labels)` as arrays, a dataset of such, or `None`;
            anything else is left to Keras.
        spec: Element spec of the training data.
        classes: What the networks predict.

    Raises:
        ValueError: If inputs or labels do not fit the networks.
    """
    if isinstance(data, tf.data.Dataset):
        parts = next(iter(data), None)
    else:
        parts = data
    if not isinstance(parts, (tuple, list)) or len(parts) < 2:
        return
    inputs, labels = parts[:2]
    trained = batch_checks.as_batch(spec).labeled_inputs
    shapes = [
        [tuple(part.shape[1:]) for part in tf.nest.flatten(side)]
        for side in (inputs, trained)
        if all(hasattr(part, "shape") for part in tf.nest.flatten(side))
    ]
    if len(shapes) == 2 and shapes[0] != shapes[1]:
        raise ValueError(
            "`validation_data` must have inputs of the shapes that are "
            f"trained on, {shapes[1]}. Received: {shapes[0]}"
        )
    ids = np.asarray(keras.ops.convert_to_numpy(labels))
    if ids.dtype.kind in "iu" and len(ids) and ids.ndim < 2:
        low, high = ids.min(), ids.max()
        if low < 0 or high >= classes:
            raise ValueError(
                "`validation_data` must have labels from 0 to "
                f"{classes - 1}. Received: labels from {low} to {high}"
            )
