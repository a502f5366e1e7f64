"""Kernels keep little for their gradients, and every derivative is right."""

import numpy as np
import pytest
import tensorflow as tf

from keras_mpl.models import kernels


def _second_derivative(function, x, cotangent, along):
    """Returns `d <gradient(cotangent), along> / d (cotangent, x)`."""
    with tf.GradientTape() as outer:
        outer.watch([x, cotangent])
        with tf.GradientTape() as inner:
            inner.watch(x)
            outputs = function(x)
        gradient = inner.gradient(outputs, x, cotangent)
    return outer.gradient(
        gradient, [cotangent, x], along, tf.UnconnectedGradients.ZERO
    )


@pytest.mark.parametrize("slope", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_leaky_relu_has_the_derivatives_of_tensorflows(slope, dtype):
    x, cotangent, along = (
        tf.cast(tf.random.stateless_normal((6, 5), (seed, 0)), dtype)
        for seed in range(3)
    )

    def ours(x):
        return kernels.leaky_relu(x, slope)

    def theirs(x):
        return tf.nn.leaky_relu(x, slope)

    np.testing.assert_array_equal(ours(x), theirs(x))
    for got, expected in zip(
        _second_derivative(ours, x, cotangent, along),
        _second_derivative(theirs, x, cotangent, along),
        strict=True,
    ):
        np.testing.assert_array_equal(got, expected)


def test_leaky_relu_keeps_its_result_and_not_its_input():
    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = kernels.leaky_relu(x, 0.1)
        return tape.gradient(outputs, x)

    graph = gradient.get_concrete_function(tf.zeros((2, 3))).graph
    [kept] = [
        op.inputs[1] for op in graph.get_operations() if "Grad" in op.type
    ]
    while kept.op.type in ("Identity", "IdentityN"):
        kept = kept.op.inputs[kept.value_index]
    assert kept.op.type == "LeakyRelu"


def _images(seed):
    return tf.random.stateless_normal((7, 4, 3, 5), (seed, 1)) * 2.0 + 1.0


def _theirs(images, gamma, beta):
    outputs, _, _ = tf.compat.v1.nn.fused_batch_norm(
        images, gamma, beta, epsilon=1e-3
    )
    return outputs


def _ours(images, gamma, beta):
    return kernels.normalise(images, gamma, beta, 1e-3)[0]


def _credit_and_more(function):
    """Returns the derivatives of a gradient by all that it depends on."""
    images, cotangent = _images(0), _images(1)
    gamma, beta = tf.linspace(0.5, 2.0, 5), tf.linspace(-1.0, 1.0, 5)
    along = [_images(2), tf.linspace(-1.0, 2.0, 5), tf.linspace(3.0, -1.0, 5)]
    with tf.GradientTape() as outer:
        outer.watch([cotangent, images, gamma])
        with tf.GradientTape() as inner:
            inner.watch([images, gamma, beta])
            outputs = function(images, gamma, beta)
        found = inner.gradient(outputs, [images, gamma, beta], cotangent)
    return [
        *found,
        *outer.gradient(found, [cotangent, images, gamma], along),
    ]


def test_normalised_batch_has_the_derivatives_of_tensorflows():
    for got, expected in zip(
        _credit_and_more(_ours), _credit_and_more(_theirs), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=2e-4, atol=2e-5)


def test_the_credit_passes_through_one_fused_kernel_per_batch():
    """What asks for the cotangent's derivative alone computes nothing else."""

    @tf.function
    def credit(images, cotangent, along):
        with tf.GradientTape() as outer:
            outer.watch(cotangent)
            with tf.GradientTape() as inner:
                inner.watch(images)
                outputs = _ours(images, tf.ones(5), tf.zeros(5))
            gradient = inner.gradient(outputs, images, cotangent)
        return outer.gradient(gradient, cotangent, along)

    function = credit.get_concrete_function(_images(0), _images(1), _images(2))
    needed, ahead = set(), list(function.outputs)
    while ahead:
        op = ahead.pop().op
        if op.name not in needed:
            needed.add(op.name)
            ahead += op.inputs
    types = [function.graph.get_operation_by_name(name).type for name in needed]
    assert types.count("FusedBatchNormGradV3") == 1
    assert types.count("FusedBatchNormV3") == 2
    assert not {"Mean", "SquaredDifference", "Tile"} & set(types)


def test_the_weights_part_of_a_credit_waits_for_its_turn():
    """It is ready at once in every layer, and would be kept until then."""

    @tf.function
    def credit(images, cotangent, along, scale):
        with tf.GradientTape() as outer:
            outer.watch(cotangent)
            with tf.GradientTape() as inner:
                gamma, beta = tf.ones(5), tf.zeros(5)
                inner.watch([images, gamma, beta])
                outputs = _ours(images, gamma, beta)
            found = inner.gradient(outputs, [images, gamma, beta], cotangent)
        return outer.gradient(found, cotangent, [along, scale, scale])

    function = credit.get_concrete_function(
        _images(0), _images(1), _images(2), tf.ones(5)
    )
    by_weights = [
        op
        for op in function.graph.get_operations()
        if op.type == "FusedBatchNormV3" and not op.get_attr("is_training")
    ]
    assert len(by_weights) == 1
    assert "FusedBatchNormGradV3" in {
        before.type for before in by_weights[0].control_inputs
    }


def test_statistics_are_constants_to_a_gradient():
    images, gamma = _images(0), tf.ones(5)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([images, gamma])
        _, mean, variance = kernels.normalise(images, gamma, gamma, 1e-3)
    for statistic in (mean, variance):
        assert tape.gradient(statistic, [images, gamma]) == [None, None]


def test_forward_mode_agrees_with_a_small_difference():
    images, along = _images(0), _images(1)

    def normalised(images):
        return _ours(images, tf.linspace(0.5, 2.0, 5), tf.zeros(5))

    with tf.autodiff.ForwardAccumulator(images, along) as accumulator:
        outputs = normalised(images)
    change = normalised(images + 1e-2 * along) - normalised(
        images - 1e-2 * along
    )
    np.testing.assert_allclose(
        accumulator.jvp(outputs), change / 2e-2, atol=2e-3
    )
