"""Names become objects here, and in `stages`, and nowhere else.

Data, split, augmentation, networks, optimizers and precision of a recipe.
Whatever of it cannot be used is refused here, before any training.
"""

import contextlib
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import keras
import numpy as np

from keras_mpl import augment
from keras_mpl import data
from keras_mpl import models
from keras_mpl import schedules
from keras_mpl.recipes import Optimizer
from keras_mpl.recipes import Recipe

_DATASETS = {"digits": data.digits}
_AUGMENTATIONS = {
    "digits_weak": augment.digits_weak,
    "digits_strong": augment.digits_strong,
}
_TEST_BATCH = 500


class Data(NamedTuple):
    """A data set in memory, and how it is divided."""

    images: np.ndarray
    labels: np.ndarray
    split: data.Split

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1

    def part(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns images and labels of one set of the split."""
        indices = getattr(self.split, name)
        return self.images[indices], self.labels[indices]


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """Sets Keras' dtype policy for a while."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _named(kind: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise ValueError(
            f"`{kind}` must be one of: {', '.join(known)}. "
            f"Received: {kind}={name!r}"
        )
    return known[name]


def load(recipe: Recipe, seed: int) -> Data:
    """Loads a recipe's data and divides them.

    Raises:
        ValueError: If there are no such data, or too few.
    """
    images, labels = _named("dataset", recipe.dataset, _DATASETS)()
    split = data.split(
        labels,
        num_labeled=recipe.num_labeled,
        num_validation=recipe.num_validation,
        num_test=recipe.num_test,
        unlabeled=recipe.unlabeled,
        split_seed=recipe.split_seed,
        seed=seed,
        dataset=recipe.dataset,
    )
    return Data(images, labels, split)


def network(recipe: Recipe, loaded: Data) -> keras.Model:
    """Builds the recipe's network, from Keras' global seed.

    Raises:
        ValueError: If there is none of that name, or without its dropout.
    """
    try:
        return models.create(
            recipe.model,
            num_classes=loaded.num_classes,
            input_shape=loaded.images.shape[1:],
            dropout=recipe.dropout,
        )
    except TypeError as error:  # an option that this network does not have
        raise ValueError(str(error)) from error


def sgd(settings: Optimizer, train_steps: int) -> keras.optimizers.Optimizer:
    """Builds an optimizer whose rate has come down to 0 after `train_steps`.

    Raises:
        ValueError: If warm-up and wait take longer than that.
    """
    rate = schedules.WarmupCosine(
        settings.peak_lr,
        train_steps=train_steps,
        warmup_steps=settings.warmup_steps,
        wait_steps=settings.wait_steps,
    )
    return keras.optimizers.SGD(
        rate, momentum=settings.momentum, nesterov=settings.nesterov
    )


def batches(
    recipe: Recipe, loaded: Data, seed: int, *, weak: str | None = None
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
    return data.pair(
        loaded.part("labeled"),
        loaded.part("unlabeled")[0],
        weak=_named("weak", weak or recipe.weak, _AUGMENTATIONS),
        strong=_named("strong", recipe.strong, _AUGMENTATIONS),
        batch_size=recipe.batch_size,
        unlabeled_ratio=recipe.unlabeled_ratio,
        seed=seed,
    )


def classes(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns what a network says of images, class ids of shape `(num,)`.

    Called as it is: one pass over a test set does not repay compiling.
    """
    parts = [
        network(images[i : i + _TEST_BATCH], training=False)
        for i in range(0, len(images), _TEST_BATCH)
    ]
    logits = np.concatenate(list(map(keras.ops.convert_to_numpy, parts)))
    return logits.argmax(axis=-1)
