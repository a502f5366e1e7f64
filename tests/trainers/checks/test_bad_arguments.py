"""A table of arguments that can not be used: one clear line each.

What is refused is refused before any training.
"""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import Batch
from keras_mpl import MetaPseudoLabels
from keras_mpl import finetune
from keras_mpl import models
from keras_mpl.batch import weighted
from keras_mpl.trainers import FixMatch
from keras_mpl.trainers import Supervised
from keras_mpl.trainers.checks import labels as label_checks
from tests import helpers
from tests.trainers import methods

NAN, INF = float("nan"), float("inf")
INPUTS = np.linspace(0, 1, 24, dtype="float32").reshape(6, 4)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def refused(call, *patterns):
    with pytest.raises(ValueError, match=patterns[0]) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert "\x1b" not in message
    assert "Received: " in message
    for pattern in patterns:
        assert re.search(pattern, message), message


# Settings of the constructors.

NUMBERS = (
    "teacher_labeled_weight",
    "student_labeled_weight",
    "consistency_weight",
    "consistency_ramp_steps",
    "temperature",
    "pseudo_label_temperature",
    "confidence_threshold",
    "feedback_weight",
    "cosine_floor",
    "label_smoothing",
    "ema_decay",
    "weight_decay",
    "clip_norm",
)


@pytest.mark.parametrize("value", [NAN, INF, -INF, True, "1", [1.0]])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_finite_and_no_boolean(name, value):
    refused(
        lambda: methods.build("soft", **{name: value}),
        f"`{name}` must be ",
        re.escape(f"{name}={value!r}"),
    )


@pytest.mark.parametrize("name", ["consistency_weight", "confidence_threshold"])
@pytest.mark.parametrize("value", [NAN, INF, True])
def test_so_it_is_of_another_method(name, value):
    refused(
        lambda: FixMatch(helpers.tiny_net(), **{name: value}),
        f"`{name}` must be ",
    )


SCHEDULED = {
    "uda": ("consistency_weight", "consistency_ramp_steps", "annealing_steps"),
    "fixmatch": ("consistency_weight", "weight_decay"),
    "mean_teacher": ("consistency_weight", "consistency_ramp_steps"),
    "pseudo_label": ("student_labeled_weight",),
    "soft": ("consistency_weight", "consistency_ramp_steps", "weight_decay"),
}


@pytest.mark.parametrize(
    ("method", "name"),
    [(method, name) for method, names in SCHEDULED.items() for name in names],
)
def test_a_schedule_is_refused_where_none_is_followed(method, name):
    schedule = keras.optimizers.schedules.CosineDecay(1.0, 10)
    refused(
        lambda: methods.build(method, **{name: schedule}),
        f"`{name}` must be a number. Received",
    )


@pytest.mark.parametrize("value", [0.5, NAN, "3", True, [1]])
def test_a_seed_is_an_integer(value):
    refused(
        lambda: Supervised(helpers.tiny_net(), seed=value),
        "`seed` must be an integer, or None",
    )


@pytest.mark.parametrize("value", [1, 0, -2, True])
@pytest.mark.parametrize("name", ["mlp", "wrn_10_1", "resnet_50"])
def test_a_network_has_two_classes_or_more(name, value):
    more = {"units": [3]} if name == "mlp" else {}
    shape = (8, 8, 3)
    refused(
        lambda: models.create(
            name, num_classes=value, input_shape=shape, **more
        ),
        "`num_classes` must be",
    )


def test_networks_of_other_inputs():
    wide = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    refused(
        lambda: MetaPseudoLabels(wide, helpers.tiny_net()),
        "must take the same inputs",
        r"\(None, 5\) and \(None, 4\)",
    )


# `compile`.

