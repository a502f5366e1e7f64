"""A step in JAX is the package's, row by row."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.accuracy import length_rows
from keras_mpl import models
from keras_mpl import recipes
from keras_mpl.batch import Batch
from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import finetuning
from keras_mpl.runner.building import methods as building

jax = pytest.importorskip("jax", reason="the replication needs JAX")

from benchmarks.replication import methods  # noqa: E402
from benchmarks.replication import network  # noqa: E402
from benchmarks.replication import prepare  # noqa: E402
from benchmarks.replication import training  # noqa: E402

LENGTH = 100
NUMBERS = (0, 2000)  # at the second one the average has its full decay


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def _batches():
    draws = np.random.default_rng(2)

    def inputs(rows):
        return draws.normal(size=(rows, 32, 32, 3))

    for _ in NUMBERS:
        labels = draws.integers(0, 10, 8).astype(np.int32)
        yield inputs(8), labels, inputs(16), inputs(16)


def _recipe(row):
    weight = 0.3 if row == "default" else None
    return length_rows.Run(LENGTH, row, 0, weight).recipe


def _network(seed, scale):
    """A network that is as sure of its answers as the scale says."""
    keras.utils.set_random_seed(seed)
    made = models.create("wrn_10_1", num_classes=10, dtype="float64")
    kernel = made.get_layer("logits").kernel
    kernel.assign(scale * kernel)
    return made


def _check_mask(row, teaches, weak):
    """The weak views must pass the threshold in part."""
    logits, _ = network.trained(teaches, weak)
    sure = jax.nn.softmax(logits).max(axis=-1)
    limits = {"fixmatch": methods.FIXMATCH_THRESHOLD, "supervised": 0.0}
    share = np.mean(sure >= limits.get(row, methods.UDA_THRESHOLD))
    assert row == "supervised" or 0 < share < 1


@pytest.mark.slow
@pytest.mark.parametrize("row", methods.ROWS)
def test_steps_are_the_packages(row):
    recipe = _recipe(row)
    has_teacher = recipe.method.has_teacher
    student = _network(1, 3.0) if has_teacher else _network(0, 14.0)
    teacher = _network(0, 14.0) if has_teacher else None
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
    teaches = (ours.teacher or ours.student).network
    for count, (number, batch) in enumerate(
        zip(NUMBERS, _batches(), strict=True)
    ):
        if not count:
            _check_mask(row, teaches, batch[2])
        model.step.assign(number)
        model.train_step(Batch(*map(tf.constant, batch)))
        ours = step(
            ours,
            methods.Batch(*batch),
            np.float32(number),
            rates[count],
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


@pytest.mark.slow
def test_the_cosine_divides_by_a_floored_norm():
    learner = methods.begun(
        network.named(prepare.weights(_network(0, 3.0))), None
    ).student
    batch = methods.Batch(*next(_batches()))
    rate = np.float32(0.1)

    @functools.partial(jax.jit, static_argnums=0)
    def credit(row, norm):
        gradient = {"one": norm[None]}
        return methods._credit(row, learner, learner, batch, gradient, rate)

    exact = np.asarray(credit(methods.ROWS["exact"], np.float64(1.0)))
    centered = exact - exact.mean(axis=0)
    scale = []
    for norm in (1.0, 10.0, methods.COSINE_FLOOR, 1e-4):
        found = np.asarray(credit(methods.ROWS["default"], np.float64(norm)))
        ratio = found / centered
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)
        scale.append(ratio[0, 0])
    expected = [1.0, 1 / 10, 1 / methods.COSINE_FLOOR, 1 / methods.COSINE_FLOOR]
    np.testing.assert_allclose(np.divide(scale, scale[0]), expected, rtol=1e-6)


def test_the_settings_are_those_of_the_recipes():
    recipe = _recipe("exact")
    of = recipes.settings(recipe)
    assert of["method.temperature"] == methods.TEMPERATURE
    assert of["method.confidence_threshold"] == methods.UDA_THRESHOLD
    assert of["method.threshold_on"] == "raw"
    assert of["method.cosine_floor"] == methods.COSINE_FLOOR
    assert of["method.weight_decay"] == methods.WEIGHT_DECAY
    assert of["method.ema_decay"] == methods.EMA_DECAY
    assert of["student.momentum"] == methods.MOMENTUM
    assert of["batch_size"] == training.BATCH
    assert of["unlabeled_ratio"] == training.RATIO
    assert of["stages.finetune_steps"] == training.FINETUNE_STEPS
    assert of["stages.finetune_lr"] == training.FINETUNE_RATE
    assert finetuning.BATCH_SIZE == training.FINETUNE_BATCH
    fixmatch = recipes.settings(_recipe("fixmatch"))
    threshold = fixmatch["method.confidence_threshold"]
    assert threshold == methods.FIXMATCH_THRESHOLD


def test_rates_are_the_recipes():
    recipe = _recipe("exact")
    schedule = assembly.sgd(recipe.student, LENGTH)._learning_rate
    expected = [float(schedule(step)) for step in range(LENGTH)]
    np.testing.assert_allclose(training.rates(LENGTH), expected, rtol=1e-4)
