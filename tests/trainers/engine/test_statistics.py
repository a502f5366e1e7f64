"""Moving statistics are right at every length, and as their layer has it."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import models
from keras_mpl import seeds
from keras_mpl.trainers import forward
from keras_mpl.trainers.engine import statistics
from tests import helpers
from tests.trainers import methods


def net(momentum=0.99, layer=keras.layers.BatchNormalization):
    return keras.Sequential(
        [keras.Input((2,)), layer(momentum=momentum), keras.layers.Dense(3)]
    )


def moved(network, batches, *, ramp=True, first=0):
    """Moving mean and variance after some batches."""
    for number, inputs in enumerate(batches):
        step = tf.constant(first + number) if ramp else None
        forward(network, inputs, seeds.key(number), step=step)
    layer = network.layers[0]
    return np.array(layer.moving_mean), np.array(layer.moving_variance)


def batches(count):
    rng = np.random.default_rng(0)
    return [
        tf.constant(rng.normal(5.0, 2.0, (64, 2)), "float32")
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    "layer", [keras.layers.BatchNormalization, models.BatchNorm]
)
def test_ten_batches_are_enough_and_were_not_before(layer):
    mean, variance = moved(net(layer=layer), batches(10))
    np.testing.assert_allclose(mean, 5.0, atol=0.3)
    np.testing.assert_allclose(variance, 4.0, atol=0.6)
    mean, _ = moved(net(layer=layer), batches(10), ramp=False)
    assert np.all(mean < 0.6)


def test_the_first_batch_counts_nine_tenths():
    [inputs] = batches(1)
    mean, variance = moved(net(), [inputs])
    np.testing.assert_allclose(mean, 0.9 * inputs.numpy().mean(0), rtol=1e-4)
    np.testing.assert_allclose(
        variance, 0.1 + 0.9 * inputs.numpy().var(0), rtol=1e-4
    )


@pytest.mark.parametrize("momentum", [0.0, 0.05, 0.9, 0.99])
def test_late_steps_are_the_layers_own(momentum):
    ramped = moved(net(momentum), batches(3), first=100_000)
    plain = moved(net(momentum), batches(3), ramp=False)
    np.testing.assert_allclose(ramped, plain, rtol=1e-5)


def test_a_layer_that_keeps_its_statistics_keeps_them():
    assert statistics.momenta(net(1.0)) == {}
    mean, _ = moved(net(1.0), batches(2))
    np.testing.assert_array_equal(mean, [0.0, 0.0])


def test_frozen_layers_stay_as_they_are():
    network = net()
    network.layers[0].trainable = False
    mean, variance = moved(network, batches(2))
    np.testing.assert_array_equal([mean, variance], [[0.0] * 2, [1.0] * 2])


def test_layers_within_layers_are_found():
    inner = net()
    outer = keras.Sequential([keras.Input((2,)), inner])
    assert len(statistics.momenta(outer)) == 2


@pytest.mark.parametrize(
    "method", ["supervised", "uda", "pseudo_label", "soft"]
)
def test_every_method_ramps_unless_told_not_to(method):
    means = {}
    for is_ramped in (True, False):
        student = helpers.tiny_net(norm=True, seed=5)
        model = methods.compiled(
            methods.build(
                method,
                helpers.tiny_net(seed=1),
                student,
                ramp_statistics=is_ramped,
                seed=3,
            )
        )
        methods.fit(model, methods.batches(1))
        means[is_ramped] = np.array(student.layers[1].moving_mean)
    np.testing.assert_allclose(means[True], 90 * means[False], rtol=1e-3)
    assert np.abs(means[True]).max() > 0.01


def test_a_short_training_predicts_as_it_has_learned():
    """What a user sees first: 60 steps, and validation in inference mode."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 240)
    inputs = (10 + np.eye(4)[labels] * 4 + rng.normal(size=(240, 4))).astype(
        "float32"
    )
    accuracy = {}
    for is_ramped in (True, False):
        student = helpers.tiny_net(norm=True, seed=5)
        model = methods.compiled(
            methods.build(
                "supervised", student=student, ramp_statistics=is_ramped
            ),
            metrics=["accuracy"],
        )
        batch = helpers.fake_batch(labeled=40)._replace(
            labeled_inputs=tf.constant(inputs[:40]),
            labels=tf.constant(labels[:40], "int32"),
        )
        model.fit(helpers.repeated(batch, 60), verbose=0)
        found = model.evaluate(inputs, labels, verbose=0, return_dict=True)
        accuracy[is_ramped] = found["student_accuracy"]
    assert accuracy[True] > 0.85
    assert accuracy[True] > accuracy[False] + 0.1


@pytest.mark.parametrize("calls", [1, 2, 5])
def test_a_layer_that_is_called_more_than_once_does_not_overshoot(calls):
    norm = keras.layers.BatchNormalization(momentum=0.99)
    inputs = [keras.Input((2,)) for _ in range(calls)]
    sum_of = keras.layers.Add() if calls > 1 else lambda parts: parts[0]
    outputs = keras.layers.Dense(3)(sum_of([norm(x) for x in inputs]))
    network = keras.Model(inputs, outputs)
    data = batches(calls)
    forward(network, data, seeds.key(0), step=tf.constant(0))
    mean, variance = np.zeros(2), np.ones(2)
    for part in data:  # by hand, at the ramped momentum of 0.1
        mean = 0.1 * mean + 0.9 * part.numpy().mean(0)
        variance = 0.1 * variance + 0.9 * part.numpy().var(0)
    # All calls move as far as their batches' mean would; the order is lost.
    np.testing.assert_allclose(norm.moving_mean, mean, rtol=0.2)
    np.testing.assert_allclose(norm.moving_variance, variance, rtol=0.3)


def test_a_layer_that_moves_its_own_weights_is_refused():
    spectral = keras.layers.SpectralNormalization(keras.layers.Dense(3))
    network = keras.Sequential([keras.Input((helpers.FEATURES,)), spectral])
    model = methods.compiled(methods.build("supervised", student=network))
    words = "must leave its trainable weights to its optimizer.*kernel"
    with pytest.raises(ValueError, match=words):
        methods.fit(model, methods.batches(1))


@pytest.mark.skipif(
    "renorm"
    not in inspect.signature(keras.layers.BatchNormalization).parameters,
    reason="this Keras has no batch renormalisation",
)
def test_batch_renormalisation_stays_finite():
    renorm = keras.layers.BatchNormalization(renorm=True, momentum=0.99)
    network = keras.Sequential(
        [keras.Input((2,)), renorm, keras.layers.Dense(3)]
    )
    mean, variance = moved(network, 40 * batches(1))
    assert 0 < mean.mean() < 5.0
    assert np.all((variance > 0) & (variance < 10.0))
