"""Sums and means over the replicas that step together, from inside a step.

Losses are divided by global counts, so their parts and their gradients ADD
over replicas. With one replica every sum here is the identity. Must not import
anything of the package but its types.
"""

from typing import NamedTuple
from typing import TypeVar

import tensorflow as tf

from keras_mpl.types import Tensor

__all__ = [
    "Logs",
    "add",
    "add_scalars",
    "count",
    "index",
    "masked_mean",
    "mean",
]

Structure = TypeVar("Structure")


class Logs(NamedTuple):
    """Scalars of a step, to be logged.

    Attributes:
        summed: Those whose replicas' parts add up.
        shared: Those that are equal on every replica.
    """

    summed: dict[str, Tensor]
    shared: dict[str, Tensor]


def count() -> int:
    """Number of replicas that step together; 1 without a strategy."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def index() -> Tensor | int:
    """This replica's number, from 0; 0 outside a replica's own code."""
    context = tf.distribute.get_replica_context()
    return context.replica_id_in_sync_group if context else 0


def add(values: Structure) -> Structure:
    """Sums each tensor of a structure over the replicas.

    Args:
        values: A tensor or a structure of tensors of any shapes.

    Returns:
        The same structure, equal on every replica.
    """
    if count() == 1:
        return values
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values)


def gathered(value: Tensor) -> Tensor:
    """A scalar of every replica, in one vector that is equal on all of them.

    Args:
        value: This replica's, shape `()`.

    Returns:
        Of shape `(replicas,)`.
    """
    if count() == 1:
        return value[None]
    context = tf.distribute.get_replica_context()
    return context.all_gather(value[None], axis=0)


def add_scalars(parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """Sums scalars over the replicas, all of them in one message.

    Args:
        parts: By name, shape `()` each.

    Returns:
        The sums, float32, equal on every replica.
    """
    together = tf.stack([tf.cast(v, "float32") for v in parts.values()])
    return dict(zip(parts, tf.unstack(add(together)), strict=True))


def mean(values: Tensor, examples: Tensor | None = None) -> Tensor:
    """Mean over the examples of the global batch, this replica's part.

    Args:
        values: One value per example of this replica, shape `(batch,)`.
        examples: Number of examples of the global batch, shape `()`; `None`
            if `values` are all that this replica has of it.

    Returns:
        The sum of them over the GLOBAL number of examples, shape `()`; the
        parts of all replicas add up to the mean.
    """
    if examples is None:
        examples = add(tf.cast(tf.shape(values)[0], values.dtype))
    return tf.reduce_sum(values) / tf.cast(examples, values.dtype)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the examples of the global batch that a mask keeps.

    Args:
        values: One value per example of this replica, shape `(batch,)`.
        mask: 1 for what counts, else 0, same shape.

    Returns:
        This replica's part, shape `()`; 0 where nothing is kept.
    """
    kept = tf.maximum(add(tf.reduce_sum(mask)), 1.0)
    return tf.reduce_sum(mask * values) / kept
