"""Weights that keras.applications publishes, in our networks.

Layers go by name. Must not import the networks, trainers or data.
"""

import os
import pathlib
import warnings
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import keras
import numpy as np

_IMAGENET_CLASSES = 1000
_LOGITS = "logits"
_PREDICTIONS = "predictions"


class Published(NamedTuple):
    """Where keras.applications has weights for a network.

    Attributes:
        builder: Its name in keras.applications.
        file: With the head for ImageNet's 1000 classes.
        headless_file: Without.
    """

    builder: str
    file: str
    headless_file: str


def check(weights: Any, published: Published | None) -> None:
    """Checks an argument `weights` before a network is built.

    Args:
        weights: `None`, `"imagenet"` or a path.
        published: What there is for the network, if anything.

    Raises:
        ValueError: If weights are wanted where none are published.
        FileNotFoundError: If the path does not exist.
    """
    if weights is None:
        return
    if published is None:
        raise ValueError(
            "`weights` must be None here: keras.applications publishes them "
            "for EfficientNet B0 to B7 and for ResNet-50 with "
            "`variant='v1'`. Load others with `load_weights` of the model. "
            f"Received: weights={str(weights)!r}"
        )
    if weights != "imagenet" and not pathlib.Path(weights).is_file():
        raise FileNotFoundError(
            "`weights` must be None, 'imagenet' or the path of a weights file "
            f"of keras.applications.{published.builder}. "
            f"Received: weights={str(weights)!r}"
        )


def load(model: keras.Model, weights: Any, published: Published | None) -> None:
    """Copies published weights into a network, layer by layer, by name.

    A head of another number of classes is left as it is. A bias that we do
    without, because a normalisation follows, is taken off its moving mean.

    Args:
        model: The network, with the layer names of keras.applications but
            for its head, `logits`.
        weights: `None` (nothing happens), `"imagenet"` or the path of a
            weights file of keras.applications (`.h5`, `.weights.h5`).
        published: What there is for the network.

    Raises:
        ValueError: If the file holds another network.
        OSError: If the file can not be fetched; it names the file and where
            to put it.
    """
    if weights is None or published is None:
        return
    classes = _num_classes(model)
    if weights == "imagenet":
        source = _from_imagenet(published, classes == _IMAGENET_CLASSES)
    else:
        source = _from_path(published, pathlib.Path(weights), classes)
    _copy(source, model)


def _num_classes(model: keras.Model) -> int | None:
    last = model.layers[-1]
    return last.units if last.name == _LOGITS else None


def _from_imagenet(published: Published, has_head: bool) -> keras.Model:
    build = getattr(keras.applications, published.builder)
    file = published.file if has_head else published.headless_file
    try:
        return build(weights="imagenet", include_top=has_head)
    except Exception as error:  # Keras has one kind of its own for no network
        reason = " ".join(str(error).split())
        raise OSError(
            f"`weights='imagenet'` needs the file {file}, which could not be "
            f"fetched. Put it into {_cache()}, where Keras looks first, or "
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
                warnings.simplefilter("error")  # Keras' word for a part missing
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


def _heads(classes: int | None) -> Iterator[dict[str, Any]]:
    """The heads that a file may have, likeliest first."""
    headless = {"include_top": False}
    if classes is None:
        yield headless
    counts = [classes or _IMAGENET_CLASSES, _IMAGENET_CLASSES]
    for count in dict.fromkeys(counts):
        yield {"include_top": True, "classes": count}
    if classes is not None:
        yield headless


def _copy(source: keras.Model, target: keras.Model) -> None:
    theirs = {layer.name: layer for layer in source.layers}
    theirs[_LOGITS] = theirs.get(_PREDICTIONS)
    for layer in target.layers:
        if not layer.weights or (
            layer.name == _LOGITS and not _fits(theirs[_LOGITS], layer)
        ):
            continue
        values = _values(theirs[layer.name])
        before = theirs.get(layer.name.removesuffix("bn") + "conv")
        if layer.name.endswith("_bn") and getattr(before, "use_bias", False):
            values["moving_mean"] -= _values(before)["bias"]
        for weight in layer.weights:
            weight.assign(values[weight.name])


def _fits(head: Any, logits: Any) -> bool:
    return head is not None and head.units == logits.units


def _values(layer: Any) -> dict[str, Any]:
    return {weight.name: np.array(weight) for weight in layer.weights}
