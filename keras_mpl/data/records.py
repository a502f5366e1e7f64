"""Sets too large for memory: sharded TFRecord, read in a seeded order.

Answers which record is number `n` of the stream, for every `n`, without a
saved iterator: shards are put into a new order every epoch and read several
at a time, windows of neighbouring records are shuffled in memory, and records
before the first batch are skipped, whole shards unread and others undecoded.
A record that cannot be read is listed, and fatal only past a share.
"""

import dataclasses
import math
import os
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.data import checks
from keras_mpl.data import corrupt
from keras_mpl.data import names
from keras_mpl.data import tfrecords
from keras_mpl.data.tfrecords import count_records
from keras_mpl.types import Tensor


@dataclasses.dataclass(frozen=True, kw_only=True)
class Records:
    """A set of examples in TFRecord files, to be given to `pair`.

    Attributes:
        files: Paths of the shards.
        lengths: Records in each of them.
        parse: Function of a record (string, shape `()`) and of `seeds` (int32,
            shape `(2,)`, the record's own) to one example.
        cycle_length: Shards read at a time, in turns.
        window: Records shuffled in memory; twice as many are held.
        max_corrupt: Fraction of the records that may be unreadable.
        ledger: Those that could not be read, as they are met.
    """

    files: tuple[str, ...]
    lengths: tuple[int, ...]
    parse: Callable[[Any, Any], Any]
    cycle_length: int = 16
    window: int = 2048
    max_corrupt: float = 0.0
    ledger: corrupt.Ledger = dataclasses.field(
        default_factory=corrupt.Ledger, compare=False, repr=False
    )

    def __len__(self) -> int:
        return sum(self.lengths)

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Per record that could not be read so far: which it is, and why."""
        return tuple(
            (f"record {one.number} of {one.file}", one.reason)
            for one in self.ledger.found
        )

    def source(self, name: str, batch_size: int, site: int) -> "RecordSource":
        """Makes the source of batches that `pair` reads."""
        return RecordSource(name, self, batch_size, site)


def records(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    parse: Callable[[Any, Any], Any],
    *,
    lengths: Sequence[int] | None = None,
    cycle_length: int = 16,
    window: int = 2048,
    max_corrupt: float = 0.0,
) -> Records:
    """Describes a set of examples in TFRecord files.

    Args:
        files: Paths, or one path, or a pattern such as `"train-*"`. What
            exists is no pattern, whatever brackets its name has.
        parse: Function of a record and of `seeds` to one example.
        lengths: Records in each file; by default they are counted, which
            reads 12 bytes of each.
        cycle_length: Shards read at a time, in turns.
        window: Records shuffled in memory.
        max_corrupt: Fraction of the records that may be unreadable: damaged
            on disk, or refused by `parse`. The place of one is taken by
            another record of its batch; `Records.skipped` lists them.

    Returns:
        What `pair` takes as `labeled` or `unlabeled`.

    Raises:
        ValueError: If there are no files, a file is cut off or no TFRecord,
            or a number is not positive or does not fit.
    """
    if not isinstance(files, str | os.PathLike):
        found = tuple(os.fspath(file) for file in files)
    elif os.path.exists(files):
        found = (os.fspath(files),)
    else:
        found = tuple(names.matching(os.fspath(files)))
    if not found:
        raise ValueError(
            f"`files` must name one file or more. Received: files={files!r}"
        )
    for name, number in (("cycle_length", cycle_length), ("window", window)):
        if number < 1:
            raise ValueError(
                f"`{name}` must be 1 or more. Received: {name}={number!r}"
            )
    if not 0 <= max_corrupt < 1:
        raise ValueError(
            "`max_corrupt` must be a fraction from 0 to below 1. "
            f"Received: max_corrupt={max_corrupt!r}"
        )
    counted = map(count_records, found) if lengths is None else lengths
    known = tuple(int(length) for length in counted)
    if len(known) != len(found) or min(known) < 0 or not sum(known):
        raise ValueError(
            "`lengths` must be one number per file, not all 0. "
            f"Received: {len(known)} for {len(found)} files, "
            f"{sum(known)} records in all"
        )
    return Records(
        files=found,
        lengths=known,
        parse=parse,
        cycle_length=cycle_length,
        window=window,
        max_corrupt=max_corrupt,
    )


class RecordSource:
    """Batches of parsed records; batch `t` is a function of (seed, `t`).

    Attributes:
        spec: Structure, shapes and dtypes of one batch.
        batch_size: Examples per batch.
        batches_per_epoch: Batches until all examples were seen.
    """

    def __init__(self, name: str, records: Records, batch_size: int, site: int):
        checks.check_enough(name, len(records), batch_size)
        self._records = records
        self._site = site
        self.batch_size = batch_size
        self.batches_per_epoch = math.ceil(len(records) / batch_size)
        example = tf.data.Dataset.from_tensors(("", seeds_lib.key(0))).map(
            records.parse
        )
        self.spec = tf.nest.map_structure(
            lambda spec: checks.static(
                name, tf.TensorSpec((None, *spec.shape), spec.dtype), batch_size
            ),
            example.element_spec,
        )
        self._name = name

    def stream(
        self, first_step: int, key: Tensor, shard: tuple[int, int] = (1, 0)
    ) -> tf.data.Dataset:
        """Returns the batches from a step on, or one worker's rows of them."""
        size, site = len(self._records), self._site
        first = first_step * self.batch_size
        first_epoch = first // size

        @tf.autograph.experimental.do_not_convert
        def epoch_from(epoch: tf.Tensor) -> tf.data.Dataset:
            start = tf.where(epoch == first_epoch, first % size, 0)
            own = seeds_lib.fold_in(key, epoch, site)
            return _shuffled(self._records, own, tf.cast(start, tf.int64))

        @tf.autograph.experimental.do_not_convert
        def parse(place: tf.Tensor, content: tf.Tensor) -> Any:
            high, low = place // 2**31, place % 2**31
            seeds = seeds_lib.fold_in(key, high, low, site)
            return self._records.parse(content, seeds)

        guard = corrupt.Guard(
            self._name,
            size,
            self._records.max_corrupt,
            parse,
            self.spec,
            self._records.ledger,
        )
        stream = tf.data.Dataset.counter(first_epoch).flat_map(epoch_from)
        numbered = tf.data.Dataset.zip(tf.data.Dataset.counter(first), stream)
        rows = self.batch_size // shard[0]
        return guard.examples(
            numbered.shard(*shard).batch(rows, drop_remainder=True)
        )

    def read(self, element: Any, shard: tuple[int, int] = (1, 0)) -> Any:
        """Returns the batch as it came."""
        del shard
        return element


