"""Reads one TFRecord file: how many records it has, and each by its number.

What is in a record, and in which order records come, is decided elsewhere.
"""

import functools
import os
import struct
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from keras_mpl.data import names

_HEADER, _FOOTER = 12, 4  # bytes around a record: length and its CRC, CRC


class Record(NamedTuple):
    """A record of a file, or its place where it cannot be read.

    Attributes:
        file: Path of the file, string.
        number: Its number there, from 0, int64.
        content: Its bytes, string; empty if it is not there.
        is_there: Whether it could be read, boolean.
    """

    file: tf.Tensor
    number: tf.Tensor
    content: tf.Tensor
    is_there: tf.Tensor


def count_records(path: str | os.PathLike[str]) -> int:
    """Counts the records of a TFRecord file, from their lengths alone.

    Raises:
        ValueError: If the file ends within a record.
    """
    size, place, count = os.path.getsize(path), 0, 0
    for place in _ends(path):
        count += place <= size
    if place != size:
        raise ValueError(
            "`files` must be whole TFRecord files. Received: "
            f"{names.printable(path)}, which ends within record {count}"
        )
    return count


def _ends(path: str | bytes | os.PathLike[str]) -> Iterator[int]:
    """Where each record of a file ends, as far as there are lengths."""
    place = 0
    with open(path, "rb") as file:
        while len(header := file.read(8)) == 8:
            [length] = struct.unpack("<Q", header)
            place += _HEADER + length + _FOOTER
            yield place
            if place > os.fstat(file.fileno()).st_size:
                return
            file.seek(place)


def read(path: tf.Tensor, length: tf.Tensor) -> tf.data.Dataset:
    """Reads the records of a file, each with its number.

    TensorFlow's reader gives a file up at the first record with a wrong
    checksum; here every record has its place, whether it can be read or not.

    Args:
        path: The file.
        length: How many records it has, int64.

    Returns:
        Dataset of `Record`.
    """
    there = tf.data.TFRecordDataset(path).map(lambda content: (content, True))
    lost = tf.data.Dataset.from_tensors(("", False)).repeat()
    contents = there.ignore_errors().concatenate(lost)

    @tf.autograph.experimental.do_not_convert
    def found(number: tf.Tensor, content: Any) -> Record:
        once_more = tf.cond(
            content[1], lambda: content, lambda: _alone(path, number)
        )
        return Record(path, number, *once_more)

    numbers = tf.data.Dataset.range(length)
    return tf.data.Dataset.zip(numbers, contents).map(found)


def _alone(path: tf.Tensor, number: tf.Tensor) -> Any:
    """Reads one record, without those before it."""
    place = tf.numpy_function(_start, [path, number], tf.int64)
    variant = tf.raw_ops.TFRecordDatasetV2(
        filenames=[path],
        compression_type="",
        buffer_size=tf.constant(0, tf.int64),
        byte_offsets=[tf.ensure_shape(place, ())],
    )
    spec = tf.TensorSpec((), tf.string)
    contents = tf.data.experimental.from_variant(variant, spec).take(1)
    there = contents.map(lambda content: (content, True)).ignore_errors()
    lost = tf.data.Dataset.from_tensors(("", False))
    return there.concatenate(lost).take(1).get_single_element()


def _start(path: bytes, number: int) -> int:
    starts = _starts(path)
    return starts[min(int(number), len(starts) - 1)]


@functools.lru_cache(maxsize=16)
def _starts(path: bytes) -> tuple[int, ...]:
    """Where the records of a file begin, and where the last one ends."""
    return (0, *_ends(path))
