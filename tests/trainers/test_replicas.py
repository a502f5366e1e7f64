"""Two replicas do what one does, on a batch that is dealt out in order."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import data
from keras_mpl import losses
from keras_mpl import models
from keras_mpl import trainers
from keras_mpl.batch import weighted
from keras_mpl.seeds import Site
from keras_mpl.trainers import forward
from keras_mpl.trainers.engine.distribution import shard
from tests import helpers
from tests.marks import slow_but
from tests.trainers import methods
from tests.trainers.methods import METHODS

pytestmark = pytest.mark.distributed

SETTINGS = {
    "clip_norm": 0.2,
    "weight_decay": 0.01,
    "label_smoothing": 0.1,
    "consistency_weight": 1.0,
    "ema_decay": 0.9,
}


@functools.cache
def strategy():
    """One for all tests: two with default collectives can clash."""
    return tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"],
        cross_device_ops=tf.distribute.ReductionToOneDevice(),
    )


def norm_net(seed):
    init = keras.initializers.GlorotUniform
    return keras.Sequential(
        [
            keras.Input((helpers.FEATURES,)),
            keras.layers.Dense(3, kernel_initializer=init(seed)),
            models.BatchNorm(),
            keras.layers.Activation("tanh"),
            keras.layers.Dense(3, kernel_initializer=init(seed + 1)),
        ]
    )


def model_on(where, method, net=None, **compiled):
    with where.scope():
        make = net or (lambda seed: helpers.tiny_net(seed=seed))
        model = methods.build(method, make(1), make(5), **SETTINGS)
        return methods.compiled(model, metrics=["accuracy"], **compiled)


def batches(count):
    """Replicas with gradients far apart: their halves differ in scale."""

    def uneven(part):
        return part * tf.linspace(0.2, 2.0, part.shape[0])[:, None]

    return methods.batches(count).map(
        lambda b: b._replace(
            labeled_inputs=uneven(b.labeled_inputs),
            weak_inputs=uneven(b.weak_inputs),
            strong_inputs=uneven(b.strong_inputs),
        )
    )


@pytest.fixture
def draws_do_not_matter(monkeypatch):
    """Draws differ by replica; here every uniform is one half."""
    sampled = losses.sampled_one_hot
    monkeypatch.setattr(
        losses,
        "sampled_one_hot",
        lambda probs, draws: sampled(probs, 0.5 * tf.ones_like(draws)),
    )


QUICK = ("soft", "supervised", "uda")


@pytest.mark.usefixtures("draws_do_not_matter")
@pytest.mark.parametrize(
    "method",
    slow_but(QUICK, METHODS),
)
def test_two_replicas_equal_one(method):
    single = model_on(tf.distribute.get_strategy(), method)
    double = model_on(strategy(), method)
    start = methods.weights(single)
    logs = [methods.fit(m, batches(3)) for m in (single, double)]
    assert methods.differ(methods.weights(single), start)
    methods.assert_same(
        methods.weights(double), methods.weights(single), atol=1e-6
    )
    assert logs[0].keys() == logs[1].keys()
    for name, value in logs[0].items():
        np.testing.assert_allclose(
            logs[1][name], value, rtol=1e-5, atol=1e-6, err_msg=name
        )
    clipped = logs[0]["student_gradient_norm"][0]
    assert clipped > SETTINGS["clip_norm"], "the clip must have been active"


def with_weights(batch):
    weights = tf.linspace(0.0, 3.0, batch.labels.shape[0])
    return weighted(batch, weights)


@pytest.mark.parametrize(
    "method", ["uda", pytest.param("beside_labels", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("is_triple", slow_but((True,), (False, True)))
def test_weights_are_dealt_out_with_their_examples(method, is_triple):
    source = batches(3).map(with_weights)
    if is_triple:
        source = source.map(
            lambda b: (
                (b.labeled_inputs, b.labels, b.sample_weight),
                (b.weak_inputs, b.strong_inputs),
            )
        )
    single = model_on(tf.distribute.get_strategy(), method)
    double = model_on(strategy(), method)
    for model in (single, double):
        methods.fit(model, source)
    methods.assert_same(
        methods.weights(double), methods.weights(single), atol=1e-6
    )


def per_replica(value):
    return [np.asarray(v) for v in strategy().experimental_local_results(value)]


def test_synchronised_norms_equal_one_replica_and_stay_equal():
    single = model_on(tf.distribute.get_strategy(), "soft", norm_net)
    double = model_on(strategy(), "soft", norm_net)
    for model in (single, double):
        methods.fit(model, batches(3))
    methods.assert_same(
        methods.weights(double), methods.weights(single), atol=1e-3
    )
    statistics = [w for w in double.weights if "moving" in w.path]
    assert len(statistics) == 3 * 2
    for variable in statistics:
        first, second = per_replica(variable.value)
        np.testing.assert_array_equal(first, second)


FORMS = {
    "batch": lambda batch: batch,
    "tuples": lambda batch: ((batch[0], batch[1]), (batch[2], batch[3])),
    "nested": lambda batch: batch._replace(
        **{
            name: {"a": getattr(batch, name), "b": getattr(batch, name) + 1}
            for name in ("labeled_inputs", "weak_inputs", "strong_inputs")
        }
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_global_batch_is_dealt_out_in_order(form):
    given = methods.batches(2).map(lambda *b: FORMS[form](b[0]))
    dealt = shard(given, strategy())
    for got, batch in zip(dealt, methods.batches(2), strict=True):
        parts = tf.nest.flatten(FORMS[form](batch))
        for got_part, part in zip(tf.nest.flatten(got), parts, strict=True):
            found = np.concatenate(per_replica(got_part))
            np.testing.assert_array_equal(found, part)


@pytest.mark.slow
def test_a_step_of_tuples_equals_a_step_of_batches():
    found = []
    for form in ("batch", "tuples"):
        model = model_on(strategy(), "supervised")
        methods.fit(
            model, batches(1).map(lambda *b, form=form: FORMS[form](b[0]))
        )
        found.append(methods.weights(model))
    methods.assert_same(*found)


def test_paired_data_goes_on_from_the_step():
    batch = helpers.fake_batch(labeled=12, unlabeled=24)
    paired = data.pair(
        (np.asarray(batch[0]), np.asarray(batch[1])),
        (np.asarray(batch[2]), np.asarray(batch[3])),
        batch_size=4,
        unlabeled_ratio=2,
    )
    single = model_on(tf.distribute.get_strategy(), "supervised")
    double = model_on(strategy(), "supervised")
    for model in (single, double):
        for _ in range(2):
            methods.fit(model, paired, steps_per_epoch=2)
    methods.assert_same(
        methods.weights(double), methods.weights(single), atol=1e-6
    )


def test_every_epoch_sees_the_whole_finite_set():
    model = model_on(strategy(), "supervised")
    methods.fit(model, batches(2), epochs=3)
    assert int(keras.ops.convert_to_numpy(model.step)) == 6


@pytest.mark.parametrize(
    ("sizes", "received"),
    [({"labeled": 5}, "size=5"), ({"unlabeled": 7}, "size=7")],
)
def test_an_uneven_batch_is_refused(sizes, received):
    model = model_on(strategy(), "soft")
    with pytest.raises(ValueError, match=f"2 replicas divide.*{received}"):
        methods.fit(model, methods.batches(1, **sizes))


@pytest.mark.parametrize(
    "method", [pytest.param("soft", marks=pytest.mark.slow), "supervised"]
)
def test_several_steps_per_execution_change_nothing(method):
    one = model_on(strategy(), method)
    six = model_on(strategy(), method, steps_per_execution=6)
    logs = [methods.fit(model, batches(12)) for model in (one, six)]
    assert int(keras.ops.convert_to_numpy(six.step)) == 12
    methods.assert_same(methods.weights(six), methods.weights(one))
    assert logs[0] == logs[1]


@pytest.mark.slow
def test_the_end_of_data_of_unknown_length_ends_the_epoch():
    model = model_on(strategy(), "soft", steps_per_execution=2)
    endless = batches(4).filter(lambda *_: True)  # hides how many there are
    with pytest.warns(UserWarning, match="ran out of data"):  # Keras'
        methods.fit(model, endless)
    assert int(keras.ops.convert_to_numpy(model.step)) == 4


@pytest.mark.parametrize("steps_per_execution", [1, 5])
def test_evaluation_counts_examples_of_an_uneven_last_batch(
    steps_per_execution,
):
    model = model_on(
        strategy(), "soft", steps_per_execution=steps_per_execution
    )
    batch = helpers.fake_batch(labeled=7, seed=3)
    inputs, labels = np.asarray(batch[0]), np.asarray(batch[1])
    found = model.evaluate(
        inputs, labels, batch_size=4, verbose=0, return_dict=True
    )
    for prefix, network in {
        "": model.ema_student,
        "teacher_": model.teacher,
    }.items():
        logits = network(inputs).numpy()
        accuracy = np.mean(logits.argmax(-1) == labels)
        np.testing.assert_allclose(found[f"{prefix}accuracy"], accuracy, 1e-6)
    logits = model.ema_student(inputs).numpy()
    loss = -(helpers.one_hot(labels) * helpers.log_softmax(logits)).sum(-1)
    np.testing.assert_allclose(found["loss"], loss.mean(), rtol=1e-5)
    predicted = model.predict(inputs, batch_size=4, verbose=0)
    np.testing.assert_allclose(predicted, logits, rtol=1e-5, atol=1e-6)


def test_replicas_drop_out_different_units():
    with strategy().scope():
        network = keras.Sequential(
            [
                keras.Input((16,)),
                keras.layers.Dropout(0.5, seed=3),
                keras.layers.Dense(16, kernel_initializer="identity"),
            ]
        )
        model = methods.build("supervised", student=network)

    @tf.function
    def masks():
        ones = tf.ones((4, 16))
        return strategy().run(
            lambda: forward(network, ones, model.key(Site.STUDENT))
        )

    first, second = per_replica(masks())
    assert {0.0, 2.0} == set(np.unique([first, second]))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "method",
    [
        pytest.param("soft", marks=pytest.mark.slow),
        pytest.param("hard_batch", marks=pytest.mark.slow),
        "supervised",
    ],
)
def test_a_step_that_is_not_finite_on_one_replica_changes_none(method):
    model = model_on(strategy(), method, norm_net)
    spoiled = helpers.fake_batch(seed=7)
    values = spoiled.strong_inputs.numpy()
    values[-1, 0] = np.nan  # the second replica's
    labeled = spoiled.labeled_inputs.numpy()
    labeled[-1, 0] = np.nan
    spoiled = spoiled._replace(
        strong_inputs=tf.constant(values), labeled_inputs=tf.constant(labeled)
    )
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(state(model))
    )
    data = batches(2).concatenate(helpers.repeated(spoiled, 1))
    data = data.concatenate(batches(1))
    history = methods.fit(model, data, callbacks=[watch])
    methods.assert_same(seen[2], seen[1])
    assert methods.differ(seen[3], seen[2])
    assert history["skipped_steps"] == [1.0]
    assert np.isfinite(list(history.values())).all()
    assert int(keras.ops.convert_to_numpy(model.step)) == 4


def state(model):
    """Every replica's copy of what a skipped step must not change."""
    return [
        copy
        for variable in (*model.changed_by_a_step(), *model.ema_student.weights)
        for copy in per_replica(variable.value)
    ]


