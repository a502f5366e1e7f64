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
from keras_mpl.types import Inputs
from keras_mpl.types import Tensor


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
        return f"{_dtype(data)}{data.shape}"
    return type(data).__name__


def _dtype(part: Any) -> str:
    """Name of a type; also of one that Keras does not know, as text."""
    try:
        return str(keras.backend.standardize_dtype(part.dtype))
    except ValueError:
        return str(part.dtype)


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
    label_form("`labels`", labels, classes)
    _same_rows("labeled_inputs", batch.labeled_inputs, "labels", labels)
    _same_rows(
        "weak_inputs", batch.weak_inputs, "strong_inputs", batch.strong_inputs
    )


def label_form(name: str, labels: Any, classes: int) -> None:
    """Checks that labels are ids, or probabilities, from their spec alone.

    Raises:
        ValueError: If they are of no known form.
    """
    dtype = _dtype(labels)
    rank = len(labels.shape)
    is_number = "int" in dtype or "float" in dtype
    is_ids = is_number and (rank == 1 or tuple(labels.shape[1:]) == (1,))
    is_probs = is_number and rank == 2 and labels.shape[-1] == classes
    if not is_ids and not is_probs:
        raise ValueError(
            f"{name} must be integer class ids of shape (batch,) or "
            f"probabilities of shape (batch, {classes}). "
            f"Received: {dtype} of shape {tuple(labels.shape)}"
        )


def _numbers_or_text(name: str, inputs: Any) -> None:
    """Refuses types that Keras would cast in silence."""
    for part in tf.nest.flatten(inputs):
        dtype = _dtype(part)
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
            lambda part: f"{_dtype(part)}{tuple(part.shape[1:])}",
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
    label_values("`labels`", batch.labels, classes)
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


def label_values(name: str, labels: Any, classes: int) -> None:
    """Checks that labels name classes, or are probabilities of them.

    Args:
        name: What they are called, for the message.
        labels: All of them, of a known form; none is fine.
        classes: What the networks predict.

    Raises:
        ValueError: If an id is no whole number from 0 to below `classes`, or
            if rows of probabilities are negative or do not sum to 1.
    """
    values = np.asarray(labels)
    if not values.size:
        return
    if values.ndim == 2 and values.shape[-1] == classes:
        sums = values.astype("float64").sum(axis=-1)
        if not (values.min() >= 0 and np.allclose(sums, 1.0, atol=1e-2)):
            raise ValueError(
                f"{name} of two axes must be probabilities, whose rows sum "
                f"to 1. Received: values from {values.min()} to "
                f"{values.max()}, sums from {sums.min()} to {sums.max()}"
            )
        return
    parts = values[values != np.floor(values)]
    if parts.size:
        raise ValueError(
            f"{name} must be whole numbers, or probabilities of shape "
            f"(batch, {classes}). Received: {parts[0]} among them"
        )
    label_extremes(values.min(), values.max(), classes, name)


def label_extremes(
    low: float, high: float, classes: int, name: str = "`labels`"
) -> None:
    """Checks the lowest and the highest label.

    Raises:
        ValueError: If one of them is no class.
    """
    if low < 0 or high >= classes:
        raise ValueError(
            f"{_range_expected(name, classes)} Received: labels from "
            f"{low:g} to {high:g}"
        )


def _range_expected(name: str, classes: int) -> str:
    return (
        f"{name} must be from 0 to {classes - 1}, as the networks have "
        f"{classes} classes."
    )


def extremes(labels: Tensor, classes: int) -> tuple[Tensor, Tensor] | None:
    """The lowest and the highest label of a step.

    Args:
        labels: Of any form, `(batch, ...)`.
        classes: What the networks predict.

    Returns:
        Both, shape `()`, below 0 where a label is no whole number; `None` if
        they are probabilities.
    """
    if len(labels.shape) == 2 and labels.shape[-1] == classes:
        return None
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    if labels.dtype.is_floating:
        is_whole = tf.reduce_all(labels == tf.floor(labels))
        low = tf.where(is_whole, low, -tf.ones_like(low))
    return low, high


def assert_label_range(labels: Tensor, classes: int) -> None:
    """Adds to a step the check that labels that are ids name classes.

    XLA can not raise from inside a step: call it where that is off.

    Args:
        labels: Of any form, `(batch, ...)`; probabilities are let through.
        classes: What the networks predict.
    """
    found = extremes(labels, classes)
    if found is None:
        return
    low, high = found
    received = tf.strings.format("labels from {} to {}", (low, high))
    tf.debugging.Assert(
        (low >= 0) & (high < classes),
        [f"{_range_expected('`labels`', classes)} Received:", received],
    )


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Says in one line what `assert_label_range` found inside a step."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        pattern = r"(`labels` must .*?:).{1,6}(labels from [-\d.]+ to [-\d.]+)"
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