SGD = keras.optimizers.SGD
COMPILE = {
    "rate-nan": ({"student_optimizer": SGD(NAN)}, "a learning rate of 0 or"),
    "rate-negative": ({"student_optimizer": SGD(-0.1)}, "a learning rate of 0"),
    "rate-inf": ({"teacher_optimizer": SGD(INF)}, "`teacher_optimizer` must"),
    "momentum": ({"student_optimizer": SGD(0.1, 1.0)}, r"momentum in \[0, 1\)"),
    "beta": (
        {"student_optimizer": keras.optimizers.Adam(0.1, beta_1=1.0)},
        r"beta_1 in \[0, 1\)",
    ),
    "decay-inf": (
        {"student_optimizer": SGD(0.1, weight_decay=INF)},
        "a weight_decay of 0 or more, and finite",
    ),
    "decay-negative": (
        {"teacher_optimizer": SGD(0.1, weight_decay=-0.1)},
        "a weight_decay of 0 or more, and finite",
    ),
    "average-inside": (
        {
            "student_optimizer": keras.optimizers.LossScaleOptimizer(
                SGD(0.1, use_ema=True)
            )
        },
        "`student_optimizer` must not set `use_ema`",
    ),
    "unknown": ({"student_optimizer": "sgdd"}, "an? Keras optimizer, its name"),
    "none": ({"student_optimizer": None}, "an? Keras optimizer, its name"),
    "loss": ({"loss": "mse"}, "`loss` must not be given.*label_smoothing"),
    "optimizer": (
        {"optimizer": "adam"},
        "`optimizer` must not.*`student_optimizer`, `teacher_optimizer`",
    ),
    "loss_weights": ({"loss_weights": [1.0]}, "`loss_weights` must not"),
    "weighted_metrics": ({"weighted_metrics": ["accuracy"]}, "`metrics`"),
    "skips": ({"max_skipped_steps": 0}, "`max_skipped_steps` must be"),
    "skips-half": ({"max_skipped_steps": 1.5}, "`max_skipped_steps` must be"),
    "executions": ({"steps_per_execution": 1.5}, "must be 1 or more"),
    "metric-name": ({"metrics": ["acuracy"]}, "`metrics` must be"),
    "metric-mean": ({"metrics": [keras.metrics.Mean()]}, "`metrics` must be"),
    "metric-iou": (
        {"metrics": [keras.metrics.MeanIoU(2)]},
        "`metrics` must be",
    ),
    "metric-thing": ({"metrics": [3]}, "`metrics` must be"),
}


@pytest.mark.parametrize("name", COMPILE)
def test_arguments_of_compile(name):
    arguments, pattern = COMPILE[name]
    model = methods.build("soft")
    refused(lambda: methods.compiled(model, **arguments), pattern)


def test_an_exact_step_has_no_constraint():
    student = keras.Sequential(
        [
            keras.Input((helpers.FEATURES,)),
            keras.layers.Dense(3, kernel_constraint="unit_norm"),
        ]
    )
    model = methods.build("soft", student=student, feedback_scale="exact")
    refused(lambda: methods.compiled(model), "no constraints", "UnitNorm on .*")
    model = methods.build("soft", student=student, feedback_scale="cosine")
    assert methods.compiled(model).compiled


def test_a_difference_of_losses_needs_a_step_that_moves():
    refused(
        lambda: methods.build("finite_difference").compile(
            student_optimizer=SGD(0.1, gradient_accumulation_steps=2)
        ),
        "`student_optimizer` must move the weights at every step",
    )


# `fit`.


def paired(**changes):
    batch = helpers.fake_batch()._replace(**changes)
    return helpers.repeated(Batch(*batch), 2)


