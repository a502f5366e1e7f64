"""What can be wrong with the weights of examples, said in one line each."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_mpl.trainers.checks.labels import dtype_name


def check_form(weights: Any) -> None:
    """Checks that there is one number per example, from the spec alone.

    Raises:
        ValueError: If they are of another form.
    """
    dtype = dtype_name(weights)
    is_number = "int" in dtype or "float" in dtype
    if len(weights.shape) != 1 or not is_number:
        raise ValueError(
            "`sample_weight` must be one number per labelled example, of shape "
            f"(batch,). Received: {dtype} of shape {tuple(weights.shape)}"
        )


_EXPECTED = "`sample_weight` must be finite, and 0 or more."


def check_values(weights: Any) -> None:
    """Checks that weights are finite, and none is below 0.

    Raises:
        ValueError: If one of them is not.
    """
    values = np.asarray(weights, "float64")
    bad = values[~np.isfinite(values) | (values < 0)]
    if bad.size:
        raise ValueError(f"{_EXPECTED} Received: {bad[0]:g} among them")


def are_usable(weights: Any) -> Any:
    """Whether the weights of a step are finite, and none is below 0.

    Returns:
        Boolean, shape `()`.
    """
    if not weights.dtype.is_floating:
        weights = tf.cast(weights, "float32")
    return tf.reduce_all(tf.math.is_finite(weights) & (weights >= 0))


def assert_values(weights: Any) -> None:
    """Adds to a step the check that its weights are finite, and 0 or more.

    XLA can not raise from inside a step: call it where that is off.
    """
    extremes = tf.reduce_min(weights), tf.reduce_max(weights)
    received = tf.strings.format("weights from {} to {}", extremes)
    tf.debugging.Assert(
        are_usable(weights), [f"{_EXPECTED} Received:", received]
    )
