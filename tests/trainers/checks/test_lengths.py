"""A training that is no length for its settings says so."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import cli
from keras_mpl import data
from keras_mpl import schedules
from keras_mpl import trainers
from keras_mpl.trainers.checks import lengths as length_checks
from tests import helpers

LABELS = np.arange(12) % helpers.CLASSES
INPUTS = (
    np.random.default_rng(0)
    .normal(size=(12, helpers.FEATURES))
    .astype("float32")
)


def batches():
    return data.pair(
        (INPUTS, LABELS),
        np.tile(INPUTS, (4, 1)),
        strong=lambda inputs, seeds: inputs,
        batch_size=6,
        unlabeled_ratio=2,
    )


def model_of(method, **settings):
    model = method(helpers.tiny_net(), seed=0, **settings)
    model.compile(student_optimizer="sgd")
    return model


def test_a_short_training_warns_once_with_what_would_fit():
    model = model_of(trainers.MeanTeacher)
    words = "40,000 in a training of 8 steps.* is 2"
    with pytest.warns(length_checks.LengthWarning, match=words):
        model.fit(batches(), epochs=2, steps_per_epoch=4, verbose=0)
    model.fit(batches(), epochs=1, steps_per_epoch=4, verbose=0)


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        (trainers.MeanTeacher, {"consistency_ramp_steps": 16}),
        (trainers.MeanTeacher, {"consistency_ramp_steps": 0}),
        (trainers.FixMatch, {}),
    ],
)
def test_a_training_that_fits_says_nothing(method, settings):
    model = model_of(method, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit(batches(), epochs=2, steps_per_epoch=4, verbose=0)


def scheduled(schedule, **settings):
    model = trainers.Supervised(helpers.tiny_net(), seed=0)
    model.compile(student_optimizer=keras.optimizers.SGD(schedule, **settings))
    return model


def test_a_schedule_that_ends_before_the_training_is_said():
    model = scheduled(schedules.WarmupCosine(0.1, train_steps=4))
    words = "student's learning rate is 0 at step 7,.* to step 8"
    with pytest.warns(length_checks.LengthWarning, match=words):
        model.fit(batches(), epochs=2, steps_per_epoch=4, verbose=0)
    words = "student's learning rate is 0 at step 8,.* to step 9"
    with pytest.warns(length_checks.LengthWarning, match=words):
        model.fit(batches(), steps_per_epoch=1, verbose=0)


def test_a_finite_dataset_without_steps_is_measured():
    model = scheduled(schedules.WarmupCosine(0.1, train_steps=4))
    known = tf.data.experimental.assert_cardinality(8)
    data_set = batches().batches().take(8).apply(known)
    with pytest.warns(length_checks.LengthWarning, match="to step 8"):
        model.fit(data_set, verbose=0)


@pytest.mark.parametrize(
    ("schedule", "settings"),
    [
        (schedules.WarmupCosine(0.1, train_steps=8), {}),
        (schedules.WarmupCosine(0.1, train_steps=80), {}),
        (schedules.WarmupCosine(0.1, train_steps=90, wait_steps=20), {}),
        (
            schedules.WarmupCosine(0.1, train_steps=4),
            {"gradient_accumulation_steps": 2},
        ),
        (0.0, {}),
    ],
)
def test_a_schedule_that_lasts_says_nothing(schedule, settings):
    model = scheduled(schedule, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        model.fit(batches(), epochs=2, steps_per_epoch=4, verbose=0)


def test_a_run_says_it_of_its_recipe(tmp_path, capsys):
    items = "method=mean_teacher baselines= train_steps=4 eval_every_steps=2"
    items += " student.warmup_steps=0 method.ema_decay=0.9"
    items += " method.consistency_ramp_steps=40000"
    given = [part for item in items.split() for part in ("--set", item)]
    output = str(tmp_path / "run")
    assert cli.main(["run", "two_moons", *given, "--output", output]) == 0
    out = capsys.readouterr().out
    assert "two_moons: its consistency loss never has its weight" in out
    assert "method.consistency_ramp_steps=40000 and train_steps=4" in out
