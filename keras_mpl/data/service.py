"""Batches made on other machines, by the tf.data service."""

import dataclasses
from typing import Any

import tensorflow as tf

from keras_mpl.batch import BatchSource


@dataclasses.dataclass(frozen=True)
class Served:
    """Lets the workers of a tf.data service make the batches of a source.

    With one worker, batches are those of the source, in order. With several,
    each worker makes all of them and they come as they are ready: every batch
    is right, but which comes at step `t` is no longer a function of (seed,
    `t`).

    Attributes:
        source: What makes the batches, such as `pair` returns.
        address: Of the dispatcher, such as `grpc://host:5000`.
    """

    source: BatchSource
    address: str

    @property
    def steps_per_epoch(self) -> int:
        """That of the source."""
        return self.source.steps_per_epoch

    @property
    def element_spec(self) -> Any:
        """That of the source."""
        return self.source.batches().element_spec

    def batches(self, first_step: int = 0) -> tf.data.Dataset:
        """Returns the source's batches from a step on, as the service's."""
        distribute = tf.data.experimental.service.distribute(
            tf.data.experimental.service.ShardingPolicy.OFF, self.address
        )
        batches = self.source.batches(first_step).apply(distribute)
        return batches.prefetch(tf.data.AUTOTUNE)
