"""Networks with trained weights compute what those weights were trained for."""

import keras
import numpy as np
import pytest

from keras_mpl import models
from keras_mpl.models import building
from keras_mpl.models import from_weights
from tests.models import oracles

SIZE = 72
SHAPE = (SIZE, SIZE, 3)
OPTIONS = {"num_classes": 3, "input_shape": SHAPE}
# What the published files of EfficientNet hold where a variance belongs.
MEAN, DEVIATION = building._IMAGENET_MEAN, building._IMAGENET_DEVIATION
CAFFE = (103.939, 116.779, 123.68)


def signed(pixels):
    """Pixels from 0 to 255 as a recipe of folders gives them."""
    return pixels / 127.5 - 1.0


def pooled(features):
    return np.mean(features, axis=(1, 2))


def features(network):
    """What our network computes before its head."""
    return keras.Model(network.input, network.get_layer("logits").input)


def assert_close(expected, found):
    assert np.ptp(expected, axis=0).mean() > 0.01 * expected.std()
    difference = np.abs(found - expected).max()
    assert difference < 1e-3 * expected.std()


@pytest.mark.slow
def test_fetched_weights_get_the_pixels_they_were_trained_on(
    monkeypatch, tmp_path
):
    path = tmp_path / "theirs.weights.h5"
    monkeypatch.setattr(
        "keras.src.applications.efficientnet.file_utils.get_file",
        lambda *args, **kwargs: str(path),
    )
    with monkeypatch.context() as nothing_yet:
        nothing_yet.setattr(keras.Model, "load_weights", lambda *args: None)
        theirs = keras.applications.EfficientNetB0(
            weights="imagenet", include_top=False, input_shape=SHAPE
        )
    for layer in theirs.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.adapt_mean.assign(MEAN)
            layer.adapt_variance.assign(DEVIATION)
            layer.finalize_state()
    images = oracles.images_of(SIZE)
    oracles.awaken(theirs, images)
    theirs.save_weights(path)
    ours = from_weights("efficientnet_b0", "imagenet", **OPTIONS)
    expected = pooled(theirs(images, training=False))
    found = features(ours)(signed(images), training=False)
    assert_close(expected, np.asarray(found))
    copy = keras.models.clone_model(ours)
    copy.set_weights(ours.get_weights())
    np.testing.assert_array_equal(copy(signed(images)), ours(signed(images)))


@pytest.mark.parametrize(
    "how", [pytest.param("file", marks=pytest.mark.slow), "keras"]
)
def test_resnet_from_a_file_subtracts_the_mean_of_its_pixels(how, tmp_path):
    theirs = keras.applications.ResNet50(
        weights=None, include_top=False, input_shape=SHAPE
    )
    images = oracles.images_of(SIZE)
    given = images[..., ::-1] - np.float32(CAFFE)
    oracles.awaken(theirs, given)
    if how == "keras":
        path = tmp_path / "theirs.keras"
        theirs.save(path)
    else:
        path = tmp_path / "theirs.weights.h5"
        theirs.save_weights(path)
    ours = from_weights("resnet_50", path, **OPTIONS)
    expected = pooled(theirs(given, training=False))
    found = features(ours)(signed(images), training=False)
    assert_close(expected, np.asarray(found))


def small(num_classes, seed=0):
    keras.utils.set_random_seed(seed)
    return models.create(
        "wrn_10_1", num_classes=num_classes, input_shape=(8, 8, 3)
    )


def test_a_student_of_ours_is_gone_on_with(tmp_path):
    student = small(3)
    path = models.export(student, tmp_path / "student.keras")
    same = from_weights("wrn_10_1", path, num_classes=3, input_shape=(8, 8, 3))
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    np.testing.assert_allclose(same(images), student(images), rtol=1e-5)
    other = from_weights("wrn_10_1", path, num_classes=4, input_shape=(8, 8, 3))
    np.testing.assert_array_equal(
        other.layers[1].kernel, student.layers[1].kernel
    )
    assert other.output_shape == (None, 4)


def test_weights_of_another_network_are_refused_by_layer(tmp_path):
    path = models.export(small(3), tmp_path / "student.keras")
    words = r"same network: .* Received: .*keras; `model` .* is wrn_10_2"
    with pytest.raises(ValueError, match=words):
        from_weights("wrn_10_2", path, num_classes=3, input_shape=(8, 8, 3))


@pytest.mark.parametrize(
    ("name", "weights", "words"),
    [
        ("wrn_10_1", "imagenet", "must be a `.keras` file of the same network"),
        ("wrn_10_9", "imagenet", "`name` must be one of"),
        ("efficientnet_b0", "none.h5", "`weights` must be None, 'imagenet' or"),
        ("efficientnet_b0", "none.keras", "no such file"),
        ("efficientnet_b0", "preset", "must be 'preset' with a network of"),
        ("hub:resnet", "imagenet", "must be 'preset' with a network of"),
    ],
)
def test_what_cannot_be_loaded_is_refused(name, weights, words):
    with pytest.raises((ValueError, OSError), match="Received: ") as caught:
        from_weights(name, weights, **OPTIONS)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_keras_hub_its_networks_are_refused(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "keras_hub", None)
    with pytest.raises(ValueError, match="pip install keras-hub"):
        from_weights("hub:x", "preset", **OPTIONS)


def test_a_preset_of_keras_hub_has_its_own_scale(tmp_path):
    hub = pytest.importorskip("keras_hub", reason="pip install keras-hub")
    backbone = hub.models.ResNetBackbone(
        input_conv_filters=[8],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[8, 8],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(None, None, 3),
    )
    scale, offset = [0.017, 0.018, 0.019], [-2.1, -2.0, -1.8]
    folder = str(tmp_path / "preset")
    backbone.save_to_preset(folder)
    hub.layers.ImageConverter(scale=scale, offset=offset).save_to_preset(folder)
    ours = from_weights(f"hub:{folder}", "preset", **OPTIONS)
    images = oracles.images_of(SIZE)
    scaled = images * np.float32(scale) + np.float32(offset)
    expected = pooled(backbone(scaled, training=False))
    found = features(ours)(signed(images), training=False)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
