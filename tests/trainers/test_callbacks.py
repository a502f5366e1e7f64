"""What users of Keras do with `fit`: each of these works, or says why not."""

import keras
import numpy as np
import pytest
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


def spoiled(after):
    """Good batches, and then such as have NaN."""
    bad = methods.batches(1).map(
        lambda b: b._replace(labeled_inputs=b.labeled_inputs * np.nan)
    )
    return methods.batches(1).repeat(after).concatenate(bad.repeat())


def test_terminate_on_nan():
    model = ready()
    history = train(model, [C.TerminateOnNaN()], data=spoiled(3))
    assert int(model.step.value) == 4
    assert history["skipped_steps"] == [0.0, 1.0]


def test_backup_and_restore(tmp_path):
    class KilledError(Exception):
        pass

    def kill(epoch, logs):
        if epoch == 2:
            raise KilledError

    model = ready("supervised")
    backup = C.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(KilledError):
        train(model, [backup, C.LambdaCallback(on_epoch_begin=kill)])
    again = ready("supervised")
    train(again, [C.BackupAndRestore(tmp_path / "backup")])
    whole = ready("supervised")
    train(whole, [])
    methods.assert_same(methods.weights(again), methods.weights(whole))


def test_loggers(tmp_path):
    csv, board = tmp_path / "log.csv", tmp_path / "board"
    train(ready(), [C.CSVLogger(csv), C.TensorBoard(board)])
    names = csv.read_text().splitlines()[0].split(",")
    assert {"loss", "accuracy", "skipped_steps", "val_accuracy"} <= set(names)
    assert {"teacher_loss", "student_gradient_norm"} <= set(names)
    assert len(csv.read_text().splitlines()) == 5
    assert list(board.rglob("events*"))


def test_the_best_is_kept_and_training_stops(tmp_path):
    best = tmp_path / "best.keras"
    stop = C.EarlyStopping("val_accuracy", patience=1)
    keep = C.ModelCheckpoint(best, "val_accuracy", save_best_only=True)
    model = ready(jit_compile=False)
    for name in model.trained_networks:
        getattr(model, f"{name}_optimizer").learning_rate.assign(0.0)
    history = train(model, [stop, keep])
    assert len(history["loss"]) == 2  # nothing improves at rate 0
    assert int(keras.saving.load_model(best).step.value) == 2


def test_rates_are_the_students():
    model = ready()
    schedule = C.LearningRateScheduler(lambda epoch, rate: rate / 2)
    plateau = C.ReduceLROnPlateau("loss", 0.1, patience=1, min_delta=1e9)
    train(model, [schedule, plateau], epochs=3)
    assert float(model.student_optimizer.learning_rate) < 0.2 / 2**3
    assert float(model.teacher_optimizer.learning_rate) == pytest.approx(0.2)


def test_lambda_callback_sees_every_figure():
    seen = []
    watch = C.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(set(logs))
    )
    model = ready()
    train(model, [watch], epochs=1)
    names = {"loss", "accuracy", "skipped_steps", *model.logged}
    assert seen == [names, names]


def test_swap_ema_weights_is_not_needed():
    """It wants an optimizer that averages; here the model does."""
    model = ready()
    with pytest.raises(ValueError, match="`use_ema=True`"):
        train(model, [C.SwapEMAWeights()], epochs=1)


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
