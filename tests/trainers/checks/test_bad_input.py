"""What can be wrong is said in one line: what was expected, and what came."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import MetaPseudoLabels
from keras_mpl.trainers import Supervised
from tests import helpers
from tests.trainers import methods


class Refused:
    """Expects a ValueError of one line, with what came in it."""

    def __init__(self, *patterns):
        self.patterns = patterns
        self.raises = pytest.raises(ValueError, match=patterns[0])

    def __enter__(self):
        self.found = self.raises.__enter__()

    def __exit__(self, *error):
        done = self.raises.__exit__(*error)
        message = str(self.found.value)
        assert "\n" not in message
        assert "Received: " in message
        for pattern in self.patterns:
            assert re.search(pattern, message), message
        return done


def net(**options):
    return helpers.tiny_net(**options)


def ready(method="soft", **options):
    return methods.compiled(methods.build(method, **options))


# Networks.


@pytest.mark.parametrize("which", ["teacher", "student"])
def test_unbuilt_networks(which):
    networks = {"teacher": net(), "student": net()}
    networks[which] = keras.Sequential([keras.layers.Dense(3)], name="raw")
    with Refused(f"`{which}` must be built", "the unbuilt model 'raw'"):
        MetaPseudoLabels(**networks)


@pytest.mark.parametrize("network", [None, "wrn_28_2", keras.layers.Dense(3)])
def test_networks_that_are_no_models(network):
    kind = type(network).__name__
    with Refused("`student` must be a `keras.Model`", f"of type {kind}"):
        Supervised(network)


def test_different_class_counts():
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])
    with Refused("the same number of classes", "Received: 3 and 5"):
        MetaPseudoLabels(net(), other)


def test_outputs_that_are_no_rows_of_logits():
    image = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)]
    )
    with Refused(r"shape \(batch, num_classes\)", r"\(None, 6, 6, 4\)"):
        Supervised(image)
    inputs = keras.Input((4,))
    two = [keras.layers.Dense(3)(inputs) for _ in range(2)]
    with Refused("must have one output", r"\(None, 3\)"):
        Supervised(keras.Model(inputs, two))


def softmax_ended():
    inputs = keras.Input((4,))
    layers = keras.layers
    dense = layers.Dense(3, activation="softmax")
    inner = keras.Sequential([inputs, layers.Dense(3), layers.Softmax()])
    return {
        "dense": keras.Sequential([inputs, dense]),
        "layer": inner,
        "activation": keras.Sequential(
            [inputs, layers.Dense(3), layers.Activation("softmax")]
        ),
        "nested": keras.Sequential([inputs, layers.Dense(4), inner]),
        "functional": keras.Model(inputs, layers.Dense(3, "softmax")(inputs)),
    }


@pytest.mark.parametrize("which", ["teacher", "student"])
@pytest.mark.parametrize("kind", list(softmax_ended()))
def test_networks_that_end_in_softmax(kind, which):
    networks = {"teacher": net(), "student": net()}
    networks[which] = softmax_ended()[kind]
    with Refused(f"`{which}` must end in logits", "ends in softmax"):
        MetaPseudoLabels(**networks)


class Hidden(keras.Model):
    """Softmax where no check of layers can see it."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.dense = keras.layers.Dense(3)

    def call(self, inputs):
        return keras.ops.softmax(self.dense(inputs))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_hidden_softmax_is_found_on_the_first_batch(policy):
    teacher = Hidden(dtype=policy)
    teacher(np.zeros((1, 4), "float32"))
    model = ready(teacher=teacher)
    with Refused("`teacher` must end in logits", "rows sum to 1"):
        methods.fit(model, methods.batches(1))


def test_softmax_inside_a_network_is_allowed():
    inputs = keras.Input((4,))
    gate = keras.layers.Dense(4, activation="softmax")(inputs)
    Supervised(keras.Model(inputs, keras.layers.Dense(3)(inputs * gate)))


