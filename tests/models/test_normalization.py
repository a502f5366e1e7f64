"""BatchNorm against Keras' layer, finite differences and its own replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.models.normalization import BatchNorm

SHAPES = {"dense": (6, 3), "sequence": (4, 5, 3), "image": (4, 5, 2, 3)}
# Relative to outputs and statistics of order one: a few roundings each.
TOLERANCES = {
    "float16": 2e-3,
    "mixed_float16": 2e-3,
    "bfloat16": 2e-2,
    "mixed_bfloat16": 2e-2,
    "float32": 2e-6,
    "float64": 1e-13,
}
any_policy = pytest.mark.parametrize("policy", TOLERANCES)
any_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def assert_close(actual, expected, tolerance):
    """Compares arrays in units of the largest expected value."""
    actual, expected = (tf.cast(x, tf.float64) for x in (actual, expected))
    size = np.abs(expected).max()
    assert size > 0.01
    np.testing.assert_allclose(actual / size, expected / size, atol=tolerance)


def make_inputs(shape, dtype="float32", seed=0):
    rng = np.random.default_rng(seed)
    return tf.cast(rng.normal(0.5, 2.0, shape).astype("float32"), dtype)


def fill(layer, inputs):
    """Builds a layer and gives it scales and offsets that are not neutral."""
    layer.build(inputs.shape)
    layer.gamma.assign([0.5, 1.5, -2.0])
    layer.beta.assign([1.0, 0.0, -0.5])
    return layer


def expected_outputs(inputs, epsilon=1e-3):
    x = np.asarray(tf.cast(inputs, tf.float64))
    x = x - x.mean(axes := tuple(range(x.ndim - 1)))
    x = x / np.sqrt(x.var(axes) + epsilon)
    return x * [0.5, 1.5, -2.0] + [1.0, 0.0, -0.5]


def first_derivatives(layer, inputs, weights, targets):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = tf.cast(layer(inputs, training=True), weights.dtype)
        loss = tf.reduce_sum(targets * weights * tf.sin(outputs))
    return tape.gradient(loss, [inputs, layer.gamma.value, layer.beta.value])


def credit(layer, inputs, weights, targets, direction):
    """The feedback's double backward: `d <gradient, direction> / d targets`."""
    with tf.GradientTape() as tape:
        tape.watch(targets)
        gradients = first_derivatives(layer, inputs, weights, targets)
    return tape.gradient(gradients, targets, output_gradients=direction)


def hessian_product(layer, inputs, weights, direction):
    ones = tf.ones_like(weights)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        gradient, *_ = first_derivatives(layer, inputs, weights, ones)
    return tape.gradient(gradient, inputs, output_gradients=direction)


def everything(layer, inputs, weights, targets, direction):
    """Outputs, first and both second derivatives, all per example."""
    vector = tf.constant([1.0, -1.0, 2.0], layer.gamma.dtype)
    directions = [direction, vector, vector]
    return (
        layer(inputs, training=True),
        first_derivatives(layer, inputs, weights, targets)[0],
        hessian_product(layer, inputs, weights, direction),
        credit(layer, inputs, weights, targets, directions),
    )


def numeric_hessian_product(inputs, weights, direction, step=1e-5):
    layer = fill(BatchNorm(dtype="float64"), inputs)
    rest = weights, tf.ones_like(weights)
    plus, *_ = first_derivatives(layer, inputs + step * direction, *rest)
    minus, *_ = first_derivatives(layer, inputs - step * direction, *rest)
    return (plus - minus) / (2 * step)


@any_policy
@any_shape
def test_outputs_equal_the_formula(policy, shape):
    layer = BatchNorm(dtype=policy)
    inputs = make_inputs(shape, layer.compute_dtype)
    outputs = fill(layer, inputs)(inputs, training=True)
    assert outputs.dtype == layer.compute_dtype
    assert_close(outputs, expected_outputs(inputs), TOLERANCES[policy])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@any_shape
