"""A class weight counts an example as if it were there so many times."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import data
from keras_mpl import runner
from keras_mpl import trainers
from keras_mpl.trainers.engine import class_weighing
from tests import helpers
from tests.trainers import methods
from tests.trainers.weighed import LABELS
from tests.trainers.weighed import Source
from tests.trainers.weighed import after_steps
from tests.trainers.weighed import batch
from tests.trainers.weighed import duplicated

TIMES = np.array([1, 2, 4])  # so often each example is there: 4 of each class
# Noisy Student divides by the number of labelled and unlabelled examples.
DUPLICATES = tuple(name for name in methods.METHODS if name != "noisy_student")


@pytest.mark.parametrize("method", DUPLICATES)
def test_a_weighed_step_is_a_step_on_duplicates(method):
    # Alignment is to the labels, which weights leave as they are.
    model, logs = after_steps(
        method,
        Source(batch()),
        class_weights="balanced",
        align_distribution=False,
    )
    other, expected = after_steps(
        method,
        Source(duplicated(batch(), TIMES[LABELS])),
        class_weights=None,
        align_distribution=False,
    )
    for name in model.trained_networks:
        found, same = (
            helpers.flat(one.trained_networks[name].trainable_weights)
            for one in (model, other)
        )
        np.testing.assert_allclose(found, same, rtol=1e-9, atol=1e-12)
    for name in ("labeled_loss", "student_labeled_loss", "student_loss"):
        np.testing.assert_allclose(
            logs.get(name, 0), expected.get(name, 0), rtol=1e-6
        )


@pytest.mark.parametrize("method", ["supervised", "beside_labels"])
def test_without_weights_a_step_is_another_one(method):
    weighed, plain = (
        after_steps(method, Source(batch()), class_weights=weights)[0]
        for weights in ("balanced", None)
    )
    for name in weighed.trained_networks:
        found, other = (
            helpers.flat(one.trained_networks[name].trainable_weights)
            for one in (weighed, plain)
        )
        assert np.abs(found - other).max() > 1e-3


def test_noisy_students_labelled_loss_is_weighed():
    weighed, same, plain = (
        after_steps("noisy_student", Source(made), 1, class_weights=weights)[1]
        for made, weights in (
            (batch(), "balanced"),
            (duplicated(batch(), TIMES[LABELS]), None),
            (batch(), None),
        )
    )
    assert weighed["labeled_loss"] == pytest.approx(same["labeled_loss"], 1e-6)
    assert weighed["labeled_loss"] != pytest.approx(plain["labeled_loss"], 1e-3)
    assert weighed["student_loss"] != pytest.approx(plain["student_loss"], 1e-3)


FORMS = {
    "ids": LABELS,
    "column": LABELS[:, None],
    "floats": LABELS.astype(float),
    "probabilities": np.eye(3)[LABELS],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kept", ["balanced", (1.0, 5.0, 0.0)], ids=str)
def test_the_mean_weight_of_the_labelled_set_is_one(form, kept):
    found = class_weighing.scaled(kept, FORMS[form], 3)
    assert found[LABELS].mean() == pytest.approx(1.0)
    relative = np.array([1 / 4, 1 / 2, 1] if kept == "balanced" else kept)
    np.testing.assert_allclose(found / found[0], relative / relative[0])


def test_a_class_without_labels_leaves_the_others_balanced():
    found = class_weighing.scaled("balanced", LABELS, 5)
    np.testing.assert_allclose(found[:3], [7 / 12, 7 / 6, 7 / 3])
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    "given", [[1, 2, 3], np.array([1.0, 2.0, 3.0]), {1: 2, 2: 3}], ids=str
)
def test_every_form_of_numbers_is_kept_as_one(given):
    model = methods.build("supervised", class_weights=given)
    assert model.class_weights == (1.0, 2.0, 3.0)
    copy = trainers.Supervised.from_config(model.get_config())
    assert copy.class_weights == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    "given",
    [
        *("equal", 2.0, [1, 2], [1, 2, -1], [0, 0, 0], [1, 2, True], {3: 1.0}),
        *([1, 2, float("nan")], [1, 2, float("inf")], ["1", "2", "3"]),
    ],
    ids=str,
)
def test_what_is_no_class_weight_is_one_line(given):
    with pytest.raises(ValueError, match=r"`class_weights` must be") as error:
        methods.build("supervised", class_weights=given)
    assert "Received: class_weights=" in str(error.value)
    assert "\n" not in str(error.value)


def test_numbers_stay_as_they_are_where_labels_are_streamed():
    model = methods.build("supervised", class_weights=(1.0, 5.0, 0.0))
    methods.fit(methods.compiled(model, run_eagerly=True), methods.batches(1))
    np.testing.assert_array_equal(model.weight_by_class, [1.0, 5.0, 0.0])


def test_balanced_weights_need_labels_in_memory():
    model = methods.build("supervised", class_weights="balanced")
    methods.compiled(model)
    with pytest.raises(ValueError, match="labels are not in memory"):
        methods.fit(model, methods.batches(1))


def test_weights_of_absent_classes_alone_are_refused():
    made = batch()._replace(labels=tf.zeros(len(LABELS), "int32"))
    with pytest.raises(ValueError, match="above 0 for a class that is label"):
        after_steps("supervised", Source(made), class_weights=(0, 1, 1))


def test_without_weights_there_is_no_variable():
    plain, weighed = (
        methods.build("soft", class_weights=weights)
        for weights in (None, "balanced")
    )
    assert plain.weight_by_class is None
    assert len(weighed.weights) == len(plain.weights) + 1


def test_balanced_weights_are_of_the_set_that_pair_was_given():
    made = batch()
    paired = data.pair(
        (np.asarray(made.labeled_inputs), LABELS),
        np.asarray(made.weak_inputs),
        weak=None,
        strong=lambda inputs, seeds: inputs,
        batch_size=2,
        unlabeled_ratio=1,
        seed=0,
    )
    net = helpers.tiny_net(dtype="float64")
    model = trainers.Supervised(net, class_weights="balanced")
    methods.fit(methods.compiled(model, run_eagerly=True), paired)
    np.testing.assert_allclose(
        model.weight_by_class, [7 / 12, 7 / 6, 7 / 3], rtol=1e-12
    )


def test_finetuning_takes_class_weights():
    found = []
    for weights in (None, "balanced"):
        net = helpers.tiny_net(seed=2)
        made = batch()
        inputs = np.asarray(made.labeled_inputs, "float32")
        runner.finetune(
            net,
            (inputs, LABELS),
            learning_rate=0.1,
            steps=3,
            class_weights=weights,
        )
        probs = keras.ops.softmax(net(inputs)).numpy()
        found.append(probs[LABELS == 2, 2].mean())
    assert found[1] > found[0] + 0.01
