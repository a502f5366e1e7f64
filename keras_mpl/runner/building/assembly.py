"""Views, networks, optimizers and precision of a recipe, made of their names.

A name that cannot be used is refused here, before any training.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_mpl import data
from keras_mpl import models
from keras_mpl import schedules
from keras_mpl.recipes import Optimizer
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import lookup
from keras_mpl.runner.building.arrays import rows_of
from keras_mpl.runner.building.datasets import Data
from keras_mpl.runner.building.datasets import Loaded
from keras_mpl.types import Inputs

_TEST_BATCH = 500  # examples, at most, and
_TEST_VALUES = 2**22  # values of all inputs together
_MANY_CLASSES = 100  # fewer have no top-5 accuracy in any table

__all__ = [
    "Data",
    "Loaded",
    "batch_size",
    "batches",
    "best",
    "classes",
    "load",
    "logits",
    "network",
    "precision",
    "probs",
    "sgd",
]


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """Sets Keras' dtype policy while the context lasts."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def load(recipe: Recipe, seed: int) -> Loaded:
    """Loads a recipe's data as `datasets.load`, which may take a while.

    What else the recipe names is looked up first.

    Raises:
        ValueError: If there is no such network, view or data.
    """
    lookup.check(recipe)
    return datasets.load(recipe, seed)


def network(
    recipe: Recipe,
    loaded: Loaded,
    name: str | None = None,
    *,
    dropout: float | None = None,
) -> keras.Model:
    """Builds the recipe's network, or one of another name or dropout.

    Weights follow from Keras' global seed.

    Raises:
        ValueError: If there is none of that name, or without its dropout.
    """
    name = name or recipe.model.network
    create = lookup.creator(name, recipe.model.weights)
    try:
        built = create(
            num_classes=loaded.num_classes,
            input_shape=loaded.input_shape,
            dropout=recipe.model.dropout if dropout is None else dropout,
        )
    except TypeError as error:  # an option that this network does not have
        raise ValueError(str(error)) from error
    if recipe.model.backbone_rate == 0:
        models.freeze(built)
    return built


def sgd(
    settings: Optimizer, train_steps: int, *, backbone_rate: float = 1.0
) -> keras.optimizers.Optimizer:
    """Builds an optimizer whose rate falls to 0 at `train_steps`, or stays.

    Args:
        settings: The recipe's settings of the optimizer.
        train_steps: Steps of the training.
        backbone_rate: Factor of the rate of all weights but the head's; at 0
            they are frozen already.

    Raises:
        ValueError: If warm-up and wait take longer than that.
    """
    rate: Any = settings.peak_lr
    if settings.schedule == "cosine":
        rate = schedules.WarmupCosine(
            settings.peak_lr,
            train_steps=train_steps,
            warmup_steps=settings.warmup_for(train_steps),
            wait_steps=settings.wait_steps,
        )
    own: dict[str, Any] = {
        "momentum": settings.momentum,
        "nesterov": settings.nesterov,
    }
    if 0 < backbone_rate < 1:
        return models.BackboneSGD(rate, backbone_rate=backbone_rate, **own)
    return keras.optimizers.SGD(rate, **own)


def batches(
    recipe: Recipe, loaded: Loaded, seed: int, *, weak: str | None = None
) -> data.PairedData:
    """Pairs labelled and unlabelled examples in the recipe's views.

    Args:
        recipe: Names the views and the sizes.
        loaded: The recipe's data.
        seed: Of order and views.
        weak: Name of the view of labelled and weak inputs, in the place of
            the recipe's own.

    Raises:
        ValueError: If there is no such view, or a set is too small.
    """
    is_nested = loaded.is_nested
    weak_view = lookup.view("views.weak", weak or recipe.views.weak)
    strong_view = lookup.view("views.strong", recipe.views.strong)
    if is_nested:
        weak_view, strong_view = map(_beside_probs, (weak_view, strong_view))
    return data.pair(
        *loaded.training_sets(),
        weak=weak_view,
        strong=strong_view,
        strong_from=recipe.views.strong_from,
        finish=_finish_beside_probs(loaded) if is_nested else loaded.finish,
        batch_size=recipe.batch_size,
        unlabeled_ratio=recipe.unlabeled_ratio,
        seed=seed,
    )


def _beside_probs(view: Any) -> Any:
    """The same view of `inputs`; stored probabilities stay as they are."""
    return lambda given, seeds: {
        "inputs": view(given["inputs"], seeds),
        "probs": given["probs"],
    }


def _finish_beside_probs(loaded: Loaded) -> Any:
    finish = loaded.finish or (lambda inputs: inputs)
    return lambda given: given | {"inputs": finish(given["inputs"])}


def logits(
    network: keras.Model, inputs: Inputs | tf.data.Dataset
) -> np.ndarray:
    """Returns a network's logits for inputs, shape `(num, num_classes)`.

    Called as it is: one pass over a test set does not repay compiling.

    Args:
        network: Any.
        inputs: Its inputs in memory, or a dataset of batches of them.
    """
    if isinstance(inputs, tf.data.Dataset):
        parts = [network(batch, training=False) for batch in inputs]
        return np.concatenate(list(map(keras.ops.convert_to_numpy, parts)))
    size = len(tf.nest.flatten(inputs)[0])
    at_once = batch_size(*(part.shape[1:] for part in tf.nest.flatten(inputs)))
    parts = [
        network(rows_of(inputs, slice(i, i + at_once)), training=False)
        for i in range(0, size, at_once)
    ]
    return np.concatenate(list(map(keras.ops.convert_to_numpy, parts)))


def batch_size(*shapes: tuple[int, ...]) -> int:
    """Returns how many examples a network is shown at once to be tested.

    Args:
        *shapes: Of one example's inputs.

    >>> batch_size((32, 32, 3)), batch_size((224, 224, 3))
    (500, 27)
    """
    values = sum(math.prod(shape) for shape in shapes)
    return max(1, min(_TEST_BATCH, _TEST_VALUES // max(values, 1)))


def best(network: keras.Model, inputs: Inputs | tf.data.Dataset) -> np.ndarray:
    """Returns a network's most probable classes, the most probable first.

    Returns:
        Class ids, shape `(num, 5)` of a hundred classes or more, else
        `(num, 1)`.
    """
    order = np.argsort(-logits(network, inputs), axis=-1, kind="stable")
    return order[:, : 5 if order.shape[1] >= _MANY_CLASSES else 1]


def classes(
    network: keras.Model, inputs: Inputs | tf.data.Dataset
) -> np.ndarray:
    """Returns the predicted classes, class ids of shape `(num,)`."""
    return logits(network, inputs).argmax(axis=-1)


def probs(
    network: keras.Model,
    inputs: Inputs | tf.data.Dataset,
    *,
    temperature: float = 1.0,
) -> np.ndarray:
    """Returns a network's class probabilities, shape `(num, num_classes)`."""
    scaled = logits(network, inputs).astype(np.float32) / temperature
    found = keras.ops.softmax(scaled)
    return keras.ops.convert_to_numpy(found)
