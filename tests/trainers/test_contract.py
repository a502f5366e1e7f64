"""The properties that every training method has; see `methods.METHODS`."""

import functools
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.batch import Batch
from keras_mpl.seeds import Site
from keras_mpl.trainers import forward
from tests import helpers
from tests.marks import slow_but
from tests.trainers import methods
from tests.trainers.methods import METHODS

STEPS, EPOCHS = 5, 2
EAGER = {"run_eagerly": True}

OF_KERAS = {"loss", "skipped_steps"}
OF_EVERY_KIND = OF_KERAS | {
    "accuracy",
    "student_loss",
    "labeled_loss",
    "consistency_loss",
    "meta_loss",
    "teacher_loss",
    "student_gradient_norm",
    "teacher_gradient_norm",
    "mask_ratio",
    "pseudo_label_entropy",
    "teacher_accuracy",
    "student_learning_rate",
    "teacher_learning_rate",
}
OF_THE_STUDENT = OF_KERAS | {
    "accuracy",
    "student_loss",
    "student_accuracy",
    "student_gradient_norm",
    "student_learning_rate",
}
WITH_CONSISTENCY = OF_THE_STUDENT | {"labeled_loss", "consistency_loss"}
BESIDE_LABELS = {"feedback", "labeled_gradient_norm", "student_labeled_loss"}
LOGGED = {
    "supervised": OF_THE_STUDENT,
    "pseudo_label": OF_THE_STUDENT - {"student_accuracy", "accuracy"}
    | {"mask_ratio"},
    "uda": WITH_CONSISTENCY | {"mask_ratio"},
    "fixmatch": WITH_CONSISTENCY | {"mask_ratio"},
    "mean_teacher": WITH_CONSISTENCY,
    "toy": OF_THE_STUDENT | {"entropy"},
    "noisy_student": OF_THE_STUDENT
    | {"labeled_loss", "unlabeled_loss", "mask_ratio"},
    "none": OF_EVERY_KIND,
    "finite_difference": OF_EVERY_KIND | {"feedback"},
    **{
        kind: OF_EVERY_KIND | {"feedback", "labeled_gradient_norm"}
        for kind in ("soft", "hard", "hard_expected", "hard_batch", "clipped")
    },
    "aligned": WITH_CONSISTENCY | {"mask_ratio"},
    "beside_labels": OF_EVERY_KIND | BESIDE_LABELS,
    "aligned_mpl": OF_EVERY_KIND | BESIDE_LABELS | {"pseudo_label_weight"},
}


def with_norm(method, **options):
    """BatchNorm in both networks, every part of the loss switched on."""
    return methods.build(
        method,
        helpers.tiny_net(norm=True, seed=1),
        helpers.tiny_net(norm=True, seed=5),
        **{
            "consistency_weight": 1.0,
            "ema_decay": 0.9,
            "label_smoothing": 0.1,
            "weight_decay": 1e-3,
            "clip_norm": 1.0,
            **options,
        },
    )


def validation():
    batch = helpers.fake_batch(labeled=7, seed=99)
    return np.asarray(batch.labeled_inputs), np.asarray(batch.labels)


class Run:
    """Ten steps of one method, with what was seen on the way."""

    def __init__(self, method):
        keras.utils.set_random_seed(0)
        model = methods.compiled(with_norm(method), metrics=["accuracy"])
        self.model, self.traced, step = model, 0, model.train_step

        def counted(data):
            self.traced += 1
            return step(data)

        model.train_step = counted
        self.before = {
            name: [np.copy(w.value) for w in network.weights]
            for name, network in self.networks.items()
        }
        self.history = methods.fit(
            model,
            methods.batches(STEPS),
            epochs=EPOCHS,
            validation_data=validation(),
        )
        self.after = methods.weights(model)

    @property
    def networks(self):
        return {**self.model.networks, "ema_student": self.model.ema_student}

    @property
    def moved(self):
        """The networks that should move."""
        average = {"ema_student": self.model.ema_student}
        return {**self.model.trained_networks, **average}


reference = functools.cache(Run)


