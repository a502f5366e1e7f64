"""The data of a recipe that are streamed from files, such as ImageNet.

`Streamed` has the same surface as `datasets.Data`, and holds records where that
holds arrays. Validation images are whole shards, which the labelled set then
lacks.
"""

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_mpl import data
from keras_mpl import report
from keras_mpl.recipes import Recipe

_BATCH = 500  # images tested on at a time
RECORDS = "records"  # `data.unlabeled_dataset` of the user's own TFRecord files


@dataclasses.dataclass(frozen=True, kw_only=True)
class StreamedSplit:
    """What a run records of the split of streamed data.

    Attributes:
        name: Such as `imagenet_10pct@all/0`.
        fingerprint: Of names and lengths of all files.
        labeled: Numbers of the labelled examples.
        unlabeled: Numbers of the unlabelled examples.
    """

    name: str
    fingerprint: str
    labeled: range
    unlabeled: range

    def save(self, path: Path) -> None:
        """Writes name, fingerprint and counts as JSON."""
        record = {"name": self.name, "fingerprint": self.fingerprint}
        counts = {
            "labeled": len(self.labeled),
            "unlabeled": len(self.unlabeled),
        }
        report.write_json(path, {**record, **counts})


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Streamed:
    """Data in files, and how they are divided.

    Attributes:
        labeled: Records of images and labels.
        unlabeled: Records of images.
        exams: The validation and the test set, by name.
        split: Name, fingerprint and sizes of the split.
        input_shape: Of one image.
        finish: The function from pixels to network inputs.
        class_names: One name per class; empty if they only have numbers.
        num_classes: Number of classes.
        real_labels: Of the test images; none if they were not given.
    """

    labeled: data.Records
    unlabeled: data.Records
    exams: dict[str, data.Exam]
    split: StreamedSplit
    input_shape: tuple[int, ...]
    finish: Callable[[Any], Any]
    class_names: tuple[str, ...]
    num_classes: int
    real_labels: tuple[frozenset[int], ...] | None = None
    notes: tuple[str, ...] = ()
    is_nested: bool = False

    @property
    def digests(self) -> dict[str, str]:
        """Returns none: the split's fingerprint is of the files."""
        return {}

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Records that could not be read so far, and why."""
        return self.labeled.skipped + self.unlabeled.skipped

    def training_sets(self) -> tuple[Any, Any]:
        """Returns labelled and unlabelled examples, as `pair` takes them."""
        return self.labeled, self.unlabeled

    def validation(self) -> tf.data.Dataset:
        """Returns network inputs and labels to validate on, in batches."""
        images, labels = self.part("validation")
        each = tf.data.Dataset.from_tensor_slices(labels).batch(_BATCH)
        return tf.data.Dataset.zip((images, each)).prefetch(1)

    def raw(self, name: str) -> tuple[tf.data.Dataset, np.ndarray]:
        """Returns images of `validation` or `test` as they are, and labels."""
        return self.exams[name].images, self.exams[name].labels

    def size_of(self, name: str) -> int:
        """Returns how many examples `validation` or `test` has."""
        return len(self.exams[name].labels)

    def part(self, name: str) -> tuple[tf.data.Dataset, np.ndarray]:
        """Returns batches of network inputs, and all labels."""
        images, labels = self.raw(name)
        return images.batch(_BATCH).map(self.finish).prefetch(1), labels

    def paths_of(self, name: str) -> tuple[str, ...]:
        """Returns no paths: an example is a record of a file."""
        del name
        return ()

    def pictures(self, rows: np.ndarray, part: str = "test") -> np.ndarray:
        """Returns images of one set, by place in it, as values in `[0, 1]`."""
        wanted = set(rows.tolist())
        images = self.exams[part].images.take(max(wanted, default=-1) + 1)
        found = {
            place: image / 255
            for place, image in enumerate(images.as_numpy_iterator())
            if place in wanted
        }
        return np.stack([found[place] for place in rows.tolist()])


def load(recipe: Recipe, seed: int) -> Streamed:
    """Finds the files of a recipe; it reads labels to test on, but no image.

    Raises:
        ValueError: If a set is missing or too small, or a setting needs data
            in memory.
    """
    check_counts(recipe)
    _check(recipe)
    entry, size = data.CATALOG[recipe.data.dataset], recipe.data.image_size
    made = _builder(recipe, recipe.data.dataset)
    held_out = data.shards_of(made, entry.train, recipe.data.num_validation)
    labeled = data.image_records(
        made,
        entry.train,
        size=size,
        is_labeled=True,
        held_out=held_out,
        max_corrupt=recipe.data.max_corrupt,
    )
    unlabeled = _unlabeled(recipe, made, held_out)
    exams = {
        "validation": data.exam(
            made,
            entry.train,
            size=size,
            num_examples=recipe.data.num_validation,
            last_shards=held_out,
        ),
        "test": data.exam(
            made, entry.test, size=size, num_examples=recipe.data.num_test
        ),
    }
    classes = made.info.features["label"].names
    return Streamed(
        labeled=labeled,
        unlabeled=unlabeled,
        exams=exams,
        split=_split(recipe, seed, labeled, unlabeled),
        input_shape=(size, size, 3),
        finish=entry.normalize,
        class_names=tuple(classes),
        num_classes=len(classes),
        real_labels=real_labels(recipe.data.real_labels, exams["test"]),
    )


def real_labels(
    path: str | None, exam: data.Exam
) -> tuple[frozenset[int], ...] | None:
    """Returns the ReaL labels of test images, if there is a file of them."""
    return None if path is None else data.read_real_labels(path, exam.names)


def _unlabeled(recipe: Recipe, made: Any, held_out: int) -> data.Records:
    size, name = recipe.data.image_size, recipe.data.unlabeled_dataset
    if name == RECORDS:
        if recipe.data.unlabeled is None:
            raise ValueError(
                "`data.unlabeled` must be a pattern of TFRecord files: --set "
                "data.unlabeled='DIR/*.tfrecord'. Received: "
                "data.unlabeled=none"
            )
        return data.file_records(
            recipe.data.unlabeled,
            size=size,
            max_corrupt=recipe.data.max_corrupt,
        )
    if name is not None:
        made, held_out = _builder(recipe, name), 0
    split = data.CATALOG[name or recipe.data.dataset].train
    return data.image_records(
        made,
        split,
        size=size,
        is_labeled=False,
        held_out=held_out,
        max_corrupt=recipe.data.max_corrupt,
    )


def _builder(recipe: Recipe, name: str) -> Any:
    places = recipe.data
    try:
        return data.builder(name, places.dir, download=places.download)
    except ValueError as error:
        raise ValueError(f"{error} (--set data.dir=DIR)") from error


@contextlib.contextmanager
def naming_records(loaded: object) -> Iterator[None]:
    """Turns TensorFlow's error into a line that names the corrupt record."""
    try:
        yield
    except tf.errors.OpError as error:
        if isinstance(loaded, Streamed):
            for part in (loaded.labeled, loaded.unlabeled):
                if part.ledger.refusal:
                    raise ValueError(part.ledger.refusal) from error
        raise


