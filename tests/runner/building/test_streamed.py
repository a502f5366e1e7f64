"""Streamed sets: what is held out, what is tested on, anybody's files."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import data
from keras_mpl import recipes
from keras_mpl import seeds
from keras_mpl.runner.building import datasets
from keras_mpl.runner.building import streamed
from keras_mpl.runner.tools import inspection
from tests import streams


def recipe(*overrides):
    return recipes.override(
        recipes.find("imagenet_10pct_mpl_paper"),
        [
            "data.num_validation=50",
            "data.num_test=30",
            "data.image_size=16",
            "batch_size=4",
            "unlabeled_ratio=2",
            *overrides,
        ],
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sets")


@pytest.fixture
def stored(folder, monkeypatch):
    monkeypatch.setattr(data, "builder", streams.imagenet(folder))


def test_whole_shards_are_held_out_and_not_learned_from(stored):
    loaded = datasets.load(recipe(), 0)
    assert len(loaded.labeled) == 40  # 120 in three shards, two of them out
    assert len(loaded.unlabeled) == 160  # all of the other set
    # Shards 1 and 2 have the labels 40 to 119: the first 50 of them.
    labels = loaded.exams["validation"].labels
    np.testing.assert_array_equal(labels, np.arange(40, 90))
    alone = datasets.load(recipe("data.unlabeled_dataset=none"), 0)
    assert len(alone.unlabeled) == 40
    assert alone.split.fingerprint != loaded.split.fingerprint


def test_tests_see_the_middle_of_each_image_with_its_label(stored):
    loaded = datasets.load(recipe(), 0)
    batches, labels = loaded.part("test")
    inputs = np.concatenate(list(batches.as_numpy_iterator()))
    assert inputs.shape == (30, 16, 16, 3)
    pixels = np.mean(loaded.finish.undo(inputs), axis=(1, 2, 3))
    np.testing.assert_array_equal(pixels, labels)
    [(first, shown)] = loaded.validation().take(1).as_numpy_iterator()
    assert first.shape == (50, 16, 16, 3)
    np.testing.assert_array_equal(shown, loaded.exams["validation"].labels)


@pytest.mark.slow
def test_anybodys_records_can_be_the_unlabelled_ones(stored, folder):
    pattern = streams.extra(folder)
    named = ["data.unlabeled_dataset=records", f"data.unlabeled={pattern}"]
    loaded = datasets.load(recipe(*named), 0)
    assert len(loaded.unlabeled) == 40
    paired = data.pair(
        *loaded.training_sets(),
        strong=lambda images, seeds: images,
        batch_size=4,
        unlabeled_ratio=2,
    )
    weak = next(iter(paired)).weak_inputs.numpy()
    assert weak.shape == (8, 16, 16, 3)
    assert not (weak % 10).any()


def test_sizes_are_told_without_counting_classes(stored):
    said = inspection.describe(recipe())
    assert said.splitlines()[:4] == [
        "labeled               40",
        "unlabeled            160",
        "validation            50",
        "test                  30",
    ]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("data.num_labeled=40", "`data.num_labeled` must be 0 for imagenet"),
        ("data.unlabeled_examples=rest", "_examples` must be all"),
        (
            "data.unlabeled_dataset=cifar10",
            "_dataset` must be one of",
        ),
        (
            "data.unlabeled_dataset=records",
            "must be a pattern",
        ),
        ("data.num_validation=100", "`num_validation` must leave a shard"),
        ("data.num_test=31", "must have 31 examples. Received: 30"),
    ],
)
def test_what_cannot_be_streamed_is_one_line(stored, override, words):
    with pytest.raises(ValueError, match=words) as caught:
        datasets.load(recipe(override), 0)
    assert "Received: " in str(caught.value)


@pytest.mark.parametrize(
    "override",
    ["data.unlabeled_dataset=imagenet", "data.real_labels=real.json"],
)
def test_data_in_memory_have_neither(override):
    digits = recipes.override(recipes.find("digits_20"), [override])
    with pytest.raises(ValueError, match="must be none for data in memory"):
        datasets.load(digits, 0)


def _spoil(path, number):
    """Turns a byte within a record, wherever it begins."""
    content = bytearray(path.read_bytes())
    place = 0
    for _ in range(number):
        place += 16 + int.from_bytes(content[place : place + 8], "little")
    content[place + 40] ^= 255
    path.write_bytes(content)


def test_a_corrupt_test_image_is_named(tmp_path, monkeypatch):
    made = streams.made(tmp_path, "a", shards=2)
    exam = data.exam(made, "train", size=16, num_examples=30, last_shards=1)
    path = tmp_path / "a-train-1.tfrecord"
    _spoil(path, 7)
    with pytest.raises(tf.errors.OpError, match=f"record 7 of {path}"):
        list(exam.images)


def test_a_run_names_the_record_that_stops_it(tmp_path, monkeypatch):
    builder = streams.imagenet(tmp_path)
    monkeypatch.setattr(data, "builder", builder)
    loaded = datasets.load(recipe("data.max_corrupt=0.01"), 0)
    for number in (3, 4):
        _spoil(tmp_path / "imagenet-train-2.tfrecord", number)
    with (
        pytest.raises(
            ValueError, match=r"^`unlabeled` must have .*2\.tfrecord"
        ),
        streamed.naming_records(loaded),
    ):
        for _ in loaded.unlabeled.source("unlabeled", 40, 11).stream(
            0, seeds.key(0)
        ):
            pass
    assert [name.split()[1] for name, _ in loaded.skipped] in (
        ["3", "4"],
        ["4", "3"],
    )
    with pytest.raises(ZeroDivisionError), streamed.naming_records(loaded):
        _ = 1 / 0