@pytest.fixture(params=METHODS)
def run(request):
    return reference(request.param)


@pytest.mark.parametrize("method", METHODS)
def test_logs_are_finite_and_named_as_promised(method):
    history = reference(method).history
    trained = {n: v for n, v in history.items() if not n.startswith("val_")}
    assert set(trained) == LOGGED[method]
    assert np.isfinite(list(trained.values())).all()
    assert trained["student_learning_rate"] == pytest.approx([0.2, 0.2])
    assert trained["loss"] == trained["student_loss"]
    assert trained["skipped_steps"] == [0.0, 0.0]
    of_labels = {"student_accuracy", "teacher_accuracy"} & set(trained)
    assert [trained[name] for name in of_labels] == (
        [trained["accuracy"]] if "accuracy" in trained else []
    )


def test_validation_is_of_average_student_and_teacher(run):
    names = {n for n in run.history if n.startswith("val_")}
    expected = {"val_loss", "val_accuracy", "val_student_accuracy"}
    if "teacher" in run.networks:
        expected.add("val_teacher_accuracy")
    assert names == expected


def test_validation_agrees_with_numpy(run):
    inputs, labels = validation()
    for name, network in run.networks.items():
        prefix = "" if name == "ema_student" else f"{name}_"
        logits = np.asarray(network(inputs, training=False))
        accuracy = np.mean(logits.argmax(-1) == labels)
        found = run.history[f"val_{prefix}accuracy"][-1]
        np.testing.assert_allclose(found, accuracy, rtol=1e-6)
    logits = np.asarray(run.model.ema_student(inputs, training=False))
    per_example = helpers.one_hot(labels) * helpers.log_softmax(logits)
    loss = -per_example.sum(-1).mean()
    np.testing.assert_allclose(run.history["val_loss"][-1], loss, rtol=1e-5)


def test_every_weight_of_every_trained_network_moves(run):
    for name, network in run.moved.items():
        for weight, old in zip(network.weights, run.before[name], strict=True):
            assert not np.array_equal(weight.value, old), (name, weight.path)


@pytest.mark.parametrize("method", ["pseudo_label", "noisy_student"])
def test_a_fixed_teacher_stays_to_the_last_bit(method):
    run = reference(method)
    assert set(run.networks) - set(run.moved) == {"teacher"}
    found = methods.weights(run.model.teacher)
    methods.assert_same(found, run.before["teacher"])


def test_step_is_traced_once(run):
    assert run.traced == 1
    assert int(run.model.step.value) == STEPS * EPOCHS


def test_predict_and_evaluate_use_the_average(run):
    inputs, labels = validation()
    expected = run.model.ema_student(inputs, training=False)
    found = run.model.predict(inputs, batch_size=3, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    student = np.asarray(run.model.student(inputs, training=False))
    assert np.abs(found - student).max() > 1e-3
    data = tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(3)
    measured = run.model.evaluate(data, verbose=0, return_dict=True)
    for name, value in measured.items():
        np.testing.assert_allclose(
            value, run.history[f"val_{name}"][-1], rtol=1e-5
        )


QUICK_IN_XLA = ("supervised", "toy", "soft")


# The sampled kinds draw with Philox, whose integers XLA computes alike; no
# draw of these lies within rounding of a boundary between two classes.
@pytest.mark.parametrize(
    "method",
    slow_but(QUICK_IN_XLA, METHODS),
)
def test_xla_changes_nothing(method):
    found = []
    for how in ({"jit_compile": True}, EAGER):
        model = methods.build(method, clip_norm=1.0, weight_decay=1e-3)
        methods.compiled(model, **how)
        methods.fit(model, methods.batches(5))
        found.append(methods.weights(model))
    methods.assert_same(*found, atol=1e-5)


@pytest.mark.parametrize("method", ["supervised", "soft", "hard_batch"])
def test_several_steps_per_execution_change_nothing(method):
    model = methods.compiled(with_norm(method), steps_per_execution=STEPS)
    methods.fit(model, methods.batches(STEPS), epochs=EPOCHS)
    methods.assert_same(
        methods.weights(model), reference(method).after, atol=1e-6
    )


def bad_labels(batch):
    return batch._replace(labels=batch.labels + 7)


def other_width(batch):
    return batch._replace(strong_inputs=batch.strong_inputs[:, :2])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (bad_labels, "`labels` must be from 0 to 2"),
        (other_width, "must be alike but for the batch size"),
        (lambda batch: (batch.labeled_inputs, batch.labels), "`fit` must be"),
    ],
    ids=["labels", "shape", "form"],
)
def test_a_bad_batch_raises_before_anything_is_learned(method, change, words):
    model = methods.compiled(methods.build(method), **EAGER)
    before = helpers.state(model)
    with pytest.raises(ValueError, match=words) as caught:
        methods.fit(model, methods.batches(2).map(change))
    assert "Received: " in str(caught.value)
    methods.assert_same(helpers.state(model), before)


