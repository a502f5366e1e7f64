"""What can be wrong with the weights of examples, said in one line each."""

from typing import Any

import numpy as np

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


def check_values(weights: Any) -> None:
    """Checks that weights are finite, and none is below 0.

    Raises:
        ValueError: If one of them is not.
    """
    values = np.asarray(weights, "float64")
    bad = values[~np.isfinite(values) | (values < 0)]
    if bad.size:
        raise ValueError(
            "`sample_weight` must be finite, and 0 or more. "
            f"Received: {bad[0]:g} among them"
        )
