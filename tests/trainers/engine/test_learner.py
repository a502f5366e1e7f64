"""From a loss to a gradient to a step, by hand on one weight."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import losses
from keras_mpl.trainers.engine.learner import Learner


def line(weight=2.0, regularizer=None):
    """One weight, `y = w x`."""
    layer = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer=keras.initializers.Constant(weight),
        kernel_regularizer=regularizer,
    )
    return keras.Sequential([keras.Input((1,)), layer])


def learner(network=None, optimizer=None, **settings):
    network = network or line()
    optimizer = optimizer or keras.optimizers.SGD(0.5)
    optimizer.build(network.trainable_variables)
    return Learner(network, optimizer, **settings)


def weight(made):
    return float(made.network.trainable_variables[0].value[0, 0])


def test_a_gradient_is_that_of_the_weights_alone():
    made = learner()
    with made.recording() as tape:
        outputs = made.network(tf.constant([[3.0]]))
    [gradient] = made.pull_back(tape, [outputs], [tf.constant([[2.0]])])
    assert float(gradient[0, 0]) == 6.0


def test_a_loss_that_knows_no_weight_has_gradient_zero():
    made = learner()
    with made.recording() as tape:
        constant = tf.constant(1.0)
    [gradient] = made.pull_back(tape, [constant], [None])
    np.testing.assert_array_equal(gradient, [[0.0]])


def test_regularisers_are_a_penalty():
    made = learner(line(3.0, keras.regularizers.L2(0.5)))
    assert float(made.penalty("float32")) == 4.5
    assert float(learner().penalty("float32")) == 0.0


@pytest.mark.parametrize(
    ("settings", "moved", "factor"),
    [
        ({}, -0.5 * 4.0, 1.0),
        ({"weight_decay": 0.5}, -0.5 * 5.0, 1.0),
        ({"clip_norm": 1.0}, -0.5 * 1.0, 0.25),
        ({"weight_decay": 0.5, "clip_norm": 1.0}, -0.5 * 1.0, 0.2),
    ],
)
def test_a_step_adds_l2_and_clips(settings, moved, factor):
    made = learner(**settings)
    applied = made.step([tf.constant([[4.0]])])
    assert weight(made) == pytest.approx(2.0 + moved)
    assert float(applied.factor) == pytest.approx(factor)


def test_l2_leaves_scales_and_offsets_of_normalisation_alone():
    network = keras.Sequential(
        [keras.Input((2,)), keras.layers.BatchNormalization()]
    )
    made = learner(network, weight_decay=0.5)
    zeros = [tf.zeros(v.shape) for v in network.trainable_variables]
    applied = made.step(zeros)
    assert float(applied.norm) == 0.0


@pytest.mark.parametrize(
    ("optimizer", "size"),
    [
        (keras.optimizers.SGD(0.5), 0.5),
        (keras.optimizers.SGD(0.5, momentum=0.9), 0.5),
        (keras.optimizers.SGD(0.5, momentum=0.9, nesterov=True), 0.95),
    ],
    ids=["sgd", "momentum", "nesterov"],
)
def test_the_step_size_is_that_of_the_rate(optimizer, size):
    gradient = [tf.constant([[1.0]])]
    made = learner(optimizer=optimizer)
    assert float(made.step_size(losses.global_norm(gradient))) == pytest.approx(
        size
    )
    infinite = [tf.constant([[np.inf]])]
    assert float(made.step_size(losses.global_norm(infinite))) == 0.0


def test_the_loss_scale_is_undone():
    scaling = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.5), initial_scale=8.0
    )
    made = learner(optimizer=scaling)
    assert float(made.scaled(tf.constant(1.5))) == 12.0
    [gradient] = made.summed([tf.constant([[16.0]])])
    assert float(gradient[0, 0]) == 2.0
    made.step([gradient])
    assert weight(made) == pytest.approx(2.0 - 0.5 * 2.0)


@pytest.mark.parametrize(
    "settings", [{}, {"clip_norm": 1.0}, {"weight_decay": 0.5}]
)
def test_a_factor_of_the_loss_changes_nothing(settings):
    found = []
    for factor in (None, 128.0):
        optimizer = keras.optimizers.SGD(0.5, loss_scale_factor=factor)
        made = learner(optimizer=optimizer, **settings)
        with made.recording() as tape:
            loss = made.scaled(tf.reduce_sum(made.network(tf.ones((1, 1)))))
        gradient = made.summed(made.pull_back(tape, [loss], [None]))
        assert float(gradient[0][0, 0]) == 1.0
        made.step(gradient)
        found.append(weight(made))
    assert found[0] == pytest.approx(found[1])
    assert found[0] != 2.0


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.BatchNormalization(),
        keras.layers.LayerNormalization(),
        keras.layers.GroupNormalization(1),
        keras.layers.RMSNormalization(),
    ],
)
def test_l2_leaves_normalisation_alone(layer):
    network = keras.Sequential([keras.Input((3,)), layer])
    before = [np.copy(w.value) for w in network.trainable_variables]
    made = learner(network, weight_decay=0.5)
    made.step([tf.zeros(w.shape) for w in network.trainable_variables])
    for old, new in zip(before, network.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, new.value)
