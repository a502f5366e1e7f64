"""Deals the batches of a data set out to the replicas of a strategy."""

import tensorflow as tf

from keras_mpl.trainers.checks.batches import as_batch
from keras_mpl.types import Inputs


def shard(
    batches: tf.data.Dataset, strategy: tf.distribute.Strategy
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
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

        def slices(*parts: Inputs) -> tf.data.Dataset:
            split = tf.nest.map_structure(
                lambda part: tf.reshape(
                    part, [replicas, part.shape[0] // replicas, *part.shape[1:]]
                )[first : first + here],
                as_batch(parts[0] if len(parts) == 1 else parts),
            )
            return tf.data.Dataset.from_tensor_slices(split)

        return batches.flat_map(slices)

    return strategy.distribute_datasets_from_function(dealt)
