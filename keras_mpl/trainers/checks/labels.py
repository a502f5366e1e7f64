"""What can be wrong with labels, said in one line each.

Their form is checked when a step is traced, the values of the first batch, and
of all labels in memory, before anything is compiled, and every later batch
inside of its step.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def dtype_name(part: Any) -> str:
    """Name of a type; also of one that Keras does not know, as text."""
    try:
        return str(keras.backend.standardize_dtype(part.dtype))
    except ValueError:
        return str(part.dtype)


def check_form(name: str, labels: Any, classes: int) -> None:
    """Checks that labels are ids, or probabilities, from their spec alone.

    Raises:
        ValueError: If they are of no known form.
    """
    dtype = dtype_name(labels)
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


def check_values(name: str, labels: Any, classes: int) -> None:
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
    check_range(values.min(), values.max(), classes, name)


def check_range(
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


def extremes(labels: Any, classes: int) -> tuple[Any, Any] | None:
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
    # More classes may be there than a small type can count.
    return tf.cast(low, "int64"), tf.cast(high, "int64")


def assert_range(labels: Any, classes: int) -> None:
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
    """Says in one line what a check of labels or weights found in a step."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        number = r"[-+\d.einfa]+"
        pattern = (
            r"(`(?:labels|sample_weight)` must [^:]*:).{1,6}"
            rf"((?:labels|weights) from {number} to {number})"
        )
        found = re.search(pattern, str(error), re.DOTALL)
        if not found:
            raise
        raise ValueError(f"{found[1]} {found[2]}") from None
