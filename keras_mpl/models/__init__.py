"""Networks by name, and the way out of the package for a trained one.

`MODELS` maps a name to its builder. Any Keras model will do as a teacher or a
student; these are the paper's.
"""

import difflib
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from keras_mpl.models.export import export
from keras_mpl.models.mlp import mlp
from keras_mpl.models.normalization import BatchNorm
from keras_mpl.models.wide_resnet import wide_resnet

MODELS: dict[str, Callable[..., keras.Model]] = {
    "wrn_10_1": partial(wide_resnet, 10, 1),
    "wrn_10_2": partial(wide_resnet, 10, 2),
    "wrn_28_2": partial(wide_resnet, 28, 2),
    "wrn_28_8": partial(wide_resnet, 28, 8),
    "wrn_28_10": partial(wide_resnet, 28, 10),
    "mlp": mlp,
}


def create(name: str, *, num_classes: int, **options: Any) -> keras.Model:
    """Builds a network of `MODELS`.

    Args:
        name: A key of `MODELS`.
        num_classes: Number of logits.
        **options: Further arguments of the builder.

    Returns:
        A built model that ends in logits of shape `(batch, num_classes)`.

    Raises:
        ValueError: If there is no such name; it lists those there are.
        TypeError: If the builder does not know an option, or lacks one that
            it needs; it lists those it accepts.

    >>> create("wrn_10_1", num_classes=3, input_shape=(8, 8, 1)).output_shape
    (None, 3)
    """
    if name not in MODELS:
        close = difflib.get_close_matches(str(name), MODELS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"`name` must be one of {', '.join(MODELS)}.{hint} "
            f"Received: name={name!r}"
        )
    parameters = inspect.signature(MODELS[name]).parameters
    accepted = [key for key in parameters if key != "num_classes"]
    unknown = [key for key in options if key not in accepted]
    missing = [
        key
        for key in accepted
        if parameters[key].default is inspect.Parameter.empty
        and key not in options
    ]
    if unknown or missing:
        raise TypeError(
            f"`options` of {name!r} must be among {', '.join(accepted)}. "
            f"Unknown: {', '.join(unknown) or 'none'}; "
            f"missing: {', '.join(missing) or 'none'}. "
            f"Received: options={options}"
        )
    return MODELS[name](num_classes=num_classes, **options)


__all__ = ["MODELS", "BatchNorm", "create", "export", "mlp", "wide_resnet"]