def _shuffled(records: Records, key: Tensor, start: Tensor) -> tf.data.Dataset:
    """Returns the records of one epoch, in its order, from a place on."""
    num_shards, cycle = len(records.files), records.cycle_length
    order = tf.random.experimental.stateless_shuffle(
        tf.range(num_shards), seeds_lib.fold_in(key, 0), alg="philox"
    )
    files = tf.gather(tf.constant(records.files), order)
    lengths = tf.gather(tf.constant(records.lengths, tf.int64), order)
    sizes = tf.math.segment_sum(lengths, tf.range(num_shards) // cycle)
    ends = tf.cumsum(sizes)  # of groups of shards that are read together
    window = start // records.window
    place = window * records.window
    group = tf.searchsorted(ends, [place], side="right")[0]
    before = tf.gather(ends - sizes, group)

    def read(group: tf.Tensor) -> tf.data.Dataset:
        own = slice(group * cycle, (group + 1) * cycle)
        shards = files[own], lengths[own]
        return tf.data.Dataset.from_tensor_slices(shards).interleave(
            tfrecords.read,
            cycle_length=min(cycle, num_shards),
            block_length=1,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )

    @tf.autograph.experimental.do_not_convert
    def shuffle(window: tf.Tensor, part: tfrecords.Record) -> Any:
        order = tf.random.experimental.stateless_shuffle(
            tf.range(tf.size(part.number)),
            seeds_lib.fold_in(key, 1, window),
            alg="philox",
        )
        return tf.nest.map_structure(lambda one: tf.gather(one, order), part)

    groups = tf.data.Dataset.range(
        tf.cast(group, tf.int64), tf.constant(-(-num_shards // cycle), tf.int64)
    )
    windows = groups.flat_map(read).skip(place - before).batch(records.window)
    return (
        tf.data.Dataset.zip(tf.data.Dataset.counter(window), windows)
        .map(shuffle)
        .unbatch()
        .skip(start - place)
    )
