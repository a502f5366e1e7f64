"""The catalogue names what is missing, and reads what is there."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_mpl import data
from keras_mpl.data import CATALOG
from keras_mpl.data import Normalize
from keras_mpl.data import catalog
from keras_mpl.data import streams
from tests.augment import oracles


def _store(folder, name, *, size=(32, 32), splits=("train", "test"), count=40):
    """Prepares a tiny set of another's name, as tfds lays it out."""
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(num_classes=4),
        }
    )

    def examples(offset):
        for i in range(count):
            pixels = np.full((*size, 3), 10 * (i % 4) + offset, np.uint8)
            yield {"image": pixels, "label": i % 4}

    signature = {
        "image": tf.TensorSpec((None, None, 3), tf.uint8),
        "label": tf.TensorSpec((), tf.int64),
    }
    return tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=features,
        data_dir=str(folder),
        split_datasets={
            split: tf.data.Dataset.from_generator(
                lambda offset=100 * place: examples(offset),
                output_signature=signature,
            )
            for place, split in enumerate(splits)
        },
    )


@pytest.mark.slow
def test_cifar10_is_what_it_is():
    loaded = data.load("cifar10", oracles.cifar_dir())
    assert loaded.images.shape == (50_000, 32, 32, 3)
    assert loaded.test_images.shape == (10_000, 32, 32, 3)
    assert np.bincount(loaded.labels).tolist() == [5000] * 10
    assert np.bincount(loaded.test_labels).tolist() == [1000] * 10
    assert loaded.class_names[0] == "airplane"
    # Of the whole training set, on a scale of 0 to 1: PAPER.md 5.2.
    found = loaded.images.mean(axis=(0, 1, 2)) / 255
    mean = CATALOG["cifar10"].normalize.mean
    np.testing.assert_allclose(found, mean, atol=1e-4)


def test_cifar10_4k_has_a_fixed_fingerprint():
    # Golden: made by this code; tfds 3.0.2 of CIFAR-10.
    labels = data.load("cifar10", oracles.cifar_dir()).labels
    part = data.split(
        labels,
        num_labeled=4000,
        num_validation=5000,
        num_test=0,
        dataset="cifar10",
        seed=3,
    )
    assert part.name == "cifar10@4000/3"
    assert (len(part.labeled), len(part.unlabeled)) == (4000, 45_000)
    assert np.bincount(labels[part.labeled]).tolist() == [400] * 10
    assert part.fingerprint == "ea57033fe192"


@pytest.mark.parametrize("name", CATALOG)
def test_a_missing_set_says_what_to_run_and_how_large_it_is(
    name, tmp_path, caplog
):
    entry = CATALOG[name]
    with pytest.raises(ValueError, match="which is missing") as caught:
        data.builder(name, tmp_path)
    said = str(caught.value)
    assert f"tfds.builder('{entry.tfds_name}', data_dir='{tmp_path}')" in said
    assert "download_and_prepare()" in said
    assert entry.download in said
    assert entry.manual in said
    assert not list(tmp_path.rglob("*.tar"))
    assert not caplog.records  # tensorflow-datasets' own warning


def test_unknown_sets_are_named():
    with pytest.raises(ValueError, match="must be one of: cifar10, cifar100"):
        data.load("cifar-10")


def test_large_sets_are_not_read_into_memory():
    with pytest.raises(ValueError, match="fits into memory"):
        data.load("imagenet")


def test_extra_images_come_after_the_training_images(tmp_path, monkeypatch):
    made = _store(tmp_path, "svhn", splits=("train", "test", "extra"))
    monkeypatch.setattr(
        made.info.features["image"], "_shape", (32, 32, 3), raising=False
    )
    monkeypatch.setattr(catalog, "builder", lambda *a, **k: made)
    monkeypatch.setattr(
        catalog,
        "_read",
        lambda made, split: tuple(
            np.stack([np.asarray(e[key]) for e in made.as_dataset(split=split)])
            for key in ("image", "label")
        ),
    )
    loaded = data.load("svhn", tmp_path)
    assert loaded.images.shape == (80, 32, 32, 3)
    assert len(loaded.labels) == 40
    assert loaded.images[0, 0, 0, 0] < 100
    assert loaded.images[40, 0, 0, 0] >= 200
    assert 100 <= loaded.test_images[0, 0, 0, 0] < 200


def test_image_records_stream_a_set_of_any_size(tmp_path):
    made = _store(tmp_path, "large", size=(60, 90), splits=("train",))
    labeled, unlabeled = (
        data.image_records(made, "train", size=24, is_labeled=is_labeled)
        for is_labeled in (True, False)
    )
    assert len(labeled) == 40
    paired = data.pair(
        labeled,
        unlabeled,
        strong=lambda images, seeds: 255 - images,
        batch_size=8,
        unlabeled_ratio=2,
    )
    batch = next(iter(paired))
    assert batch.labeled_inputs.shape == (8, 24, 24, 3)
    assert batch.labeled_inputs.dtype == tf.uint8
    means = batch.labeled_inputs.numpy().mean(axis=(1, 2, 3))
    np.testing.assert_array_equal(means, 10 * batch.labels.numpy())


@pytest.mark.parametrize("split", ["train[50%:]", "train+test", "extra"])
def test_a_part_of_a_split_is_refused_and_not_read_from_its_start(
    tmp_path, split
):
    made = _store(tmp_path, "parts", splits=("train", "test"))
    for call in (
        lambda: data.image_records(made, split, size=24, is_labeled=True),
        lambda: streams.exam(made, split, size=24, num_examples=4),
        lambda: streams.shards_of(made, split, 4),
    ):
        with pytest.raises(ValueError, match=r"one of: train, test\..*split="):
            call()


def test_normalize_standardises_and_comes_back():
    images = np.arange(2 * 4 * 4 * 3).reshape(2, 4, 4, 3).astype(np.uint8)
    normalize = Normalize((0.5, 0.4, 0.3), (0.25, 0.2, 0.1))
    inputs = normalize(images).numpy()
    expected = (images / 255 - [0.5, 0.4, 0.3]) / [0.25, 0.2, 0.1]
    np.testing.assert_allclose(inputs, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(normalize.undo(inputs), images)