@pytest.mark.parametrize("which", ["teacher", "student"])
def test_networks_without_anything_to_train(which):
    networks = {"teacher": net(), "student": net()}
    networks[which].trainable = False
    with Refused(f"`{which}` must have trainable weights", "is frozen"):
        MetaPseudoLabels(**networks)


def test_networks_that_share_weights():
    network = net()
    with Refused("must be separate models", "that share weights"):
        MetaPseudoLabels(network, network)
    inputs = keras.Input((4,))
    shared = keras.Sequential(
        [inputs, network.layers[0], keras.layers.Dense(3)]
    )
    with Refused("must be separate models", "that share weights"):
        MetaPseudoLabels(network, shared)


def test_networks_of_different_precision():
    with Refused("must both be float64", "float64 and float32"):
        MetaPseudoLabels(net(dtype="float64"), net())


def test_student_that_can_not_be_averaged():
    class NoConfig(keras.Model):
        def __init__(self, width):
            super().__init__()
            self.dense = keras.layers.Dense(width)

        def call(self, inputs):
            return self.dense(inputs)

    student = NoConfig(3)
    student(np.zeros((1, 4), "float32"))
    with pytest.raises(ValueError, match="or `ema_decay` must be 0"):
        Supervised(student)
    Supervised(student, ema_decay=0.0)


# Settings.


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"feedback": "argmax"}, "`feedback` must be one of .*'soft'"),
        (
            {"feedback": "hard_batch", "feedback_centering": True},
            "be False with feedback='hard_batch', which has no number",
        ),
        ({"feedback_centering": "yes"}, "must be one of"),
        ({"feedback_scale": "unit"}, r"one of \['cosine', 'exact'\]"),
        (
            {"feedback": "finite_difference", "feedback_scale": "cosine"},
            r"one of \['exact'\] with feedback='finite_difference'",
        ),
        ({"feedback_weight": -1.0}, "0 or more"),
        ({"feedback_weight": float("nan")}, "0 or more"),
        ({"consistency_weight": -0.5}, "0 or more"),
        ({"consistency_weight": abs}, "must be a number"),
        ({"student_labeled_weight": -0.5}, "0 or more"),
        ({"student_labeled_weight": "1"}, "must be a number"),
        ({"consistency_ramp_steps": -1}, "0 or more"),
        ({"temperature": 0.0}, "positive"),
        ({"temperature": -1.0}, "positive"),
        ({"pseudo_label_temperature": 0.0}, "positive"),
        ({"confidence_threshold": 1.5}, r"in \[0, 1\]"),
        ({"confidence_threshold": -0.1}, r"in \[0, 1\]"),
        ({"confidence_threshold": float("nan")}, r"in \[0, 1\]"),
        ({"cosine_floor": -1.0}, "0 or more"),
        ({"label_smoothing": 1.0}, r"in \[0, 1\)"),
        ({"label_smoothing": -0.1}, r"in \[0, 1\)"),
        ({"ema_decay": 1.0}, r"in \[0, 1\)"),
        ({"ema_decay": float("nan")}, r"in \[0, 1\)"),
        ({"weight_decay": -1e-4}, "0 or more"),
        ({"clip_norm": 0.0}, "positive, or None"),
        ({"clip_norm": -1.0}, "positive, or None"),
        ({"clip_norm": float("nan")}, "positive, or None"),
    ],
)
def test_settings_out_of_range(settings, expected):
    name, value = list(settings.items())[-1]
    received = re.escape(f"{name}={value!r}")
    with Refused(f"`{name}` must be ", expected, received):
        MetaPseudoLabels(net(), net(), **settings)


# Optimizers.


def exact(feedback="soft"):
    return MetaPseudoLabels(
        net(seed=1), net(seed=2), feedback=feedback, feedback_scale="exact"
    )


