"""A weight of an example counts it as if it were there so many times."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import batch as batches
from keras_mpl import data
from keras_mpl import runner
from tests import helpers
from tests.trainers import methods
from tests.trainers import weighed
from tests.trainers.weighed import LABELS
from tests.trainers.weighed import after_steps
from tests.trainers.weighed import batch
from tests.trainers.weighed import duplicated

TIMES = np.array([0, 2, 1, 1, 1, 2, 0])  # the sum is the number of examples
PLAIN = {"class_weights": None, "align_distribution": False}


def with_weights(weights=TIMES, made=None):
    return batches.weighted(made or batch(), tf.constant(weights, "float32"))


def moved(model):
    return np.concatenate(
        [
            helpers.flat(network.trainable_weights)
            for network in model.trained_networks.values()
        ]
    )


@pytest.mark.parametrize("method", methods.METHODS)
def test_weight_0_leaves_an_example_out_and_weight_2_lists_it_twice(method):
    model, logs = after_steps(method, weighed.Source(with_weights()), **PLAIN)
    listed = duplicated(batch(), TIMES)
    other, expected = after_steps(method, weighed.Source(listed), **PLAIN)
    np.testing.assert_allclose(moved(model), moved(other), 1e-9, 1e-12)
    for name in ("labeled_loss", "student_labeled_loss", "student_loss"):
        np.testing.assert_allclose(
            logs.get(name, 0), expected.get(name, 0), rtol=1e-6
        )


@pytest.mark.parametrize("method", ["supervised", "uda", "beside_labels"])
def test_weights_of_examples_and_of_classes_multiply(method):
    weights = {**PLAIN, "class_weights": "balanced"}
    model, _ = after_steps(method, weighed.Source(with_weights()), **weights)
    by_class = np.array([7 / 12, 7 / 6, 7 / 3])[LABELS]  # 4, 2 and 1 of 7
    both = weighed.Source(with_weights(TIMES * by_class))
    other, _ = after_steps(method, both, **PLAIN)
    np.testing.assert_allclose(moved(model), moved(other), rtol=1e-5)


def test_a_weight_is_a_factor_of_the_loss_as_in_keras():
    found = [
        after_steps("supervised", weighed.Source(made), 1, **PLAIN)[1]
        for made in (with_weights(np.full(7, 3.0)), batch())
    ]
    tripled, plain = (logs["student_loss"][0] for logs in found)
    assert tripled == pytest.approx(3 * plain, 1e-6)
    assert found[0]["student_accuracy"] == found[1]["student_accuracy"]


def test_without_weights_a_batch_has_none():
    model = methods.build("soft")
    read = model.read_batch(helpers.fake_batch())
    assert type(read) is batches.Batch
    assert read.sample_weight is None


def in_the_form(form):
    made = with_weights()
    labeled = (made.labeled_inputs, made.labels, made.sample_weight)
    triple = (labeled, (made.weak_inputs, made.strong_inputs))
    if form == "iterator":
        return iter([triple])
    return tf.data.Dataset.from_tensors(made if form == "batch" else triple)


@pytest.mark.parametrize("form", ["batch", "triple", "iterator"])
def test_streams_bring_weights_as_a_third_part(form):
    nets = [helpers.tiny_net(seed=seed, dtype="float64") for seed in (5, 5)]
    found = []
    for net, source in zip(
        nets, (in_the_form(form), weighed.Source(with_weights())), strict=True
    ):
        model = methods.build("supervised", student=net, **PLAIN)
        methods.compiled(model, run_eagerly=True)
        methods.fit(model, source, steps_per_epoch=1)
        found.append(moved(model))
    np.testing.assert_array_equal(*found)


INPUTS = np.arange(40, dtype="float32").reshape(10, 4)


def paired(labeled, **sizes):
    sizes = {"batch_size": 4, "unlabeled_ratio": 1, **sizes}
    return data.pair(labeled, INPUTS, strong=lambda x, seeds: x, **sizes)


@pytest.mark.parametrize("form", ["arrays", "dataset"])
def test_pair_keeps_each_weight_with_its_example(form):
    labels = np.arange(10) % 3
    labeled = (INPUTS, labels, INPUTS[:, 0] / 4)
    if form == "dataset":
        labeled = tf.data.Dataset.from_tensor_slices(labeled)
    source = paired(labeled)
    seen = []
    for made in source.batches().take(3):
        np.testing.assert_array_equal(
            made.sample_weight, made.labeled_inputs[:, 0] / 4
        )
        seen += made.sample_weight.numpy().tolist()
    assert len(set(seen)) >= 10 - 2
    part = next(iter(source.shard(2, 1).batches()))
    np.testing.assert_array_equal(
        part.sample_weight, part.labeled_inputs[:, 0] / 4
    )
    assert source.element_spec.sample_weight.shape == (4,)


def test_finetuning_takes_weights():
    found = []
    for weights in ((), (np.where(LABELS == 2, 9.0, 1.0),)):
        net = helpers.tiny_net(seed=2)
        inputs = np.asarray(batch().labeled_inputs, "float32")
        labeled = (inputs, LABELS, *weights)
        runner.finetune(net, labeled, learning_rate=0.1, steps=3)
        probs = helpers.probs(net, inputs)
        found.append(probs[LABELS == 2, 2].mean())
    assert found[1] > found[0] + 0.01


ONES = np.ones(10)
BAD = {
    "negative": (np.where(np.arange(10) == 3, -1.0, 1.0), "negative.* 3"),
    "nan": (ONES * np.nan, "must be finite"),
    "column": (ONES[:, None], r"numbers of shape \(batch,\)"),
    "text": (ONES.astype(str), r"numbers of shape \(batch,\)"),
    "length": (ONES[:4], r"of one length.*\[10, 10, 4\]"),
}


@pytest.mark.parametrize("name", BAD)
def test_pair_refuses_what_is_no_weight_in_one_line(name):
    weights, pattern = BAD[name]
    with pytest.raises(ValueError, match=pattern) as error:
        paired((INPUTS, np.arange(10) % 3, weights))
    assert "\n" not in str(error.value)
    assert "Received: " in str(error.value)


IN_STREAMS = {
    "negative": (-np.ones(7), "0 or more. Received: -1"),
    "nan": (np.ones(7) * np.nan, "finite.* Received: nan"),
    "column": (np.ones((7, 1)), r"one number per.*float32 of shape \(7, 1\)"),
    "length": (np.ones(6), "equally many rows. Received: 6 and 7"),
}


@pytest.mark.parametrize("name", IN_STREAMS)
def test_fit_refuses_what_is_no_weight_in_one_line(name):
    weights, pattern = IN_STREAMS[name]
    source = helpers.repeated(with_weights(weights), 2)
    model = methods.compiled(methods.build("supervised"))
    with pytest.raises(ValueError, match=pattern) as error:
        methods.fit(model, source)
    assert "\n" not in str(error.value)
    assert int(model.step.value) == 0
