"""The multilayer perceptron against numpy."""

import keras
import numpy as np
import pytest

from keras_mpl.models import create
from keras_mpl.models import mlp


def make_inputs(shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("shape", [(4,), (2, 2)], ids=["flat", "image"])
def test_outputs_equal_numpy(shape):
    model = mlp([5, 3], num_classes=2, input_shape=shape)
    inputs = make_inputs((6, *shape))
    w1, b1, w2, b2, w3, b3 = model.get_weights()
    x = np.maximum(inputs.reshape(6, -1) @ w1 + b1, 0)
    x = np.maximum(x @ w2 + b2, 0)
    expected = x @ w3 + b3
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(model(inputs), expected, rtol=1e-5, atol=1e-6)


def test_no_units_give_a_linear_model():
    model = create("mlp", units=(), num_classes=3, input_shape=(4,))
    assert [w.shape for w in model.weights] == [(4, 3), (3,)]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("mixed_bfloat16", "float32"),
        ("float16", "float32"),
        ("float64", "float64"),
    ],
)
def test_logits_are_never_narrower_than_float32(policy, expected):
    model = mlp([5], num_classes=2, input_shape=(4,), dtype=policy)
    assert model(make_inputs((6, 4))).dtype == expected
    assert model.get_layer("hidden_1").dtype_policy.name == policy


def test_dropout_acts_in_training_only():
    model = mlp([50], num_classes=2, input_shape=(4,), dropout=0.5)
    inputs = make_inputs((6, 4))
    at_rest = [np.asarray(model(inputs)) for _ in range(2)]
    np.testing.assert_array_equal(*at_rest)
    trained = np.asarray(model(inputs, training=True))
    assert np.abs(trained - at_rest[0]).min() > 0


def test_one_initializer_gives_equal_shapes_different_values():
    initializer = keras.initializers.RandomNormal()
    model = mlp(
        [4, 4],
        num_classes=4,
        input_shape=(4,),
        kernel_initializer=initializer,
    )
    first, second, third = (layer.kernel for layer in model.layers[1:])
    assert np.abs(first - second).min() > 0
    assert np.abs(second - third).min() > 0


def test_config_round_trip_gives_equal_outputs():
    model = mlp([5], num_classes=2, input_shape=(2, 2), activation="tanh")
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    inputs = make_inputs((3, 2, 2))
    np.testing.assert_array_equal(copy(inputs), model(inputs))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("units", [5, 0]), ("units", [2.5]), ("num_classes", 0), ("dropout", 1)],
)
def test_wrong_arguments_are_named(name, wrong):
    options = {"units": [5], "num_classes": 2, "input_shape": (4,)}
    with pytest.raises(ValueError, match=rf"`{name}` must .* Received: {name}"):
        mlp(**{**options, name: wrong})
