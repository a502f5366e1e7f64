"""The bag of embeddings is a mean, a hidden layer, and logits."""

import keras
import numpy as np

from keras_mpl import models
from keras_mpl.models import embedding

TOKENS = np.array([[1, 2, 3], [3, 2, 1], [4, 4, 4]], "int32")


def net():
    return embedding.bag_of_embeddings(
        5, num_classes=2, input_shape=(3,), units=4
    )


def test_logits_by_hand():
    network = net()
    table, gamma, beta, hidden, bias, out, last = network.get_weights()
    mean = table[TOKENS].mean(1)
    mean -= mean.mean(-1, keepdims=True)
    norm = gamma * mean / np.sqrt(mean.var(-1, keepdims=True) + 1e-3) + beta
    expected = np.maximum(norm @ hidden + bias, 0) @ out + last
    np.testing.assert_allclose(network(TOKENS), expected, atol=1e-6)
    assert np.ptp(expected) > 1e-3


def test_the_order_of_words_does_not_matter():
    logits = net()(TOKENS).numpy()
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-6)
    assert np.abs(logits[0] - logits[2]).max() > 1e-4


def test_it_is_exported_as_plain_keras(tmp_path):
    network = net()
    models.export(network, tmp_path / "net.keras")
    loaded = keras.models.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(loaded(TOKENS), network(TOKENS))
