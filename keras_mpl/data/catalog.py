"""The paper's data sets, through tensorflow-datasets.

Answers what each is called there, how large it is, and what to run if it is
missing. Nothing is downloaded unless asked. Splitting is done elsewhere.
"""

import contextlib
import dataclasses
import difflib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from absl import logging

from keras_mpl.data.normalize import Normalize

_IMAGENET = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CIFAR = Normalize(
    (0.491400, 0.482158, 0.4465309), (0.247032, 0.243485, 0.26159)
)
_PLAIN = Normalize((0.5,) * 3, (0.5,) * 3)  # the released code names none


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of a data set before any of it is read.

    Sizes are those of the catalogue of tensorflow-datasets 4.9.10.

    Attributes:
        tfds_name: Its name there.
        num_classes: Classes, from 0.
        image_size: Height and width in pixels; of ImageNet, as it is cropped.
        train: Name of the split with labels.
        test: Name of the split to test on.
        extra: Names of splits without (trusted) labels, used as unlabelled.
        download: Size of the download, for people.
        prepared: Size on disk once prepared, for people.
        manual: Files that the user must fetch, if any.
        normalize: Pixel values to network inputs.
        is_streamed: Whether it is read from its files, never from memory.
    """

    tfds_name: str
    num_classes: int
    image_size: int
    train: str = "train"
    test: str = "test"
    extra: tuple[str, ...] = ()
    download: str
    prepared: str
    manual: str = ""
    normalize: Normalize
    is_streamed: bool = False


_IMAGENET_FILES = "ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar"

CATALOG = {
    "cifar10": Entry(
        tfds_name="cifar10",
        num_classes=10,
        image_size=32,
        download="162 MiB",
        prepared="132 MiB",
        normalize=_CIFAR,
    ),
    "cifar100": Entry(
        tfds_name="cifar100",
        num_classes=100,
        image_size=32,
        download="161 MiB",
        prepared="132 MiB",
        normalize=_CIFAR,
    ),
    "svhn": Entry(
        tfds_name="svhn_cropped",
        num_classes=10,
        image_size=32,
        extra=("extra",),
        download="1.5 GiB",
        prepared="1.1 GiB",
        normalize=_PLAIN,
    ),
    "stl10": Entry(
        tfds_name="stl10",
        num_classes=10,
        image_size=96,
        extra=("unlabelled",),
        download="2.5 GiB",
        prepared="1.9 GiB",
        normalize=_PLAIN,
    ),
    "imagenet": Entry(
        tfds_name="imagenet2012",
        num_classes=1000,
        image_size=224,
        test="validation",
        download="144 GiB",
        prepared="156 GiB",
        manual=_IMAGENET_FILES,
        normalize=_IMAGENET,
        is_streamed=True,
    ),
    "imagenet_10pct": Entry(
        tfds_name="imagenet2012_subset/10pct",
        num_classes=1000,
        image_size=224,
        test="validation",
        download="144 GiB",
        prepared="20 GiB",
        manual=_IMAGENET_FILES,
        normalize=_IMAGENET,
        is_streamed=True,
    ),
}


@dataclasses.dataclass(frozen=True, eq=False)
class Arrays:
    """A data set in memory.

    Attributes:
        images: Training images, then those without labels, uint8, shape
            `(num_train + num_extra, height, width, 3)`.
        labels: Of the training images, int32, shape `(num_train,)`.
        test_images: Test images, uint8.
        test_labels: Their labels, int32.
        class_names: Names of the classes.
    """

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]


def find(name: str) -> Entry:
    """Returns an entry of the catalogue by its name.

    Raises:
        ValueError: If there is none of that name.
    """
    if name not in CATALOG:
        close = difflib.get_close_matches(name, CATALOG, n=1)
        names = ", ".join(dict.fromkeys([*close, *CATALOG]))
        raise ValueError(f"`name` must be one of: {names}. Received: {name!r}")
    return CATALOG[name]


@contextlib.contextmanager
def _silent_absl() -> Iterator[None]:
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def builder(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    download: bool = False,
) -> Any:
    """Returns the tfds builder of a prepared set of the catalogue.

    Args:
        name: Key of `CATALOG`.
        data_dir: The user's folder of data sets; tfds' own if `None`.
        download: Whether to fetch and prepare a set that is missing.

    Returns:
        A `tfds.core.DatasetBuilder` whose files are there.

    Raises:
        ValueError: If the set is unknown, or missing and not to be fetched;
            says what to run, and how large it is.
    """
    import tensorflow_datasets as tfds

    entry = find(name)
    folder = None if data_dir is None else os.fspath(data_dir)
    with _silent_absl():  # what it says of a missing folder, we say better
        made = tfds.builder(entry.tfds_name, data_dir=folder)
        is_prepared = made.is_prepared()
    if is_prepared:
        return made
    if not download:
        manual = f" Put {entry.manual} into downloads/manual first." * bool(
            entry.manual
        )
        raise ValueError(
            f"`data_dir` must hold {entry.tfds_name}, which is missing. To "
            f"fetch it ({entry.download}, then {entry.prepared} on disk): "
            f'python -c "import tensorflow_datasets as tfds; tfds.builder('
            f"'{entry.tfds_name}', data_dir={folder!r})"
            f'.download_and_prepare()".{manual} '
            f"Received: data_dir={folder!r}"
        )
    made.download_and_prepare()
    return made


def load(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    download: bool = False,
) -> Arrays:
    """Reads a set of the catalogue into memory.

    Args:
        name: Key of `CATALOG`, not of one that is streamed.
        data_dir: The user's folder of data sets; tfds' own if `None`.
        download: Whether to fetch and prepare a set that is missing.

    Returns:
        All of its images; SVHN takes 2 GB, STL-10 3 GB, CIFAR 0.2 GB.

    Raises:
        ValueError: If the set is unknown, missing, or too large.
    """
    entry = find(name)
    if entry.is_streamed:
        raise ValueError(
            f"`name` must be a set that fits into memory; `records` streams "
            f"the others. Received: {name!r}"
        )
    made = builder(name, data_dir, download=download)
    images, labels = _read(made, entry.train)
    test_images, test_labels = _read(made, entry.test)
    extra = [_read(made, split)[0] for split in entry.extra]
    return Arrays(
        images=np.concatenate([images, *extra]) if extra else images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=tuple(made.info.features["label"].names),
    )


def _read(made: Any, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads a split in the order of its files."""
    count = made.info.splits[split].num_examples
    shape = made.info.features["image"].shape
    images = np.empty((count, *shape), np.uint8)
    labels = np.empty(count, np.int32)
    place = 0
    for batch in made.as_dataset(split=split).batch(1000).as_numpy_iterator():
        rows = slice(place, place + len(batch["label"]))
        images[rows], labels[rows] = batch["image"], batch["label"]
        place = rows.stop
    if place != count:
        raise ValueError(
            f"`data_dir` must hold all {count} examples of {split}. "
            f"Received: {place}"
        )
    return images, labels
