"""The average holds what the network holds, and follows it as promised."""

import keras
import numpy as np
import pytest

from keras_mpl import ema
from tests import helpers


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 0.1), (2, 0.25), (90, 0.91), (1790, 0.995), (10**6, 0.995)],
)
def test_decay_ramps_as_in_the_released_code(step, expected):
    np.testing.assert_allclose(
        ema.ramped_decay(0.995, step), expected, rtol=1e-6
    )


@keras.saving.register_keras_serializable(package="tests")
class Counting(keras.Model):
    """Subclassed, with a BatchNorm and an integer weight."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.norm = keras.layers.BatchNormalization()
        self.dense = keras.layers.Dense(3)
        self.calls = self.add_weight(
            name="calls", dtype="int32", initializer="zeros", trainable=False
        )

    def call(self, inputs, training=False):
        return self.dense(self.norm(inputs, training=training))


def subclassed():
    network = Counting()
    network(np.zeros((1, 4), "float32"))
    return network


def functional():
    inputs = keras.Input((4,))
    hidden = helpers.tiny_net(norm=True)(inputs)
    return keras.Model(inputs, hidden + keras.layers.Dense(3)(inputs))


def deferred():
    """Without an input; it is built by its first call."""
    hidden = keras.layers.Dense(3), keras.layers.BatchNormalization()
    network = keras.Sequential([*hidden, keras.layers.Dense(3)])
    network(np.zeros((1, 4), "float32"))
    return network


NETWORKS = {
    "sequential": lambda: helpers.tiny_net(norm=True),
    "deferred": deferred,
    "functional": functional,
    "subclassed": subclassed,
}


def filled(network, number):
    for weight in network.weights:
        weight.assign(np.full(weight.shape, number, weight.dtype))
    return network


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_clone_is_equal_and_apart(make):
    network = make()
    copy = ema.clone(network)
    inputs = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    expected = np.asarray(network(inputs, training=False))
    np.testing.assert_array_equal(copy(inputs, training=False), expected)
    filled(network, 3)
    np.testing.assert_array_equal(copy(inputs, training=False), expected)


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_every_weight_and_statistic_is_averaged(make):
    network = filled(make(), 8)
    average = filled(ema.clone(network), 4)
    ema.update(average, network, 0.75)
    assert any("moving" in weight.path for weight in average.weights)
    for weight in average.weights:
        expected = 5.0 if "float" in weight.dtype else 8
        np.testing.assert_allclose(weight.value, expected, rtol=1e-6)
    for weight in network.weights:
        np.testing.assert_array_equal(weight.value, 8)


def test_seeds_of_dropout_are_copied_not_averaged():
    network = helpers.tiny_net(dropout=0.5)
    average = ema.clone(network)
    state = [v for v in network.variables if v.name == "seed_generator_state"]
    assert state
    ema.update(average, network, 0.5)
    inputs = np.ones((4, 4), "float32")
    average(inputs, training=True)
    assert len(average.weights) == len(network.weights) == 4


def test_half_precision_averages_keep_their_type():
    network = filled(helpers.tiny_net(dtype="float16"), 8)
    average = filled(ema.clone(network), 4)
    ema.update(average, network, 0.75)
    for weight in average.weights:
        assert weight.dtype == "float16"
        np.testing.assert_array_equal(weight.value, 5.0)


class NoConfig(keras.Model):
    def __init__(self, width):
        super().__init__()
        self.dense = keras.layers.Dense(width)

    def call(self, inputs):
        return self.dense(inputs)


def test_network_that_can_not_be_copied_is_refused():
    network = NoConfig(3)
    network(np.zeros((1, 4), "float32"))
    with pytest.raises(ValueError, match="get_config") as raised:
        ema.clone(network)
    assert str(raised.value).startswith(
        "`student` must be a model that `keras.models.clone_model` can copy "
        "(implement `get_config`), or `ema_decay` must be 0. "
        f"Received: student={network.name!r}, which fails with: "
    )


def test_networks_of_other_lengths_are_refused():
    average, network = helpers.tiny_net(), helpers.tiny_net(norm=True)
    with pytest.raises(ValueError, match=r"longer|shorter"):
        ema.update(average, network, 0.5)


@pytest.mark.usefixtures("wide_default")
def test_decay_is_in_single_precision_whatever_the_default():
    for step in (3, np.int64(3), np.float64(3)):
        assert ema.ramped_decay(0.995, step).dtype.name == "float32"


def adapted(layer, data):
    layer.adapt(data)
    inputs = keras.Input((2,), dtype=data.dtype)
    nested = keras.Sequential([keras.Input((2,), dtype=data.dtype), layer])
    outputs = keras.layers.Dense(2)(keras.ops.cast(nested(inputs), "float32"))
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize(
    ("layer", "data"),
    [
        (keras.layers.Normalization(), np.array([[900.0, 3.0], [990.0, 7.0]])),
        (keras.layers.IntegerLookup(), np.array([[7, 9], [9, 30]])),
        (
            keras.layers.Discretization(num_bins=3),
            np.array([[1.0, 5.0], [7, 9]]),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_copy_knows_what_layers_have_adapted_to(layer, data):
    network = adapted(layer, data)
    copy = ema.clone(network)
    expected = network(data)
    np.testing.assert_array_equal(copy(data), expected)
    ema.update(copy, network, 0.5)
    np.testing.assert_allclose(copy(data), expected, rtol=1e-6)


@pytest.mark.parametrize("is_frozen", [True, False])
def test_the_average_is_frozen_where_the_network_is(is_frozen):
    network = keras.Sequential(
        [
            keras.Input((2,)),
            keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(3)]),
            keras.layers.Dense(3),
        ]
    )
    network.layers[0].layers[1].trainable = not is_frozen
    average = ema.clone(network)
    network.layers[0].layers[1].trainable = is_frozen
    network.layers[1].trainable = is_frozen
    ema.freeze_alike(average, network)
    assert [layer.trainable for layer in average._flatten_layers()] == [
        layer.trainable for layer in network._flatten_layers()
    ]
    assert len(average.trainable_weights) == len(network.trainable_weights)
