"""The habits of Keras' users, one by one; docs/callbacks.md has the table.

A row is what the page's first column says. It works, and then something is
seen of it, or it is refused in the words that the page has.
"""

import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import data
from tests import helpers
from tests.trainers import methods

C = keras.callbacks
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "callbacks.md"
ROW = re.compile(r"^\| `(.+?)` \| (works|refused)(.*?) \|$", re.M)


def validation():
    batch = helpers.fake_batch(labeled=9, seed=9)
    return np.asarray(batch.labeled_inputs), np.asarray(batch.labels)


def ready(method="soft", **arguments):
    model = methods.build(method, ema_decay=0.5)
    arguments = {"metrics": ["accuracy"], "run_eagerly": True, **arguments}
    return methods.compiled(model, **arguments)


def train(model, *callbacks, epochs=2, batches=None, **arguments):
    arguments = {"validation_data": validation(), "verbose": 0, **arguments}
    return model.fit(
        batches or methods.batches(1).repeat(),
        **{"steps_per_epoch": 2, "epochs": epochs, **arguments},
        callbacks=[*callbacks],
    ).history


def at_rate_0(model):
    for name in model.trained_networks:
        getattr(model, f"{name}_optimizer").learning_rate = 0.0
    return model


def spoiled(after):
    """Good batches, and then such as have NaN."""
    bad = methods.batches(1).map(
        lambda b: b._replace(labeled_inputs=b.labeled_inputs * np.nan)
    )
    return methods.batches(1).repeat(after).concatenate(bad.repeat())


# Callbacks.


def terminate_on_nan(folder):
    model = ready(run_eagerly=False)
    history = train(model, C.TerminateOnNaN(), batches=spoiled(3))
    assert int(model.step.value) == 4
    assert history["skipped_steps"] == [0.0, 1.0]


def backup_and_restore(folder):
    class KilledError(Exception):
        pass

    def kill(epoch, logs):
        if epoch == 2:
            raise KilledError

    killing = C.LambdaCallback(on_epoch_begin=kill)
    with pytest.raises(KilledError):
        train(ready(), C.BackupAndRestore(folder / "backup"), killing, epochs=4)
    again, whole = ready(), ready()
    train(again, C.BackupAndRestore(folder / "backup"), epochs=4)
    train(whole, epochs=4)
    methods.assert_same(methods.weights(again), methods.weights(whole))


def csv_logger(folder):
    train(ready(), C.CSVLogger(folder / "log.csv"))
    title, *lines = (folder / "log.csv").read_text().splitlines()
    names = {"loss", "accuracy", "skipped_steps", "val_accuracy"}
    assert names | {"teacher_loss"} <= set(title.split(","))
    assert len(lines) == 2


def tensorboard(folder):
    train(ready(), C.TensorBoard(folder / "board"))
    assert list(folder.rglob("events*"))


def model_checkpoint(folder):
    path = folder / "best.keras"
    keep = C.ModelCheckpoint(path, "val_accuracy", save_best_only=True)
    model = at_rate_0(ready())
    train(model, keep)
    kept = keras.saving.load_model(path)
    assert int(kept.step.value) == 2  # nothing improves at rate 0
    assert kept.student_optimizer.built


def early_stopping(folder):
    stop = C.EarlyStopping("val_accuracy", patience=1)
    assert len(train(at_rate_0(ready()), stop, epochs=4)["loss"]) == 2


def early_stopping_restores(folder):
    stop = C.EarlyStopping(
        "loss", mode="max", patience=1, restore_best_weights=True
    )
    first = []
    keep = C.LambdaCallback(
        on_epoch_end=lambda e, logs: first.append(methods.weights(model))
    )
    model = ready("supervised")
    train(model, keep, stop, epochs=3)
    methods.assert_same(methods.weights(model), first[0])


def lambda_callback(folder):
    seen = []
    watch = C.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(set(logs))
    )
    model = ready()
    train(model, watch, epochs=1)
    names = {"loss", "accuracy", "skipped_steps", *model.logged}
    assert seen == [names, names]


