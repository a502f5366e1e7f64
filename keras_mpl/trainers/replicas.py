"""What changes when a step runs on several replicas, in one place.

Losses are divided by global counts, so their parts and their gradients ADD
over replicas. With one replica every function here is the identity.
"""

from typing import Any

import tensorflow as tf

from keras_mpl.trainers.batch_checks import as_batch

Tensor = Any


def count() -> int:
    """Number of replicas that step together; 1 without a strategy."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def index() -> Any:
    """This replica's number, from 0; 0 outside a replica's own code."""
    context = tf.distribute.get_replica_context()
    return context.replica_id_in_sync_group if context else 0


def add(values: Any) -> Any:
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


def mean(values: Tensor) -> Tensor:
    """Mean over the examples of the global batch, this replica's part.

    Args:
        values: One value per example of this replica, shape `(batch,)`.

    Returns:
        The sum of them over the GLOBAL number of examples, shape `()`; the
        parts of all replicas add up to the mean.
    """
    examples = tf.cast(tf.shape(values)[0], values.dtype)
    return tf.reduce_sum(values) / add(examples)


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


def shard(batches: tf.data.Dataset, strategy: tf.distribute.Strategy) -> Any:
    """Deals every global batch out to the replicas, in order.

    Keras leaves the split to TensorFlow, which can not see that the parts of
    a `Batch` have different sizes. Here replica `r` of `R` gets the `r`-th of
    `R` equal slices of every part. Every worker makes whole batches and keeps
    its own slices, so that they are the same however many workers there are.

    Args:
        batches: Dataset of `Batch` or of `((inputs, labels), (weak,
            strong))`, whole global batches.
        strategy: The strategy that trains.

    Returns:
        A distributed dataset; with one replica, `batches` itself.

    Raises:
        ValueError: If a part of the batch can not be split evenly.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return batches
    for size in {
        spec.shape[0] for spec in tf.nest.flatten(batches.element_spec)
    }:
        if size is None or size % replicas:
            raise ValueError(
                "Each part of a batch must have a static size that the "
                f"{replicas} replicas divide. Received: size={size}"
            )

    def dealt(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = replicas // context.num_input_pipelines  # replicas per worker
        first = context.input_pipeline_id * here

        def slices(*parts: Any) -> tf.data.Dataset:
            split = tf.nest.map_structure(
                lambda part: tf.reshape(
                    part, [replicas, part.shape[0] // replicas, *part.shape[1:]]
                )[first : first + here],
                as_batch(parts[0] if len(parts) == 1 else parts),
            )
            return tf.data.Dataset.from_tensor_slices(split)

        return batches.flat_map(slices)

    return strategy.distribute_datasets_from_function(dealt)
