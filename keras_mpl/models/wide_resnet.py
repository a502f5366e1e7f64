"""Wide residual networks, of any depth and width, down to 8 x 8 images.

These are the networks of the paper's CIFAR-10 and SVHN tables. Must not import
trainers or data.
"""

import keras

from keras_mpl.models.activations import LeakyReLU
from keras_mpl.models.building import Builder
from keras_mpl.models.building import ImageShape
from keras_mpl.models.building import KerasTensor
from keras_mpl.models.building import check_fraction
from keras_mpl.models.building import check_images
from keras_mpl.models.building import check_size
from keras_mpl.models.building import check_top
from keras_mpl.types import DTypeLike

_LAYERS_PER_BLOCK = 6  # two convolutions in each of three stages


def wide_resnet(
    depth: int,
    width: int,
    *,
    num_classes: int | None = None,
    input_shape: ImageShape = (32, 32, 3),
    include_top: bool = True,
    stem_filters: int = 16,
    slope: float = 0.1,
    dropout: float = 0.0,
    batch_norm_momentum: float = 0.99,
    dtype: DTypeLike | None = None,
    name: str | None = None,
) -> keras.Model:
    """Builds a pre-activation wide residual network (arXiv:1605.07146).

    It has three stages of `(depth - 4) / 6` blocks, with `16 * width`,
    `32 * width` and `64 * width` channels and strides 1, 2 and 2. Activations
    are leaky ReLUs, and the shortcut is a 1x1 convolution where the shape
    changes. Convolutions start from `N(0, 2 / (kernel_area * filters))` and
    have no bias.

    The defaults are those of FixMatch and of the methods that compare with it:
    WRN-28-2 with 10 classes has 1,467,610 trainable parameters. The released
    code of Meta Pseudo Labels has `stem_filters=16 * width` (1,472,170
    parameters) and `slope=0.2`.

    Args:
        depth: Number of convolutions, with the three shortcuts; it is
            `6 n + 4` for `n` blocks per stage.
        width: Factor on the number of channels.
        num_classes: Number of logits; not needed without a top.
        input_shape: Shape of one image, `(height, width, channels)`, in
            pixels; height and width may be `None`.
        include_top: Whether pooling, dropout and logits follow.
        stem_filters: Channels after the first convolution.
        slope: Slope of the leaky ReLU for negative inputs.
        dropout: Fraction of the pooled features that training drops.
        batch_norm_momentum: Fraction of the moving statistics that one step
            keeps; 0.9 is good for runs of a few thousand steps.
        dtype: Policy of all layers but the last; `None` is the global one.
        name: Name of the model; `None` is `wrn_<depth>_<width>`.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits
        of shape `(batch, num_classes)`, float32 under any policy but float64.
        Without a top it ends in features of shape
        `(batch, height / 4, width / 4, 64 * width)`.

    Raises:
        ValueError: If a size is not a positive integer, `depth` is not
            `6 n + 4`, `input_shape` is not of rank 3, `dropout` is not in
            `[0, 1)`, or `slope` or `batch_norm_momentum` not in `[0, 1]`.

    >>> wide_resnet(10, 1, num_classes=2, input_shape=(8, 8, 1)).output_shape
    (None, 2)
    """
    _check(depth, width, stem_filters, slope)
    check_top(include_top, num_classes)
    check_images(input_shape)
    check_fraction("dropout", dropout)
    build = Builder(dtype, momentum=batch_norm_momentum)
    inputs = build.images(input_shape)
    x = build.convolution(inputs, stem_filters, 3, 1, "stem_conv")
    for stage in range(3):
        filters = 16 * width * 2**stage
        for block in range((depth - 4) // _LAYERS_PER_BLOCK):
            stride = 2 if stage > 0 and block == 0 else 1
            prefix = f"stage{stage + 1}_block{block + 1}"
            x = _block(build, x, filters, stride, slope, prefix)
    x = _norm_relu(build, x, slope, "head")
    if include_top and num_classes is not None:
        x = build.top(x, num_classes, dropout)
    return keras.Model(inputs, x, name=name or f"wrn_{depth}_{width}")


def _norm_relu(
    build: Builder, x: KerasTensor, slope: float, prefix: str
) -> KerasTensor:
    x = build.norm(x, f"{prefix}_norm")
    return LeakyReLU(
        negative_slope=slope, dtype=build.policy, name=f"{prefix}_relu"
    )(x)


def _block(
    build: Builder,
    x: KerasTensor,
    filters: int,
    stride: int,
    slope: float,
    prefix: str,
) -> KerasTensor:
    activated = _norm_relu(build, x, slope, f"{prefix}_1")
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = build.convolution(
            activated, filters, 1, stride, f"{prefix}_shortcut"
        )
    x = build.convolution(activated, filters, 3, stride, f"{prefix}_1_conv")
    x = _norm_relu(build, x, slope, f"{prefix}_2")
    x = build.convolution(x, filters, 3, 1, f"{prefix}_2_conv")
    return build.add([shortcut, x], f"{prefix}_add")


def _check(depth: int, width: int, stem_filters: int, slope: float) -> None:
    check_size("width", width)
    check_size("stem_filters", stem_filters)
    is_whole = isinstance(depth, int) and (depth - 4) % _LAYERS_PER_BLOCK == 0
    if not is_whole or depth < 10:
        raise ValueError(
            "`depth` must be 6 n + 4 with n >= 1, such as 10, 16, 22 or 28. "
            f"Received: depth={depth}"
        )
    if not 0 <= slope <= 1:
        raise ValueError(f"`slope` must be in [0, 1]. Received: slope={slope}")
