"""What can be wrong with the training data, said in one line each.

Forms and shapes are checked when a step is traced, values on the first batch,
before anything is compiled; labels also in every later one.
"""

import contextlib
import re
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.batch import Batch
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike


def as_batch(data: object) -> Batch:
    """Reads one element of the training data as a `Batch`.

    Args:
        data: A `Batch`, or `((inputs, labels), (weak, strong))`.

    Returns:
        The `Batch`.

    Raises:
        ValueError: If it is something else, such as plain `(x, y)`.
    """
    if isinstance(data, Batch):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        if all(isinstance(part, tuple) and len(part) == 2 for part in data):
            return Batch(*data[0], *data[1])
    raise ValueError(
        "`fit` must be given batches of `keras_mpl.Batch` or ((inputs, "
        "labels), (weak, strong)), as `keras_mpl.data.pair` makes them. "
        f"Received: {described(data)}"
    )


def described(data: object) -> str:
    """Types and shapes of data of any form, in one line."""
    if isinstance(data, (tuple, list)):
        return "(" + ", ".join(described(part) for part in data) + ")"
    if isinstance(data, dict):
        keys = (f"{key}: {described(data[key])}" for key in data)
        return "{" + ", ".join(keys) + "}"
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        return f"{keras.backend.standardize_dtype(data.dtype)}{data.shape}"
    return type(data).__name__


def batch_spec(batch: Batch, classes: int) -> None:
    """Checks structure, shapes and types of a batch, from its specs alone.

    Args:
        batch: Of tensors or of tensor specs.
        classes: What the networks predict.

    Raises:
        ValueError: If the views differ in shape from each other or from the
            labelled inputs, the labels are of no known form, or rows that
            belong together differ in number.
    """
    views = {
        "labeled_inputs": batch.labeled_inputs,
        "weak_inputs": batch.weak_inputs,
        "strong_inputs": batch.strong_inputs,
    }
    kinds = {name: _example_kinds(view) for name, view in views.items()}
    if len(set(kinds.values())) != 1:
        raise ValueError(
            "`labeled_inputs`, `weak_inputs` and `strong_inputs` must be "
            f"alike but for the batch size. Received: {kinds}"
        )
    labels = batch.labels
    dtype = keras.backend.standardize_dtype(labels.dtype)
    rank = len(labels.shape)
    is_ids = "int" in dtype and (rank == 1 or labels.shape[1:] == (1,))
    if not is_ids and not (rank == 2 and labels.shape[-1] == classes):
        raise ValueError(
            "`labels` must be integer class ids of shape (batch,) or "
            f"probabilities of shape (batch, {classes}). "
            f"Received: {dtype} of shape {tuple(labels.shape)}"
        )
    _same_rows("labeled_inputs", batch.labeled_inputs, "labels", labels)
    _same_rows(
        "weak_inputs", batch.weak_inputs, "strong_inputs", batch.strong_inputs
    )


def _same_rows(name: str, part: Any, other_name: str, other: Any) -> None:
    parts = tf.nest.flatten(part) + tf.nest.flatten(other)
    rows = [p.shape[0] for p in parts if p.shape[0] is not None]
    if len(set(rows)) > 1:
        raise ValueError(
            f"`{name}` and `{other_name}` must have equally many rows. "
            f"Received: {min(rows)} and {max(rows)}"
        )


def _example_kinds(inputs: Any) -> str:
    return str(
        tf.nest.map_structure(
            lambda part: (
                f"{keras.backend.standardize_dtype(part.dtype)}"
                f"{tuple(part.shape[1:])}"
            ),
            inputs,
        )
    )


def first_batch(
    batches: tf.data.Dataset, classes: int, networks: Mapping[str, keras.Model]
) -> None:
    """Checks a data set and its first batch, before anything is compiled.

    Args:
        batches: Training data.
        classes: What the networks predict.
        networks: The networks by name; each is tried on two examples.

    Raises:
        ValueError: If it is empty or of another form, labels are out of
            range or no probabilities, inputs are not finite, or a network
            does not give logits.
    """
    batch_spec(as_batch(batches.element_spec), classes)
    batch = next((as_batch(element) for element in batches), None)
    if batch is None or not len(batch.labels):
        raise ValueError(
            "`fit` must be given at least one batch. Received: an empty data "
            "set; is one of the two sets smaller than a batch?"
        )
    label_values(batch.labels, classes)
    for name in ("labeled_inputs", "weak_inputs", "strong_inputs"):
        for part in tf.nest.flatten(getattr(batch, name)):
            values = np.asarray(part)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ValueError(
                    f"`{name}` must be finite. Received: NaN or infinity in "
                    f"{np.sum(~np.isfinite(values))} of {values.size} values "
                    "of the first batch"
                )
    one = tf.nest.map_structure(lambda part: part[:2], batch.weak_inputs)
    for name, network in networks.items():
        _is_logits(name, network(one))


def label_values(labels: TensorLike, classes: int) -> None:
    """Checks that labels name classes, or are probabilities of them.

    Raises:
        ValueError: If an integer label is below 0 or not below `classes`, or
            if rows of probabilities are negative or do not sum to 1.
    """
    values = np.asarray(labels)
    if values.ndim == 2 and values.shape[-1] == classes:
        sums = values.astype("float64").sum(axis=-1)
        if not (values.min() >= 0 and np.allclose(sums, 1.0, atol=1e-2)):
            raise ValueError(
                "`labels` of two axes must be probabilities, whose rows sum "
                f"to 1. Received: values from {values.min()} to "
                f"{values.max()}, sums from {sums.min()} to {sums.max()}"
            )
    elif values.min() < 0 or values.max() >= classes:
        raise ValueError(
            _range_expected(classes)
            + f" Received: labels from {values.min()} to {values.max()}"
        )


def _range_expected(classes: int) -> str:
    return (
        f"`labels` must be from 0 to {classes - 1}, as the networks have "
        f"{classes} classes."
    )


def assert_label_range(labels: Tensor, classes: int) -> None:
    """Adds to a step the check that integer labels name classes.

    XLA can not raise from inside a step: call it where that is off.

    Args:
        labels: Of any form, `(batch, ...)`; probabilities are let through.
        classes: What the networks predict.
    """
    is_probs = len(labels.shape) == 2 and labels.shape[-1] == classes
    if is_probs or not labels.dtype.is_integer:
        return
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    received = tf.strings.format("labels from {} to {}", (low, high))
    tf.debugging.Assert(
        (low >= 0) & (high < classes),
        [f"{_range_expected(classes)} Received:", received],
    )


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Says in one line what `assert_label_range` found inside a step."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        pattern = r"(`labels` must .*?:).{1,6}(labels from -?\d+ to -?\d+)"
        found = re.search(pattern, str(error), re.DOTALL)
        if not found:
            raise
        raise ValueError(f"{found[1]} {found[2]}") from None


def _is_logits(name: str, logits: Any) -> None:
    is_half = keras.backend.standardize_dtype(logits.dtype) in (
        "float16",
        "bfloat16",
    )
    outputs = np.asarray(logits, "float64")
    sums = outputs.sum(axis=-1)
    tolerance = 1e-2 if is_half else 1e-3
    if outputs.min() >= 0 and np.allclose(sums, 1.0, atol=tolerance):
        raise ValueError(
            f"`{name}` must end in logits; take its last softmax away. "
            "Received: outputs that are probabilities (rows sum to 1)"
        )
