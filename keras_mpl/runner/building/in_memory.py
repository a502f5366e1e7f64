"""Data in memory: their parts, as pixels and as networks take them."""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_mpl import data
from keras_mpl.runner.building.arrays import Rows
from keras_mpl.runner.building.arrays import as_picture
from keras_mpl.runner.building.arrays import rows_of

_CHUNK = 1000  # images normalised at a time


class Data(NamedTuple):
    """A data set in memory, and how it is divided.

    Attributes:
        images: Inputs, images or any others, labelled ones first, then those
            without labels; with stored probabilities `{"inputs", "probs"}`.
        labels: Of the first ones, int32.
        split: Which of them are for what.
        test: Images and labels to test on, if they are a set of their own.
        finish: From pixels to what networks take; None if they are that.
        class_names: One name per class; empty if they only have numbers.
        skipped: Files that could not be read, and why.
        notes: What a person should know of the files, a line each.
        paths: Of the files of `images`, and of those of `test`; empty where
            the examples are no files.
    """

    images: Any
    labels: np.ndarray
    split: data.Split
    test: tuple[Any, np.ndarray] | None = None
    finish: Callable[[Any], Any] | None = None
    class_names: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names) or int(self.labels.max()) + 1

    @property
    def num_examples(self) -> int:
        """Examples with and without labels, a test set of its own not."""
        return len(tf.nest.flatten(self.images)[0])

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return tuple(self.images.shape[1:])

    @property
    def is_nested(self) -> bool:
        """Whether inputs have stored probabilities beside them."""
        return isinstance(self.images, dict)

    @property
    def real_labels(self) -> None:
        """ReaL labels belong to ImageNet, which is streamed."""
        return None

    def training_sets(self) -> tuple[Any, Any]:
        """Returns labelled and unlabelled examples, as `pair` takes them."""
        return self.raw("labeled"), self.raw("unlabeled")[0]

    def validation(self) -> tuple[Any, np.ndarray]:
        """Returns network inputs and labels to validate on."""
        return self.part("validation")

    def inputs(self, rows: Rows) -> Any:
        """Returns network inputs of these rows of `images`."""
        return self._finished(rows_of(self.images, rows))

    def raw(self, name: str) -> tuple[Any, np.ndarray]:
        """Returns images as they are, and labels, of one set of the split.

        Those of `unlabeled` that have no label are left out of the labels.
        """
        if name == "test" and self.test is not None:
            return self.test
        indices = getattr(self.split, name)
        known = indices[indices < len(self.labels)]
        return rows_of(self.images, indices), self.labels[known]

    def paths_of(self, name: str) -> tuple[str, ...]:
        """Returns the files of one set of the split; none if no files."""
        own, tested = self.paths
        if name == "test" and self.test is not None:
            return tested
        return tuple(own[i] for i in getattr(self.split, name) if own)

    def part(self, name: str) -> tuple[Any, np.ndarray]:
        """Returns network inputs and labels of one set of the split."""
        images, labels = self.raw(name)
        return self._finished(images), labels

    def _finished(self, images: Any) -> Any:
        if self.finish is None:
            return images
        if isinstance(images, dict):
            return images | {"inputs": self._finished(images["inputs"])}
        chunks = [
            np.asarray(self.finish(images[i : i + _CHUNK]))
            for i in range(0, len(images), _CHUNK)
        ]
        return np.concatenate([np.asarray(self.finish(images[:0])), *chunks])

    def pictures(self, rows: np.ndarray, part: str = "test") -> np.ndarray:
        """Returns images of one set, by place in it, as values in `[0, 1]`."""
        return as_picture(self.raw(part)[0][rows])
