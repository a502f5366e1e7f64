"""Statistics of normalisation layers under a strategy, ours and Keras'."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.models import BatchNorm
from keras_mpl.models import classifier


def images(count, shape):
    rng = np.random.default_rng(0)
    return rng.normal(0.5, 2.0, (count, *shape)).astype("float32")


def sequential(*layers):
    return keras.Sequential([keras.Input((4, 4, 3)), *layers])


@keras.saving.register_keras_serializable("tests")
class OwnNorm(keras.layers.Layer):
    def build(self, input_shape):
        self.mean = self.add_weight(
            name="moving_mean", shape=input_shape[-1:], trainable=False
        )

    def call(self, inputs):
        return inputs - self.mean


def two_replicas():
    reduction = tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], reduction)


@pytest.mark.distributed
def test_statistics_of_keras_layers_are_shared_by_replicas():
    strategy = two_replicas()
    with strategy.scope():
        backbone = sequential(keras.layers.BatchNormalization(name="norm"))
        model = classifier(backbone, 2)
        norm = model.get_layer("norm")
    assert norm.synchronized
    inputs = images(8, (4, 4, 3)) * np.arange(8).reshape(8, 1, 1, 1)

    @tf.function
    def step(values):
        model(values, training=True)

    strategy.run(
        step,
        args=(
            strategy.experimental_distribute_values_from_function(
                lambda c: tf.constant(
                    np.split(inputs, 2)[c.replica_id_in_sync_group]
                )
            ),
        ),
    )
    expected = 0.99 + 0.01 * inputs.var(axis=(0, 1, 2))
    for copy in strategy.experimental_local_results(norm.moving_variance.value):
        np.testing.assert_allclose(copy, expected, rtol=1e-4)


@pytest.mark.distributed
def test_statistics_that_replicas_can_not_share_are_refused():
    with two_replicas().scope():
        backbone = sequential(BatchNorm(), OwnNorm())
        with pytest.raises(ValueError, match=r"`backbone` must norm.* OwnNorm"):
            classifier(backbone, 2)


def test_one_replica_needs_nothing_shared():
    backbone = sequential(
        keras.layers.BatchNormalization(name="norm"), OwnNorm()
    )
    assert not classifier(backbone, 2).get_layer("norm").synchronized


@pytest.mark.distributed
def test_files_go_from_one_replica_to_two_and_back(tmp_path):
    strategy = two_replicas()
    inputs = keras.Input((2, 2, 3))
    model = keras.Model(inputs, BatchNorm(0.5)(inputs))
    batch = images(4, (2, 2, 3))
    model(batch, training=True)
    model.save(tmp_path / "one.keras")
    with strategy.scope():
        mirrored = keras.models.load_model(tmp_path / "one.keras")
    np.testing.assert_allclose(mirrored(batch), model(batch), rtol=1e-5)

    @tf.function
    def step(values):
        mirrored(values, training=True)

    strategy.run(
        step,
        args=(
            strategy.experimental_distribute_values_from_function(
                lambda c: tf.split(batch, 2)[c.replica_id_in_sync_group]
            ),
        ),
    )
    model(batch, training=True)
    mirrored.save(tmp_path / "two.keras")
    loaded = keras.models.load_model(tmp_path / "two.keras")
    for back, weight in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_allclose(back, weight, rtol=1e-5, atol=1e-6)
