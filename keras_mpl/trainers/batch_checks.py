"""What can be wrong with the training data, said in one line each.

Forms and shapes are checked when a step is traced, values on the first batch,
before anything is compiled.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.batch import Batch


def as_batch(data: Any) -> Batch:
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
        f"Received: {_described(data)}"
    )


def _described(data: Any) -> str:
    if isinstance(data, (tuple, list)):
        return "(" + ", ".join(_described(part) for part in data) + ")"
    if isinstance(data, dict):
        keys = (f"{key}: {_described(data[key])}" for key in data)
        return "{" + ", ".join(keys) + "}"
    if hasattr(data, "shape"):
        return f"{keras.backend.standardize_dtype(data.dtype)}{data.shape}"
    return type(data).__name__


def batch_spec(batch: Batch, classes: int) -> None:
    """Checks structure, shapes and types of a batch, from its specs alone.

    Args:
        batch: Of tensors or of tensor specs.
        classes: What the networks predict.

    Raises:
        ValueError: If the views differ in shape from each other or from the
            labelled inputs, or the labels are of no known form.
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
    batches: tf.data.Dataset, classes: int, networks: dict[str, Any]
) -> None:
    """Checks a data set and its first batch, before anything is compiled.

    Args:
        batches: Training data.
        classes: What the networks predict.
        networks: The networks by name; each is tried on two examples.

    Raises:
        ValueError: If it is empty or of another form, labels are out of
            range, inputs are not finite, or a network does not give logits.
    """
    batch_spec(as_batch(batches.element_spec), classes)
    batch = next((as_batch(element) for element in batches), None)
    if batch is None or not len(batch.labels):
        raise ValueError(
            "`fit` must be given at least one batch. Received: an empty data "
            "set; is one of the two sets smaller than a batch?"
        )
    label_range(batch.labels, classes)
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
        _is_logits(name, np.asarray(network(one), "float64"))


def label_range(labels: Any, classes: int) -> None:
    """Checks that every integer label names a class.

    Raises:
        ValueError: If one is below 0 or not below `classes`.
    """
    ids = np.asarray(labels)
    if ids.dtype.kind in "iu" and (ids.min() < 0 or ids.max() >= classes):
        raise ValueError(
            f"`labels` must be from 0 to {classes - 1}, as the networks have "
            f"{classes} classes. Received: labels from {ids.min()} to "
            f"{ids.max()}"
        )


def _is_logits(name: str, outputs: np.ndarray) -> None:
    sums = outputs.sum(axis=-1)
    if outputs.min() >= 0 and np.allclose(sums, 1.0, atol=1e-3):
        raise ValueError(
            f"`{name}` must end in logits; take its last softmax away. "
            "Received: outputs that are probabilities (rows sum to 1)"
        )
