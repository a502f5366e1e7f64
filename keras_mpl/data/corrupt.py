"""Records that cannot be read: who they are, and when they are too many.

A stream stays a function of (seed, step): the place of such a record is taken
by another one of its batch.
"""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_mpl.data import names
from keras_mpl.data.tfrecords import Record

_MAX_REASON = 200  # characters


class Corrupt(NamedTuple):
    """A record that could not be read.

    Attributes:
        file: Path of the TFRecord file.
        number: Its number there, from 0.
        reason: What is wrong with it.
    """

    file: str
    number: int
    reason: str


class Ledger:
    """Lists the records that could not be read.

    Attributes:
        found: Each once, in the order in which they were met.
        refusal: Why the stream was stopped, if it was.
    """

    def __init__(self) -> None:
        self.found: list[Corrupt] = []
        self.refusal: str | None = None
        self._known: set[tuple[str, int]] = set()

    def add(self, file: str, number: int, reason: Callable[[], str]) -> None:
        """Notes a record, unless it is known."""
        if (file, number) not in self._known:
            self._known.add((file, number))
            self.found.append(Corrupt(file, number, reason()))

    def check(self, name: str, size: int, max_corrupt: float) -> None:
        """Raises a ValueError if more than a share of `size` is corrupt."""
        if len(self.found) <= max_corrupt * size:
            return
        file, number, reason = self.found[-1]
        self.refusal = (
            f"`{name}` must have at most a share of {max_corrupt} of records "
            f"that cannot be read (`max_corrupt`). Received: "
            f"{len(self.found)} of {size}, the last one record {number} of "
            f"{names.printable(file)} ({reason})"
        )
        raise ValueError(self.refusal)


class Guard:
    """Parses batches of records, and fills the places of corrupt ones.

    Args:
        name: What the examples are called in messages.
        size: Records in all files.
        max_corrupt: Fraction of them that may be unreadable.
        parse: From the place of a record in the stream, and its content, to
            an example.
        spec: Of a batch of examples, nested.
        ledger: Where corrupt records are noted.
    """

    def __init__(
        self,
        name: str,
        size: int,
        max_corrupt: float,
        parse: Callable[[Any, Any], Any],
        spec: Any,
        ledger: Ledger,
    ):
        self._name, self._size, self._max_corrupt = name, size, max_corrupt
        self._parse, self._spec, self._ledger = parse, spec, ledger

    def examples(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """Returns batches of examples.

        Args:
            batches: Of `(place, Record)`, each part of shape `(rows,)`.
        """
        return batches.interleave(  # one batch is begun while another is made
            self._parsed,
            cycle_length=2,
            block_length=1,
            num_parallel_calls=2,
            deterministic=True,
        ).map(self._filled)

    @tf.autograph.experimental.do_not_convert
    def _parsed(self, places: tf.Tensor, records: Record) -> tf.data.Dataset:
        """One element: a batch of records, and what could be made of them."""
        rows = tf.range(tf.size(places))
        there = tf.boolean_mask(rows, records.is_there)
        none = tf.nest.map_structure(
            lambda spec: tf.zeros((0, *spec.shape[1:]), spec.dtype), self._spec
        )

        @tf.autograph.experimental.do_not_convert
        def parse(row: tf.Tensor) -> tuple[tf.Tensor, Any]:
            return row, self._parse(places[row], records.content[row])

        made = (
            tf.data.Dataset.from_tensor_slices(there)
            .map(parse, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .ignore_errors()
            .batch(tf.size(places, tf.int64))
            .concatenate(tf.data.Dataset.from_tensors((rows[:0], none)))
        )
        return made.take(1).map(lambda *good: (places, records, *good))

    @tf.autograph.experimental.do_not_convert
    def _filled(
        self, places: tf.Tensor, records: Record, good: tf.Tensor, examples: Any
    ) -> Any:
        """The examples, repeated where some are missing."""
        rows = tf.range(tf.size(places))

        def fill() -> Any:
            is_good = tf.reduce_any(rows[:, None] == good[None], axis=1)
            bad = [
                tf.boolean_mask(part, ~is_good) for part in (places, *records)
            ]
            noted = tf.numpy_function(
                self._note, [tf.size(good), *bad], tf.bool
            )
            with tf.control_dependencies([noted]):
                chosen = tf.searchsorted(good, rows) % tf.size(good)
            return tf.nest.map_structure(
                lambda part: tf.gather(part, chosen), examples
            )

        return tf.cond(tf.size(good) == tf.size(rows), lambda: examples, fill)

    def _note(
        self,
        num_good: int,
        places: np.ndarray,
        files: np.ndarray,
        numbers: np.ndarray,
        contents: np.ndarray,
        are_there: np.ndarray,
    ) -> bool:
        """Lists the corrupt records of a batch, outside of the graph.

        Raises:
            ValueError: If they are too many, or none of the batch is left.
        """
        for i, place in enumerate(places):

            def reason(i: int = i, place: int = place) -> str:
                if not are_there[i]:
                    return "damaged on disk"
                return _reason(lambda: self._parse(place, contents[i]))

            file = files[i].decode(errors="surrogateescape")
            self._ledger.add(file, int(numbers[i]), reason)
        share = self._max_corrupt if num_good else 0.0
        self._ledger.check(self._name, self._size, share)
        return True


def _reason(parse: Callable[[], Any]) -> str:
    """Reads a record once more, outside of the graph: what is wrong with it?"""
    try:
        with tf.device("CPU:0"):
            parse()
    except Exception as error:  # whatever the user's function raises
        message = str(getattr(error, "message", error)).strip()
        first = message.splitlines()[0] if message else type(error).__name__
        return names.printable(first)[:_MAX_REASON]
    return "not read at first"
