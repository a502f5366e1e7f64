"""Networks by name, and the export of a trained one to plain Keras.

`MODELS` maps a name to its builder. A teacher or a student may be any Keras
model; these are the networks of the paper. Must not know of trainers or data.
"""

import difflib
import inspect
import os
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from functools import partial
from typing import Unpack

import keras

from keras_mpl.models import listing
from keras_mpl.models import pretraining
from keras_mpl.models.building import Options
from keras_mpl.models.class_names import read_class_names
from keras_mpl.models.classifier import classifier
from keras_mpl.models.conversion import Converted
from keras_mpl.models.conversion import convert
from keras_mpl.models.efficientnet import PRESETS
from keras_mpl.models.efficientnet import efficientnet
from keras_mpl.models.export import complete
from keras_mpl.models.export import export
from keras_mpl.models.finetuning import BackboneSGD
from keras_mpl.models.finetuning import freeze
from keras_mpl.models.formats import Format
from keras_mpl.models.inspection import Size
from keras_mpl.models.inspection import multiply_adds
from keras_mpl.models.inspection import size
from keras_mpl.models.loading import load
from keras_mpl.models.mlp import mlp
from keras_mpl.models.normalization import BatchNorm
from keras_mpl.models.pixels import Pixels
from keras_mpl.models.pixels import network_of
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


def _check_name(name: str) -> None:
    if name not in MODELS:
        close = difflib.get_close_matches(str(name), MODELS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"`name` must be one of {', '.join(MODELS)}.{hint} "
            f"Received: name={name!r}"
        )


def create(
    name: str, *, num_classes: int | None = None, **options: Unpack[Options]
) -> keras.Model:
    """Builds a network of `MODELS`.

    Args:
        name: A key of `MODELS`.
        num_classes: Number of logits; not needed with `include_top=False`.
        **options: Further arguments of the builder; `building.Options` has
            them all.

    Returns:
        A built model that ends in logits of shape `(batch, num_classes)`,
        or in features with `include_top=False`.

    Raises:
        ValueError: If `name` is unknown; the message lists the known names.
        TypeError: If the builder does not accept an option, or lacks one that
            it needs; the message lists the options that it accepts.

    >>> create("wrn_10_1", num_classes=3, input_shape=(8, 8, 1)).output_shape
    (None, 3)
    """
    _check_name(name)
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


def from_weights(
    name: str,
    weights: str | os.PathLike[str],
    *,
    num_classes: int,
    input_shape: Sequence[int],
    dropout: float = 0.0,
) -> keras.Model:
    """Builds a network whose backbone has been trained before.

    Published weights belong to one scale of the pixels. Whatever that is, this
    network takes pixels from -1 to 1, and scales them itself.

    Args:
        name: A key of `MODELS`, or `hub:` and a preset of keras-hub.
        weights: `"imagenet"`, for the weights that keras.applications
            publishes of EfficientNet B0 to B7 and ResNet-50; the path of one
            of their files (`.h5`); the path of a `.keras` file, of the same
            network of keras.applications or of a student of this package; or
            `"preset"`, for keras-hub.
        num_classes: Number of logits. A head with another number of classes
            is not loaded and keeps its initial values.
        input_shape: `(height, width, channels)`.
        dropout: Rate in front of the head.

    Returns:
        A network that ends in logits of shape `(batch, num_classes)`.

    Raises:
        ValueError: If there are no such weights, or they do not fit.
        OSError: If the weights cannot be found or fetched; the message says
            what to do.
    """
    if not name.startswith(pretraining.HUB):
        _check_name(name)
    return pretraining.build(
        create,
        name,
        weights,
        num_classes=num_classes,
        input_shape=tuple(input_shape),
        dropout=dropout,
    )


def measure(name: str, *, num_classes: int | None = None) -> Size | None:
    """Counts the parameters and multiply-adds of a network of `MODELS`.

    The input has the network's default size. No weights are allocated.

    Args:
        name: A key of `MODELS`.
        num_classes: Number of logits; `None` is 10 for the networks for small
            images and ImageNet's 1000 for the others.

    Returns:
        The size of the network, or `None` if it has no default input size.

    Raises:
        ValueError: If `name` is unknown; the message lists the known names.

    >>> measure("wrn_10_1").parameters
    77850
    """
    _check_name(name)
    shape = inspect.signature(MODELS[name]).parameters["input_shape"].default
    if shape is inspect.Parameter.empty:
        return None
    if num_classes is None:
        num_classes = 10 if shape[0] < 64 else 1000
    return size(partial(MODELS[name], num_classes=num_classes))


def table(match: str = "") -> Iterator[str]:
    """Lists `MODELS` with their sizes and sources, as `keras-mpl models` does.

    Args:
        match: The list has only the names that contain this text.

    Returns:
        Lines of text, a heading first. Each network is counted when its line
        is read, which takes seconds for the large ones.

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
    "BackboneSGD",
    "BatchNorm",
    "Converted",
    "Format",
    "Pixels",
    "classifier",
    "complete",
    "convert",
    "create",
    "efficientnet",
    "export",
    "freeze",
    "from_weights",
    "load",
    "measure",
    "mlp",
    "multiply_adds",
    "network_of",
    "read_class_names",
    "resnet_50",
    "size",
    "table",
    "wide_resnet",
]
