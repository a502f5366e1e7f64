"""Our networks with weights of keras.applications compute what those do."""

import keras
import numpy as np
import pytest

from keras_mpl.models import create
from tests.models import oracles

MEAN = np.array([0.485, 0.456, 0.406], "float32")
DEVIATION = np.array([0.229, 0.224, 0.225], "float32")
OURS = {
    "efficientnet_b0": ("EfficientNetB0", {}),
    "efficientnet_b3": ("EfficientNetB3", {}),
    "resnet_50": ("ResNet50", {"variant": "v1"}),
}
any_network = pytest.mark.parametrize("name", OURS)


def theirs(name, size, **options):
    """A network of keras.applications as if trained, and what it is fed."""
    network = getattr(keras.applications, OURS[name][0])(
        weights=None, **options
    )
    images = oracles.images_of(size)
    if options.get("include_top", True):
        oracles.without_softmax(network)
    return oracles.awaken(network, images), images


def ours(name, **options):
    return create(name, **OURS[name][1], **options)


def given(name, pixels):
    """Their EfficientNet divides by 255 itself; ours is told nothing."""
    return pixels / 255 if name.startswith("efficientnet") else pixels


@pytest.mark.slow
@any_network
def test_full_size_outputs_equal_those_of_keras_applications(name, tmp_path):
    size = {"efficientnet_b3": 300}.get(name, 224)
    network, images = theirs(name, size)
    network.save_weights(tmp_path / "theirs.weights.h5")
    mine = ours(name, num_classes=1000, weights=tmp_path / "theirs.weights.h5")
    assert mine.input_shape == (None, size, size, 3)
    oracles.assert_parity(
        network(images, training=False),
        mine(given(name, images), training=False),
    )


@pytest.mark.parametrize("name", ["efficientnet_b0", "resnet_50"])
def test_features_equal_those_of_keras_applications(name, tmp_path):
    shape = (72, 72, 3)
    network, images = theirs(name, 72, input_shape=shape, include_top=False)
    network.save_weights(tmp_path / "theirs.weights.h5")
    mine = ours(
        name,
        input_shape=shape,
        include_top=False,
        weights=tmp_path / "theirs.weights.h5",
    )
    oracles.assert_parity(
        network(images, training=False),
        mine(given(name, images), training=False),
    )
