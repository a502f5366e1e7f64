"""Controls and levers change the feedback, and not the student's step."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import recipes
from keras_mpl.trainers.feedback import Lesson


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
