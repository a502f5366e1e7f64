"""Pseudo labels are recorded while training goes on as if nobody asked."""

import json

import keras
import numpy as np
import pytest

from keras_mpl import recipes
from keras_mpl import report
from keras_mpl import runner
from keras_mpl.runner.building import assembly
from keras_mpl.runner.execution import pseudo_labels
from tests.runner import runs

OVERRIDES = (
    "train_steps=20",
    "eval_every_steps=4",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=2",
    "baselines=",
    "model=mlp_64_64",
)


def _weights(folder):
    student = keras.models.load_model(folder / "student.keras", compile=False)
    return student.get_weights()


@pytest.fixture(scope="module", name="run")
def fixture_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "asked"
    runner.run("digits_20", output=folder, overrides=OVERRIDES, verbose=0)
    return folder


def test_they_are_recorded_at_a_tenth_a_half_and_the_end(run):
    found = report.read_pseudo_labels(run)
    assert [record["step"] for record in found] == [2, 10, 20]
    assert [record["share"] for record in found] == [0.1, 0.5, 1.0]
    for record in found:
        assert record["num_examples"] == 512
        assert set(record["networks"]) == {"student", "teacher"}
        for network in record["networks"].values():
            assert sum(network["counts"]) == 512
            assert len(network["counts"]) == 10


@pytest.mark.slow
def test_training_does_not_change_by_being_asked(run, tmp_path, monkeypatch):
    monkeypatch.setattr(pseudo_labels, "logs", lambda *_: [])
    folder = tmp_path / "not asked"
    runner.run("digits_20", output=folder, overrides=OVERRIDES, verbose=0)
    assert not report.read_pseudo_labels(folder)
    for one, other in zip(_weights(run), _weights(folder), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(
        *map(report.read_records, (run, folder)), strict=True
    ):
        measured = {"seconds": 0, "data_wait_fraction": 0}
        assert one | measured == other | measured


def test_the_records_of_steps_that_are_repeated_are_dropped(tmp_path):
    path = tmp_path / report.PSEUDO_LABELS
    record = {
        "stage": "train",
        "share": 0.5,
        "num_examples": 1,
        "confidence_threshold": 0.0,
        "agreement": None,
        "networks": {},
    }
    for recipe, step in (("a", 4), ("b", 8), ("a", 8)):
        report.append_record(path, record | {"recipe": recipe, "step": step})
    with path.open("a") as file:
        file.write('{"recipe": "a", "st')  # a kill has cut it off
    report.drop_records(tmp_path, "a", after_step=4)
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(one["recipe"], one["step"]) for one in kept] == [
        ("a", 4),
        ("b", 8),
    ]


def test_steps_done_before_a_resume_are_not_recorded_again(tmp_path):
    recipe = recipes.override(recipes.find("digits_20"), runs.TINY)
    loaded = assembly.load(recipe, 0)

    class Model:
        step = 2

    class Stage:
        model, steps, name = Model, 4, "train"

    log = pseudo_labels.PseudoLabelLog(tmp_path, recipe, Stage, loaded, 0)
    log.on_train_begin()
    assert log._due == [4]


def test_labels_alone_have_no_pseudo_labels(tmp_path):
    recipe = recipes.find("digits_20_supervised")
    stage = type("Stage", (), {"name": "train", "steps": 4})
    loaded = assembly.load(recipe, 0)
    assert pseudo_labels.logs(tmp_path, recipe, stage, loaded, 0) == []


def test_the_sample_is_smaller_where_images_are_large(monkeypatch):
    loaded = assembly.load(recipes.find("digits_20"), 0)
    rows = pseudo_labels.sample(loaded)
    assert len(np.unique(rows)) == 512
    assert set(rows) <= set(loaded.split.unlabeled)
    monkeypatch.setattr(pseudo_labels, "_MANY", 100 * 64)
    assert len(pseudo_labels.sample(loaded)) == 100
    monkeypatch.setattr(pseudo_labels, "_MANY", 64)
    assert len(pseudo_labels.sample(loaded)) == 64