def rates(model):
    return [
        float(getattr(model, f"{name}_optimizer").learning_rate)
        for name in ("student", "teacher")
    ]


def reduce_lr_on_plateau(folder):
    plateau = C.ReduceLROnPlateau("val_loss", 0.1, patience=1, min_delta=1e9)
    model = ready()
    train(model, plateau)
    np.testing.assert_allclose(rates(model), [0.02, 0.02], 1e-6)


def learning_rate_scheduler(folder):
    model = ready()
    train(model, C.LearningRateScheduler(lambda epoch, rate: rate / 2))
    np.testing.assert_allclose(rates(model), [0.05, 0.05], 1e-6)


def callback_list(folder):
    seen = []
    watch = C.LambdaCallback(on_epoch_end=lambda e, logs: seen.append(e))
    model = ready()
    listed = C.CallbackList([watch], add_history=True, model=model)
    history = model.fit(
        methods.batches(1), callbacks=listed, epochs=2, verbose=0
    )
    assert seen == history.epoch == [0, 1]


# Arguments of `fit`.


def initial_epoch(folder):
    assert len(train(ready(), initial_epoch=1, epochs=3)["loss"]) == 2


def validation_with_weights(folder):
    inputs, labels = validation()
    weights = np.zeros(9)
    weights[4] = 1.0
    weighed = train(
        at_rate_0(ready()), validation_data=(*validation(), weights)
    )
    alone = (inputs[4:5], labels[4:5])
    same = train(at_rate_0(ready()), validation_data=alone)
    np.testing.assert_allclose(weighed["val_loss"], same["val_loss"], 1e-5)


def validation_freq(folder):
    assert len(train(ready(), validation_freq=2)["val_loss"]) == 1


def pair_with_weights(folder):
    inputs, labels = validation()
    losses = []
    for weight in (1.0, 3.0):
        source = data.pair(
            (inputs, labels, np.full(9, weight)),
            inputs,
            strong=lambda x, seeds: x,
            batch_size=9,
            unlabeled_ratio=1,
        )
        model = ready("supervised")
        history = train(model, batches=source, steps_per_epoch=1, epochs=1)
        losses += history["loss"]
    assert losses[1] == pytest.approx(3 * losses[0], 1e-5)


# Arguments of `compile`.


def metrics(folder):
    model = ready(metrics=["accuracy", keras.metrics.AUC(name="auc")])
    history = train(model, epochs=1)
    assert {"val_auc", "val_teacher_auc", "val_accuracy"} <= set(history)


def jit_compile(folder):
    train(model := ready(jit_compile=True, run_eagerly=False), epochs=1)
    assert model.jit_compile is True


def steps_per_execution(folder):
    seen = []
    watch = C.LambdaCallback(on_train_batch_end=lambda b, logs: seen.append(b))
    model = ready("supervised", steps_per_execution=2, run_eagerly=False)
    train(model, watch, epochs=1)
    assert seen == [1]  # of two steps, one call


# What else they do.


def with_labels(change):
    def of(folder):
        changed = methods.batches(2).map(
            lambda b: b._replace(labels=change(b.labels))
        )
        found = [
            train(ready("supervised"), batches=source.repeat())["loss"]
            for source in (changed, methods.batches(2))
        ]
        np.testing.assert_allclose(*found, rtol=1e-6)

    return of


def activity_regularizer(folder):
    def net(rate):
        init = keras.initializers.GlorotUniform
        regular = keras.regularizers.L2(rate)
        return keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(
                    3, kernel_initializer=init(0), activity_regularizer=regular
                ),
            ]
        )

    sizes = []
    for rate in (0.0, 10.0):
        model = methods.build("supervised", student=(network := net(rate)))
        methods.compiled(model, lr=0.01, run_eagerly=True)
        methods.fit(model, methods.batches(1).repeat(), steps_per_epoch=20)
        sizes.append(np.abs(helpers.flat(network.weights)).sum())
    assert sizes[1] < sizes[0] / 2


def numbers(network):
    return len(helpers.flat(network.weights))


