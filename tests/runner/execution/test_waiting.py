"""What steps wait for data is measured where they wait, and nowhere else."""

import time

import numpy as np
import tensorflow as tf

from keras_mpl import data
from keras_mpl.runner.execution import waiting

SLOW = 0.02  # seconds


def _sleeping(value):
    def sleep(same):
        time.sleep(SLOW)
        return same

    return tf.ensure_shape(tf.py_function(sleep, [value], tf.int64), [])


class _Source:
    """Numbers, each of which takes a while to make."""

    steps_per_epoch = 7

    def __init__(self, buffer):
        self._buffer = buffer

    def batches(self, first_step=0):
        made = tf.data.Dataset.counter(first_step).map(_sleeping)
        return made.prefetch(self._buffer) if self._buffer else made


def trained(batches, *, computing, steps=10):
    """The log of an epoch whose steps take so many seconds, after the first."""
    callback = waiting.DataWait(batches)
    iterator = iter(batches.batches())
    logs = {}
    callback.on_epoch_begin(0)
    for step in range(steps):
        next(iterator)
        time.sleep(computing if step else 10 * SLOW)
        callback.on_train_batch_end(step)
    callback.on_test_begin()
    time.sleep(10 * SLOW)  # validation
    callback.on_epoch_end(0, logs)
    return logs


def test_a_pipeline_without_a_buffer_is_waited_for():
    batches = waiting.TimedBatches(_Source(0))
    found = trained(batches, computing=SLOW)["data_wait_fraction"]
    assert 0.3 < found < 0.75  # as long as the steps compute


def test_a_buffer_that_is_filled_in_time_is_not_waited_for():
    batches = waiting.TimedBatches(_Source(2))
    found = trained(batches, computing=4 * SLOW)["data_wait_fraction"]
    assert 0 < found < 0.2


def test_an_epoch_of_the_first_call_alone_has_no_share():
    batches = waiting.TimedBatches(_Source(0))
    assert trained(batches, computing=0, steps=1) == {}


def test_batches_are_those_of_the_source_from_any_step_on():
    inputs = np.arange(40, dtype="float32").reshape(20, 2)
    labeled = inputs[:8], np.arange(8) % 2
    source = data.pair(
        labeled, (inputs, inputs), batch_size=2, unlabeled_ratio=2
    )
    timed = waiting.TimedBatches(source)
    assert timed.steps_per_epoch == source.steps_per_epoch
    np.testing.assert_array_equal(timed.labels, source.labels)
    assert timed.batches(3).element_spec == source.batches(3).element_spec
    pairs = zip(timed.batches(3).take(5), source.batches(3), strict=False)
    for ours, theirs in pairs:
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)
    assert timed.seconds() > 0