FIT = {
    "steps-0": ({"steps_per_epoch": 0}, "`steps_per_epoch` must be"),
    "steps-negative": ({"steps_per_epoch": -3}, "`steps_per_epoch` must be"),
    "steps-half": ({"steps_per_epoch": 1.5}, "`steps_per_epoch` must be"),
    "steps-true": ({"steps_per_epoch": True}, "`steps_per_epoch` must be"),
    "epochs": ({"epochs": -1}, "`epochs` must be"),
    "validation-steps": ({"validation_steps": 0}, "`validation_steps` must"),
    "weights": ({"sample_weight": np.ones(6)}, r"float64\(6,\)"),
    "classes": ({"class_weight": {0: 2.0}}, "`class_weight` must not"),
    "split": ({"validation_split": 0.5}, "`validation_split` must not"),
}
VALIDATION = {
    "nan": ((INPUTS * NAN, LABELS), "must be finite. Received: NaN"),
    "empty": ((INPUTS[:0], LABELS[:0]), "must have examples"),
    "pixels": (
        ((INPUTS * 255).astype("uint8"), LABELS),
        "of the type that is trained on, float32. Received: uint8",
    ),
    "range": ((INPUTS * 255, LABELS), "of the range that is trained on"),
    "small-range": ((INPUTS / 255, LABELS), "of the range that is trained on"),
    "complex": ((INPUTS.astype("complex64"), LABELS), "Received: complex64"),
    "text": ((INPUTS.astype(str), LABELS), "of the type that is trained on"),
    "length": ((INPUTS, LABELS[:4]), "equally many .*Received: 4 and 6"),
    "width": ((INPUTS[:, :3], LABELS), "inputs of the shapes"),
    "label-high": ((INPUTS, LABELS + 1), "labels from 1 to 3"),
    "label-low": ((INPUTS, LABELS - 1), "labels from -1 to 1"),
    "label-part": ((INPUTS, LABELS + 0.5), "whole numbers.*Received: 0.5"),
    "label-nan": ((INPUTS, LABELS * NAN), "whole numbers.*Received: nan"),
    "label-form": ((INPUTS, np.zeros((6, 5))), r"float64 of shape \(6, 5\)"),
    "label-text": ((INPUTS, LABELS.astype(str)), "integer class ids"),
    "sums": ((INPUTS, np.ones((6, 3))), "whose rows sum to 1"),
    "alone": (INPUTS, r"must be \(inputs, labels\). Received: float32\(6, 4\)"),
}
TRAINING = {
    "complex": (
        {
            name: tf.cast(getattr(helpers.fake_batch(), name), "complex64")
            for name in ("labeled_inputs", "weak_inputs", "strong_inputs")
        },
        "must be real numbers. Received: complex64",
    ),
    "text": (
        {
            name: tf.strings.as_string(getattr(helpers.fake_batch(), name))
            for name in ("labeled_inputs", "weak_inputs", "strong_inputs")
        },
        "must take the inputs of the data. Received: string",
    ),
    "wide": (
        {
            name: tf.tile(getattr(helpers.fake_batch(), name), (1, 2))
            for name in ("labeled_inputs", "weak_inputs", "strong_inputs")
        },
        r"must take the inputs of the data. Received: float32\(2, 8\)",
    ),
    "label-part": ({"labels": LABELS + 0.5}, "whole numbers"),
    "label-nan": ({"labels": LABELS * NAN}, "whole numbers"),
    "label-high": ({"labels": LABELS[:, None] + 1.0}, "labels from 1 to 3"),
}


@pytest.fixture(scope="module")
def model():
    return methods.compiled(methods.build("soft"), metrics=["accuracy"])


@pytest.mark.parametrize("name", FIT)
def test_arguments_of_fit(model, name):
    arguments, pattern = FIT[name]
    refused(lambda: model.fit(paired(), verbose=0, **arguments), pattern)
    assert int(model.step.value) == 0


@pytest.mark.parametrize("form", ["arrays", "dataset"])
@pytest.mark.parametrize("name", VALIDATION)
def test_validation_data(model, name, form):
    data, pattern = VALIDATION[name]
    if form == "dataset":
        if name in ("length", "alone", "empty"):
            pytest.skip("a dataset can not be made of it")
        data = tf.data.Dataset.from_tensors(data)
    refused(
        lambda: model.fit(paired(), verbose=0, validation_data=data), pattern
    )
    assert int(model.step.value) == 0


def test_an_empty_dataset_of_validation(model):
    data = tf.data.Dataset.from_tensors((INPUTS, LABELS)).take(0)
    refused(
        lambda: model.fit(paired(), verbose=0, validation_data=data),
        "`validation_data` must have examples",
    )


@pytest.mark.parametrize("name", TRAINING)
def test_training_data(model, name):
    changes, pattern = TRAINING[name]
    refused(lambda: model.fit(paired(**changes), verbose=0), pattern)
    assert int(model.step.value) == 0