def summary(folder):
    model, lines = ready(), []
    model.summary(print_fn=lines.append)
    learning = sum(numbers(net) for net in (model.student, model.teacher))
    total = numbers(model)
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))
    assert f" Trainable params: {learning} " in text
    assert f" Non-trainable params: {total - learning} " in text
    assert len(model.ema_student.trainable_variables) == 4


def evaluate_and_predict(folder):
    inputs, labels = validation()
    model = ready()
    found = model.evaluate(
        inputs, labels, sample_weight=np.ones(9), return_dict=True, verbose=0
    )
    logits = model.predict(inputs, verbose=0)
    right = (logits.argmax(-1) == labels).mean()
    assert found["accuracy"] == pytest.approx(right)


def save_and_load(folder):
    model = ready()
    train(model, epochs=1)
    model.save(folder / "model.keras")
    again = keras.models.load_model(folder / "model.keras")
    train(again, initial_epoch=1)
    train(model, initial_epoch=1)
    methods.assert_same(methods.weights(again), methods.weights(model))


WORKS = {
    "TerminateOnNaN()": terminate_on_nan,
    "BackupAndRestore(folder)": backup_and_restore,
    "CSVLogger(file)": csv_logger,
    "TensorBoard(folder)": tensorboard,
    'ModelCheckpoint(file, "val_accuracy", save_best_only=True)': (
        model_checkpoint
    ),
    'EarlyStopping("val_accuracy")': early_stopping,
    "EarlyStopping(restore_best_weights=True)": early_stopping_restores,
    "LambdaCallback(...)": lambda_callback,
    "ReduceLROnPlateau()": reduce_lr_on_plateau,
    "LearningRateScheduler(function)": learning_rate_scheduler,
    "CallbackList([...])": callback_list,
    "fit(initial_epoch=)": initial_epoch,
    "fit(validation_data=(x, y, sample_weight))": validation_with_weights,
    "fit(validation_freq=)": validation_freq,
    "data.pair((x, y, sample_weight), unlabeled)": pair_with_weights,
    "compile(metrics=)": metrics,
    "compile(jit_compile=True)": jit_compile,
    "compile(steps_per_execution=)": steps_per_execution,
    "labels of shape (n, 1)": with_labels(lambda ids: ids[:, None]),
    "labels as floats": with_labels(lambda ids: tf.cast(ids, "float32")),
    "labels as one-hot rows": with_labels(lambda ids: tf.one_hot(ids, 3)),
    "activity_regularizer=": activity_regularizer,
    "model.summary()": summary,
    "model.evaluate(), model.predict()": evaluate_and_predict,
    "model.save(), load_model()": save_and_load,
}
# From a folder to what is refused.
REFUSED = {
    "SwapEMAWeights()": lambda: train(ready(), C.SwapEMAWeights()),
    "fit(class_weight=)": lambda: train(ready(), class_weight={0: 2.0}),
    "fit(sample_weight=)": lambda: train(ready(), sample_weight=np.ones(6)),
    "fit(validation_split=)": lambda: train(ready(), validation_split=0.2),
    "fit(batch_size=)": lambda: train(ready(), batch_size=32),
    "fit(x, y)": lambda: ready().fit(*validation()),
    "compile(loss=)": lambda: ready(loss="mse"),
    "compile(optimizer=)": lambda: ready(optimizer="adam"),
    "compile(loss_weights=)": lambda: ready(loss_weights=[1.0]),
    "compile(weighted_metrics=)": lambda: ready(weighted_metrics=["acc"]),
}


def rows(answer):
    found = ROW.findall(PAGE.read_text())
    return {name: words for name, said, words in found if said == answer}


def test_the_page_has_every_row_that_was_tried_and_no_other():
    assert list(rows("works")) == list(WORKS)
    assert list(rows("refused")) == list(REFUSED)


@pytest.mark.parametrize("name", WORKS)
def test_it_works(name, tmp_path):
    WORKS[name](tmp_path)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_the_words_of_the_page(name):
    [words] = re.findall(r"“(.+?)”", rows("refused")[name])
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        REFUSED[name]()
    assert "\n" not in str(error.value)
