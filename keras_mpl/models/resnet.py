"""ResNet-50, the network of the paper's ImageNet-10% table.

Must not import trainers or data.
"""

from typing import Literal
from typing import TypeAlias

import keras

from keras_mpl.models import pretrained
from keras_mpl.models.building import Builder
from keras_mpl.models.building import ImageShape
from keras_mpl.models.building import KerasTensor
from keras_mpl.models.building import Weights
from keras_mpl.models.building import check_fraction
from keras_mpl.models.building import check_images
from keras_mpl.models.building import check_top
from keras_mpl.types import DTypeLike

Variant: TypeAlias = Literal["v1.5", "v1"]

_BLOCKS = (3, 4, 6, 3)
_EXPANSION = 4
_EPSILONS = {"v1.5": 1e-3, "v1": 1.001e-5}
# Mean blue, green and red, in pixel values. keras.applications' weights were
# trained without them: its `resnet.preprocess_input` subtracts them.
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_PUBLISHED = pretrained.Published(
    "ResNet50",
    "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
    "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
)


def resnet_50(
    *,
    num_classes: int | None = None,
    input_shape: ImageShape = (224, 224, 3),
    include_top: bool = True,
    include_rescaling: bool = False,
    variant: Variant = "v1.5",
    dropout: float = 0.0,
    batch_norm_momentum: float = 0.99,
    weights: Weights = None,
    dtype: DTypeLike | None = None,
    name: str | None = None,
) -> keras.Model:
    """Builds a residual network of 50 layers (arXiv:1512.03385).

    A 7x7 convolution and 3x3 max pooling are followed by 3, 4, 6 and 3
    bottleneck blocks. Convolutions have no bias, and the last normalisation of
    a block starts from scale 1, both as in the released code.

    There are two variants. `"v1.5"` is the released code's: a block has its
    stride on the 3x3 convolution, TensorFlow's padding, and 1e-3 added to
    variances. keras.applications publishes weights for `"v1"`: a block has its
    stride on the first 1x1 convolution, equal padding on both sides, and
    1.001e-5 added to variances. Layers with weights have the names of
    keras.applications, except `logits`.

    Args:
        num_classes: Number of logits; not needed without a top.
        input_shape: Shape of one image, `(height, width, channels)`, in
            pixels; height and width may be `None`.
        include_top: Whether pooling, dropout and logits follow.
        include_rescaling: If `True`, the network takes pixels in `[0, 255]` and
            standardises them. If `False`, images must be standardised already:
            `"v1.5"` expects pixels in `[0, 1]`, minus ImageNet's mean, divided
            by its standard deviation, per channel; the published weights of
            `"v1"` expect the result of
            `keras.applications.resnet.preprocess_input`. (A network that is
            trained from scratch may have any similar scale.)
        variant: `"v1.5"` or `"v1"`.
        dropout: Fraction of the pooled features that training drops.
        batch_norm_momentum: Fraction of the moving statistics that one step
            keeps.
        weights: `None`, or with `"v1"` also `"imagenet"` or the path of a
            weights file of keras.applications' ResNet50. A head with another
            number of classes is not loaded.
        dtype: Policy of all layers but the last; `None` is the global one.
        name: Name of the model; `None` is `resnet_50`.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits
        of shape `(batch, num_classes)`, float32 under any policy but float64.
        Without a top it ends in features of shape
        `(batch, height / 32, width / 32, 2048)`.

    Raises:
        ValueError: If `num_classes` is not a positive integer, `input_shape`
            is not of rank 3, `variant` is not known, a rate is out of range,
            or `weights` are not published for the variant or do not fit.
        OSError: If `weights` can not be found or fetched.

    >>> resnet_50(num_classes=2, input_shape=(32, 32, 1)).output_shape
    (None, 2)
    """
    if variant not in _EPSILONS:
        raise ValueError(
            f"`variant` must be one of {', '.join(_EPSILONS)}. "
            f"Received: variant={variant!r}"
        )
    published = _PUBLISHED if variant == "v1" else None
    check_top(include_top, num_classes)
    check_images(input_shape, is_rgb=include_rescaling or weights is not None)
    check_fraction("dropout", dropout)
    pretrained.check(weights, published)
    build = Builder(
        dtype, momentum=batch_norm_momentum, epsilon=_EPSILONS[variant]
    )
    inputs = x = build.images(input_shape)
    if include_rescaling:
        x = _standardise(build, x, variant)
    x = _stem(build, x, variant)
    for stage, blocks in enumerate(_BLOCKS):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            prefix = f"conv{stage + 2}_block{block + 1}"
            x = _block(build, x, 64 * 2**stage, stride, variant, prefix)
    if include_top and num_classes is not None:
        x = build.top(x, num_classes, dropout)
    model = keras.Model(inputs, x, name=name or "resnet_50")
    pretrained.load(model, weights, published)
    return model


def _stem(build: Builder, x: KerasTensor, variant: Variant) -> KerasTensor:
    padding: Literal["same", "valid"] = "valid" if variant == "v1" else "same"
    x = _pad(build, x, 3, "conv1_pad") if variant == "v1" else x
    x = build.convolution(x, 64, 7, 2, "conv1_conv", padding=padding)
    x = build.activation(build.norm(x, "conv1_bn"), "relu", "conv1_relu")
    x = _pad(build, x, 1, "pool1_pad") if variant == "v1" else x
    return keras.layers.MaxPooling2D(
        3,
        strides=2,
        padding=padding,
        data_format="channels_last",
        dtype=build.policy,
        name="pool1_pool",
    )(x)


def _block(
    build: Builder,
    x: KerasTensor,
    filters: int,
    stride: int,
    variant: Variant,
    prefix: str,
) -> KerasTensor:
    shortcut = x
    if stride != 1 or x.shape[-1] != _EXPANSION * filters:
        shortcut = build.convolution(
            x, _EXPANSION * filters, 1, stride, f"{prefix}_0_conv"
        )
        shortcut = build.norm(shortcut, f"{prefix}_0_bn")
    first, second = (stride, 1) if variant == "v1" else (1, stride)
    x = build.convolution(x, filters, 1, first, f"{prefix}_1_conv")
    x = _norm_relu(build, x, f"{prefix}_1")
    x = build.convolution(x, filters, 3, second, f"{prefix}_2_conv")
    x = _norm_relu(build, x, f"{prefix}_2")
    x = build.convolution(x, _EXPANSION * filters, 1, 1, f"{prefix}_3_conv")
    x = build.norm(x, f"{prefix}_3_bn")
    x = build.add([shortcut, x], f"{prefix}_add")
    return build.activation(x, "relu", f"{prefix}_out")


def _norm_relu(build: Builder, x: KerasTensor, prefix: str) -> KerasTensor:
    x = build.norm(x, f"{prefix}_bn")
    return build.activation(x, "relu", f"{prefix}_relu")


def _pad(build: Builder, x: KerasTensor, width: int, name: str) -> KerasTensor:
    return keras.layers.ZeroPadding2D(
        width, data_format="channels_last", dtype=build.policy, name=name
    )(x)


def _standardise(
    build: Builder, x: KerasTensor, variant: Variant
) -> KerasTensor:
    if variant == "v1":
        blue_first = keras.ops.flip(x, axis=-1)
        offset = [-mean for mean in _CAFFE_MEAN]
        return build.rescaling(blue_first, [1.0] * 3, offset, "rescaling")
    return build.standardise(x)
