"""A network with its pixels inside: resized and scaled as the reader does."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_mpl import data
from keras_mpl import models
from keras_mpl.data import decode
from keras_mpl.models import BatchNorm
from keras_mpl.models import Pixels

SIZE = 16


def shown(pixels, channels=3):
    """A model whose answers are what the network is shown."""
    layers = [keras.Input((SIZE, SIZE, channels)), keras.layers.Flatten()]
    return models.complete(keras.Sequential(layers), pixels=pixels)


def photos(height, width, channels=3):
    """Smooth pictures with noise, as those of a camera."""
    rng = np.random.default_rng(height + width)
    shape = (2, height // 4 + 2, width // 4 + 2, channels)
    smooth = np.asarray(
        keras.ops.image.resize(rng.uniform(0, 255, shape), (height, width))
    )
    noisy = smooth + rng.normal(0, 8, smooth.shape)
    return noisy.clip(0, 255).astype(np.uint8)


def read(image, *, is_cropped):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    if is_cropped:
        return decode.center_crop(file.getvalue(), size=SIZE).numpy()
    return decode.image_of(file.getvalue(), size=SIZE)


@pytest.mark.parametrize("is_cropped", [False, True])
def test_images_of_any_size_are_resized_as_the_reader_does(is_cropped):
    model = shown(Pixels(is_cropped=is_cropped))
    sizes = [(16, 16), (18, 16), (32, 32), (48, 50), (33, 70), (9, 11)]
    for size in sizes:
        images = photos(*size)
        expected = np.stack([read(x, is_cropped=is_cropped) for x in images])
        found = np.asarray(model(images)).reshape(expected.shape) * 255
        difference = np.abs(found - expected)
        assert difference.max() < 1.01, size
        assert (difference > 0.01).mean() < 0.01, size


@pytest.mark.parametrize("is_cropped", [False, True])
def test_compiling_changes_no_bit_of_a_resized_image(is_cropped):
    unscaled = {"mean": (0.0,) * 3, "std": (1 / 255,) * 3}
    model = shown(Pixels(**unscaled, is_cropped=is_cropped))
    compiled = tf.function(model, jit_compile=True)
    draws = np.random.default_rng(0)
    for size in [(37, 41), (101, 90), (347, 260), (300, 311), (9, 13)]:
        images = draws.integers(0, 256, (64, *size, 3)).astype("float32")
        np.testing.assert_array_equal(
            np.asarray(compiled(images)), np.asarray(model(images)), str(size)
        )


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_is_resized_in_a_batch_as_alone(channels):
    model = shown(Pixels(), channels)
    for size in [(20, 100), (100, 20), (333, 500)]:
        images = np.concatenate([photos(*size, channels)] * 3)
        alone = np.concatenate([np.asarray(model(x[None])) for x in images])
        np.testing.assert_array_equal(np.asarray(model(images)), alone)


@pytest.mark.parametrize("side", [20, 100, 613, 3000])
def test_an_image_of_one_colour_keeps_it(side):
    grey = np.arange(256, dtype="float32")[[3, 127, 128, 254, 255]]
    column = np.broadcast_to(grey[:, None, None, None], (5, side, 20, 1))
    row = column.transpose(0, 2, 1, 3)
    for images in (column, row):
        found = np.asarray(shown(Pixels(), 1)(images))
        np.testing.assert_array_equal(found, grey[:, None].repeat(256, 1) / 255)


def test_an_image_of_the_networks_size_is_scaled_to_the_last_bit():
    scale = data.Normalize((0.5, 0.4, 0.45), (0.25, 0.2, 0.3))
    model = shown(Pixels(mean=scale.mean, std=scale.std))
    integers = photos(SIZE, SIZE)
    floats = integers + np.random.default_rng(0).uniform(size=integers.shape)
    for images in (integers, floats.astype("float32")):
        expected = np.asarray(scale(images)).reshape(2, -1)
        np.testing.assert_array_equal(np.asarray(model(images)), expected)


def test_pixels_without_a_scale_are_divided_by_255():
    images = photos(SIZE, SIZE, 1)
    found = np.asarray(shown(Pixels(), 1)(images))
    expected = images.reshape(2, -1) / np.float32(255)
    np.testing.assert_array_equal(found, expected)


def network(dtype=None):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            layers.Conv2D(2, 3, dtype=dtype),
            BatchNorm(dtype=dtype),
            layers.GlobalAveragePooling2D(dtype=dtype),
            layers.Dense(3, dtype=dtype),
        ]
    )


@pytest.mark.parametrize("dtype", ["float32", "float64", "mixed_bfloat16"])
def test_the_file_holds_the_network_and_answers_as_it_does(dtype, tmp_path):
    own = network(dtype)
    path = models.export(
        own, tmp_path / "a.keras", pixels=Pixels(), class_names=["a", "b", "c"]
    )
    loaded = keras.models.load_model(path)
    assert loaded.input_shape == (None, None, None, 3)
    assert len(loaded.weights) == len(own.weights)
    images = photos(SIZE, SIZE)
    expected = np.asarray(own(images / np.float32(255)), "float64")
    np.testing.assert_allclose(
        np.asarray(loaded(images), "float64"), expected, rtol=1e-6, atol=1e-6
    )
    inner = models.network_of(models.load(path, "a.keras"))
    assert inner.input_shape == (None, SIZE, SIZE, 3)
    found = np.asarray(inner(images / np.float32(255)), "float64")
    np.testing.assert_array_equal(found, np.asarray(loaded(images), "float64"))


def test_a_network_that_is_alone_is_its_own():
    own = network()
    assert models.network_of(own) is own
    around = keras.Sequential([keras.Input((SIZE, SIZE, 3)), own])
    assert models.network_of(around) is around


def test_answers_are_calibrated_probabilities_if_asked_for():
    own, images = network(), photos(SIZE, SIZE)
    model = models.complete(own, pixels=Pixels(), softmax=True, temperature=0.5)
    logits = own(images / np.float32(255))
    expected = np.asarray(keras.ops.softmax(2 * logits))
    np.testing.assert_allclose(np.asarray(model(images)), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "mean"),
    [((8, 9, 3), (0.5,) * 3), ((8, 8, 1), (0.5,) * 3), ((8,), None)],
)
def test_a_network_of_other_inputs_is_refused(shape, mean):
    flat = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
    with pytest.raises(ValueError, match="`model` must take square images"):
        models.complete(flat, pixels=Pixels(mean=mean, std=mean))


def test_half_a_scale_is_refused():
    with pytest.raises(ValueError, match="`mean` and `std` must be"):
        Pixels(mean=(0.5,))
    with pytest.raises(ValueError, match="`mean` and `std` must be"):
        Pixels(mean=(0.5,), std=(0.5, 0.5))
