"""Data in memory: their parts, as pixels and as networks take them."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_mpl import data
from keras_mpl.runner.building.arrays import Rows
from keras_mpl.runner.building.arrays import as_picture
from keras_mpl.runner.building.arrays import rows_of

_CHUNK = 1000  # images normalised at a time
_NUMBERED = ("labeled", "unlabeled")


def changed_set(
    before: Mapping[str, str], now: Mapping[str, str]
) -> str | None:
    """Returns the name of a set whose files are not those of before.

    Args:
        before: Digests that were recorded, by the name of the set.
        now: `Data.digests`.
    """
    changed = (name for name in before if before[name] != now.get(name))
    return next(changed, None)


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
        own_validation: As `test`, to validate on.
        paths: Of the files of `images`; empty where they are no files.
        exam_paths: Likewise of `test` and of `own_validation`, by the name
            of the set.
        digests: By the name of each set that was read from files, 12 hex
            digits that their bytes, labels and order give; empty where the
            name of a data set says all.
    """

    images: Any
    labels: np.ndarray
    split: data.Split
    test: tuple[Any, np.ndarray] | None = None
    finish: Callable[[Any], Any] | None = None
    class_names: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    own_validation: tuple[Any, np.ndarray] | None = None
    paths: tuple[str, ...] = ()
    exam_paths: Mapping[str, tuple[str, ...]] = {}
    digests: Mapping[str, str] = {}

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
        """Shape of one input, without what is stored beside it."""
        return tuple(tf.nest.flatten(self.images)[0].shape[1:])

    @property
    def image_digests(self) -> dict[str, str]:
        """Of the sets that `images` is made of, whose rows have numbers."""
        return {n: d for n, d in self.digests.items() if n in _NUMBERED}

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
        own = self.own(name)
        if own is not None:
            return own
        images = rows_of(self.images, getattr(self.split, name))
        return images, self.labels_of(name)

    def own(self, name: str) -> tuple[Any, np.ndarray] | None:
        """Returns a set that is no part of `images`, if that one is."""
        return {"test": self.test, "validation": self.own_validation}.get(name)

    def labels_of(self, name: str) -> np.ndarray:
        """Returns the labels of one set, as far as they are known."""
        own = self.own(name)
        if own is not None:
            return own[1]
        indices = getattr(self.split, name)
        return self.labels[indices[indices < len(self.labels)]]

    def size_of(self, name: str) -> int:
        """Returns how many examples one set has."""
        own = self.own(name)
        return len(getattr(self.split, name) if own is None else own[1])

    def paths_of(self, name: str) -> tuple[str, ...]:
        """Returns the files of one set of the split; none if no files."""
        if self.own(name) is not None:
            return self.exam_paths.get(name, ())
        indices = getattr(self.split, name) if self.paths else ()
        return tuple(self.paths[i] for i in indices)

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
