"""Controls and levers change the feedback, and not the student's step."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.accuracy import levers
from keras_mpl import recipes
from keras_mpl.feedback import Logs
from keras_mpl.feedback import Signal
from keras_mpl.feedback import Soft
from keras_mpl.feedback import StudentUpdate


@pytest.mark.slow
def test_controls_change_the_teacher_and_not_the_students_step(ablation):
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


def test_levers_change_the_credit_as_they_say(ablation, monkeypatch):
    credit = tf.constant([[1.0, -8.0], [-1.0, 8.0], [0.5, 0.0]])
    signal = Signal(tf.zeros_like(credit), Logs({}, {}), credit=credit)
    monkeypatch.setattr(Soft, "measure", lambda self, update: signal)

    def changed(name):
        return ablation.ROWS[name].feedback().measure(None).credit.numpy()

    normalised = changed("soft_centered_normalised")
    mean = credit.numpy().std(axis=0).mean()
    np.testing.assert_allclose(normalised.std(axis=0), mean, rtol=1e-6)
    np.testing.assert_array_equal(np.sign(normalised), np.sign(credit))
    clipped = changed("soft_centered_clipped")
    bound = np.sqrt(np.mean(credit.numpy() ** 2))
    np.testing.assert_allclose(clipped, np.clip(credit, -bound, bound))
    np.testing.assert_array_equal(changed("sign_flipped"), -credit)


def test_an_average_is_the_plain_mean_first_and_then_forgets(monkeypatch):
    seen = []
    monkeypatch.setattr(
        Soft,
        "measure",
        lambda self, update: seen.append(update.labeled_gradient(None)),
    )
    kind = levers.Averaged(0.5)
    empty = {field.name: None for field in dataclasses.fields(StudentUpdate)}
    for step, value in enumerate((4.0, 8.0, 2.0)):
        found = [tf.fill((2, 3), value)]
        changed = {
            "step": tf.constant(step),
            "labeled_gradient": lambda batch, found=found: found,
        }
        kind.measure(StudentUpdate(**(empty | changed)))
    for [along], mean in zip(seen, (4.0, 6.0, 4.0), strict=True):
        np.testing.assert_array_equal(along, np.full((2, 3), mean))


def test_without_its_baseline_a_scalar_is_as_it_was_measured(ablation):
    kind = ablation.ROWS["hard_batch_no_baseline"].feedback(baseline_rate=0.01)
    assert kind.baseline_rate is None
    found = kind._advantage(tf.constant(0.7), tf.constant(True))
    assert float(found) == np.float32(0.7)
