"""A saved model is the whole state of training, and goes on from it."""

import json

import keras
import numpy as np
import pytest

from keras_mpl import data
from keras_mpl.schedules import WarmupCosine
from tests import helpers
from tests.marks import slow_but
from tests.trainers import methods

OPTIMIZERS = {
    "supervised": lambda: keras.optimizers.AdamW(0.01),
    "pseudo_label": lambda: keras.optimizers.SGD(0.1, 0.9),
    "uda": lambda: keras.optimizers.SGD(0.1, 0.9, nesterov=True),
    "fixmatch": lambda: keras.optimizers.SGD(0.1, 0.9),
    "mean_teacher": lambda: keras.optimizers.Adam(0.01),
    "toy": lambda: keras.optimizers.SGD(0.1, 0.9),
    "noisy_student": lambda: keras.optimizers.SGD(0.1),
    "soft": lambda: keras.optimizers.SGD(
        WarmupCosine(0.2, train_steps=9, warmup_steps=3), 0.9, nesterov=True
    ),
    "hard_batch": lambda: keras.optimizers.Adam(0.01),
    "finite_difference": lambda: keras.optimizers.SGD(0.1, 0.9),
}


def model_of(method, **options):
    """Dropout and BatchNorm in both networks: all that a step may move."""
    nets = [
        helpers.tiny_net(norm=True, dropout=0.3, seed=seed) for seed in (1, 5)
    ]
    model = methods.build(method, *nets, ema_decay=0.9, **options)
    optimizers = {
        f"{name}_optimizer": OPTIMIZERS[method]()
        for name in model.trained_networks
    }
    model.compile(metrics=["accuracy"], run_eagerly=True, **optimizers)
    return model


def source():
    batch = helpers.fake_batch(labeled=20, unlabeled=40)
    return data.pair(
        (np.asarray(batch.labeled_inputs), np.asarray(batch.labels)),
        (np.asarray(batch.weak_inputs), np.asarray(batch.strong_inputs)),
        batch_size=6,
        unlabeled_ratio=2,
        seed=3,
    )


def train(model, steps):
    return methods.fit(model, source(), steps_per_epoch=steps)


@pytest.mark.parametrize(
    "method", slow_but(("soft", "hard_batch", "uda"), OPTIMIZERS)
)
def test_training_goes_on_bit_equal_from_a_file(method, tmp_path):
    through = model_of(method)
    train(through, 4)
    stopped = model_of(method)
    train(stopped, 2)
    stopped.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    methods.assert_same(helpers.state(loaded), helpers.state(stopped))
    assert int(loaded.step.value) == 2
    train(loaded, 2)
    methods.assert_same(helpers.state(loaded), helpers.state(through))