def test_the_toy_method_is_one_class_of_fewer_than_40_lines():
    """So much is a method of one's own; METHODS has it in every test here."""
    assert "toy" in METHODS
    source = inspect.getsource(methods.CLASSES["toy"])
    assert source.count("class ") == 1
    assert len(source.splitlines()) < 40


def as_tuples(batch):
    return (
        (batch.labeled_inputs, batch.labels),
        (batch.weak_inputs, batch.strong_inputs),
    )


def zipped(batches):
    labeled = batches.map(lambda batch: as_tuples(batch)[0])
    unlabeled = batches.map(lambda batch: as_tuples(batch)[1])
    return tf.data.Dataset.zip((labeled, unlabeled))


def python_zip(batches):
    labeled = batches.map(lambda batch: as_tuples(batch)[0])
    unlabeled = batches.map(lambda batch: as_tuples(batch)[1])
    return zip(labeled, unlabeled, strict=True)


def with_labels(encode):
    return lambda batches: batches.map(
        lambda batch: batch._replace(labels=encode(batch.labels))
    )


FORMS = {
    "tuples": lambda batches: batches.map(as_tuples),
    "zip": zipped,
    "python_zip": python_zip,
    "one_hot": with_labels(lambda labels: tf.one_hot(labels, 3)),
    "integer_one_hot": with_labels(
        lambda labels: tf.one_hot(labels, 3, dtype="int32")
    ),
    "column_of_labels": with_labels(lambda labels: labels[:, None]),
    "float_labels": with_labels(lambda labels: tf.cast(labels, "float32")),
    "float_column": with_labels(
        lambda labels: tf.cast(labels, "float64")[:, None]
    ),
    "uint8_labels": with_labels(lambda labels: tf.cast(labels, "uint8")),
}


@functools.cache
def two_steps(form, method):
    model = methods.compiled(with_norm(method), **EAGER)
    data = methods.batches(2)
    made = FORMS[form](data) if form else data
    methods.fit(model, made, steps_per_epoch=2)
    return methods.weights(model)


