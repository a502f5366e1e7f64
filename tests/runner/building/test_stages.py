"""Stages of a run: pretrain, train, finetune; stored probabilities; choices."""

import itertools
import json
import pathlib

import keras
import numpy as np
import pytest

from keras_mpl import recipes
from keras_mpl import runner
from keras_mpl.data import probabilities
from keras_mpl.recipes import RECIPES
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages
from tests.marks import slow_but
from tests.runner.runs import SHORT


def run(name, folder, *overrides, seed=5):
    return runner.run(
        name,
        output=folder,
        seed=seed,
        overrides=(*SHORT, *overrides),
        verbose=0,
    )


def stage_names(result):
    return [stage["stage"] for stage in result.rows[-1]["stages"]]


def test_every_stage_is_reported(finetuned):
    row = finetuned.rows[-1]
    assert stage_names(finetuned) == ["pretrain", "train", "finetune"]
    last = row["stages"][-1]
    for key in ("test_accuracy", "val_accuracy", "train_steps_done"):
        assert row[key] == last[key]
    assert [s["train_steps_done"] for s in row["stages"]] == [2, 4, 8]
    assert row["seconds"] == pytest.approx(
        sum(stage["seconds"] for stage in row["stages"]), abs=1e-3
    )
    page = (finetuned.folder / "report.md").read_text()
    assert "| digits_20_methods, finetune |" in page


def test_steps_go_on_over_the_stages(finetuned):
    text = (finetuned.folder / "metrics.jsonl").read_text()
    found = [json.loads(line) for line in text.splitlines()]
    assert [(r["stage"], r["step"]) for r in found] == [
        ("pretrain", 2),
        ("train", 4),
        ("finetune", 6),
        ("finetune", 8),
    ]


def test_the_student_kept_is_the_finetuned_one(finetuned):
    score = runner.evaluate(finetuned.folder)
    assert score.accuracy == finetuned.rows[-1]["stages"][-1]["test_accuracy"]


def job(name, *overrides):
    shared = [
        item
        for item in SHORT
        if RECIPES[name].method.has_teacher or not item.startswith("teacher.")
    ]
    overrides = [*shared, "model=mlp_64_64", *overrides]
    recipe = recipes.override(RECIPES[name], overrides)
    return stages.job(recipe, assembly.load(recipe, 0), 0)


def test_stages_hand_their_network_on():
    pretrain, train, finetune = job(
        "digits_20_pseudo_label",
        "stages.pretrain_steps=2",
        "stages.finetune_steps=2",
    ).stages
    assert train.model.teacher is pretrain.model.ema_student
    assert finetune.model.student is train.model.ema_student
    assert finetune.model.ema_student is finetune.model.student
    assert float(finetune.model.optimizer.learning_rate) == pytest.approx(1e-5)


def test_the_last_student_can_be_finetuned():
    *_, train, finetune = job(
        "digits_20", "stages.finetune_steps=2", "stages.finetune_from=last"
    ).stages
    assert finetune.model.student is train.model.student


def test_a_linear_schedule_takes_the_weight_from_twice_to_zero():
    for weight, expected in (("0.3", 0.3), ("none", 1.0)):
        own = (
            "method.feedback_schedule=linear",
            f"method.feedback_weight={weight}",
        )
        [stage] = job("digits_20", *own, "train_steps=500").stages
        found = [
            float(stage.model.feedback_weight(step))
            for step in (0.0, 250.0, 500.0, 900.0)
        ]
        assert found == pytest.approx([2 * expected, expected, 0.0, 0.0])


def test_labels_are_weighed_for_the_student_and_for_the_teacher():
    own = (
        "method.student_labeled_weight=0.7",
        "method.teacher_labeled_weight=0.2",
    )
    [stage] = job("digits_20", *own).stages
    assert stage.model.student_labeled_weight == 0.7
    assert stage.model.teacher_labeled_weight == 0.2


