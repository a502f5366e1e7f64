"""Orders, finetuning and tests in JAX are the package's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.replication import arrays
from benchmarks.replication import prepare
from keras_mpl import augment
from keras_mpl import data
from keras_mpl import models
from keras_mpl.batch import Batch
from keras_mpl.runner.building import finetuning

jax = pytest.importorskip("jax", reason="the replication needs JAX")

from benchmarks.replication import network  # noqa: E402
from benchmarks.replication import training  # noqa: E402
from benchmarks.replication import views  # noqa: E402

NORMALIZE = data.CATALOG["cifar10"].normalize


@pytest.fixture
def student():
    keras.utils.set_random_seed(0)
    return models.create("wrn_10_1", num_classes=10)


@pytest.fixture(scope="module")
def images():
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 10, 64).astype(np.int32)
    return draws.integers(0, 256, (64, 32, 32, 3)).astype(np.uint8), labels


def test_each_epoch_has_every_row_once_in_an_order_of_its_own():
    rows = np.arange(100, 110)
    found = training.orders(rows, 4, 5, np.random.default_rng(0))
    assert found.shape == (5, 4)
    epochs = found.reshape(2, 10)
    assert all(sorted(epoch) == rows.tolist() for epoch in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()


@pytest.mark.slow
def test_finetuning_is_the_packages(student, images, monkeypatch):
    monkeypatch.setattr(views, "weak", lambda shown, key: shown)
    pixels, labels = images
    rows = np.random.default_rng(1).permutation(64)[:48].reshape(2, 24)
    ours = network.named(prepare.weights(student))
    model = finetuning.compiled(student, training.FINETUNE_RATE, seed=0)
    for some in rows:
        inputs = NORMALIZE(pixels[some])
        labeled = tf.constant(labels[some])
        model.train_step(Batch(inputs, labeled, inputs, inputs))
    before = ours.weights
    ours = training.finetuned(
        ours, jax.random.key(0), *map(jax.numpy.asarray, (pixels, labels, rows))
    )
    expected = prepare.weights(model.ema_student)
    for name, value in (ours.weights | ours.statistics).items():
        np.testing.assert_allclose(value, expected[name], atol=2e-6)
    moved = np.abs(ours.weights["logits/bias"] - before["logits/bias"])
    assert moved.max() > 2e-5


def test_accuracy_is_of_the_network_as_it_answers(student, images, monkeypatch):
    monkeypatch.setattr(training, "TESTED_AT_ONCE", 64)
    pixels, _ = images
    for layer in student.layers:  # statistics that are not those of the start
        if hasattr(layer, "moving_mean"):
            layer.moving_mean.assign(layer.moving_mean + 0.1)
    said = student(NORMALIZE(pixels), training=False).numpy().argmax(axis=-1)
    labels = np.where(np.arange(64) < 48, said, (said + 1) % 10)
    ours = network.named(prepare.weights(student))
    assert training.accuracy(ours, pixels, labels) == 0.75


def test_images_that_are_missing_are_noticed(tmp_path, images, monkeypatch):
    with pytest.raises(ValueError, match=r"without arrays\.npz"):
        training.load(tmp_path)
    monkeypatch.setattr(prepare, "PER_FILE", 50)
    many = np.tile(images[0], (4, 1, 1, 1))[:200]
    kept = prepare.tables(augment.RandAugment(2, 16))
    kept |= {"labels": np.zeros(200), "test_labels": np.zeros(100)}
    np.savez(tmp_path / arrays.ARRAYS, **kept)
    prepare.write_images(many, tmp_path, "train")
    prepare.write_images(many[:100], tmp_path, "test")
    assert training.load(tmp_path).images.shape == (200, 32, 32, 3)
    (tmp_path / "train_01.webp").unlink()
    with pytest.raises(
        ValueError, match=r"200 images of train.*150 in 3 files"
    ):
        training.load(tmp_path)
