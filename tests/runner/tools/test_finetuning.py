"""Finetuning is plain SGD on the labels, in place, at a fixed rate."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_mpl
from tests import helpers

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(5, helpers.FEATURES)).astype("float32")
LABELS = RNG.integers(0, helpers.CLASSES, 5)


def by_hand(student, learning_rate, steps, training=True):
    """Gradient descent on the mean cross-entropy of all five labels."""
    for _ in range(steps):
        with tf.GradientTape() as tape:
            per_example = keras.losses.sparse_categorical_crossentropy(
                LABELS, student(INPUTS, training=training), from_logits=True
            )
            loss = tf.reduce_mean(per_example)
        weights = student.trainable_variables
        gradient = tape.gradient(loss, [w.value for w in weights])
        for weight, part in zip(weights, gradient, strict=True):
            weight.assign(weight - learning_rate * part)


def test_it_is_gradient_descent():
    found, expected = helpers.tiny_net(seed=3), helpers.tiny_net(seed=3)
    keras_mpl.finetune(found, (INPUTS, LABELS), learning_rate=0.5, steps=4)
    by_hand(expected, 0.5, 4)
    np.testing.assert_allclose(
        helpers.flat(found.weights), helpers.flat(expected.weights), atol=1e-6
    )
    start = helpers.flat(helpers.tiny_net(seed=3).weights)
    assert np.abs(helpers.flat(found.weights) - start).max() > 0.01


def test_defaults_are_the_papers():
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(
            keras_mpl.finetune
        ).parameters.items()
    }
    assert defaults["learning_rate"] == 1e-5
    assert (defaults["batch_size"], defaults["steps"]) == (512, 1000)


def test_a_dataset_of_examples_will_do():
    data = tf.data.Dataset.from_tensor_slices((INPUTS, LABELS))
    student = helpers.tiny_net(seed=3)
    history = keras_mpl.finetune(
        student,
        data,
        batch_size=5,
        learning_rate=0.5,
        steps=3,
        validation_data=(INPUTS, LABELS),
    ).history
    expected = helpers.tiny_net(seed=3)
    by_hand(expected, 0.5, 3)
    np.testing.assert_allclose(
        helpers.flat(student.weights), helpers.flat(expected.weights), atol=1e-6
    )
    hits = np.argmax(student(INPUTS), -1) == LABELS
    np.testing.assert_allclose(history["val_accuracy"][-1], hits.mean())


@pytest.mark.slow
def test_the_view_is_applied_to_labelled_inputs():
    moved = []
    for view in (None, lambda inputs, seeds: 0 * inputs):
        student = helpers.tiny_net(seed=3)
        first = student.layers[0].kernel
        before = np.copy(first.value)
        keras_mpl.finetune(
            student, (INPUTS, LABELS), learning_rate=0.5, steps=2, view=view
        )
        moved.append(np.abs(first.value - before).max())
    assert moved[0] > 1e-3
    assert moved[1] == 0.0


def test_the_average_of_a_trained_model_is_finetuned():
    model = helpers.mpl(
        helpers.tiny_net(seed=1), helpers.tiny_net(seed=5), ema_decay=0.9
    )
    keras_mpl.finetune(
        model.ema_student, (INPUTS, LABELS), learning_rate=0.5, steps=1
    )
    found = helpers.flat(model.ema_student.weights)
    assert np.any(found != helpers.flat(model.student.weights))


def _normalised():
    """A network whose moving statistics are far from those of `INPUTS`."""
    keras.utils.set_random_seed(4)
    net = keras.Sequential(
        [
            keras.Input((helpers.FEATURES,)),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(helpers.CLASSES),
        ]
    )
    norm = net.layers[0]
    norm.moving_mean.assign(norm.moving_mean + 2.0)
    norm.moving_variance.assign(norm.moving_variance * 3.0)
    return net


def test_a_student_is_finetuned_as_it_answers():
    """Against gradient descent by hand, with neither dropout nor batches."""
    found, expected = _normalised(), _normalised()
    keras_mpl.finetune(found, (INPUTS, LABELS), learning_rate=0.5, steps=3)
    by_hand(expected, 0.5, 3, training=False)
    np.testing.assert_allclose(
        helpers.flat(found.trainable_variables),
        helpers.flat(expected.trainable_variables),
        atol=1e-6,
    )
    np.testing.assert_array_equal(found.layers[0].moving_mean, 2.0)
    assert np.abs(found.layers[0].gamma - 1).max() > 1e-3


@pytest.mark.parametrize("batch_statistics", [False, True])
def test_what_layers_add_to_the_loss_counts(batch_statistics):
    moved = []
    for penalty in (None, keras.regularizers.L2(1.0)):
        keras.utils.set_random_seed(4)
        dense = keras.layers.Dense(
            helpers.CLASSES, activity_regularizer=penalty
        )
        student = keras.Sequential([keras.Input((helpers.FEATURES,)), dense])
        keras_mpl.finetune(
            student,
            (INPUTS, LABELS),
            learning_rate=0.1,
            steps=2,
            batch_statistics=batch_statistics,
        )
        moved.append(np.copy(dense.kernel))
    assert np.abs(moved[0] - moved[1]).max() > 1e-2


def test_statistics_of_each_batch_are_followed_where_asked_for():
    student = _normalised()
    keras_mpl.finetune(
        student,
        (INPUTS, LABELS),
        learning_rate=0.0,
        steps=40,
        batch_statistics=True,
    )
    np.testing.assert_allclose(
        student.layers[0].moving_mean, INPUTS.mean(axis=0), atol=1e-5
    )


def test_what_is_no_student_is_refused():
    with pytest.raises(ValueError, match=r"`student` must be a `keras\.Model`"):
        keras_mpl.finetune(None, (INPUTS, LABELS))