@pytest.mark.parametrize("follows", [True, False])
def test_the_statistics_of_a_finetuned_student_stay_if_it_is_said(follows):
    own = ("model.network=wrn_10_1", "stages.finetune_steps=2")
    own += (f"stages.finetune_batch_statistics={follows}",)
    [*_, stage] = job("digits_20", *own).stages
    before = [np.copy(v) for v in stage.model.student.non_trainable_variables]
    batches = stage.make_data(pathlib.Path()).batches
    stage.model.fit(batches, steps_per_epoch=2, verbose=0)
    moved = [
        np.any(v.numpy() != old)
        for v, old in zip(
            stage.model.student.non_trainable_variables, before, strict=True
        )
    ]
    assert any(moved) == follows


def test_rounds_of_noisy_student():
    found = job("digits_20_noisy_student", "stages.pretrain_steps=2").stages
    assert [s.name for s in found] == [
        "pretrain",
        "train",
        "train 2",
        "train 3",
    ]
    for before, after in itertools.pairwise(found):
        assert after.model.teacher is before.model.ema_student
    students = {id(s.model.student) for s in found[1:]}
    assert len(students) == 3


@pytest.mark.parametrize(
    ("name", "override", "words"),
    [
        ("digits_20_uda", "stages.pretrain_steps=2", "without a teacher"),
        ("digits_20_uda", "stages.rounds=2", "`stages.rounds` must be 1"),
        ("digits_20", "method.objective=mixup", "objective` must be one of"),
        (
            "digits_20_uda",
            "method.annealing=slow",
            "annealing` must be one of",
        ),
    ],
)
def test_settings_that_do_not_go_together(name, override, words):
    with pytest.raises(ValueError, match=words) as caught:
        job(name, override)
    assert "Received: " in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [n for n, r in RECIPES.items() if r.data.dataset == "digits"],
)
def test_every_recipe_of_the_digits_can_be_built(name):
    settings = recipes.settings(RECIPES[name])
    shortened = [
        f"{key}=2"
        for key in ("stages.pretrain_steps", "stages.finetune_steps")
        if settings[key]
    ]
    has_own = settings["model.teacher_network"] is not None
    teacher = ["model.teacher_network=none"] if has_own else []
    found = job(name, *shortened, *teacher).stages
    assert found[-1].model.compiled


def test_a_reduced_teacher_takes_stored_probabilities(finetuned, tmp_path):
    folder, *_ = runner.precompute(finetuned.folder, output=tmp_path / "probs")
    result = run(
        "digits_20_reduced",
        tmp_path / "run",
        "stages.pretrain_steps=0",
        f"data.stored_probs={folder}",
        "model=mlp_64_64",
    )
    assert "stages" not in result.rows[-1]
    assert result.rows[-1]["test_teacher_accuracy"] == pytest.approx(
        finetuned.accuracy, abs=0.1
    )
    student = keras.models.load_model(tmp_path / "run" / "student.keras")
    assert student.input_shape == (None, None, None, 1)
    assert runner.evaluate(tmp_path / "run").accuracy == result.accuracy


@pytest.mark.slow
def test_a_reduced_teacher_is_pretrained_in_the_run(tmp_path):
    result = run(
        "digits_20_reduced",
        tmp_path / "run",
        "stages.pretrain_steps=2",
        "stages.finetune_steps=2",
        "model=mlp_64_64",
        "model.teacher_network=mlp_64_64",
    )
    assert stage_names(result) == ["pretrain", "train", "finetune"]
    shards = tmp_path / "run" / "probabilities_digits_20_reduced"
    assert probabilities.read(shards).shape == (1797, 10)


@pytest.mark.parametrize(
    "name", slow_but(("breast_cancer_10",), ("breast_cancer_10", "topics_20"))
)
def test_what_is_no_image_runs_too(name, tmp_path):
    result = run(name, tmp_path / "run", "batch_size=10")
    assert not (tmp_path / "run" / "samples.png").exists()
    assert "samples.png" not in (tmp_path / "run" / "report.md").read_text()
    assert runner.evaluate(tmp_path / "run").accuracy == result.accuracy
    with pytest.raises(ValueError, match="`run` must be of images"):
        runner.predict(tmp_path / "run", ["a.png"])
