"""The smallest network for text: the mean of its words' embeddings.

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
    """Builds embedding, mean over tokens, one hidden layer, logits.

    The mean is normalised: embeddings start small, and without it a network
    that learns from uncertain labels stays at its first, constant answer.

    Args:
        vocabulary_size: Token ids are below it.
        num_classes: Number of logits.
        input_shape: `(length,)` of a row of tokens.
        units: Width of the embedding and of the hidden layer.
        dropout: Fraction of the hidden layer that training drops.
        name: Of the model; `bag_of_embeddings` if `None`.

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