@pytest.mark.parametrize(
    "feedback", ["soft", "hard", "hard_expected", "hard_batch"]
)
def test_exact_feedback_needs_plain_sgd(feedback):
    with Refused("`student_optimizer`", "Adam, whose step is not linear"):
        exact(feedback).compile(student_optimizer="adam")


@pytest.mark.parametrize(
    ("settings", "received"),
    [
        ({"clipnorm": 1.0}, "its own clipnorm"),
        ({"clipvalue": 1.0}, "its own clipvalue"),
        ({"global_clipnorm": 1.0}, "its own global_clipnorm"),
        ({"gradient_accumulation_steps": 2}, "gradient accumulation"),
    ],
)
def test_exact_feedback_refuses_what_changes_the_step(settings, received):
    optimizer = keras.optimizers.SGD(0.1, **settings)
    scaled = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1, **settings)
    )
    for given in (optimizer, scaled):
        with Refused("must have keras.optimizers.SGD", f"SGD .*{received}"):
            exact().compile(student_optimizer=given)


def test_exact_feedback_takes_sgd_and_the_ablation_takes_any():
    nesterov = keras.optimizers.SGD(0.1, 0.9, nesterov=True, weight_decay=0.1)
    exact().compile(student_optimizer=nesterov, teacher_optimizer="adam")
    exact("none").compile(student_optimizer="adam")


@pytest.mark.parametrize("which", ["student", "teacher"])
def test_optimizers_that_average_by_themselves(which):
    optimizer = keras.optimizers.SGD(0.1, use_ema=True)
    with Refused(
        f"`{which}_optimizer` must not set `use_ema`", "=SGD with use_ema=True"
    ):
        methods.build("soft").compile(**{f"{which}_optimizer": optimizer})


def test_one_optimizer_for_both_networks():
    optimizer = keras.optimizers.SGD(0.1)
    with Refused("must be two optimizers", "one object for both"):
        methods.build("soft").compile(
            student_optimizer=optimizer, teacher_optimizer=optimizer
        )


def test_supervised_has_no_teacher_to_optimize():
    with Refused(r"\['student_optimizer'\]", "Received: .*teacher_optimizer"):
        methods.build("supervised").compile(teacher_optimizer="sgd")


def test_steps_per_execution_below_one():
    with Refused("must be 1 or more", "steps_per_execution=0"):
        methods.build("soft").compile(steps_per_execution=0)


def test_epochs_of_broken_executions():
    model = methods.compiled(methods.build("soft"), steps_per_execution=4)
    with Refused("must be a multiple of", "=6, steps_per_execution=4"):
        methods.fit(model, methods.batches(1).repeat(), steps_per_epoch=6)


# Data.


INPUTS = np.zeros((6, 4), "float32")
LABELS = np.zeros(6, "int32")


@pytest.mark.parametrize("method", ["supervised", "soft"])
def test_plain_arrays(method):
    model = ready(method)
    with Refused("one data set of paired batches", "Received: `x` and `y`"):
        model.fit(INPUTS, LABELS)
    with Refused("one data set of paired batches", r"float32\(6, 4\)"):
        model.fit(INPUTS)
    with Refused("one data set of paired batches", "Received: no data"):
        model.fit()


@pytest.mark.parametrize("method", ["supervised", "soft"])
def test_plain_dataset(method):
    data = tf.data.Dataset.from_tensors((INPUTS, LABELS))
    with Refused(
        r"`keras_mpl.Batch` or \(\(inputs, labels\), \(weak, strong\)\)",
        r"Received: \(float32\(6, 4\), int32\(6,\)\)",
    ):
        methods.fit(ready(method), data)


def test_one_batch_in_the_place_of_a_dataset():
    with Refused("one data set of paired batches", r"float32\(8, 4\)"):
        methods.fit(ready(), helpers.fake_batch())


