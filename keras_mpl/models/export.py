"""Export of a trained network as plain Keras, without this package.

Must not import trainers, data or the networks other than their own layers.
"""

import os
import pathlib
import re
import tempfile
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import keras

from keras_mpl.copies import copy_state
from keras_mpl.models import class_names as names_inside
from keras_mpl.models import pixels as on_pixels
from keras_mpl.models.activations import LeakyReLU
from keras_mpl.models.normalization import BatchNorm

_PACKAGE = __name__.partition(".")[0]
_KERAS_LAYERS = {
    keras.saving.get_registered_name(BatchNorm): (
        keras.layers.BatchNormalization
    ),
    keras.saving.get_registered_name(LeakyReLU): keras.layers.LeakyReLU,
}
# Under a policy of 16 bits Keras' layer keeps its variables in 16 bits, and our
# BatchNorm does not. The mixed policy computes the same and keeps float32.
_MIXED = {"float16": "mixed_float16", "bfloat16": "mixed_bfloat16"}


def export(
    model: keras.Model,
    path: str | os.PathLike[str],
    *,
    pixels: on_pixels.Pixels | None = None,
    class_names: Sequence[str] = (),
    softmax: bool = False,
) -> pathlib.Path:
    """Writes a network to a `.keras` file that loads without keras_mpl.

    Every `BatchNorm` becomes a `keras.layers.BatchNormalization` of the same
    name and weights, and `LeakyReLU` Keras' own; all other layers stay as they
    are. The optimizer, losses
    and metrics of `compile` are left out. The file is written atomically: it
    is complete, or it does not exist.

    With `pixels` the file takes images of any size whose pixels are from 0 to
    255: resizing and scaling are inside, made of Keras' own operations.

    Args:
        model: A built functional or sequential model, such as `model.student`
            of a trainer; nested ones and wrappers are followed.
        path: Path of the file, ending in `.keras`; its folder must exist.
        pixels: How pixels become what the network takes; `None` if the file
            is to take what the network does.
        class_names: Names to keep inside the file, in the order of the logits;
            `read_class_names` reads them.
        softmax: Whether the file answers with probabilities.

    Returns:
        The path of the file.

    Raises:
        ValueError: If `path` does not end in `.keras`, if `model` is not
            built, if the file would still need keras_mpl (for example for a
            subclassed model or layer), if nested models share layers, or if
            `pixels` or `class_names` do not fit the network.
        FileNotFoundError: If the folder of `path` does not exist.

    >>> inputs = keras.Input((4,))
    >>> model = keras.Model(inputs, BatchNorm()(inputs))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = export(model, f"{folder}/plain.keras")
    ...     type(keras.models.load_model(path).layers[1]).__name__
    'BatchNormalization'
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise ValueError(
            f"`path` must end in .keras. Received: path={str(path)!r}"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            "`path` must lie in a folder that exists. "
            f"Received: path={str(path)!r}"
        )
    plain = complete(model, pixels=pixels, softmax=softmax)
    if class_names and len(class_names) != plain.output_shape[-1]:
        raise ValueError(
            f"`class_names` must be {plain.output_shape[-1]} names. "
            f"Received: {len(class_names)}"
        )
    with tempfile.TemporaryDirectory(
        prefix=".export-", dir=path.parent
    ) as folder:
        whole = pathlib.Path(folder) / path.name
        plain.save(whole)
        if class_names:
            names_inside.add_class_names(whole, class_names)
        os.replace(whole, path)
    return path


def complete(
    model: keras.Model,
    *,
    pixels: on_pixels.Pixels | None = None,
    softmax: bool = False,
    temperature: float = 1.0,
) -> keras.Model:
    """Returns what `export` writes, as a model of Keras' own layers.

    Args:
        model: As in `export`.
        pixels: As in `export`.
        softmax: As in `export`.
        temperature: What logits are divided by before the softmax.

    Returns:
        A model that shares no weights with the given one.

    Raises:
        ValueError: As in `export`.
    """
    plain = _plain(model)
    if pixels is None and not softmax:
        return plain
    return on_pixels.on_pixels(
        plain, pixels, softmax=softmax, temperature=temperature
    )


def _plain(model: keras.Model) -> keras.Model:
    """Rebuilds the model from its rewritten configuration and its weights."""
    if not model.built:
        raise ValueError(
            "`model` must be built: call it once, or give it an Input. "
            f"Received: model={model!r}"
        )
    _refuse(model, _opaque_models(model))
    config = _rewrite(keras.saving.serialize_keras_object(model))
    _refuse(model, _still_ours(config))
    users = {type(x).__name__: type(x) for x in _layers(model)}
    plain = keras.saving.deserialize_keras_object(
        config, custom_objects=users, safe_mode=False
    )
    _refuse(model, (_describe(x) for x in _layers(plain) if _is_ours(x)))
    ours = [(weight.name, weight.shape) for weight in model.weights]
    theirs = [(weight.name, weight.shape) for weight in plain.weights]
    if ours != theirs:
        raise ValueError(
            "`model` must not share layers between nested models: rebuilt, it "
            f"has {len(theirs)} weights instead of {len(ours)}. "
            f"Received: model={model!r}"
        )
    copy_state(model, plain)
    return plain


def _rewrite(node: Any) -> Any:
    """Replaces our layer by Keras', anywhere in a configuration."""
    if isinstance(node, list | tuple):
        return type(node)(_rewrite(item) for item in node)
    if not isinstance(node, dict):
        return node
    node = {
        key: _rewrite(value)
        for key, value in node.items()
        if key != "compile_config"
    }
    keras_layer = _KERAS_LAYERS.get(node.get("registered_name", ""))
    if keras_layer is None:
        return node
    config = dict(node["config"])
    policy = keras.dtype_policies.get(config["dtype"])
    if keras_layer is keras.layers.BatchNormalization:
        config["dtype"] = _MIXED.get(policy.name, policy.name)
    layer = keras_layer.from_config(config)
    plain = keras.saving.serialize_keras_object(layer)
    kept = {"build_config", "name", "inbound_nodes", "shared_object_id"}
    return {**plain, **{key: node[key] for key in kept if key in node}}


