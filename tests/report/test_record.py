"""A row holds the accuracies of the last stage, and of every stage."""

import datetime
import json

import keras
import numpy as np
import pytest

from keras_mpl import report

LABELS = np.array([0, 1, 2, 3])
RIGHT = LABELS[:, None]
HALF = np.array([[0], [1], [0], [0]])
METHOD = {"name": "mpl", "feedback": "soft"}
RECIPE = {"name": "a", "method": METHOD, "other": 1}


def record(stage, step, seconds, accuracy):
    return {
        "recipe": "a",
        "stage": stage,
        "step": step,
        "seconds": seconds,
        "val_accuracy": accuracy,
    }


TRAIN = [record("train", 10, 1.0, 0.1), record("train", 20, 2.5, 0.2)]


def test_one_stage_has_no_table_of_stages():
    networks = {"": RIGHT, "student_": HALF, "teacher_": HALF}
    found = report.row(RECIPE, {"train": networks}, LABELS, TRAIN)
    assert found == {
        "recipe": "a",
        "method": "mpl",
        "feedback": "soft",
        "test_accuracy": 1.0,
        "test_student_accuracy": 0.5,
        "test_teacher_accuracy": 0.5,
        "val_accuracy": 0.2,
        "train_steps_done": 20,
        "seconds": 2.5,
    }


def test_with_two_stages_the_last_one_counts_and_seconds_add_up():
    records = [*TRAIN, record("finetune", 25, 1.25, 0.3)]
    predictions = {
        "train": {"": HALF, "student_": HALF, "teacher_": RIGHT},
        "finetune": {"": RIGHT, "student_": RIGHT},
    }
    found = report.row(RECIPE, predictions, LABELS, records)
    assert found["test_accuracy"] == 1.0
    assert found["test_teacher_accuracy"] is None
    assert found["val_accuracy"] == 0.3
    assert (found["train_steps_done"], found["seconds"]) == (25, 3.75)
    first, second = found["stages"]
    assert (first["stage"], second["stage"]) == ("train", "finetune")
    assert (first["test_accuracy"], second["test_accuracy"]) == (0.5, 1.0)
    assert first["test_teacher_accuracy"] == 1.0
    assert (first["seconds"], second["seconds"]) == (2.5, 1.25)


def test_waiting_is_the_mean_of_the_evaluations_that_measured_it():
    first, second = TRAIN
    third = record("train", 30, 4.0, 0.2)
    records = [
        first,
        {**second, "data_wait_fraction": 0.25},
        {**third, "data_wait_fraction": 0.75},
    ]
    found = report.row(RECIPE, {"train": {"": RIGHT}}, LABELS, records)
    assert found["data_wait_fraction"] == 0.5


def test_a_method_without_feedback_records_none():
    recipe = {**RECIPE, "method": {"name": "uda"}}
    found = report.row(recipe, {"train": {"": RIGHT}}, LABELS, TRAIN)
    assert (found["method"], found["feedback"]) == ("uda", None)


def test_real_labels_and_five_best_classes_add_their_accuracies():
    best = np.tile(np.arange(5), (4, 1))
    real = [{1}, {0}, set(), {0, 4}]
    found = report.row(RECIPE, {"train": {"": best}}, LABELS, TRAIN, real)
    assert found["test_accuracy"] == 0.25
    assert found["test_top_5_accuracy"] == 1.0
    assert found["test_real_accuracy"] == pytest.approx(2 / 3)


def test_the_environment_is_plain_values_of_now():
    found = report.environment("1.2.3")
    assert json.loads(json.dumps(found)) == found
    assert found["versions"]["keras_mpl"] == "1.2.3"
    assert found["versions"]["keras"] == keras.__version__
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(
        found["date"]
    )
    assert abs(age.total_seconds()) < 60