def check_counts(recipe: Recipe) -> None:
    """Raises a ValueError if nothing is held out: folders alone have shares."""
    for key in ("num_validation", "num_test"):
        if not getattr(recipe.data, key):
            raise ValueError(
                f"`data.{key}` must be 1 or more for {recipe.data.dataset}. "
                f"Received: data.{key}=0"
            )


def _check(recipe: Recipe) -> None:
    named = recipe.data.unlabeled_dataset
    needed = {
        "data.num_labeled": (recipe.data.num_labeled, 0),
        "data.unlabeled_examples": (recipe.data.unlabeled_examples, "all"),
        "data.selection": (recipe.data.selection, None),
    }
    for key, (value, only) in needed.items():
        if value != only:
            raise ValueError(
                f"`{key}` must be {str(only).lower()} for "
                f"{recipe.data.dataset}, which is streamed. "
                f"Received: {key}={value}"
            )
    known = [n for n, entry in data.CATALOG.items() if entry.is_streamed]
    if named not in (None, RECORDS, *known):
        raise ValueError(
            f"`data.unlabeled_dataset` must be one of: none, {RECORDS}, "
            f"{', '.join(known)}. Received: data.unlabeled_dataset={named!r}"
        )


def _split(
    recipe: Recipe, seed: int, labeled: data.Records, unlabeled: data.Records
) -> StreamedSplit:
    digest = hashlib.sha256()
    for one in (labeled, unlabeled):
        for path, length in zip(one.files, one.lengths, strict=True):
            digest.update(f"{Path(path).name}:{length};".encode())
    tested = f"{recipe.data.num_validation}:{recipe.data.num_test}"
    digest.update(tested.encode())
    return StreamedSplit(
        name=f"{recipe.data.dataset}@all/{seed}",
        fingerprint=digest.hexdigest()[:12],
        labeled=range(len(labeled)),
        unlabeled=range(len(unlabeled)),
    )