def changed(**parts):
    """A batch of which some parts are replaced."""
    return helpers.repeated(helpers.fake_batch()._replace(**parts), 1)


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 0, 0], [0, -1, 2, 0, 0, 0]])
def test_labels_out_of_range_in_the_first_batch(labels):
    received = f"labels from {min(labels)} to {max(labels)}"
    with Refused("`labels` must be from 0 to 2", received):
        methods.fit(ready(), changed(labels=tf.constant(labels)))


@pytest.mark.parametrize("eagerly", [True, False], ids=["eager", "graph"])
@pytest.mark.parametrize("method", ["supervised", "soft"])
def test_labels_out_of_range_in_a_later_batch(method, eagerly):
    later = changed(labels=tf.constant([0, 1, 7, -2, 0, 0]))
    data = methods.batches(1).concatenate(later)
    model = methods.compiled(methods.build(method), run_eagerly=eagerly)
    with Refused("`labels` must be from 0 to 2", "labels from -2 to 7"):
        methods.fit(model, data)


@pytest.mark.parametrize(
    ("labels", "received"),
    [
        (np.zeros(6, bool), r"bool of shape \(6,\)"),
        (np.zeros((6, 1, 1), "float32"), r"float32 of shape \(6, 1, 1\)"),
        (np.zeros((6, 4), "float32"), r"float32 of shape \(6, 4\)"),
        (np.zeros((6, 2), "int32"), r"int32 of shape \(6, 2\)"),
    ],
)
def test_labels_of_another_form(labels, received):
    with Refused(r"integer class ids .* of shape \(batch, 3\)", received):
        methods.fit(ready(), changed(labels=labels))


@pytest.mark.parametrize(
    ("labels", "received"),
    [
        (np.full((6, 3), 2.0), "sums from 6.0 to 6.0"),
        (np.full((6, 3), np.nan), "values from nan"),
        (np.tile([2.0, -1.0, 0.0], (6, 1)), "values from -1.0 to 2.0"),
    ],
)
def test_labels_that_are_no_probabilities(labels, received):
    with Refused("must be probabilities", received):
        methods.fit(ready(), changed(labels=labels))


@pytest.mark.parametrize(
    ("parts", "received"),
    [
        ({"labeled_inputs": np.zeros((6, 5), "float32")}, r"float32\(5,\)"),
        ({"strong_inputs": np.zeros((8, 4, 1), "float32")}, r"\(4, 1\)"),
        ({"weak_inputs": np.zeros((8, 4), "int32")}, r"int32\(4,\)"),
        ({"weak_inputs": {"a": np.zeros((8, 4), "float32")}}, "'a'"),
    ],
)
def test_views_that_differ(parts, received):
    with Refused("must be alike but for the batch size", received):
        methods.fit(ready(), changed(**parts))


@pytest.mark.parametrize(
    ("parts", "names", "received"),
    [
        ({"labels": LABELS[:5]}, "`labeled_inputs` and `labels`", "5 and 6"),
        (
            {"strong_inputs": np.zeros((7, 4), "float32")},
            "`weak_inputs` and `strong_inputs`",
            "7 and 8",
        ),
    ],
)
def test_rows_that_do_not_belong_together(parts, names, received):
    with Refused(f"{names} must have equally many rows", received):
        methods.fit(ready(), changed(**parts))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "name", ["labeled_inputs", "weak_inputs", "strong_inputs"]
)
def test_inputs_that_are_not_finite(name, bad):
    values = getattr(helpers.fake_batch(), name).numpy()
    values[1, 2] = bad
    received = f"1 of {values.size} values"
    with Refused(f"`{name}` must be finite", received):
        methods.fit(ready(), changed(**{name: values}))


def test_empty_data():
    with Refused("at least one batch", "an empty data set"):
        methods.fit(ready(), methods.batches(1).take(0))
    empty = tf.nest.map_structure(lambda part: part[:0], helpers.fake_batch())
    with Refused("at least one batch", "an empty data set"):
        methods.fit(ready(), helpers.repeated(empty, 1))


