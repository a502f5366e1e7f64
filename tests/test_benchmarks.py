"""The benchmark scripts: what they claim of themselves."""

import importlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import recipes
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages
from keras_mpl.trainers.feedback import Lesson

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"
SHORT = (
    "train_steps=4",
    "eval_every_steps=4",
    "baselines=",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
)


@pytest.fixture
def ablation(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    module = importlib.import_module("feedback_ablation")
    monkeypatch.setattr(module, "SHARED", SHORT)
    return module


def _weights(trainer):
    return [w for v in trainer._variables(trainer._kept) for w in [v.numpy()]]


@pytest.mark.slow
def test_a_reused_model_learns_what_a_fresh_one_learns(ablation):
    reused = ablation.trainer("soft", 10, "uda", 1.0)
    reused.run(3, "validation")
    reused.run(5, "validation")
    fresh = ablation.trainer("soft", 10, "uda", 1.0)
    fresh.run(5, "validation")
    for ours, theirs in zip(_weights(reused), _weights(fresh), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_controls_change_the_teacher_and_not_the_lesson(ablation):
    runs = {}
    for name in ("soft_exact", "sign_flipped", "shuffled", "random_labels"):
        trainer = ablation.trainer(name, 10, "uda", 1.0)
        trainer.settings = (*trainer.settings, "train_steps=1")
        trainer.recipe = recipes.override(
            trainer.recipe, ["train_steps=1", "eval_every_steps=1"]
        )
        trainer.run(3, "validation")
        runs[name] = trainer._kept
    soft = runs.pop("soft_exact")
    for name, model in runs.items():
        for ours, theirs in zip(
            model.student.weights, soft.student.weights, strict=True
        ):
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        gaps = [
            np.abs(ours.numpy() - theirs.numpy()).max()
            for ours, theirs in zip(
                model.teacher.trainable_weights,
                soft.teacher.trainable_weights,
                strict=True,
            )
        ]
        assert max(gaps) > 1e-6, name


def test_levers_change_the_credit_as_they_say(ablation):
    credit = tf.constant([[1.0, -8.0], [-1.0, 8.0], [0.5, 0.0]])
    lesson = Lesson(
        tf.zeros_like(credit),
        {},
        {"feedback": tf.constant(0.7)},
        credit=credit,
        advantage=tf.constant(0.1),
    )

    def changed(name):
        return ablation.ROWS[name].teach(None, lambda *_: lesson, None, None)

    normalised = changed("soft_centered_normalised").credit.numpy()
    mean = credit.numpy().std(axis=0).mean()
    np.testing.assert_allclose(normalised.std(axis=0), mean, rtol=1e-6)
    np.testing.assert_array_equal(np.sign(normalised), np.sign(credit))
    clipped = changed("soft_centered_clipped").credit.numpy()
    bound = np.sqrt(np.mean(credit.numpy() ** 2))
    np.testing.assert_allclose(clipped, np.clip(credit, -bound, bound))
    assert float(changed("hard_batch_no_baseline").advantage) == np.float32(0.7)


def test_a_row_is_not_tested_before_it_is_tuned(ablation, monkeypatch):
    monkeypatch.setattr(ablation, "read", lambda name: [])
    with pytest.raises(SystemExit, match="soft_exact must be tuned first"):
        ablation.chosen_weight("sign_flipped", 10, "uda")


def tried(ablation, accuracies, stage="tune", seeds=range(100, 104)):
    """Records of `soft_exact`, an accuracy per weight."""
    return [
        {
            "stage": stage,
            "row": "soft_exact",
            "weight": weight,
            "seed": seed,
            "accuracy": accuracy,
            "settings": list(
                ablation.overrides("soft_exact", 10, "uda", weight)
            ),
        }
        for weight, accuracy in accuracies.items()
        for seed in seeds
    ]


def test_the_weight_chosen_is_the_best_on_validation(ablation):
    accuracies = {1.0: 0.7, 5.0: 0.8, 25.0: 0.8, 75.0: 0.1}
    stale = [
        {**record, "settings": ["train_steps=5"]}
        for record in tried(ablation, {1.0: 1.0})
    ]
    other = [
        *tried(ablation, {75.0: 1.0}, stage="test"),
        *tried(ablation, {600.0: 1.0}),  # not one of those to choose from
    ]
    records = [*tried(ablation, accuracies), *stale, *other]
    assert ablation.chosen_weight("shuffled", 10, "uda", records) == 5.0


def test_no_weight_is_chosen_before_every_seed_is_in(ablation):
    records = tried(ablation, {1.0: 0.7, 5.0: 0.8, 25.0: 0.8})
    records += tried(ablation, {75.0: 0.1}, seeds=range(100, 103))
    with pytest.raises(SystemExit, match=r"at weights \[75.0\]"):
        ablation.chosen_weight("soft_exact", 10, "uda", records)


def _unchanged(inputs, seeds):
    return inputs


def test_the_half_that_is_asked_about_is_never_taught(ablation, monkeypatch):
    held_out = importlib.import_module("held_out")
    monkeypatch.setattr(assembly, "view", lambda kind, name: _unchanged)
    recipe = recipes.override(recipes.find("digits_20"), ["unlabeled_ratio=4"])
    loaded = assembly.load(recipe, 3)
    model = stages.job(recipe, loaded, 3).stages[0].model
    images, labels = loaded.part("labeled")
    of = {i.tobytes(): label for i, label in zip(images, labels, strict=True)}
    assert len(of) == 20
    firsts, exams = [], []

    def teach(batch, targets):
        exams.append((batch.labeled_inputs.numpy(), batch.labels.numpy()))

    for batch in held_out.Halves(recipe, loaded, 3).batches().take(3):
        assert batch.strong_inputs.shape[0] == batch.weak_inputs.shape[0] == 80
        inputs = [one.tobytes() for one in batch.labeled_inputs.numpy()]
        assert [of[one] for one in inputs] == list(batch.labels.numpy())
        known = held_out.untaught(model.unpack, batch)
        assert list(known.labels.numpy().sum(1)) == [1] * 10 + [0] * 10
        held_out.examined(None, teach, known, None)
        firsts.append(set(inputs[:10]))
    for first, (inputs, asked) in zip(firsts, exams, strict=True):
        assert first == firsts[0]
        assert {i.tobytes() for i in inputs} == set(of) - first
        assert [of[i.tobytes()] for i in inputs] == list(asked.argmax(1))
        assert (asked.sum(1) == 1).all()


@pytest.mark.slow
def test_a_step_on_split_weights_is_that_on_whole_ones():
    done = subprocess.run(
        [sys.executable, str(FOLDER / "hybrid_step.py")],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["shapes_of_its_parts"] == [[6, 4]] * 4
    assert found["largest_difference_of_a_weight"] < 1e-6


@pytest.mark.slow
def test_runs_survive_two_kills(tmp_path):
    """Real processes and SIGKILL; the records are those of a copy."""
    no_records = shutil.ignore_patterns("results")
    scripts = tmp_path / "benchmarks"
    shutil.copytree(FOLDER, scripts, ignore=no_records)
    command = [sys.executable, str(scripts / "survival.py"), "--kills", "2"]
    where = {**os.environ, "PYTHONPATH": str(FOLDER.parent)}
    subprocess.run(command, check=True, env=where)
    [line] = (scripts / "results/survival.jsonl").read_text().splitlines()
    found = json.loads(line)
    assert found["kills"] == 2
    assert found["runs"]
    for run in found["runs"]:
        assert not run["failed"]
        assert run["largest_difference"] == 0
        assert run["metrics_are_equal"]


@pytest.fixture
def table(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("run_table")
    del sys.modules["run_table"]


def test_a_table_goes_on_with_what_was_killed(table, tmp_path, monkeypatch):
    own = [item for item in SHORT if not item.startswith("teacher.")]
    recipe = recipes.override(recipes.find("digits_20_supervised"), own)
    torn = tmp_path / "run"
    torn.mkdir()
    (torn / "split.json").write_text("{")  # killed while it was made
    first = table.carried_out(recipe, 3, torn)
    assert first["seed"] == 3
    assert first["fingerprint"] == recipe.fingerprint()
    assert [point["step"] for point in first["curve"]] == [4]
    assert table.carried_out(recipe, 3, torn) == first  # read, not run again
    (torn / "result.json").unlink()  # killed before it was finished
    again = table.carried_out(recipe, 3, torn)
    assert again["test_accuracy"] == first["test_accuracy"]