@pytest.mark.parametrize("which", ["teacher", "student"])
def test_networks_that_are_frozen_after_compile(which):
    model = methods.compiled(methods.build("soft"))
    getattr(model, which).trainable = False
    refused(
        lambda: model.fit(paired(), verbose=0),
        f"`{which}` must have the trainable weights that it had at `compile`",
    )


def test_labels_in_memory_are_checked_whole_before_training():
    from keras_mpl import data

    labels = np.arange(40) % 3
    labels[-1] = 7
    pairs = data.pair(
        (np.zeros((40, 4), "float32"), labels),
        np.zeros((40, 4), "float32"),
        strong=lambda inputs, seeds: inputs,
        batch_size=2,
        unlabeled_ratio=2,
    )
    model = methods.compiled(methods.build("supervised"))
    refused(lambda: model.fit(pairs, verbose=0), "labels from 0 to 7")
    assert int(model.step.value) == 0


@pytest.mark.parametrize(
    ("bad", "method"),
    [
        *((bad, "supervised") for bad in (7.0, -2.0, 0.5, 3.0)),
        (7.0, "soft"),
        *(
            pytest.param(bad, "soft", marks=pytest.mark.slow)
            for bad in (-2.0, 0.5, 3.0)
        ),
    ],
)
def test_labels_of_a_stream_under_xla(method, bad):
    labels = LABELS.astype("float32")
    later = helpers.fake_batch()._replace(
        labels=tf.constant(np.where(LABELS == 2, bad, labels))
    )
    first = helpers.fake_batch()._replace(labels=tf.constant(labels))
    data = helpers.repeated(first, 2).concatenate(helpers.repeated(later, 1))
    model = methods.compiled(methods.build(method), jit_compile=True)
    refused(lambda: model.fit(data, verbose=0), "`labels` must be from 0 to 2")


def stream_of_weights(later):
    batch = helpers.fake_batch()
    first, second = (
        weighted(batch, tf.constant(LABELS * 0.0 + weight, "float32"))
        for weight in (1.0, later)
    )
    return helpers.repeated(first, 2).concatenate(helpers.repeated(second, 1))


@pytest.mark.parametrize(
    "bad", [-1.0, np.nan, pytest.param(np.inf, marks=pytest.mark.slow)]
)
def test_weights_of_a_stream(bad):
    model = methods.compiled(methods.build("soft"))
    refused(
        lambda: model.fit(stream_of_weights(bad), verbose=0),
        f"be finite, and 0 or more. Received: weights from {bad:g} to {bad:g}",
    )


@pytest.mark.slow
def test_a_step_with_weights_below_0_does_not_count_under_xla():
    model = methods.compiled(methods.build("soft"), jit_compile=True)
    logs = model.fit(stream_of_weights(-1.0), verbose=0).history
    assert logs["skipped_steps"] == [1]


@pytest.mark.slow
def test_labels_of_validation_under_xla():
    model = methods.compiled(methods.build("supervised"), jit_compile=True)
    data = tf.data.Dataset.from_tensor_slices((INPUTS, LABELS * 2)).batch(3)
    refused(lambda: model.evaluate(data, verbose=0), "labels from 0 to 4")


@pytest.mark.parametrize("steps", [0, -1, 1.5, True])
def test_finetuning_takes_a_step_or_more(steps):
    refused(
        lambda: finetune(helpers.tiny_net(), (INPUTS, LABELS), steps=steps),
        "`steps` must be a positive integer",
    )


@pytest.mark.parametrize("given", ["no", 1, None])
def test_finetuning_is_told_yes_or_no(given):
    refused(
        lambda: finetune(
            helpers.tiny_net(), (INPUTS, LABELS), batch_statistics=given
        ),
        "`batch_statistics` must be true or false",
    )


def test_evaluation_of_other_lengths(model):
    refused(
        lambda: model.evaluate(INPUTS, LABELS[:4], verbose=0),
        "equally many rows. Received: 6 and 4",
    )


def test_labels_of_a_small_type_can_be_of_many_classes():
    label_checks.assert_range(tf.constant([3, 250], "uint8"), 300)
    with pytest.raises(tf.errors.InvalidArgumentError, match="from 3 to 250"):
        label_checks.assert_range(tf.constant([3, 250], "uint8"), 200)
