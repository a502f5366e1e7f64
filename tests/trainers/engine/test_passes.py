"""A pass is recorded first, and differentiated once its loss is known."""

from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import seeds
from keras_mpl.trainers import forward
from keras_mpl.trainers.engine.batching import Batching
from keras_mpl.trainers.engine.learner import Learner
from keras_mpl.trainers.engine.passes import Views
from tests import helpers

BATCH = helpers.fake_batch(labeled=2, unlabeled=4, dtype="float64")
VIEWS = Views(BATCH.labeled_inputs, (BATCH.weak_inputs, BATCH.strong_inputs))


class Squares(NamedTuple):
    """Mean square of labelled logits, and the sum over the strong ones."""

    summed: tuple = ("strong",)
    names: tuple = ("strong", "weak")

    def labeled(self, logits):
        return {"labeled": tf.reduce_sum(logits**2, -1)}

    def unlabeled(self, logits, rows):
        weak, strong = (tf.reduce_sum(one**2, -1) for one in logits)
        return {"weak": weak, "strong": rows["weights"] * strong}

    def total(self, parts):
        weights = {"labeled": 1.0, "weak": 2.0, "strong": 3.0}
        return sum(weights[name] * part for name, part in parts.items())


def learner(regularizer=None):
    network = helpers.tiny_net(dtype="float64", seed=1)
    if regularizer:
        network.layers[0].kernel.regularizer = regularizer
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(network.trainable_variables)
    return Learner(network, optimizer)


def by_one_tape(network, weights, *, penalty=0.0):
    """The same loss and gradient, written down at once."""
    with tf.GradientTape() as tape:
        views = (VIEWS.labeled, *VIEWS.unlabeled)
        squares = [
            tf.reduce_sum(network(v, training=True) ** 2, -1) for v in views
        ]
        parts = {
            "labeled": tf.reduce_mean(squares[0]),
            "weak": tf.reduce_mean(squares[1]),
            "strong": tf.reduce_sum(weights * squares[2]),
        }
        loss = Squares().total(parts)
        loss += penalty * tf.reduce_sum(network.layers[0].kernel.value ** 2)
    values = [v.value for v in network.trainable_variables]
    return parts, tape.gradient(loss, values)


@pytest.mark.parametrize("size", [None, 2], ids=["whole", "sliced"])
def test_a_later_loss_has_the_gradient_of_one_tape(size):
    made = learner()
    weights = tf.constant([1.0, 0.0, -2.0, 0.5], "float64")
    recorded = Batching(size).record(made, VIEWS, seeds.key(0))
    strong = recorded.logits(-1)
    np.testing.assert_allclose(strong, made.network(BATCH.strong_inputs))
    np.testing.assert_allclose(
        recorded.logits(0), made.network(BATCH.weak_inputs)
    )
    parts, gradient = recorded.differentiate(Squares(), {"weights": weights})
    expected, true = by_one_tape(made.network, weights)
    for name, value in expected.items():
        assert float(parts[name]) == pytest.approx(float(value), rel=1e-12)
    for ours, theirs in zip(gradient, true, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("size", [None, 2], ids=["whole", "sliced"])
def test_regularisers_count_once_or_not_at_all(size):
    made = learner(keras.regularizers.L2(0.5))
    ones = tf.ones(4, "float64")
    for has_penalty, penalty in ((True, 0.5), (False, 0.0)):
        recorded = Batching(size).record(made, VIEWS, seeds.key(0))
        _, gradient = recorded.differentiate(
            Squares(), {"weights": ones}, has_penalty=has_penalty
        )
        _, true = by_one_tape(made.network, ones, penalty=penalty)
        np.testing.assert_allclose(gradient[0], true[0], atol=1e-12)


@pytest.mark.parametrize("size", [None, 2], ids=["whole", "sliced"])
def test_no_gradient_goes_through_a_constant_view(size):
    made = learner()
    views = Views(
        BATCH.labeled_inputs, (BATCH.strong_inputs,), (BATCH.weak_inputs,)
    )
    weights = tf.constant([1.0, 0.0, -2.0, 0.5], "float64")
    recorded = Batching(size).record(made, views, seeds.key(0))
    np.testing.assert_allclose(
        recorded.logits(0), made.network(BATCH.weak_inputs)
    )
    np.testing.assert_allclose(
        recorded.logits(-1), made.network(BATCH.strong_inputs)
    )
    parts, gradient = recorded.differentiate(Squares(), {"weights": weights})
    expected, _ = by_one_tape(made.network, weights)
    assert float(parts["weak"]) == pytest.approx(float(expected["weak"]))
    with tf.GradientTape() as tape:
        labeled, strong = (
            tf.reduce_sum(made.network(inputs, training=True) ** 2, -1)
            for inputs in (BATCH.labeled_inputs, BATCH.strong_inputs)
        )
        loss = tf.reduce_mean(labeled) + 3.0 * tf.reduce_sum(weights * strong)
    values = [v.value for v in made.network.trainable_variables]
    for ours, theirs in zip(gradient, tape.gradient(loss, values), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


class Noise(keras.layers.Layer):
    """Draws without a seed of its own, and twice."""

    def call(self, inputs, training=False):
        if not training:
            return inputs
        shape = keras.ops.shape(inputs)
        return inputs + keras.random.normal(shape) * keras.random.normal(shape)


def test_draws_without_a_seed_follow_from_the_key():
    network = keras.Sequential([keras.Input((4,)), Noise()])
    inputs = tf.zeros((2, 4))
    call = tf.function(lambda key: forward(network, inputs, key))
    keys = [seeds.fold_in(seeds.key(0), step) for step in (0, 1, 0)]
    first, second, again = (call(key).numpy() for key in keys)
    np.testing.assert_array_equal(first, again)
    assert not np.any(first == second)
