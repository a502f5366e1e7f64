"""A small network for text: the mean of the words' embeddings.

Must not import trainers or data.
"""

from collections.abc import Sequence

import keras


def bag_of_embeddings(
    vocabulary_size: int,
    *,
    num_classes: int,
    input_shape: Sequence[int],
    units: int = 32,
    dropout: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Builds an embedding, the mean over tokens, a hidden layer and logits.

    The mean is normalised, because embeddings start small. Without this a
    network that learns from uncertain labels keeps predicting one class.

    Args:
        vocabulary_size: Number of token ids; each id is below it.
        num_classes: Number of logits.
        input_shape: `(length,)`, the number of tokens of an example.
        units: Width of the embedding and of the hidden layer.
        dropout: Fraction of the hidden layer that training drops.
        name: Name of the model; `None` is `bag_of_embeddings`.

    Returns:
        A functional model from int32 tokens, `(batch, length)`, to logits of
        shape `(batch, num_classes)`, float32.

    >>> bag_of_embeddings(7, num_classes=2, input_shape=(5,)).output_shape
    (None, 2)
    """
    layers = keras.layers
    inputs = keras.Input(tuple(input_shape), dtype="int32", name="tokens")
    x = layers.Embedding(vocabulary_size, units, name="embedding")(inputs)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.Dense(units, activation="relu", name="hidden")(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    logits = layers.Dense(num_classes, dtype="float32", name="logits")(x)
    return keras.Model(inputs, logits, name=name or "bag_of_embeddings")
