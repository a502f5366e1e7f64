"""Reduced MPL: the small teacher starts at what is stored, and is taught."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import MetaPseudoLabels
from keras_mpl import ema
from keras_mpl import trainers
from keras_mpl.batch import Batch
from tests import helpers
from tests.trainers import methods

CLASSES, FEATURES = helpers.CLASSES, helpers.FEATURES


def student_net():
    inputs = keras.Input((FEATURES,))
    hidden = keras.layers.Dense(
        3, "tanh", kernel_initializer=keras.initializers.GlorotUniform(5)
    )
    logits = keras.layers.Dense(
        CLASSES, kernel_initializer=keras.initializers.GlorotUniform(6)
    )
    return keras.Model(inputs, logits(hidden(inputs)))


def stored(size, seed):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(CLASSES), size).astype("float32")


def with_probs(batch):
    probs = {len(batch.labels): stored(len(batch.labels), 1)}
    probs[len(batch.weak_inputs)] = stored(len(batch.weak_inputs), 2)
    return Batch(
        *(
            part
            if part is batch.labels
            else {"inputs": part, "probs": tf.constant(probs[len(part)])}
            for part in batch
        )
    )


BATCH = with_probs(helpers.fake_batch())


def test_the_teacher_starts_at_the_stored_probabilities():
    teacher = trainers.reduced_teacher(CLASSES, (FEATURES,))
    logits = np.asarray(teacher(BATCH.weak_inputs), "float64")
    found = np.exp(helpers.log_softmax(logits))
    np.testing.assert_allclose(found, BATCH.weak_inputs["probs"], rtol=1e-5)


def test_a_probability_of_zero_is_no_infinity():
    teacher = trainers.reduced_teacher(2, (1,))
    given = {"inputs": np.zeros((1, 1)), "probs": np.array([[0.0, 1.0]])}
    assert np.isfinite(teacher(given)).all()


def test_the_student_sees_its_inputs_alone():
    network = student_net()
    wrapped = trainers.beside_probs(network)
    np.testing.assert_array_equal(
        wrapped(BATCH.weak_inputs), network(BATCH.weak_inputs["inputs"])
    )
    assert trainers.without_probs(wrapped) is network
    copy = trainers.without_probs(ema.clone(wrapped))
    assert copy is not network
    methods.assert_same(methods.weights(copy), methods.weights(network))


@pytest.mark.parametrize("feedback", ["soft", "none"])
def test_feedback_alone_teaches_the_small_teacher(feedback):
    """With labels that it knows already, only feedback moves it."""
    model = MetaPseudoLabels(
        trainers.reduced_teacher(CLASSES, (FEATURES,)),
        trainers.beside_probs(student_net()),
        objective="supervised",
        feedback=feedback,
        seed=0,
    )
    known = BATCH._replace(labels=BATCH.labeled_inputs["probs"])
    methods.compiled(model, run_eagerly=True)
    before = [np.copy(w.value) for w in model.teacher.weights]
    history = methods.fit(model, helpers.repeated(known, 2))
    assert np.isfinite(history["student_loss"]).all()
    moved = max(
        np.abs(w.value - old).max()
        for w, old in zip(model.teacher.weights, before, strict=True)
    )
    assert moved > 1e-3 if feedback == "soft" else moved < 1e-6
