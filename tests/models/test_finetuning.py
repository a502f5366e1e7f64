"""The head learns, and the backbone stays or follows slowly."""

import keras
import numpy as np
import pytest

from keras_mpl import ema
from keras_mpl import models
from keras_mpl import trainers
from keras_mpl.models import BackboneSGD
from tests import helpers

BATCH = helpers.fake_batch()


def network(seed=1):
    keras.utils.set_random_seed(seed)
    shape = BATCH.labeled_inputs.shape[1:]
    x = inputs = keras.Input(shape)
    x = keras.layers.Dense(8, "tanh", name="hidden")(x)
    x = models.BatchNorm(name="norm")(x)
    outputs = keras.layers.Dense(3, name="logits")(x)
    return keras.Model(inputs, outputs)


def trained(optimizer, *, frozen=False, steps=2):
    student = network()
    if frozen:
        models.freeze(student)
    model = trainers.Supervised(student, weight_decay=0.01, seed=0)
    model.compile(student_optimizer=optimizer)
    before = {w.path: np.array(w) for w in student.weights}
    for _ in range(steps):
        model.train_step(BATCH)
    moved = {w.path: np.array(w) - before[w.path] for w in student.weights}
    return moved, model


def test_a_backbone_moves_by_its_own_rate():
    plain, _ = trained(keras.optimizers.SGD(0.1, 0.9, True), steps=1)
    slow, _ = trained(
        BackboneSGD(0.1, backbone_rate=0.25, momentum=0.9, nesterov=True),
        steps=1,
    )
    for path in ("hidden/kernel", "hidden/bias", "norm/gamma"):
        assert np.abs(plain[path]).max() > 0
        np.testing.assert_allclose(slow[path], 0.25 * plain[path], rtol=1e-3)
    np.testing.assert_array_equal(slow["logits/kernel"], plain["logits/kernel"])


def test_at_rate_one_it_is_plain_sgd():
    plain, _ = trained(keras.optimizers.SGD(0.1, 0.9))
    same, _ = trained(BackboneSGD(0.1, backbone_rate=1.0, momentum=0.9))
    for path, value in plain.items():
        np.testing.assert_array_equal(same[path], value)


def test_a_frozen_backbone_stays_with_its_statistics_and_average():
    moved, model = trained("sgd", frozen=True)
    for path, value in moved.items():
        assert value.any() == path.startswith("logits"), path
    for ours, theirs in zip(
        model.ema_student.weights, model.student.weights, strict=True
    ):
        assert ours.path == theirs.path
    assert len(model.ema_student.trainable_weights) == 2
    ema.update(model.ema_student, model.student, 0.0)
    np.testing.assert_allclose(
        model.ema_student(BATCH.labeled_inputs),
        model.student(BATCH.labeled_inputs),
        rtol=1e-6,
    )


def test_the_optimizer_is_saved_with_its_factor():
    optimizer = BackboneSGD(0.1, backbone_rate=0.25, momentum=0.9)
    config = keras.optimizers.serialize(optimizer)
    copy = keras.optimizers.deserialize(config)
    assert type(copy) is BackboneSGD
    assert (copy.backbone_rate, copy.momentum) == (0.25, 0.9)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"must be above 0.*Received: .*=0"):
        BackboneSGD(0.1, backbone_rate=0.0)
    layers = [keras.Input((4,)), keras.layers.Dense(3, name="head")]
    with pytest.raises(ValueError, match=r"a layer 'logits'.*Received"):
        models.freeze(keras.Sequential(layers))


def test_keras_weight_decay_would_move_the_backbone_at_the_full_rate():
    with pytest.raises(ValueError, match=r"`weight_decay` must be None"):
        BackboneSGD(0.1, weight_decay=0.01)
    copy = BackboneSGD.from_config(BackboneSGD(0.1).get_config())
    assert copy.weight_decay is None


def test_a_network_without_a_head_by_that_name_is_refused():
    network = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(3, name="predictions")]
    )
    optimizer = BackboneSGD(0.1)
    with pytest.raises(ValueError, match=r"of a layer 'logits'.*predictions/"):
        optimizer.build(network.trainable_variables)
