"""Networks by name, and the way out of the package for a trained one.

`MODELS` maps a name to its builder. Any Keras model will do as a teacher or a
student; these are the paper's.
"""

import difflib
import inspect
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from typing import Any

import keras

from keras_mpl.models import listing
from keras_mpl.models.classifier import classifier
from keras_mpl.models.efficientnet import PRESETS
from keras_mpl.models.efficientnet import efficientnet
from keras_mpl.models.export import export
from keras_mpl.models.inspection import Size
from keras_mpl.models.inspection import multiply_adds
from keras_mpl.models.inspection import size
from keras_mpl.models.mlp import mlp
from keras_mpl.models.normalization import BatchNorm
from keras_mpl.models.resnet import resnet_50
from keras_mpl.models.wide_resnet import wide_resnet

MODELS: dict[str, Callable[..., keras.Model]] = {
    "wrn_10_1": partial(wide_resnet, 10, 1),
    "wrn_10_2": partial(wide_resnet, 10, 2),
    "wrn_28_2": partial(wide_resnet, 28, 2),
    "wrn_28_2_released": partial(
        wide_resnet, 28, 2, stem_filters=32, slope=0.2, name="wrn_28_2_released"
    ),
    "wrn_28_8": partial(wide_resnet, 28, 8),
    "wrn_28_10": partial(wide_resnet, 28, 10),
    "wrn_28_large": partial(wide_resnet, 28, 135, name="wrn_28_large"),
    "resnet_50": resnet_50,
    **{
        f"efficientnet_{size}": partial(
            efficientnet,
            preset.width,
            preset.depth,
            input_shape=(preset.resolution, preset.resolution, 3),
            name=f"efficientnet_{size}",
        )
        for size, preset in PRESETS.items()
    },
    "mlp": mlp,
}


def _find(name: str) -> None:
    if name not in MODELS:
        close = difflib.get_close_matches(str(name), MODELS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"`name` must be one of {', '.join(MODELS)}.{hint} "
            f"Received: name={name!r}"
        )


def create(
    name: str, *, num_classes: int | None = None, **options: Any
) -> keras.Model:
    """Builds a network of `MODELS`.

    Args:
        name: A key of `MODELS`.
        num_classes: Number of logits; not needed with `include_top=False`.
        **options: Further arguments of the builder.

    Returns:
        A built model that ends in logits of shape `(batch, num_classes)`,
        or in features with `include_top=False`.

    Raises:
        ValueError: If there is no such name; it lists those there are.
        TypeError: If the builder does not know an option, or lacks one that
            it needs; it lists those it accepts.

    >>> create("wrn_10_1", num_classes=3, input_shape=(8, 8, 1)).output_shape
    (None, 3)
    """
    _find(name)
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


def measure(name: str, *, num_classes: int | None = None) -> Size | None:
    """Counts a network of `MODELS` at its own input size, without building it.

    Args:
        name: A key of `MODELS`.
        num_classes: Number of logits; `None` is 10 for the networks for small
            images and ImageNet's 1000 for the others.

    Returns:
        Its size; `None` for one whose size its options decide.

    Raises:
        ValueError: If there is no such name.

    >>> measure("wrn_10_1").parameters
    77850
    """
    _find(name)
    shape = inspect.signature(MODELS[name]).parameters["input_shape"].default
    if shape is inspect.Parameter.empty:
        return None
    if num_classes is None:
        num_classes = 10 if shape[0] < 64 else 1000
    return size(partial(MODELS[name], num_classes=num_classes))


def table(match: str = "") -> Iterator[str]:
    """Lists `MODELS`: name, size and source; what `keras-mpl models` prints.

    Args:
        match: Only names that contain this.

    Returns:
        Lines of text, a heading first. A network is counted when its line is
        asked for: some take seconds.

    Raises:
        ValueError: If no name contains `match`.
    """
    names = [name for name in MODELS if match in name]
    if not names:
        raise ValueError(
            f"`match` must be part of one of {', '.join(MODELS)}. "
            f"Received: match={match!r}"
        )
    return listing.table(names, measure)


__all__ = [
    "MODELS",
    "BatchNorm",
    "classifier",
    "create",
    "efficientnet",
    "export",
    "measure",
    "mlp",
    "multiply_adds",
    "resnet_50",
    "size",
    "table",
    "wide_resnet",
]
