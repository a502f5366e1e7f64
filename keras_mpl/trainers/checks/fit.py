"""What can be wrong with the arguments of `fit`, said in one line each."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_mpl.batch import Batch
from keras_mpl.trainers.checks import batches as batch_checks
from keras_mpl.trainers.checks import labels as label_checks
from keras_mpl.types import TensorLike

_ELSEWHERE = {
    "batch_size": "batches come from the data, as `data.pair(batch_size=)`",
    "class_weight": "give the method class_weights='balanced', or a number "
    "per class",
    "sample_weight": "weights come with the labelled data, as "
    "`data.pair((inputs, labels, sample_weight), unlabeled)`",
    "validation_split": "give `validation_data`",
}
_COUNTS = {
    "steps_per_epoch": 1,
    "epochs": 0,
    "initial_epoch": 0,
    "validation_steps": 1,
    "validation_batch_size": 1,
}
VALIDATION_LABELS = "`validation_data`'s labels"
# How far the mean size of inputs in validation may be off that in training.
# Pixels up to 255 beside pixels up to 1 are off by 255.
_FAR = 30.0


def arguments(given: Mapping[str, Any]) -> None:
    """Refuses arguments of `keras.Model.fit` that paired batches can not take.

    Raises:
        ValueError: If one of them is set, or a number of steps is none.
    """
    for name, reason in _ELSEWHERE.items():
        value = given.get(name)
        if value is None or (isinstance(value, (int, float)) and not value):
            continue
        received = (
            batch_checks.described(value)
            if hasattr(value, "shape")
            else repr(value)
        )
        raise ValueError(
            f"`{name}` must not be given to `fit`: {reason}. "
            f"Received: {name}={received}"
        )
    for name, least in _COUNTS.items():
        value = given.get(name)
        if value is None:
            continue
        is_int = isinstance(value, (int, np.integer))
        if not is_int or isinstance(value, bool) or value < least:
            raise ValueError(
                f"`{name}` must be an integer of {least} or more. "
                f"Received: {name}={value!r}"
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


def labels_in_memory(labels: TensorLike | None, classes: int) -> None:
    """Checks all labels of a set in memory, whichever batch they come in.

    Args:
        labels: All of them, or `None` where they are not in memory.
        classes: What the networks predict.

    Raises:
        ValueError: If one of them is no class.
    """
    if labels is not None:
        label_checks.check_form("`labels`", labels, classes)
        label_checks.check_values("`labels`", labels, classes)


def validation(data: object, first: Batch, classes: int) -> None:
    """Checks validation data before training rather than after an epoch.

    Args:
        data: `(inputs, labels)` as arrays, a dataset of such, or `None`;
            anything else is left to Keras.
        first: The first batch of the training data.
        classes: What the networks predict.

    Raises:
        ValueError: If inputs or labels do not fit the networks, or the inputs
            are of another type or range than those that are trained on.
    """
    if data is None:
        return
    if isinstance(data, tf.data.Dataset):
        data = next(iter(data), ())
        if not tf.nest.flatten(data):
            _empty("an empty data set")
    if not isinstance(data, (tuple, list)):
        if hasattr(data, "shape") or isinstance(data, Mapping):
            _no_pair(data)
        return
    if len(data) not in (2, 3):
        _no_pair(data)
    inputs, labels = data[:2]
    parts = tf.nest.flatten(inputs)
    if not all(hasattr(part, "shape") for part in (*parts, labels)):
        return
    _same_length(parts, labels)
    _fit_together(parts, tf.nest.flatten(first.labeled_inputs))
    label_checks.check_form(VALIDATION_LABELS, labels, classes)
    label_checks.check_values(VALIDATION_LABELS, labels, classes)


def measurable(x: Any, y: Any, classes: int) -> None:
    """Checks arrays that `evaluate` is given, all of them.

    Raises:
        ValueError: If inputs and labels differ in length, or a label is no
            class.
    """
    parts = tf.nest.flatten(x)
    if y is None or not all(hasattr(part, "shape") for part in (*parts, y)):
        return
    for part in parts:
        if len(part) != len(y):
            raise ValueError(
                "`x` and `y` must have equally many rows. "
                f"Received: {len(part)} and {len(y)}"
            )
    label_checks.check_form("`y`", y, classes)
    label_checks.check_values("`labels`", y, classes)


def _no_pair(data: Any) -> None:
    raise ValueError(
        "`validation_data` must be (inputs, labels). "
        f"Received: {batch_checks.described(data)}"
    )


def _empty(received: str) -> None:
    raise ValueError(
        f"`validation_data` must have examples. Received: {received}"
    )


def _same_length(parts: list[Any], labels: Any) -> None:
    lengths = {len(part) if part.shape else 0 for part in (*parts, labels)}
    if lengths == {0}:
        _empty("none")
    if len(lengths) > 1:
        raise ValueError(
            "`validation_data` must have equally many inputs and labels. "
            f"Received: {' and '.join(map(str, sorted(lengths)))}"
        )


def _fit_together(parts: list[Any], trained: list[Any]) -> None:
    """Checks shapes, types, values and range against the training data."""
    shapes = [
        [tuple(part.shape[1:]) for part in side] for side in (parts, trained)
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "`validation_data` must have inputs of the shapes that are "
            f"trained on, {shapes[1]}. Received: {shapes[0]}"
        )
    batch_checks.finite("validation_data", parts)
    for part, other in zip(map(np.asarray, parts), trained, strict=True):
        _of_one_kind(part, np.asarray(other))


def _of_one_kind(values: np.ndarray, trained: np.ndarray) -> None:
    kinds = {"u": "i", "b": "i", "V": "f", "U": "O", "S": "O"}  # V: bfloat16
    found, expected = (
        kinds.get(one.dtype.kind, one.dtype.kind) for one in (values, trained)
    )
    if found != expected:
        raise ValueError(
            "`validation_data` must have inputs of the type that is trained "
            f"on, {trained.dtype}. Received: {values.dtype}; views that make "
            "floats of pixels are of the training data alone"
        )
    if found != "f":
        return
    sizes = [
        float(np.mean(np.abs(one.astype("float64"))))
        for one in (values, trained)
    ]
    far = max(sizes) > _FAR * min(sizes) > 0
    if far:
        raise ValueError(
            "`validation_data` must have inputs of the range that is trained "
            f"on, {trained.min():.4g} to {trained.max():.4g}. "
            f"Received: {values.min():.4g} to {values.max():.4g}"
        )
