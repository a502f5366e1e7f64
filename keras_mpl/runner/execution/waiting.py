"""How much of a training its steps wait for data.

A step asks the pipeline for a batch and waits until it is there. That time is
summed up inside the pipeline, behind its last buffer, so that it is seen where
many steps run in one call. The measuring takes up to a quarter of a millisecond
a step, half of which is in the share, and TensorFlow may ask for a batch while
the step before is still computed: the share is an upper bound.
"""

# ruff: noqa: D102 (Keras documents these methods)

import time
from collections.abc import MutableMapping
from typing import Any

import keras
import tensorflow as tf

from keras_mpl.batch import Batch
from keras_mpl.batch import BatchSource
from keras_mpl.runner.building import determinism
from keras_mpl.types import Tensor

KEY = "data_wait_fraction"  # in metrics.jsonl and result.json


class TimedBatches:
    """The batches of a source, and the seconds that were waited for them.

    Args:
        source: What makes the batches; all else is as there.
    """

    def __init__(self, source: BatchSource):
        self._source = source
        with tf.device("CPU:0"):
            self._seconds = tf.Variable(0.0, trainable=False, dtype=tf.float64)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        """Returns the source's dataset from a step on; its time is noted."""
        asked = tf.data.Dataset.counter().map(lambda _: tf.timestamp())
        batches = self._source.batches(first_step)
        options = tf.data.Options()
        # A buffer behind the measuring would be what waits.
        options.experimental_optimization.inject_prefetch = False
        timed = tf.data.Dataset.zip((asked, batches)).map(self._noted)
        return timed.with_options(options)

    def _noted(self, asked: Tensor, batch: Batch) -> Batch:
        noted = self._seconds.assign_add(tf.timestamp() - asked)
        with tf.control_dependencies([noted]):
            return tf.nest.map_structure(tf.identity, batch)

    def seconds(self) -> float:
        """Returns the seconds that were waited so far."""
        return float(self._seconds.numpy())


def measured(
    source: BatchSource, strategy: tf.distribute.Strategy
) -> tuple[BatchSource, list[keras.callbacks.Callback]]:
    """Returns batches whose waiting is logged, and what logs it.

    Several replicas are not measured, and neither are deterministic
    operations, which may not read a clock.

    Args:
        source: What makes the batches.
        strategy: What trains on them.
    """
    if strategy.num_replicas_in_sync > 1 or determinism.is_required():
        return source, []
    timed = TimedBatches(source)
    return timed, [DataWait(timed)]


class DataWait(keras.callbacks.Callback):
    """Adds the share of waiting to the logs of an epoch, before its record.

    The first call of a training, in which the step is compiled and the buffers
    fill, does not count, and neither does validation.

    Args:
        batches: What is trained on.
    """

    def __init__(self, batches: TimedBatches):
        super().__init__()
        self._batches = batches
        self._calls = 0
        self._start: tuple[float, float] | None = None

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._share: float | None = None
        self._start = self._now() if self._calls else None

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self._calls += 1
        if self._calls == 1:
            self._start = self._now()

    def on_test_begin(self, logs: object = None) -> None:
        self._stop()

    def on_epoch_end(
        self, epoch: int, logs: MutableMapping[str, float] | None = None
    ) -> None:
        self._stop()
        if self._share is not None and logs is not None:
            logs[KEY] = self._share

    def _now(self) -> tuple[float, float]:
        return time.perf_counter(), self._batches.seconds()

    def _stop(self) -> None:
        if self._start is not None and self._calls > 1:
            total, waited = (
                end - begun
                for end, begun in zip(self._now(), self._start, strict=True)
            )
            self._share = min(waited / total, 1.0)
        self._start = None
