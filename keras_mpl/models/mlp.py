"""A multilayer perceptron, for tables, toy data and tests.

Must not import trainers or data.
"""

from collections.abc import Callable
from collections.abc import Sequence

import keras

from keras_mpl.models.building import check_fraction
from keras_mpl.models.building import check_top
from keras_mpl.types import DTypeLike
from keras_mpl.types import Tensor


def mlp(
    units: Sequence[int],
    *,
    num_classes: int | None = None,
    input_shape: Sequence[int],
    include_top: bool = True,
    activation: str | Callable[[Tensor], Tensor] = "relu",
    dropout: float = 0.0,
    dtype: DTypeLike | None = None,
    name: str | None = None,
    kernel_initializer: str | keras.initializers.Initializer = "glorot_uniform",
) -> keras.Model:
    """Builds a multilayer perceptron that ends in logits.

    Args:
        units: Width of each hidden layer; empty for a linear model.
        num_classes: Number of logits; not needed without a top.
        input_shape: Shape of one example; flattened if its rank is not 1.
        include_top: Whether logits follow the hidden layers.
        activation: Activation of the hidden layers, a name or a function.
        dropout: Fraction of each hidden layer that training drops.
        dtype: Policy of all layers but the last; `None` is the global one.
        name: Name of the model; `None` is `mlp`.
        kernel_initializer: Initializer of every kernel. Each layer has its own
            copy, so that equal shapes do not start from equal values.

    Returns:
        A functional model from `(batch, *input_shape)` to logits of shape
        `(batch, num_classes)`, float32 under any policy but float64. Without
        a top it ends in the last hidden layer.

    Raises:
        ValueError: If a size is not a positive integer or `dropout` is not
            in `[0, 1)`.

    >>> mlp([3], num_classes=2, input_shape=(4,)).count_params()
    23
    """
    _check(units)
    check_top(include_top, num_classes)
    check_fraction("dropout", dropout)
    policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
    is_double = policy.compute_dtype == "float64"
    outer_dtype = "float64" if is_double else "float32"
    inputs = keras.Input(tuple(input_shape), dtype=outer_dtype, name="inputs")
    x = inputs
    if len(input_shape) != 1:
        x = keras.layers.Flatten(dtype=policy, name="flatten")(x)
    for index, size in enumerate(units, start=1):
        x = keras.layers.Dense(
            size,
            activation=activation,
            kernel_initializer=_fresh(kernel_initializer),
            dtype=policy,
            name=f"hidden_{index}",
        )(x)
        if dropout > 0:
            x = keras.layers.Dropout(
                dropout, dtype=policy, name=f"dropout_{index}"
            )(x)
    if include_top:
        x = keras.layers.Dense(
            num_classes,
            kernel_initializer=_fresh(kernel_initializer),
            dtype=outer_dtype,
            name="logits",
        )(x)
    return keras.Model(inputs, x, name=name or "mlp")


def _fresh(
    initializer: str | keras.initializers.Initializer,
) -> keras.initializers.Initializer:
    if isinstance(initializer, keras.initializers.Initializer):
        return initializer.clone()
    return keras.initializers.get(initializer)


def _check(units: Sequence[int]) -> None:
    are_many = isinstance(units, Sequence) and not isinstance(units, str)
    if not are_many or not all(
        isinstance(size, int) and size > 0 for size in units
    ):
        raise ValueError(
            f"`units` must be positive integers. Received: units={units}"
        )