@pytest.mark.slow
def test_many_skipped_steps_end_the_training_of_replicas():
    model = model_on(strategy(), "supervised", max_skipped_steps=2)
    bad = helpers.repeated(helpers.fake_batch(), 1).map(
        lambda b: b._replace(labeled_inputs=b.labeled_inputs / 0.0)
    )
    data = batches(1).concatenate(bad.repeat(8))
    with pytest.raises(trainers.DivergenceError, match="at step 1"):
        methods.fit(model, data)


def test_gradients_that_keras_can_not_accumulate_are_refused():
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    with strategy().scope():
        model = methods.build("supervised")
        with pytest.raises(ValueError, match="must not accumulate gradients"):
            model.compile(student_optimizer=optimizer)


@pytest.mark.parametrize(
    "setting", ["clipnorm", "global_clipnorm", "clipvalue"]
)
@pytest.mark.parametrize("name", ["student", "teacher"])
def test_an_optimizer_that_clips_each_part_by_itself_is_refused(name, setting):
    clips = keras.optimizers.SGD(0.1, **{setting: 0.01})
    words = f"`{name}_optimizer` must not clip by itself on 2 replicas"
    with pytest.raises(ValueError, match=words):
        model_on(strategy(), "soft", **{f"{name}_optimizer": clips})


def test_batch_norm_that_replicas_do_not_share_is_said():
    def net(seed):
        return helpers.tiny_net(norm=True, seed=seed)

    with pytest.warns(UserWarning, match=r"`student` normalises the part of"):
        model_on(strategy(), "uda", net)