def test_three_steps_equal_keras(dtype, shape):
    ours = BatchNorm(momentum=0.8, dtype=dtype)
    keras_layer = keras.layers.BatchNormalization(momentum=0.8, dtype=dtype)
    for layer in (ours, keras_layer):
        fill(layer, make_inputs(shape))
        for seed in range(3):
            layer(make_inputs(shape, dtype, seed), training=True)
    inputs = make_inputs(shape, dtype, 3)
    assert_close(ours(inputs), keras_layer(inputs), TOLERANCES[dtype])
    for mine, theirs in zip(ours.weights, keras_layer.weights, strict=True):
        assert mine.name == theirs.name
        np.testing.assert_allclose(mine, theirs, rtol=TOLERANCES[dtype])


@any_policy
def test_statistics_have_the_precision_of_float32_under_any_policy(policy):
    layer = BatchNorm(dtype=policy)
    inputs = make_inputs((64, 3), layer.compute_dtype)
    layer(inputs, training=True)
    x = np.asarray(tf.cast(inputs, tf.float64))
    expected = "float64" if policy == "float64" else "float32"
    assert {variable.dtype for variable in layer.weights} == {expected}
    np.testing.assert_allclose(layer.moving_mean, 0.01 * x.mean(0), rtol=3e-6)
    np.testing.assert_allclose(
        layer.moving_variance, 0.99 + 0.01 * x.var(0), rtol=1e-6
    )


@any_policy
@any_shape
def test_first_derivatives_equal_those_of_keras_in_float64(policy, shape):
    layer = BatchNorm(dtype=policy)
    oracle = keras.layers.BatchNormalization(dtype="float64")
    inputs = make_inputs(shape, layer.compute_dtype)
    weights = make_inputs(shape, "float64", 1)
    ones = tf.ones_like(weights)
    mine = first_derivatives(fill(layer, inputs), inputs, weights, ones)
    wide = tf.cast(inputs, tf.float64)
    theirs = first_derivatives(fill(oracle, wide), wide, weights, ones)
    for actual, expected in zip(mine, theirs, strict=True):
        assert_close(actual, expected, 2 * TOLERANCES[policy])


@any_policy
@any_shape
def test_credit_equals_that_of_keras_in_float64(policy, shape):
    layer = BatchNorm(dtype=policy)
    oracle = keras.layers.BatchNormalization(dtype="float64")
    inputs = make_inputs(shape, layer.compute_dtype)
    weights, targets = (make_inputs(shape, "float64", s) for s in (1, 2))
    direction = [make_inputs(s, "float64", 3) for s in (shape, (3,), (3,))]
    dtypes = [inputs.dtype, *2 * [fill(layer, inputs).gamma.dtype]]
    narrow = [tf.cast(*pair) for pair in zip(direction, dtypes, strict=True)]
    mine = credit(layer, inputs, weights, targets, narrow)
    wide = tf.cast(inputs, tf.float64)
    theirs = credit(fill(oracle, wide), wide, weights, targets, direction)
    assert_close(mine, theirs, 2 * TOLERANCES[policy])


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 5e-6), ("float64", 1e-8)]
)
@any_shape
def test_hessian_product_equals_central_differences(dtype, tolerance, shape):
    inputs, weights, direction = (
        make_inputs(shape, "float64", s) for s in range(3)
    )
    expected = numeric_hessian_product(inputs, weights, direction)
    layer = fill(BatchNorm(dtype=dtype), inputs)
    narrow = (tf.cast(x, dtype) for x in (inputs, weights, direction))
    assert_close(hessian_product(layer, *narrow), expected, tolerance)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "float64"])
def test_xla_equals_eager(policy):
    layer = BatchNorm(dtype=policy)
    inputs = make_inputs((4, 5, 2, 3), layer.compute_dtype)
    dtype = fill(layer, inputs).gamma.dtype
    weights, targets = (make_inputs(inputs.shape, dtype, s) for s in (1, 2))
    direction = [inputs, tf.ones(3, dtype), tf.ones(3, dtype)]
    start = layer.get_weights()
    results = []
    for function in (credit, tf.function(credit, jit_compile=True)):
        layer.set_weights(start)
        value = function(layer, inputs, weights, targets, direction)
        results.append([value, *layer.get_weights()])
    assert np.abs(layer.get_weights()[2]).min() > 0
    for eager, compiled in zip(*results, strict=True):
        assert_close(compiled, eager, 2 * TOLERANCES[policy])