@pytest.mark.parametrize("method", ["supervised", "soft"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_data_gives_the_same_weights(form, method):
    methods.assert_same(two_steps(form, method), two_steps(None, method))


def test_supervised_does_not_look_at_unlabelled_inputs():
    model = methods.compiled(with_norm("supervised"), **EAGER)
    methods.fit(
        model,
        methods.batches(2).map(
            lambda b: b._replace(
                weak_inputs=b.weak_inputs * 0, strong_inputs=b.weak_inputs * 0
            )
        ),
    )
    methods.assert_same(methods.weights(model), two_steps(None, "supervised"))


def two_input_net(seed):
    inputs = {side: keras.Input((2,), name=side) for side in ("left", "right")}
    joined = keras.layers.Concatenate()([inputs["left"], inputs["right"]])
    return keras.Model(inputs, helpers.tiny_net(seed=seed)(joined))


@pytest.mark.parametrize("method", METHODS)
def test_nested_inputs_give_the_weights_of_plain_ones(method):
    def split(inputs):
        return {"left": inputs[:, :2], "right": inputs[:, 2:]}

    nested = methods.batches(2).map(
        lambda b: b._replace(
            labeled_inputs=split(b.labeled_inputs),
            weak_inputs=split(b.weak_inputs),
            strong_inputs=split(b.strong_inputs),
        )
    )
    plain = methods.compiled(methods.build(method), **EAGER)
    methods.fit(plain, methods.batches(2))
    model = methods.build(method, two_input_net(1), two_input_net(5))
    methods.fit(methods.compiled(model, **EAGER), nested)
    methods.assert_same(methods.weights(model), methods.weights(plain), 1e-6)


@keras.saving.register_keras_serializable(package="tests")
class Subclassed(keras.Model):
    def __init__(self, seed=0, **arguments):
        super().__init__(**arguments)
        self.seed = seed
        init = keras.initializers.GlorotUniform
        self.hidden = keras.layers.Dense(
            3, activation="tanh", kernel_initializer=init(seed)
        )
        # Tracked last, and softmax, but not what the model ends in.
        self.logits = keras.layers.Dense(3, kernel_initializer=init(seed + 1))
        self.gate = keras.layers.Dense(3, activation="softmax")

    def call(self, inputs):
        hidden = self.hidden(inputs)
        return self.logits(hidden * self.gate(hidden))

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


def subclassed(seed):
    network = Subclassed(seed)
    network(np.zeros((1, helpers.FEATURES), "float32"))
    return network


@pytest.mark.parametrize("method", METHODS)
def test_subclassed_models_learn(method):
    model = methods.build(method, subclassed(1), subclassed(5), ema_decay=0.9)
    before = methods.weights(model)
    history = methods.fit(methods.compiled(model, **EAGER), methods.batches(2))
    assert np.isfinite(history["student_loss"]).all()
    for name, network in model.trained_networks.items():
        for weight in network.trainable_weights:
            at = [w is weight for w in model.weights].index(True)
            assert not np.array_equal(weight.value, before[at]), name


@pytest.mark.parametrize("network", ["student", "teacher"])
def test_regularisers_of_a_users_model_add_their_gradient(network):
    moved = []
    for strength in (0.0, 0.25):
        nets = {"teacher": helpers.tiny_net(seed=1)}
        nets["student"] = helpers.tiny_net(seed=5)
        layer = nets[network].layers[0]
        layer.kernel_regularizer = keras.regularizers.L2(strength)
        layer.kernel.regularizer = layer.kernel_regularizer
        old = np.copy(layer.kernel.value)
        model = methods.build("none", **nets)
        methods.compiled(model, lr=0.2, momentum=0.0, **EAGER)
        methods.fit(model, methods.batches(1))
        moved.append(np.asarray(layer.kernel.value))
    expected = -0.2 * 2 * 0.25 * old
    np.testing.assert_allclose(moved[1] - moved[0], expected, atol=1e-6)


@pytest.mark.parametrize("method", ["supervised", "mean_teacher", "soft"])
@pytest.mark.parametrize("network", ["student", "teacher"])
def test_regularisers_of_activities_add_their_gradient(method, network):
    """Of the examples of the pass that the network learns in.

    Keras takes their mean since 3.14, and took their sum before.
    """
    moved, rate, strength = [], 0.2, 0.25
    for factor in (0.0, strength):
        nets = {"teacher": helpers.tiny_net(seed=1)}
        nets["student"] = helpers.tiny_net(seed=5)
        last = nets[network].layers[-1]
        if factor:
            last.activity_regularizer = keras.regularizers.L2(factor)
        model = methods.build(method, **nets, feedback="none")
        if network not in model.trained_networks:
            pytest.skip("it has no teacher to train")
        methods.compiled(model, lr=rate, momentum=0.0, **EAGER)
        batch = helpers.fake_batch()
        old = helpers.flat(last.trainable_variables)
        methods.fit(model, helpers.repeated(batch, 1))
        moved.append(helpers.flat(last.trainable_variables) - old)
    seen = {
        "supervised": [batch.labeled_inputs],
        "mean_teacher": [batch.labeled_inputs, batch.strong_inputs],
        "soft": [batch.strong_inputs]
        if network == "student"
        else [batch.labeled_inputs, batch.weak_inputs, batch.strong_inputs],
    }[method]
    fresh = helpers.tiny_net(seed=5 if network == "student" else 1)
    version = tuple(map(int, keras.__version__.split(".")[:2]))
    with tf.GradientTape() as tape:
        outputs = fresh(tf.concat(seen, axis=0))
        share = 1 if version < (3, 14) else outputs.shape[0]
        penalty = strength * tf.reduce_sum(outputs**2) / share
    weights = fresh.layers[-1].trainable_variables
    gradient = tape.gradient(penalty, [weight.value for weight in weights])
    expected = -rate * np.concatenate([np.ravel(part) for part in gradient])
    np.testing.assert_allclose(moved[1] - moved[0], expected, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_frozen_layers_stay(method):
    nets = [helpers.tiny_net(norm=True, seed=seed) for seed in (1, 5)]
    for net in nets:
        net.layers[0].trainable = net.layers[1].trainable = False
    model = methods.build(method, *nets, ema_decay=0.9, weight_decay=0.1)
    before = [[np.copy(w.value) for w in net.weights] for net in nets]
    methods.fit(methods.compiled(model, **EAGER), methods.batches(2))
    trained = nets if "teacher" in model.trained_networks else nets[1:]
    for net, old in zip(nets, before, strict=True):
        now = [np.copy(w.value) for w in net.weights]
        methods.assert_same(now[:6], old[:6])  # Dense, BatchNorm, statistics
        assert methods.differ(now[6:], old[6:]) == (net in trained)


def dropout_weights(method, seed):
    keras.utils.set_random_seed(seed + 5)  # must not matter
    nets = [helpers.tiny_net(dropout=0.5, seed=s) for s in (1, 5)]
    model = methods.build(method, *nets, seed=seed)
    methods.fit(methods.compiled(model, **EAGER), methods.batches(2))
    return methods.weights(model)


@pytest.mark.parametrize("method", ["supervised", "soft", "hard"])
def test_weights_follow_from_the_seed(method):
    first = dropout_weights(method, 1)
    methods.assert_same(dropout_weights(method, 1), first)
    assert methods.differ(dropout_weights(method, 2), first)


def mask_net():
    """Gives its own dropout mask, times 2, for an input of ones."""
    return keras.Sequential(
        [
            keras.Input((16,)),
            keras.layers.Dropout(0.5, seed=3),
            keras.layers.Dense(16, kernel_initializer="identity"),
        ]
    )


def test_dropout_differs_between_steps_networks_and_passes():
    model = methods.build("soft", mask_net(), mask_net(), ema_decay=0.0)

    def mask(network, site):
        ones = np.ones((8, 16), "float32")
        return forward(network, ones, model.key(site)).numpy()

    masks = [
        mask(model.student, Site.STUDENT),
        mask(model.teacher, Site.TEACHER),
        mask(model.student, Site.LABELED),
    ]
    np.testing.assert_array_equal(masks[0], mask(model.student, Site.STUDENT))
    model.step.assign(1)
    masks.append(mask(model.student, Site.STUDENT))
    assert {0.0, 2.0} == set(np.unique(masks))
    assert len({m.tobytes() for m in masks}) == len(masks)


class PerStep(keras.callbacks.Callback):
    """Collects the scalars of single steps, not their mean so far."""

    def on_train_begin(self, logs=None):
        self.logs = []

    def on_train_batch_end(self, batch, logs=None):
        self.logs.append(dict(logs))
        self.model.reset_metrics()


def test_dropout_differs_between_the_steps_of_fit():
    nets = [helpers.tiny_net(dropout=0.5, seed=s) for s in (1, 5)]
    model = methods.compiled(methods.build("none", *nets), lr=0.0)
    seen = PerStep()
    batch = helpers.fake_batch()
    methods.fit(model, helpers.repeated(batch, 3), callbacks=[seen])
    assert len({logs["student_loss"] for logs in seen.logs}) == 3
    assert len({logs["labeled_loss"] for logs in seen.logs}) == 3


def test_callbacks_see_the_validation_accuracy(tmp_path):
    model = methods.compiled(
        methods.build("supervised"), lr=0.0, metrics=["accuracy"]
    )
    stop = keras.callbacks.EarlyStopping("val_accuracy", patience=1)
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras",
        "val_accuracy",
        save_best_only=True,
    )
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    data = tf.data.Dataset.from_tensors(validation())
    history = methods.fit(
        model,
        methods.batches(1).repeat(),
        steps_per_epoch=3,
        epochs=5,
        validation_data=data,
        callbacks=[stop, checkpoint, log],
    )
    assert len(history["val_accuracy"]) == 2  # nothing improves at rate 0
    assert int(model.step.value) == 6
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert len(lines) == 3
    assert "val_accuracy" in lines[0]
    loaded = keras.saving.load_model(tmp_path / "best.keras")
    assert int(loaded.step.value) == 3


def test_metrics_of_every_kind_are_measured_on_every_network():
    model = methods.compiled(
        methods.build("soft"),
        metrics=[
            "accuracy",
            keras.metrics.SparseTopKCategoricalAccuracy(2, name="top_2"),
            keras.metrics.sparse_categorical_accuracy,
        ],
        **EAGER,
    )
    found = model.evaluate(*validation(), verbose=0, return_dict=True)
    plain = {"accuracy", "top_2", "sparse_categorical_accuracy"}
    prefixes = ("", "student_", "teacher_")
    assert set(found) == {"loss"} | {p + n for p in prefixes for n in plain}
    for prefix in prefixes:
        accuracy = found[f"{prefix}accuracy"]
        assert found[f"{prefix}sparse_categorical_accuracy"] == accuracy
    logits = np.asarray(model.teacher(validation()[0]))
    top_2 = logits.argsort(-1)[:, 1:] == validation()[1][:, None]
    np.testing.assert_allclose(
        found["teacher_top_2"], top_2.any(-1).mean(), rtol=1e-6
    )


def test_sample_weights_weigh_the_validation():
    model = methods.compiled(
        methods.build("supervised"), metrics=["accuracy"], **EAGER
    )
    inputs, labels = validation()
    weights = np.arange(7.0, dtype="float32")
    found = model.evaluate(
        inputs, labels, sample_weight=weights, verbose=0, return_dict=True
    )
    hits = model.predict(inputs, verbose=0).argmax(-1) == labels
    expected = (hits * weights).sum() / weights.sum()
    np.testing.assert_allclose(found["accuracy"], expected, rtol=1e-6)


def test_a_second_compile_trains_with_its_optimizers():
    model = methods.compiled(methods.build("soft"), **EAGER)
    methods.fit(model, methods.batches(1))
    count = len(model.metrics)
    methods.compiled(model, lr=0.0, momentum=0.0, **EAGER)
    before = methods.weights(model.teacher)
    methods.fit(model, methods.batches(1))
    methods.assert_same(methods.weights(model.teacher), before)
    assert len(model.metrics) == count


@keras.saving.register_keras_serializable(package="tests")
class DictNet(keras.Model):
    """Subclassed, with a dict of inputs: nothing of it is functional."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.head = keras.layers.Dense(helpers.CLASSES)

    def call(self, inputs):
        sides = [inputs["left"], inputs["right"]]
        return self.head(keras.ops.concatenate(sides, axis=-1))


def test_subclassed_models_of_nested_inputs_train():
    def split(inputs):
        return {"left": inputs[:, :1], "right": inputs[:, 1:]}

    batches = methods.batches(2).map(
        lambda b: Batch(
            split(b[0]), b.labels, split(b.weak_inputs), split(b.strong_inputs)
        )
    )
    teacher, student = DictNet(), DictNet()
    for network in (teacher, student):
        network(next(iter(batches)).weak_inputs)
    model = methods.compiled(methods.build("soft", teacher, student), **EAGER)
    before = helpers.flat(student.trainable_variables)
    history = methods.fit(model, batches)
    assert np.isfinite(history["feedback"][0])
    assert np.any(helpers.flat(student.trainable_variables) != before)