@pytest.mark.parametrize("eagerly", [True, False], ids=["eager", "graph"])
def test_validation_labels_out_of_range(eagerly):
    model = methods.compiled(methods.build("soft"), run_eagerly=eagerly)
    with Refused("`labels` must be from 0 to 2", "labels from 0 to 3"):
        model.evaluate(INPUTS, np.array([0, 1, 2, 3, 0, 0]), verbose=0)


def test_validation_without_labels():
    model = methods.compiled(methods.build("soft"), run_eagerly=True)
    with Refused(r"must be \(inputs, labels\)", r"Received: float32\(6, 4\)"):
        model.evaluate(INPUTS, verbose=0)


def test_what_needs_compile_says_so():
    model = methods.build("soft")
    for call in (
        lambda: methods.fit(model, methods.batches(1)),
        lambda: model.evaluate(INPUTS, LABELS),
    ):
        with pytest.raises(ValueError, match="must call `compile\\(\\)`"):
            call()
    assert model.predict(INPUTS, verbose=0).shape == (6, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 4),
        ("class_weight", {0: 1.0}),
        ("sample_weight", [1.0]),
        ("sample_weight", np.ones(12)),
        ("validation_split", 0.1),
    ],
)
def test_arguments_of_fit_that_mean_nothing_here(name, value):
    model = methods.compiled(methods.build("soft"))
    with Refused(rf"`{name}` must not be given to `fit`.*Received: {name}="):
        methods.fit(model, methods.batches(1), **{name: value})


def test_validation_data_are_looked_at_before_training():
    model = methods.compiled(methods.build("soft"))
    batch = helpers.fake_batch()
    inputs, labels = batch.labeled_inputs, batch.labels
    for data, pattern in (
        (
            (inputs[:, :3], labels),
            r"inputs of the shapes.*Received: \[\(3,\)\]",
        ),
        ((inputs, labels + 3), r"be from 0 to 2, .*Received: labels from 3"),
    ):
        with Refused(pattern):
            methods.fit(model, methods.batches(1), validation_data=data)
        assert int(model.step.value) == 0


def test_an_iterator_is_one_epoch():
    model = methods.compiled(methods.build("soft"))
    batches = iter(list(methods.batches(4)))
    with Refused("`steps_per_epoch` must be given with an iterator"):
        methods.fit(model, batches, epochs=2)
    methods.fit(model, batches, epochs=2, steps_per_epoch=2)
    assert int(model.step.value) == 4
    with Refused("an iterator that is empty"):
        methods.fit(model, batches)


@pytest.mark.parametrize(
    "name", ["ema_decay", "temperature", "feedback_weight", "clip_norm"]
)
def test_a_setting_that_is_no_number(name):
    with Refused(f"`{name}` must be a number.*Received: {name}='1'"):
        methods.build("soft", **{name: "1"})


def test_a_function_is_no_schedule():
    with Refused("`feedback_weight` must be a number or a `LearningRateSch"):
        methods.build("soft", feedback_weight=lambda step: step)


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_one_output_is_no_classifier(activation):
    def net():
        return keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(1, activation)]
        )

    with Refused("2 classes or more. Received"):
        MetaPseudoLabels(net(), net())


def test_a_sigmoid_is_no_logit():
    net = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "sigmoid")]
    )
    with Refused("must end in logits.*Received.*sigmoid"):
        Supervised(net)


def test_an_optimizer_of_another_model():
    used = keras.optimizers.SGD(0.1)
    Supervised(helpers.tiny_net()).compile(student_optimizer=used)
    other = Supervised(helpers.tiny_net())
    with Refused("must be a new optimizer.*Received.*built for another"):
        other.compile(student_optimizer=used)


def test_a_difference_of_losses_takes_any_optimizer():
    model = methods.build("finite_difference")
    model.compile(
        student_optimizer="adam", teacher_optimizer="sgd", metrics="accuracy"
    )
    history = methods.fit(model, methods.batches(2))
    assert np.isfinite(history["feedback"][0])