def test_all_state_was_worth_saving(tmp_path):
    """So that the equality above cannot be one of zeros."""
    model = model_of("hard_batch")
    fresh = methods.weights(model)
    train(model, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert int(loaded.feedback.count.value) == 2
    assert float(loaded.feedback.baseline.value) != 0.0
    assert loaded.feedback_scale == "cosine"
    for optimizer in (loaded.optimizer, loaded.teacher_optimizer):
        assert int(optimizer.iterations.value) == 2
        slots = optimizer.variables[2:]
        assert len(slots) == 2 * 6
        assert all(np.abs(slot.value).max() > 0 for slot in slots)
    assert methods.differ(methods.weights(loaded), fresh)
    assert methods.differ(
        methods.weights(loaded.ema_student), methods.weights(loaded.student)
    )


def test_outputs_and_metrics_of_a_loaded_model_are_equal(tmp_path):
    model = model_of("soft")
    train(model, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    batch = helpers.fake_batch(seed=9)
    inputs, labels = np.asarray(batch[0]), np.asarray(batch[1])
    np.testing.assert_array_equal(
        loaded.predict(inputs, verbose=0), model.predict(inputs, verbose=0)
    )
    measured = [m.evaluate(inputs, labels, verbose=0) for m in (model, loaded)]
    assert measured[0] == measured[1]
    assert len(measured[0]) == 4


def test_without_compiling_the_networks_are_loaded(tmp_path):
    model = model_of("soft")
    train(model, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert not loaded.compiled
    methods.assert_same(methods.weights(loaded), methods.weights(model))


def test_a_model_that_was_never_compiled_is_saved(tmp_path):
    model = methods.build("soft")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    methods.assert_same(methods.weights(loaded), methods.weights(model))


@pytest.mark.parametrize("method", ["supervised", "soft", "hard_batch"])
def test_weights_alone_hold_the_state_of_training(method, tmp_path):
    model = model_of(method)
    train(model, 2)
    model.save_weights(tmp_path / "model.weights.h5")
    other = model_of(method)
    assert methods.differ(helpers.state(other), helpers.state(model))
    other.load_weights(tmp_path / "model.weights.h5")
    methods.assert_same(helpers.state(other), helpers.state(model))


def test_a_schedule_as_feedback_weight_survives(tmp_path):
    schedule = WarmupCosine(2.0, train_steps=40, warmup_steps=4)
    model = model_of("soft", feedback_weight=schedule)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.feedback_weight) is WarmupCosine
    assert loaded.feedback_weight.get_config() == schedule.get_config()
    for each in (model, loaded):
        train(each, 2)
    methods.assert_same(helpers.state(loaded), helpers.state(model))


SETTINGS = {
    "feedback_weight": 0.3,
    "consistency_weight": 2.0,
    "label_smoothing": 0.1,
    "ema_decay": 0.8,
    "weight_decay": 0.01,
    "clip_norm": 0.5,
    "seed": 11,
}
OF_MPL = {
    "feedback_scale": "exact",
    "feedback_centering": True,
    "consistency_ramp_steps": 7,
    "temperature": 0.9,
    "pseudo_label_temperature": 0.6,
    "confidence_threshold": 0.4,
    "cosine_floor": 0.2,
    "labeled_floor": 0.3,
    "student_labeled_weight": 0.5,
}


@pytest.mark.parametrize("method", ["supervised", "hard"])
def test_config_is_json_and_holds_every_setting(method):
    settings = {**SETTINGS, **(OF_MPL if method == "hard" else {})}
    model = methods.build(method, name="mine", **settings)
    if method == "supervised":
        del settings["feedback_weight"], settings["consistency_weight"]
    config = json.loads(json.dumps(model.get_config()))
    copy = type(model).from_config(config)
    held = dict(config)
    if method == "hard":
        own = held.pop("feedback")["config"]
        held |= {f"feedback_{name}": value for name, value in own.items()}
        held |= {k: v for k, v in own.items() if k.endswith("_floor")}
    for name, value in {**settings, "name": "mine"}.items():
        assert held[name] == getattr(copy, name) == value, name
    assert copy.get_config().keys() == config.keys()


def test_a_seed_that_was_drawn_is_saved():
    model = methods.build("soft", seed=None)
    other = methods.build("soft", seed=None)
    assert model.seed != other.seed
    assert type(model).from_config(model.get_config()).seed == model.seed


def test_recompiled_model_is_saved_with_its_new_optimizers(tmp_path):
    model = model_of("soft")
    train(model, 1)
    model.compile(student_optimizer="adam", teacher_optimizer="sgd")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is keras.optimizers.Adam
    assert type(loaded.teacher_optimizer) is keras.optimizers.SGD


@pytest.mark.parametrize(
    "listed",
    [
        tuple,
        pytest.param(list, marks=pytest.mark.slow),
        pytest.param(keras.callbacks.CallbackList, marks=pytest.mark.slow),
    ],
)
def test_backup_and_restore_goes_on_with_the_right_batches(tmp_path, listed):
    def make():
        return model_of("soft")

    class Crash(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    whole = make()
    whole.fit(source(), epochs=3, steps_per_epoch=2, verbose=0)
    crashed = make()
    with pytest.raises(KeyboardInterrupt):
        crashed.fit(
            source(),
            epochs=3,
            steps_per_epoch=2,
            verbose=0,
            callbacks=[backup(), Crash()],
        )
    resumed = make()
    resumed.fit(
        source(),
        epochs=3,
        steps_per_epoch=2,
        verbose=0,
        callbacks=listed([backup()]),
    )
    assert int(resumed.step.value) == 6
    methods.assert_same(methods.weights(resumed), methods.weights(whole))


@pytest.mark.parametrize("output_mode", ["int", "one_hot"])
def test_a_student_with_a_lookup_is_saved_and_loaded(tmp_path, output_mode):
    lookup = keras.layers.IntegerLookup(output_mode=output_mode)
    lookup.adapt(np.array([3, 5, 7, 9]))
    inputs = keras.Input((1,), dtype="int64")
    features = keras.ops.cast(lookup(inputs), "float32")
    student = keras.Model(inputs, keras.layers.Dense(3)(features))
    method = methods.build("supervised", student=student)
    method.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    asked = np.array([[3], [9], [4]])
    for ours, theirs in (
        (method.student, loaded.student),
        (method.ema_student, loaded.ema_student),
    ):
        np.testing.assert_array_equal(ours(asked), theirs(asked))