def test_inference_uses_the_moving_statistics():
    (layer := BatchNorm(epsilon=1.0)).build((None, 1))
    layer.set_weights(np.array([[2.0], [1.0], [3.0], [8.0]]))
    np.testing.assert_allclose(layer(tf.constant([[9.0]])), [[5.0]], rtol=1e-6)


def test_frozen_layer_uses_and_keeps_the_moving_statistics():
    layer = BatchNorm(trainable=False)
    inputs = make_inputs((6, 3))
    outputs = layer(inputs, training=True)
    np.testing.assert_allclose(outputs, inputs / np.sqrt(1.001), rtol=1e-6)
    assert not layer.moving_mean.numpy().any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_example_has_no_variance(dtype):
    layer = BatchNorm(momentum=0.5, dtype=dtype)
    outputs = layer(tf.constant([[3.0, -1.0]], dtype), training=True)
    assert not outputs.numpy().any()
    assert layer.moving_variance.numpy().tolist() == [0.5, 0.5]


@pytest.mark.distributed
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_replicas_equal_one_with_the_whole_batch(dtype):
    # Not the default collectives: every strategy numbers them from the same
    # start, so a second strategy in one process meets the first one's dtypes.
    reduction = tf.distribute.ReductionToOneDevice()
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], reduction)
    with strategy.scope():
        shared = BatchNorm(dtype=dtype)
        shared.build((None, 5, 2, 3))
    alone = BatchNorm(dtype=dtype)
    alone.build((None, 5, 2, 3))
    # Far from zero, where moments about zero would cancel; unequal parts.
    for layer in (shared, alone):
        layer.moving_mean.assign([300.0] * 3)
    inputs = make_inputs((8, 5, 2, 3), dtype) + 300.0
    arrays = [inputs, *(make_inputs(inputs.shape, dtype, s) for s in (1, 2, 3))]

    @tf.function
    def replicated():
        parts = [
            strategy.experimental_distribute_values_from_function(
                lambda c, x=x: (x[:3], x[3:])[c.replica_id_in_sync_group]
            )
            for x in arrays
        ]
        return strategy.run(everything, args=(shared, *parts))

    expected = everything(alone, *arrays)
    tolerance = {"float32": 2e-4, "float64": 1e-11}[dtype]
    for parts, whole in zip(replicated(), expected, strict=True):
        joined = tf.concat(strategy.experimental_local_results(parts), 0)
        assert_close(joined, whole, tolerance)
    for mirrored, single in zip(shared.weights, alone.weights, strict=True):
        for copy in strategy.experimental_local_results(mirrored.value):
            np.testing.assert_allclose(copy, single, rtol=tolerance)


def test_stateless_call_drops_the_updates():
    layer = BatchNorm()
    inputs = make_inputs((6, 3))
    layer.build(inputs.shape)
    _, (moved, _) = layer.stateless_call(
        layer.trainable_variables,
        layer.non_trainable_variables,
        inputs,
        training=True,
    )
    np.testing.assert_allclose(moved, 0.01 * np.mean(inputs, 0), rtol=1e-5)
    assert not layer.moving_mean.numpy().any()


def test_symbolic_call_and_save_round_trip(tmp_path):
    inputs = keras.Input((5, 2, 3))
    outputs = BatchNorm(0.9, 1e-2, dtype="mixed_bfloat16")(inputs)
    assert outputs.dtype == "bfloat16"
    assert outputs.shape == (None, 5, 2, 3)
    model = keras.Model(inputs, outputs)
    images = make_inputs((4, 5, 2, 3))
    model(images, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[1].get_config() == model.layers[1].get_config()
    assert_close(loaded(images), model(images), 0)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: BatchNorm(momentum=1.5), "momentum"),
        (lambda: BatchNorm(epsilon=0.0), "epsilon"),
        (lambda: BatchNorm().build((None,)), "input_shape"),
        (lambda: BatchNorm().build((None, 1, 1, 1, 3)), "input_shape"),
        (lambda: BatchNorm().build((None, None)), "input_shape"),
    ],
)
def test_wrong_arguments_are_named(make, name):
    with pytest.raises(ValueError, match=rf"`{name}` must .* Received: {name}"):
        make()
