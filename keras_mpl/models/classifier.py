"""A classifier on a backbone of any library, as a teacher or a student.

Must not import trainers or data, nor the libraries of the backbones.
"""

import keras
import tensorflow as tf

from keras_mpl.models.building import Builder
from keras_mpl.models.building import KerasTensor
from keras_mpl.models.building import check_fraction
from keras_mpl.models.building import check_size
from keras_mpl.models.normalization import BatchNorm

_POOLS = {
    2: None,
    3: keras.layers.GlobalAveragePooling1D,
    4: keras.layers.GlobalAveragePooling2D,
}


def classifier(
    backbone: keras.Model,
    num_classes: int,
    *,
    dropout: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Puts pooling and logits on a backbone of any library of Keras 3 models.

    The backbone may come from keras.applications (with `include_top=False`),
    keras-cv or keras-hub. The new model shares the backbone's layers and their
    weights. A backbone that the trainers cannot train correctly is refused.

    `keras.layers.BatchNormalization` has separate statistics on each replica
    by default. Call this function in the scope of the strategy: with several
    replicas it sets such layers to synchronise. They are not fused, and
    therefore slower than `BatchNorm`.

    Args:
        backbone: A functional or sequential model with one output of
            features: `(batch, height, width, channels)`, `(batch, positions,
            channels)` or `(batch, channels)`.
        num_classes: Number of logits.
        dropout: Fraction of the pooled features that training drops.
        name: Name of the model; `None` appends `_classifier` to the backbone's.

    Returns:
        A functional model from the backbone's input to logits of shape
        `(batch, num_classes)`, float32 unless the features are float64.

    Raises:
        ValueError: If the backbone is not such a model, ends in
            probabilities, has its channels first, has losses on activations
            (the trainers do not add them), or normalises its batches by a
            layer of its own that replicas can not share; if `num_classes` or
            `dropout` is out of range.

    >>> backbone = keras.Sequential(
    ...     [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)]
    ... )
    >>> classifier(backbone, 5).output_shape
    (None, 5)
    """
    check_size("num_classes", num_classes)
    check_fraction("dropout", dropout)
    features = _features(backbone)
    for layer in backbone._flatten_layers():
        _check_layer(backbone, layer)
    build = Builder(features.dtype)
    x = features
    pool = _POOLS[len(features.shape)]
    if pool is not None:
        x = pool("channels_last", dtype=build.policy, name="classifier_pool")(x)
    x = build.logits(x, num_classes, dropout, "classifier_dropout")
    is_sequential = isinstance(backbone, keras.Sequential)
    inputs = backbone.inputs[0] if is_sequential else backbone.input
    return keras.Model(inputs, x, name=name or f"{backbone.name}_classifier")


def _features(backbone: object) -> KerasTensor:
    outputs = getattr(backbone, "outputs", None)
    if not isinstance(backbone, keras.Model) or not outputs:
        raise ValueError(
            "`backbone` must be a functional or sequential model of Keras 3, "
            "built; wrap any other: keras.Model(inputs, backbone(inputs)). "
            f"Received: backbone={backbone!r}"
        )
    if len(outputs) != 1 or len(outputs[0].shape) not in _POOLS:
        shapes = ", ".join(str(tuple(output.shape)) for output in outputs)
        raise ValueError(
            "`backbone` must have one output of shape (batch, ..., channels), "
            "of rank 2 to 4; to choose one of several, use keras.Model("
            "backbone.input, backbone.output[key]). "
            f"Received: {backbone.name!r} with outputs of shape {shapes}"
        )
    last = outputs[0]._keras_history.operation
    activation = getattr(last, "activation", None)
    if activation in (keras.activations.softmax, keras.activations.sigmoid):
        raise ValueError(
            "`backbone` must end in features, not probabilities: build it "
            "without its head (`include_top=False`). "
            f"Received: {backbone.name!r} that ends in {activation.__name__}"
        )
    return outputs[0]


def _check_layer(backbone: keras.Model, layer: keras.layers.Layer) -> None:
    where = f"{type(layer).__name__} {layer.name!r} of {backbone.name!r}"
    if getattr(layer, "data_format", None) == "channels_first":
        raise ValueError(
            "`backbone` must have its channels last. "
            f"Received: {where} with channels first"
        )
    if getattr(layer, "activity_regularizer", None) is not None:
        raise ValueError(
            "`backbone` must have no losses on activations, as the trainers "
            f"do not add them. Received: {where} with an activity_regularizer"
        )
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.synchronized = True
    elif not isinstance(layer, BatchNorm) and _has_statistics(layer):
        raise ValueError(
            "`backbone` must normalise by keras.layers.BatchNormalization or "
            "keras_mpl.models.BatchNorm to be trained on several replicas, "
            f"since only these can synchronise. Received: {where}"
        )


def _has_statistics(layer: keras.layers.Layer) -> bool:
    is_leaf = not list(layer._flatten_layers(include_self=False))
    return is_leaf and any(
        weight.name.startswith("moving_")
        for weight in layer.non_trainable_variables
    )