def _still_ours(node: Any) -> Iterator[str]:
    """Yields the names of keras_mpl's objects in a configuration."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from _still_ours(item)
    elif isinstance(node, dict):
        origins = [node.get(key) for key in ("module", "registered_name")]
        if node.get("class_name") == "function":
            origins.append(node["config"])
        if _PACKAGE in (re.split("[.>]", str(x))[0] for x in origins):
            yield str(origins[-1]).rpartition(">")[2]
        for value in node.values():
            yield from _still_ours(value)


def _opaque_models(model: keras.Model) -> Iterator[str]:
    """Yields subclassed models with our layers inside.

    Their configuration does not list their layers, so it cannot be rewritten.
    """
    for layer in _layers(model):
        lists_layers = isinstance(layer, keras.Sequential) or (
            hasattr(layer, "operations")
        )
        if not isinstance(layer, keras.Model) or lists_layers:
            continue
        if any(_is_ours(inner) for inner in _layers(layer)):
            yield _describe(layer)


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    return list(model._flatten_layers())


def _is_ours(layer: keras.layers.Layer) -> bool:
    return type(layer).__module__.partition(".")[0] == _PACKAGE


def _describe(layer: keras.layers.Layer) -> str:
    return f"{type(layer).__name__} {layer.name!r}"


def _refuse(model: keras.Model, remaining: Iterator[str]) -> None:
    names = sorted(set(remaining))
    if names:
        raise ValueError(
            "`model` must be a functional or sequential Keras model, such as "
            "the `student` of a trainer, and BatchNorm must be its only layer "
            f"of keras_mpl; found {', '.join(names)}. "
            f"Received: model={model!r}"
        )
