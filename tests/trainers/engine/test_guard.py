"""A step that is not finite changes nothing, for every method."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl import Batch
from keras_mpl import trainers
from tests import helpers
from tests.trainers import methods

INPUTS = ("labeled_inputs", "weak_inputs", "strong_inputs")
BAD_STEP = 2


class Watched(keras.callbacks.Callback):
    """Collects the state after every step, and its logs."""

    def on_train_begin(self, logs=None):
        self.states, self.logs = [helpers.state(self.model)], []

    def on_train_batch_end(self, batch, logs=None):
        self.states.append(helpers.state(self.model))
        self.logs.append({name: float(value) for name, value in logs.items()})


def model(method, **compiled):
    """BatchNorm, momentum, an average: all that a step can change."""
    made = methods.build(
        method,
        helpers.tiny_net(norm=True, seed=1),
        helpers.tiny_net(norm=True, seed=5),
        consistency_weight=1.0,
        ema_decay=0.9,
    )
    return methods.compiled(made, **compiled)


def batches(bad, *, spoiled=INPUTS, count=4):
    """Batches of which some, by number, have one NaN in some parts."""
    made = []
    for number in range(count):
        batch = helpers.fake_batch(seed=number)
        if number in bad:
            for name in spoiled:
                values = getattr(batch, name).numpy()
                values[1, 2] = np.nan
                batch = batch._replace(**{name: tf.constant(values)})
        made.append(batch)
    joined = [tf.stack(parts) for parts in zip(*made, strict=True)]
    return tf.data.Dataset.from_tensor_slices(Batch(*joined))


def assert_skipped(trained, spoiled=INPUTS):
    """Trains over a bad step; nothing but the step's number may change."""
    seen = Watched()
    data = batches([BAD_STEP], spoiled=spoiled)
    history = methods.fit(trained, data, callbacks=[seen])
    before, after = seen.states[BAD_STEP], seen.states[BAD_STEP + 1]
    at = [v is trained.step for v in helpers.state_variables(trained)]
    number = at.index(True)
    assert after.pop(number) == before.pop(number) + 1
    methods.assert_same(after, before)
    assert methods.differ(seen.states[-1], seen.states[BAD_STEP + 1])
    assert np.isfinite(list(history.values())).all()
    assert history["skipped_steps"] == [1.0]
    assert np.isnan(seen.logs[BAD_STEP]["loss"])
    assert [log["skipped_steps"] for log in seen.logs] == [0, 0, 1, 1]


# Each shares its step with one that is quick to try.
LONG = ("hard", "hard_expected", "clipped", "aligned", "aligned_mpl", "toy")


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(one, marks=pytest.mark.slow if one in LONG else ())
        for one in methods.METHODS
    ],
)
def test_a_step_that_is_not_finite_changes_nothing(method):
    assert_skipped(model(method))


@pytest.mark.parametrize("spoiled", [INPUTS[:1], INPUTS[2:]])
@pytest.mark.parametrize("method", ["soft", "hard_batch", "finite_difference"])
def test_one_view_that_is_not_finite_is_enough(method, spoiled):
    """With NaN in labelled inputs, the student's own step was a good one."""
    nets = [helpers.tiny_net(seed=seed) for seed in (1, 5)]
    made = methods.build(method, *nets, ema_decay=0.9)
    assert_skipped(methods.compiled(made), spoiled)


@pytest.mark.parametrize("method", ["supervised", "hard_batch"])
def test_so_it_is_under_xla(method):
    assert_skipped(model(method, jit_compile=True))


@pytest.mark.parametrize("method", ["supervised", "soft"])
def test_so_it_is_eagerly_and_with_adam(method):
    made = model(method, run_eagerly=True)
    made.compile(
        run_eagerly=True,
        **{f"{name}_optimizer": "adam" for name in made.trained_networks},
    )
    assert_skipped(made)


def test_a_gradient_behind_a_relu_is_looked_at():
    """The loss stays finite: ReLU makes 0 of NaN, its kernel's gradient NaN."""

    @keras.saving.register_keras_serializable(package="tests")
    class Deaf(keras.layers.Layer):
        def call(self, inputs):
            return tf.where(inputs > 0, inputs, tf.zeros_like(inputs))

    net = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3),
            Deaf(),
            keras.layers.Dense(3),
        ]
    )
    made = methods.compiled(trainers.Supervised(net, seed=0))
    seen = Watched()
    data = batches([BAD_STEP])
    methods.fit(made, data, callbacks=[seen])
    assert np.isfinite(seen.logs[BAD_STEP]["student_loss"])
    assert seen.logs[BAD_STEP]["skipped_steps"] == 1
    assert all(np.isfinite(weight).all() for weight in net.get_weights())


