"""Networks with trained weights, over inputs from -1 to 1.

Published weights belong to one scale of the pixels. The networks here scale
their inputs themselves, so that a data set of images needs to know nothing of
that. Must not import trainers or data.
"""

import importlib
import os
import pathlib
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from keras_mpl.models import loading
from keras_mpl.models import pretrained
from keras_mpl.models.building import Options
from keras_mpl.models.classifier import classifier
from keras_mpl.models.finetuning import HEAD

HUB = "hub:"  # begins the name of a preset of keras-hub
PRESET = "preset"
_HALF = 127.5  # inputs from -1 to 1 are pixels / 127.5 - 1
_RESCALING = "rescaling"

# What the networks of keras.applications need beside `weights`.
_OPTIONS: dict[str, Options] = {
    "resnet_50": {"variant": "v1"},
    **{f"efficientnet_b{size}": {} for size in range(8)},
}


def build(
    create: Callable[..., keras.Model],
    name: str,
    weights: str | os.PathLike[str],
    **options: Any,
) -> keras.Model:
    """Builds a network; see `models.from_weights`.

    Args:
        create: `models.create`.
        name: Its name.
        weights: What its backbone starts from.
        **options: `num_classes`, `input_shape` and `dropout`.

    Raises:
        ValueError: If there are no such weights, or they do not fit.
        OSError: If the weights cannot be found or fetched.
    """
    if name.startswith(HUB) or weights == PRESET:
        return _of_keras_hub(name, weights, **options)
    if pathlib.Path(weights).suffix == ".keras":
        return _of_file(create, name, pathlib.Path(weights), **options)
    if name not in _OPTIONS:
        raise ValueError(
            f"`weights` of {name} must be a `.keras` file of the same network, "
            f"as nobody publishes any; there are some of {', '.join(_OPTIONS)}."
            f" Received: weights={str(weights)!r}"
        )
    return _signed(create, name, weights=weights, **options)


def _signed(
    create: Callable[..., keras.Model], name: str, **options: Any
) -> keras.Model:
    """A network of keras.applications' scale behind inputs from -1 to 1."""
    network = create(name, include_rescaling=True, **_OPTIONS[name], **options)
    layer = network.get_layer(_RESCALING)  # scale * pixels + offset
    layer.offset = [
        scale * _HALF + offset
        for scale, offset in zip(layer.scale, layer.offset, strict=True)
    ]
    layer.scale = [scale * _HALF for scale in layer.scale]
    return network


def _of_file(
    create: Callable[..., keras.Model],
    name: str,
    path: pathlib.Path,
    **options: Any,
) -> keras.Model:
    source = loading.load(path, "weights")
    found = {layer.name for layer in source._flatten_layers()}
    # A student of ours that began at random has no scale of its own.
    is_scaled = HEAD not in found or _RESCALING in found
    if name in _OPTIONS and is_scaled:
        network = _signed(create, name, **options)
    else:
        network = create(name, **options)
    try:
        pretrained.copy(source, network, str(path))
    except ValueError as error:
        raise ValueError(
            f"{error}; `model` must name the network of that file, and is "
            f"{name}"
        ) from error
    return network


def _of_keras_hub(
    name: str,
    weights: str | os.PathLike[str],
    *,
    num_classes: int,
    input_shape: Sequence[int],
    dropout: float,
) -> keras.Model:
    """A backbone of keras-hub, with the scale that its preset names."""
    if not name.startswith(HUB) or weights != PRESET:
        raise ValueError(
            f"`weights` must be {PRESET!r} with a network of keras-hub, "
            f"`{HUB}NAME`, and with no other. Received: "
            f"weights={str(weights)!r}, network={name!r}"
        )
    hub, preset = _keras_hub(name), name.removeprefix(HUB)
    try:
        converter = hub.layers.ImageConverter.from_preset(preset)
        backbone = hub.models.Backbone.from_preset(
            preset, image_shape=tuple(input_shape)
        )
    except Exception as error:  # of many kinds, offline and of other presets
        reason = " ".join(str(error).split())
        raise OSError(
            f"`{name}` must be an image preset of keras-hub that can be "
            "fetched, or `hub:FOLDER` of one that `save_to_preset` wrote. "
            f"Received: {reason}"
        ) from error
    inputs = keras.Input(tuple(input_shape), name="images")
    pixels = keras.layers.Rescaling(_HALF, _HALF, name="pixels")(inputs)
    scaled = keras.layers.Rescaling(
        _plain(converter.scale, 1.0),
        _plain(converter.offset, 0.0),
        name=_RESCALING,
    )(pixels)
    features = keras.Model(inputs, backbone(scaled), name=backbone.name)
    return classifier(features, num_classes, dropout=dropout)


def _keras_hub(name: str) -> Any:
    try:
        return importlib.import_module("keras_hub")
    except ImportError as error:
        raise ValueError(
            f"`model.network` must be a network of this package where "
            "keras-hub is not installed (pip install keras-hub). "
            f"Received: {name!r}"
        ) from error


def _plain(value: Any, default: float) -> Any:
    """A number, or a list of them, that Keras can save."""
    if value is None:
        return default
    return keras.ops.convert_to_numpy(value).tolist()
