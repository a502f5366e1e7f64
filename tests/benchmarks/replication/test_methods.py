"""A step in JAX is the package's, row by row."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.accuracy import length_rows
from keras_mpl import models
from keras_mpl import recipes
from keras_mpl.batch import Batch
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import methods as building

jax = pytest.importorskip("jax", reason="the replication needs JAX")

from benchmarks.replication import methods  # noqa: E402
from benchmarks.replication import network  # noqa: E402
from benchmarks.replication import prepare  # noqa: E402
from benchmarks.replication import training  # noqa: E402

LENGTH, STEPS = 100, 2


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def _batches():
    draws = np.random.default_rng(2)

    def inputs(rows):
        return draws.normal(size=(rows, 32, 32, 3))

    for _ in range(STEPS):
        labels = draws.integers(0, 10, 8).astype(np.int32)
        yield inputs(8), labels, inputs(16), inputs(16)


def _recipe(row):
    weight = 0.3 if row == "default" else None
    return length_rows.Run(LENGTH, row, 0, weight).recipe


def _network(seed, scale=3.0):
    """A network whose answers are sure enough that masks differ by row."""
    keras.utils.set_random_seed(seed)
    made = models.create("wrn_10_1", num_classes=10, dtype="float64")
    kernel = made.get_layer("logits").kernel
    kernel.assign(scale * kernel)
    return made


@pytest.mark.parametrize(
    "row",
    [
        row if row == "exact" else pytest.param(row, marks=pytest.mark.slow)
        for row in methods.ROWS
    ],
)
def test_two_steps_are_the_packages(row):
    recipe = _recipe(row)
    student, teacher = _network(0), None
    if recipe.method.has_teacher:
        teacher = _network(1)
    ours = methods.begun(
        network.named(prepare.weights(student)),
        None if teacher is None else network.named(prepare.weights(teacher)),
    )
    model = building.build(recipe, teacher, student, 0)
    rate = {"student_optimizer": assembly.sgd(recipe.student, LENGTH)}
    if teacher is not None:
        rate["teacher_optimizer"] = assembly.sgd(recipe.teacher, LENGTH)
    model.compile(run_eagerly=True, **rate)
    step = jax.jit(methods.step_of(methods.ROWS[row]))
    rates = training.rates(LENGTH)
    weight = np.float32(getattr(recipe.method, "feedback_weight", 1.0))
    for number, batch in enumerate(_batches()):
        model.train_step(Batch(*map(tf.constant, batch)))
        ours = step(
            ours,
            methods.Batch(*batch),
            np.float32(number),
            rates[number],
            weight,
        )
    _check(ours.student.network, student)
    _check(ours.average, model.ema_student)
    if teacher is not None:
        _check(ours.teacher.network, teacher)


def _check(ours, theirs):
    found = ours.weights | ours.statistics
    expected = prepare.weights(theirs)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(
            found[name], value, rtol=1e-5, atol=1e-7, err_msg=name
        )


def test_every_row_of_the_curve_is_there():
    assert methods.ROWS.keys() == length_rows.ROWS.keys()


def test_the_settings_are_those_of_the_recipes():
    recipe = _recipe("exact")
    of = recipes.settings(recipe)
    assert of["method.temperature"] == methods.TEMPERATURE
    assert of["method.confidence_threshold"] == methods.UDA_THRESHOLD
    assert of["method.threshold_on"] == "raw"
    assert of["method.cosine_floor"] == methods.COSINE_FLOOR
    assert of["method.weight_decay"] == methods.L2
    assert of["method.ema_decay"] == methods.EMA_DECAY
    assert of["student.momentum"] == methods.MOMENTUM
    assert of["batch_size"] == training.BATCH
    assert of["unlabeled_ratio"] == training.RATIO
    assert of["stages.finetune_steps"] == training.FINETUNE_STEPS
    assert of["stages.finetune_lr"] == training.FINETUNE_RATE
    fixmatch = recipes.settings(_recipe("fixmatch"))
    threshold = fixmatch["method.confidence_threshold"]
    assert threshold == methods.FIXMATCH_THRESHOLD


def test_rates_are_the_recipes():
    recipe = _recipe("exact")
    schedule = assembly.sgd(recipe.student, LENGTH)._learning_rate
    expected = [float(schedule(step)) for step in range(LENGTH)]
    np.testing.assert_allclose(training.rates(LENGTH), expected, rtol=1e-4)
