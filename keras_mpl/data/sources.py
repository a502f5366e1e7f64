"""Where batches of raw examples come from: arrays in memory, or `tf.data`.

A source checks what it is given once, and then hands out batch `t`. What the
batches mean, and their augmented views, is the business of `pairs`.
"""

import math
from typing import Any
from typing import TypeAlias
from typing import cast

import numpy as np
import tensorflow as tf

from keras_mpl import seeds as seeds_lib
from keras_mpl.data import checks
from keras_mpl.data.records import Records
from keras_mpl.data.records import RecordSource
from keras_mpl.types import Inputs
from keras_mpl.types import Tensor


def shuffled_rows(
    size: int, batch_size: int, key: Tensor, site: int, first_step: int = 0
) -> tf.data.Dataset:
    """Returns which examples make up each batch, epoch after epoch, for ever.

    Batch `t` holds positions `t * batch_size` and following of the epochs
    laid end to end; every epoch is a random order of its own, so that each
    visits every example once. An order is drawn once per epoch, as a whole:
    `tf.random.experimental.index_shuffle` needs no memory, but takes 8 bits
    of each word of its seed (below 65,536 examples) and thus knows too few
    orders, and is slow for small sets.

    Args:
        size: Examples in the set.
        batch_size: Examples per batch, at most `size`.
        key: Key of the user's seed, int32, shape `(2,)`.
        site: Which order it is, a `seeds.Site`.
        first_step: Number of the first batch; none before it is drawn.

    Returns:
        Dataset of indices, int64, shape `(batch_size,)`.

    >>> rows = shuffled_rows(6, 2, seeds_lib.key(0), 10).take(3)
    >>> sorted(tf.concat(list(rows), 0).numpy().tolist())
    [0, 1, 2, 3, 4, 5]
    """

    def order(epoch: tf.Tensor) -> tf.Tensor:
        return tf.random.experimental.stateless_shuffle(
            tf.range(size, dtype=tf.int64),
            seeds_lib.fold_in(key, epoch, site),
            alg="philox",
        )

    @tf.autograph.experimental.do_not_convert
    def begun_in(epoch: tf.Tensor) -> tf.data.Dataset:
        # No batch is larger than the set: the last ends in the next epoch.
        rows = tf.concat([order(epoch), order(epoch + 1)], axis=0)
        start = epoch * size
        first = -(-start // batch_size)
        steps = tf.data.Dataset.range(
            tf.maximum(first, first_step), -(-(start + size) // batch_size)
        )
        return steps.map(
            lambda step: tf.ensure_shape(
                rows[step * batch_size - start :][:batch_size], (batch_size,)
            )
        )

    first_epoch = first_step * batch_size // size
    return tf.data.Dataset.counter(first_epoch).flat_map(begun_in)


class ArraySource:
    """Examples in memory; batch `t` is found without visiting any other.

    Attributes:
        spec: Structure, shapes and dtypes of one batch.
        batch_size: Examples per batch.
        batches_per_epoch: Batches until all examples were seen.
    """

    def __init__(self, name: str, values: Any, batch_size: int, site: int):
        arrays = tf.nest.map_structure(np.asarray, values)
        self._size = checks.common_length(name, arrays)
        checks.check_enough(name, self._size, batch_size)
        checks.check_finite(name, arrays)
        with tf.device("CPU:0"):
            self._values = tf.nest.map_structure(tf.constant, arrays)
        self._site = site
        self.batch_size = batch_size
        self.batches_per_epoch = math.ceil(self._size / batch_size)
        self.spec = tf.nest.map_structure(
            lambda value: tf.TensorSpec(
                (batch_size, *value.shape[1:]), value.dtype
            ),
            self._values,
        )

    def part(self, index: int) -> np.ndarray:
        """Returns one part of a pair, all of it."""
        return np.asarray(self._values[index])

    def stream(
        self, first_step: int, key: Tensor, shard: tuple[int, int] = (1, 0)
    ) -> tf.data.Dataset:
        """Returns which rows to read, in the order that belongs to `key`."""
        count, index = shard
        rows = shuffled_rows(
            self._size, self.batch_size, key, self._site, first_step
        )
        return rows if count == 1 else rows.map(lambda r: r[index::count])

    def read(self, rows: Tensor, shard: tuple[int, int] = (1, 0)) -> Any:
        """Returns the examples in these rows."""
        del shard  # `stream` has taken its rows
        return tf.nest.map_structure(
            lambda value: tf.gather(value, rows), self._values
        )


class StreamSource:
    """Examples, or whole batches, from somebody's `tf.data` pipeline.

    Attributes:
        spec: Structure, shapes and dtypes of one batch.
        batch_size: Examples per batch.
        batches_per_epoch: Batches until the pipeline ends for the first time,
            a partial one among them; None where `tf.data` cannot tell.
    """

    def __init__(
        self, name: str, dataset: tf.data.Dataset, batch_size: int | None
    ):
        cardinality = int(dataset.cardinality())
        if cardinality == 0:
            checks.check_enough(name, 0, 1)
        self.batches_per_epoch = cardinality if cardinality > 0 else None
        if batch_size is None:
            dataset, batch_size = _full_batches(name, dataset)
            self._dataset = dataset.repeat()
        else:
            if cardinality > 0:
                self.batches_per_epoch = math.ceil(cardinality / batch_size)
            else:  # nobody can tell but by looking
                cardinality = sum(1 for _ in dataset.take(batch_size))
            checks.check_enough(name, cardinality, batch_size)
            batched = dataset.repeat().batch(batch_size, drop_remainder=True)
            self._dataset = batched
        self.batch_size = batch_size
        self.spec = tf.nest.map_structure(
            lambda spec: checks.static(name, spec, batch_size),
            self._dataset.element_spec,
        )

    def stream(
        self, first_step: int, key: Tensor, shard: tuple[int, int] = (1, 0)
    ) -> tf.data.Dataset:
        """Returns the batches, after reading past those before the first."""
        del key, shard
        return self._dataset.skip(first_step)

    def read(self, element: Any, shard: tuple[int, int] = (1, 0)) -> Any:
        """Returns the batch as it came, with its shapes made known."""
        count, index = shard
        return tf.nest.map_structure(
            lambda value, spec: tf.ensure_shape(value, spec.shape)[
                index::count
            ],
            element,
            self.spec,
        )


def _full_batches(
    name: str, dataset: tf.data.Dataset
) -> tuple[tf.data.Dataset, int]:
    """Keeps the batches that are as large as the first one."""
    specs = tf.nest.flatten(dataset.element_spec)
    shapes = [getattr(spec, "shape", tf.TensorShape(None)) for spec in specs]
    if any(shape.rank in (None, 0) for shape in shapes):
        raise ValueError(
            f"`{name}` must be batched when `batch_size` is None. "
            f"Received: elements {dataset.element_spec}"
        )
    sizes = {shape[0] for shape in shapes}
    if len(sizes) == 1 and None not in sizes:
        return dataset, sizes.pop()
    first = next(iter(dataset), None)
    sizes = {len(leaf) for leaf in tf.nest.flatten(first) if first is not None}
    checks.check_enough(name, min(sizes, default=0), 1)
    if len(sizes) > 1:
        raise ValueError(
            f"`{name}` must hold batches of one length. "
            f"Received: a batch with lengths {sorted(sizes)}"
        )
    size = sizes.pop()

    def is_full(*element: Any) -> tf.Tensor:
        return tf.shape(tf.nest.flatten(element)[0])[0] == size

    return dataset.filter(is_full), size


Source = ArraySource | StreamSource | RecordSource


# What `pair` takes: arrays, nested or not, a dataset, or records in files.
Examples: TypeAlias = Inputs | tf.data.Dataset | Records


def source(
    name: str,
    values: Examples,
    parts: str | None,
    batch_size: int | None,
    site: int,
    *,
    lengths: tuple[int, ...] = (2,),
) -> Source:
    """Makes the source that fits what the user gave.

    Args:
        name: Argument the values came in, for messages.
        values: Arrays, nested or not, a dataset, or `Records`.
        parts: How the two parts of a pair are called, None if no pair is
            asked for.
        batch_size: Examples per batch, None if a dataset is batched.
        site: Which order arrays are put in, a `seeds.Site`.
        lengths: Of how many parts a pair may be.

    Returns:
        A source of batches of `values`.

    Raises:
        ValueError: If the values are no pair, empty, too few, not finite, of
            several lengths, or of unknown shape.
    """
    if isinstance(values, Records):
        return values.source(name, cast(int, batch_size), site)
    is_stream = isinstance(values, tf.data.Dataset)
    if parts is not None:
        hint = "; give `strong` for raw inputs" if name == "unlabeled" else ""
        structure = cast(Any, values).element_spec if is_stream else values
        checks.check_pair(name, parts, structure, hint, lengths=lengths)
    if is_stream:
        return StreamSource(name, values, batch_size)
    # `pair` has made sure that arrays come with a batch size.
    return ArraySource(name, values, cast(int, batch_size), site)


def pipeline_options(*sources: Source) -> tf.data.Options:
    """Returns the options of a pipeline that reads these sources.

    Arrays leave nothing to tune, and TensorFlow's tuner may miss that its
    iterator is dropped: `fit` then ends when the tuner next wakes, which takes
    the longer the longer it ran, up to 60 s.
    """
    options = tf.data.Options()
    options.deterministic = True
    if all(isinstance(one, ArraySource) for one in sources):
        options.autotune.enabled = False
    return options
