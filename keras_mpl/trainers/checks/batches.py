"""What can be wrong with the training data, said in one line each.

Forms and shapes are checked when a step is traced, values on the first batch,
before anything is compiled; `labels.py` has what is checked of labels.
"""

import re
from collections.abc import Mapping
from typing import Any
from typing import cast

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.batch import Batch
from keras_mpl.batch import WeightedBatch
from keras_mpl.batch import weighted
from keras_mpl.trainers.checks import labels as label_checks
from keras_mpl.trainers.checks import weights
from keras_mpl.types import Inputs


def as_batch(data: object) -> Batch:
    """Reads one element of the training data as a `Batch`.

    Args:
        data: A `Batch`, a `WeightedBatch`, or `((inputs, labels), (weak,
            strong))`, where `(inputs, labels, sample_weight)` may stand for
            the former.

    Returns:
        The `Batch`, with its weights if there are some.

    Raises:
        ValueError: If it is something else, such as plain `(x, y)`.
    """
    if isinstance(data, (Batch, WeightedBatch)):
        return cast(Batch, data)
    if isinstance(data, tuple) and len(data) == 2:
        labeled, unlabeled = data
        if (
            all(isinstance(part, tuple) for part in data)
            and len(unlabeled) == 2 <= len(labeled) <= 3
        ):
            batch = Batch(*labeled[:2], *unlabeled)
            return weighted(batch, *labeled[2:]) if labeled[2:] else batch
    raise ValueError(
        "`fit` must be given batches of `keras_mpl.Batch` or ((inputs, "
        "labels), (weak, strong)), as `keras_mpl.data.pair` makes them; the "
        "labelled part may have `sample_weight` as its third. "
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
        return f"{label_checks.dtype_name(data)}{data.shape}"
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
    for name, view in views.items():
        _numbers_or_text(name, view)
    labels = batch.labels
    label_checks.check_form("`labels`", labels, classes)
    _same_rows("labeled_inputs", batch.labeled_inputs, "labels", labels)
    if batch.sample_weight is not None:
        weights.check_form(batch.sample_weight)
        _same_rows("labels", labels, "sample_weight", batch.sample_weight)
    _same_rows(
        "weak_inputs", batch.weak_inputs, "strong_inputs", batch.strong_inputs
    )


def _numbers_or_text(name: str, inputs: Any) -> None:
    """Refuses types that Keras would cast in silence."""
    for part in tf.nest.flatten(inputs):
        dtype = label_checks.dtype_name(part)
        if dtype.startswith("complex"):
            raise ValueError(
                f"`{name}` must be real numbers. Received: {dtype}"
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
                f"{label_checks.dtype_name(part)}{tuple(part.shape[1:])}"
            ),
            inputs,
        )
    )


def first_batch(
    batches: tf.data.Dataset, classes: int, networks: Mapping[str, keras.Model]
) -> Batch:
    """Checks a data set and its first batch, before anything is compiled.

    Args:
        batches: Training data.
        classes: What the networks predict.
        networks: The networks by name; each is tried on two examples.

    Returns:
        The first batch.

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
    label_checks.check_values("`labels`", batch.labels, classes)
    if batch.sample_weight is not None:
        weights.check_values(batch.sample_weight)
    for name in ("labeled_inputs", "weak_inputs", "strong_inputs"):
        finite(name, getattr(batch, name), " of the first batch")
    one = tf.nest.map_structure(lambda part: part[:2], batch.weak_inputs)
    for name, network in networks.items():
        _is_logits(name, _answer(name, network, one))
    return batch


def finite(name: str, inputs: Inputs, where: str = "") -> None:
    """Checks that inputs have no NaN and no infinity.

    Raises:
        ValueError: If they have.
    """
    for part in tf.nest.flatten(inputs):
        values = np.asarray(part)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError(
                f"`{name}` must be finite. Received: NaN or infinity in "
                f"{np.sum(~np.isfinite(values))} of {values.size} values"
                f"{where}"
            )


def _answer(name: str, network: keras.Model, inputs: Any) -> Any:
    """Calls a network on the first examples, in inference mode."""
    try:
        return network(inputs)
    except Exception as error:
        raise ValueError(
            f"`{name}` must take the inputs of the data. "
            f"Received: {described(inputs)}, at which {network.name!r} fails "
            f"with: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    """The first line of a message, without the codes that colour it."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


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
