"""What `fit` adds to callbacks of Keras; `test_habits.py` has the others."""

import keras
import numpy as np
import tensorflow as tf

from keras_mpl.trainers.engine.callbacks import shown
from tests import helpers
from tests.trainers import methods

C = keras.callbacks


def validation():
    batch = helpers.fake_batch(labeled=9, seed=9)
    return np.asarray(batch.labeled_inputs), np.asarray(batch.labels)


def ready(method="soft", **arguments):
    model = methods.build(method, ema_decay=0.5)
    return methods.compiled(model, metrics=["accuracy"], **arguments)


def train(model, callbacks, epochs=4, data=None, **arguments):
    return model.fit(
        data or methods.batches(1).repeat(),
        steps_per_epoch=2,
        epochs=epochs,
        validation_data=validation(),
        callbacks=callbacks,
        **{"verbose": 0, **arguments},
    ).history


def rates(model):
    return [
        float(getattr(model, f"{name}_optimizer").learning_rate)
        for name in ("student", "teacher")
    ]


def with_rates(student, teacher):
    model = methods.build("hard_batch", feedback_scale="cosine", ema_decay=0.5)
    model.compile(
        student_optimizer=keras.optimizers.SGD(student),
        teacher_optimizer=keras.optimizers.Adam(teacher),
        metrics=["accuracy"],
        run_eagerly=True,
    )
    return model


def test_callbacks_move_both_rates_and_their_ratio_stays():
    model = with_rates(0.2, 0.01)
    schedule = C.LearningRateScheduler(lambda epoch, rate: rate / 2)
    plateau = C.ReduceLROnPlateau("loss", 0.1, patience=1, min_delta=1e9)
    history = train(model, [schedule, plateau], epochs=3)
    # Halved three times, and divided by 10 after the second and third epoch.
    np.testing.assert_allclose(rates(model), [0.2 / 800, 0.01 / 800], 1e-6)
    logged = history["teacher_learning_rate"]
    np.testing.assert_allclose(logged, [0.005, 0.0025, 0.000125], 1e-6)


def test_a_rate_that_was_0_comes_back_with_its_ratio():
    model = with_rates(0.2, 0.01)
    warm = C.LearningRateScheduler(lambda epoch: 0.1 * epoch)
    history = train(model, [warm], epochs=3)
    np.testing.assert_allclose(
        history["teacher_learning_rate"], [0.0, 0.005, 0.01], atol=1e-8
    )
    model.student_optimizer.learning_rate = 0.0
    model.teacher_optimizer.learning_rate = 0.0
    train(model, [C.LearningRateScheduler(lambda epoch: 0.4)], epochs=1)
    np.testing.assert_allclose(rates(model), [0.4, 0.02], 1e-6)


def test_a_teacher_that_is_moved_by_hand_or_by_a_schedule_does_not_follow():
    def by_hand(epoch, logs):
        model.student_optimizer.learning_rate = 0.1
        model.teacher_optimizer.learning_rate = 0.07

    model = with_rates(0.2, 0.01)
    train(model, [C.LambdaCallback(on_epoch_begin=by_hand)], epochs=1)
    np.testing.assert_allclose(rates(model), [0.1, 0.07], 1e-6)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.3, 1, 1.0)
    model = with_rates(0.2, schedule)
    train(model, [C.LearningRateScheduler(lambda epoch: 0.1)], epochs=1)
    np.testing.assert_allclose(rates(model), [0.1, 0.3], 1e-6)


def test_the_progress_line_has_at_most_six_figures(capsys):
    train(ready(), [], epochs=1, verbose=1)
    line = capsys.readouterr().out.splitlines()[-1]
    figures = line.count(": ")
    assert 4 <= figures <= 6
    assert "loss: " in line
    assert "val_accuracy: " in line
    assert "gradient_norm" not in line


def test_skipped_steps_are_in_the_progress_line_where_there_are_some():
    logs = {"loss": 1.0, "skipped_steps": 2.0, "meta_loss": 0.1}
    assert list(shown(logs)) == ["loss", "skipped_steps"]


def test_a_summary_calls_networks_by_their_roles(capsys):
    nets = [keras.models.clone_model(helpers.tiny_net()) for _ in range(2)]
    for net in nets:
        net.name = "net"
    model = methods.build("soft", *nets)
    model.summary()
    text = capsys.readouterr().out
    for role in ("student", "teacher", "ema_student"):
        assert text.count(f" {role} ") == 1
    assert [net.name for net in nets] == ["net", "net"]
    total = sum(int(tf.size(w.value)) for w in model.weights)
    assert f"Total params: {total}" in text
