"""Others' networks with weights that carry a signal, to compare ours with."""

import keras
import numpy as np


def awaken(network, images, seed=0):
    """Shifts scales and biases, sets moving statistics to those of images.

    So every layer's output has a spread of about 1, and a wrong stride,
    padding or order shows in the logits. (With fresh statistics the signal of
    an EfficientNet is gone before the end.)
    """
    rng = np.random.default_rng(seed)
    norms = [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [layer.momentum for layer in norms]
    for weight in network.trainable_weights:
        if weight.name != "kernel":
            half = 0.5 * (weight.name == "gamma")  # as small as trained ones
            weight.assign(half + rng.normal(0.0, 0.1, weight.shape))
    for layer in norms:
        layer.momentum = 0.0
    network(images, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
    return network


def images_of(size, *, count=2, seed=0):
    """Pixels in [0, 255], with structure at several scales."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((count, size, size, 3))
    for cells in (2, 7, size):
        coarse = rng.uniform(0, 255 / 3, (count, cells, cells, 3))
        at = np.arange(size) * cells // size
        pixels += coarse[:, at][:, :, at]
    return pixels.astype("float32")


def without_softmax(network):
    """Makes the last layer of a keras.applications network give logits."""
    network.get_layer("predictions").activation = keras.activations.linear
    return network


def assert_parity(expected, found, tolerance=1e-4):
    """Outputs differ between examples by far more than between networks."""
    expected, found = np.asarray(expected), np.asarray(found)
    assert np.ptp(expected, axis=0).mean() > 100 * tolerance
    difference = np.abs(found - expected).max()
    print("largest absolute difference", difference, "of", expected.std())
    assert difference < tolerance
