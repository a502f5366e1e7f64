"""Loads the weights that keras.applications publishes into our networks.

Layers are matched by name. Must not import the networks, trainers or data.
"""

import os
import pathlib
import warnings
from collections.abc import Iterator
from collections.abc import Mapping
from typing import NamedTuple
from typing import TypedDict

import keras
import numpy as np

from keras_mpl.models.building import Weights

_IMAGENET_CLASSES = 1000
_LOGITS = "logits"
_PREDICTIONS = "predictions"


class Published(NamedTuple):
    """The published weights of a network.

    Attributes:
        builder: Name of the network in keras.applications.
        file: Name of the file with the head for ImageNet's 1000 classes.
        headless_file: Name of the file without the head.
    """

    builder: str
    file: str
    headless_file: str


class _Head(TypedDict, total=False):
    include_top: bool
    classes: int


def check(weights: Weights, published: Published | None) -> None:
    """Checks the argument `weights` before a network is built.

    Args:
        weights: `None`, `"imagenet"` or a path.
        published: The published weights of the network; `None` if there are
            none.

    Raises:
        ValueError: If weights are asked for and none are published.
        FileNotFoundError: If the path does not exist.
    """
    if weights is None:
        return
    if published is None:
        raise ValueError(
            "`weights` must be None for this network: keras.applications "
            "publishes them for EfficientNet B0 to B7 and for ResNet-50 with "
            "`variant='v1'`. Load others with `load_weights` of the model. "
            f"Received: weights={str(weights)!r}"
        )
    if weights != "imagenet" and not pathlib.Path(weights).is_file():
        raise FileNotFoundError(
            "`weights` must be None, 'imagenet' or the path of a weights file "
            f"of keras.applications.{published.builder}. "
            f"Received: weights={str(weights)!r}"
        )


def load(
    model: keras.Model, weights: Weights, published: Published | None
) -> None:
    """Copies published weights into a network, layer by layer, by name.

    A head with another number of classes is not loaded. Our convolutions have
    no bias before a normalisation; a published bias is subtracted from the
    moving mean instead, which gives the same outputs.

    Args:
        model: The network; its layers have the names of keras.applications,
            except its head `logits`.
        weights: `None` (nothing happens), `"imagenet"` or the path of a
            weights file of keras.applications (`.h5`, `.weights.h5`).
        published: The published weights of the network.

    Raises:
        ValueError: If the file holds another network.
        OSError: If the file cannot be downloaded; the message names the file
            and the folder to put it in.
    """
    if weights is None or published is None:
        return
    classes = _num_classes(model)
    if weights == "imagenet":
        source = _from_imagenet(published, classes == _IMAGENET_CLASSES)
    else:
        source = _from_path(published, pathlib.Path(weights), classes)
    copy(source, model, str(weights))


def _num_classes(model: keras.Model) -> int | None:
    last = model.layers[-1]
    return last.units if last.name == _LOGITS else None


def _from_imagenet(published: Published, has_head: bool) -> keras.Model:
    build = getattr(keras.applications, published.builder)
    file = published.file if has_head else published.headless_file
    try:
        return build(weights="imagenet", include_top=has_head)
    except Exception as error:  # Keras raises a bare Exception when offline
        reason = " ".join(str(error).split())
        raise OSError(
            f"`weights='imagenet'` needs the file {file}, which could not be "
            f"downloaded. Put it into {_cache()}, where Keras looks first, or "
            f"pass its path as `weights`. Received: {reason}"
        ) from error


def _cache() -> pathlib.Path:
    home = os.environ.get("KERAS_HOME", pathlib.Path.home() / ".keras")
    return pathlib.Path(home) / "models"


def _from_path(
    published: Published, path: pathlib.Path, classes: int | None
) -> keras.Model:
    reasons = []
    for options in _heads(classes):
        source = getattr(keras.applications, published.builder)(
            weights=None, input_shape=(32, 32, 3), **options
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # of a part that is missing
                source.load_weights(path)
        except (UserWarning, ValueError, KeyError, OSError) as error:
            reasons.append(str(error).splitlines()[0])
        else:
            return source
    raise ValueError(
        "`weights` must be a weights file of "
        f"keras.applications.{published.builder}. "
        f"Received: weights={str(path)!r} ({reasons[0]})"
    )


def _heads(classes: int | None) -> Iterator[_Head]:
    """Yields the heads that a file may have, the likeliest first."""
    headless: _Head = {"include_top": False}
    if classes is None:
        yield headless
    counts = [classes or _IMAGENET_CLASSES, _IMAGENET_CLASSES]
    for count in dict.fromkeys(counts):
        yield {"include_top": True, "classes": count}
    if classes is not None:
        yield headless


def copy(source: keras.Model, target: keras.Model, path: str) -> None:
    """Copies weights into a network, layer by layer, by name.

    Args:
        source: A network of keras.applications, or one of ours.
        target: A network of ours; a head with another number of classes is
            not loaded.
        path: What the weights came from, for errors.

    Raises:
        ValueError: If the source is another network.
    """
    theirs = {layer.name: layer for layer in source._flatten_layers()}
    head = theirs.pop(_PREDICTIONS, None)
    theirs.setdefault(_LOGITS, head)
    for layer in target.layers:
        if not layer.weights or (
            layer.name == _LOGITS and not _fits(theirs[_LOGITS], layer)
        ):
            continue
        _copy_layer(theirs, layer, path)


def _copy_layer(
    theirs: Mapping[str, keras.layers.Layer | None],
    layer: keras.layers.Layer,
    path: str,
) -> None:
    values = _values(theirs.get(layer.name))
    before = theirs.get(layer.name.removesuffix("bn") + "conv")
    if layer.name.endswith("_bn") and getattr(before, "use_bias", False):
        values["moving_mean"] -= _values(before)["bias"]
    for weight in layer.weights:
        found = values.get(weight.name)
        if found is None or found.shape != tuple(weight.shape):
            shape = "none" if found is None else f"shape {found.shape}"
            raise ValueError(
                f"`weights` must be those of the same network: {weight.path} "
                f"has shape {tuple(weight.shape)}. Received: {shape} in {path}"
            )
        weight.assign(found)


def _fits(head: keras.layers.Layer | None, logits: keras.layers.Layer) -> bool:
    return head is not None and head.units == logits.units


def _values(layer: keras.layers.Layer | None) -> dict[str, np.ndarray]:
    if layer is None:
        return {}
    return {weight.name: np.array(weight) for weight in layer.weights}
