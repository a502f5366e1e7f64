"""Image sets too large for memory: to learn from, and to be tested on.

What a set is called is the catalogue's business; here it is a tfds builder,
or TFRecord files of anybody's.
"""

import os
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_mpl.data import corrupt
from keras_mpl.data import decode
from keras_mpl.data import tfrecords
from keras_mpl.data.records import Records
from keras_mpl.data.records import records

_AT_ONCE = 64  # images tested on that are decoded at a time
_NAMES = ("image/encoded", "image")  # TF-Slim's and tfds' name of the file


class Exam(NamedTuple):
    """Images to be tested on, in a fixed order.

    Attributes:
        images: Dataset of the middle of each image, uint8, shape
            `(size, size, 3)`.
        labels: Class ids, int32, shape `(num_examples,)`.
        names: Names of the files; none where the set does not keep them.
    """

    images: tf.data.Dataset
    labels: np.ndarray
    names: tuple[str, ...] | None


def image_records(
    made: Any,
    split: str,
    *,
    size: int,
    is_labeled: bool,
    window: int = 2048,
    held_out: int = 0,
    max_corrupt: float = 0.05,
) -> Records:
    """Describes a prepared set of any size as records of JPEG or PNG files.

    Every record is decoded through a random window of its own, resized to
    `size`; records are skipped without decoding them.

    Args:
        made: A tfds builder, such as `builder` returns, of any image set.
        split: Name of a whole split.
        size: Height and width of the images, in pixels.
        is_labeled: Whether examples are `(image, label)`, or images alone.
        window: Records shuffled in memory.
        held_out: How many of the last shards to leave out.
        max_corrupt: Fraction of the records that may be unreadable.

    Returns:
        What `pair` takes as `labeled`, or as `unlabeled`.

    Raises:
        ValueError: If there is no such split, or it is a part or a sum of
            splits.
    """

    def parse(record: tf.Tensor, seeds: tf.Tensor) -> Any:
        example = _example(made, record)
        image = decode.random_crop(example["image"], seeds, size=size)
        if not is_labeled:
            return image
        return image, tf.cast(example["label"], tf.int32)

    info = _whole_split(made, split)
    kept = slice(len(info.shard_lengths) - held_out)
    return records(
        [os.fspath(path) for path in info.filepaths][kept],
        parse,
        lengths=info.shard_lengths[kept],
        window=window,
        max_corrupt=max_corrupt,
    )


def file_records(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    size: int,
    max_corrupt: float = 0.05,
) -> Records:
    """Describes anybody's TFRecord files of images as unlabelled examples.

    Args:
        files: Paths, or a pattern; each record a `tf.train.Example` with the
            bytes of an image file as `image/encoded` or `image`.
        size: Height and width of the images, in pixels.
        max_corrupt: Fraction of the records that may be unreadable.

    Returns:
        What `pair` takes as `unlabeled`; its `skipped` lists the records that
        could not be read so far.

    Raises:
        ValueError: If there are no files, or one is cut off.
    """
    features = {
        name: tf.io.FixedLenFeature((), tf.string, "") for name in _NAMES
    }

    def parse(record: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        found = tf.io.parse_single_example(record, features)
        file = tf.strings.join([found[name] for name in _NAMES])
        return decode.random_crop(file, seeds, size=size)

    return records(files, parse, max_corrupt=max_corrupt)


def shards_of(made: Any, split: str, num_examples: int) -> int:
    """Returns how many of the last shards have so many examples.

    Raises:
        ValueError: If no shard would be left, or there is no such split.
    """
    lengths, count = list(_whole_split(made, split).shard_lengths), 0
    while lengths and sum(lengths[len(lengths) - count :]) < num_examples:
        count += 1
        if count >= len(lengths):
            raise ValueError(
                f"`num_validation` must leave a shard of {split}, which has "
                f"{len(lengths)} with {sum(lengths)} examples. "
                f"Received: num_validation={num_examples}"
            )
    return count


def exam(
    made: Any, split: str, *, size: int, num_examples: int, last_shards: int = 0
) -> Exam:
    """Returns images to be tested on, each through the window in its middle.

    Labels and names are read at once, images when they are asked for.

    Args:
        made: A tfds builder.
        split: Name of a whole split.
        size: Height and width of the images, in pixels.
        num_examples: So many, the first ones.
        last_shards: Of so many of the last shards; 0 for all of them.

    Raises:
        ValueError: If there are not so many, or there is no such split.
    """
    info, last = _whole_split(made, split), slice(-last_shards, None)
    paths = [os.fspath(path) for path in info.filepaths][last]
    stream = tf.data.TFRecordDataset(paths).take(num_examples)
    examples = stream.map(lambda record: _example(made, record))
    known = list(examples.map(_without_image).as_numpy_iterator())
    if len(known) < num_examples:
        raise ValueError(
            f"{split} of {made.name} must have {num_examples} examples. "
            f"Received: {len(known)}"
        )
    names = tuple(example["file_name"].decode() for example in known)

    def parse(place: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
        return decode.center_crop(_example(made, content)["image"], size=size)

    guard = corrupt.Guard(  # none may be missing: each has its label
        f"{split} of {made.name}",
        num_examples,
        0.0,
        parse,
        tf.TensorSpec((None, size, size, 3), tf.uint8),
        corrupt.Ledger(),
    )
    lengths = np.asarray(info.shard_lengths[last], np.int64)
    read = tf.data.Dataset.from_tensor_slices((paths, lengths))
    records = read.flat_map(tfrecords.read).take(num_examples)
    batches = tf.data.Dataset.zip(tf.data.Dataset.counter(), records)
    images = guard.examples(batches.batch(_AT_ONCE)).unbatch()
    return Exam(
        images.apply(tf.data.experimental.assert_cardinality(num_examples)),
        np.array([example["label"] for example in known], np.int32),
        names if all(names) else None,
    )


def _whole_split(made: Any, split: str) -> Any:
    """What tfds knows of a split; of a part, it does not say where it begins.

    Raises:
        ValueError: If it is none that the set has whole.
    """
    known = list(made.info.splits)
    if split not in known:
        raise ValueError(
            f"`split` must be a whole split of {made.name}, one of: "
            f"{', '.join(known)}. (`held_out` leaves shards out.) "
            f"Received: split={split!r}"
        )
    return made.info.splits[split]


def _example(made: Any, record: tf.Tensor) -> Any:
    import tensorflow_datasets as tfds

    raw = {"image": tfds.decode.SkipDecoding()}
    return made.info.features.deserialize_example(record, decoders=raw)


def _without_image(example: Any) -> Any:
    name = example.get("file_name", tf.constant(""))
    return {"label": example["label"], "file_name": name}