def test_the_epoch_after_a_skipped_step_is_the_mean_of_those_that_count():
    with_bad, without = (model("soft", lr=0.0) for _ in range(2))
    found = methods.fit(with_bad, batches([1], count=2))
    expected = methods.fit(without, batches([], count=1))
    assert found.pop("skipped_steps") == [1.0]
    expected.pop("skipped_steps")
    assert found == expected


def test_an_epoch_of_skipped_steps_has_no_loss():
    made = model("supervised", max_skipped_steps=None)
    data = batches([2, 3])
    history = methods.fit(made, data, steps_per_epoch=2, epochs=2)
    assert history["skipped_steps"] == [0.0, 2.0]
    assert np.isfinite(history["loss"][0])
    assert np.isnan(history["loss"][1])


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_training_ends_after_too_many_in_a_row(jit_compile):
    made = model("soft", max_skipped_steps=3, jit_compile=jit_compile)
    data = batches(range(5, 30), count=30)
    message = (
        "must be finite. Received: NaN or infinity in the gradient of the "
        r"student's \S*dense\S*/kernel at step 5, and [34] steps skipped"
    )
    with pytest.raises(trainers.DivergenceError, match=message) as caught:
        methods.fit(made, data)
    assert "\n" not in str(caught.value)
    assert int(made.step.value) <= 5 + 3 + 1
    assert all(np.isfinite(weight).all() for weight in made.get_weights())


def test_skipped_steps_with_good_ones_between_end_nothing():
    made = model("supervised", max_skipped_steps=2)
    history = methods.fit(made, batches([2, 4, 6], count=8))
    assert history["skipped_steps"] == [3.0]


def test_the_count_in_a_row_goes_on_over_epochs():
    made = model("supervised", max_skipped_steps=3)
    with pytest.raises(trainers.DivergenceError, match="at step 1"):
        methods.fit(
            made, batches(range(1, 6), count=6), steps_per_epoch=2, epochs=3
        )


def half_precision(seed):
    policy = keras.DTypePolicy("mixed_float16")
    init = keras.initializers.GlorotUniform(seed)
    return keras.Sequential(
        [
            keras.Input((helpers.FEATURES,)),
            keras.layers.Dense(3, kernel_initializer=init, dtype=policy),
        ]
    )


def test_float16_goes_its_own_way_and_a_loss_that_is_nan_does_not():
    made = methods.compiled(trainers.Supervised(half_precision(5), seed=0))
    scaling = made.optimizer
    assert isinstance(scaling, keras.optimizers.LossScaleOptimizer)
    scaling.dynamic_scale.assign(2.0**30)  # every gradient overflows
    history = methods.fit(made, batches([]))
    assert history["skipped_steps"] == [0.0]
    assert float(scaling.dynamic_scale) == 2.0**26
    history = methods.fit(made, batches([1]))
    assert history["skipped_steps"] == [1.0]
    assert np.isfinite(made.student.get_weights()[0]).all()


def test_the_average_stays_where_loss_scaling_skips_a_step():
    made = methods.compiled(trainers.Supervised(half_precision(5), seed=0))
    made.optimizer.dynamic_scale.assign(2.0**30)
    made.ema_student.layers[0].kernel.assign_add(tf.ones((4, 3)))
    before = made.ema_student.get_weights()
    methods.fit(made, batches([]))
    methods.assert_same(made.ema_student.get_weights(), before)
    made.optimizer.dynamic_scale.assign(1.0)
    methods.fit(made, batches([]))
    assert methods.differ(made.ema_student.get_weights(), before)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "scaled"])
def test_the_average_moves_only_where_accumulated_steps_do(jit_compile, scaled):
    optimizer = keras.optimizers.SGD(0.5, gradient_accumulation_steps=4)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, 1.0)
    made = trainers.Supervised(helpers.tiny_net(), seed=0, ema_decay=0.9)
    made.compile(student_optimizer=optimizer, jit_compile=jit_compile)
    seen = []

    def look(batch, logs):
        nets = (made.student, made.ema_student)
        seen.append([np.array(net.get_weights()[0]) for net in nets])

    watch = keras.callbacks.LambdaCallback(on_train_batch_end=look)
    methods.fit(made, batches([], count=8), callbacks=[watch])
    moved = [
        [not np.array_equal(a, b) for a, b in zip(now, then, strict=True)]
        for now, then in zip(seen[1:], seen, strict=False)
    ]
    assert moved == [[number in (2, 6)] * 2 for number in range(7)]
    at_4, at_8 = seen[3], seen[7]
    decay = 2 / 11  # the ramp counts the steps that move: this is the second
    expected = decay * at_4[1] + (1 - decay) * at_8[0]
    np.testing.assert_allclose(at_8[1], expected, rtol=1e-5, atol=1e-6)
