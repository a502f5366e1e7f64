"""EfficientNets from B0 to the paper's L2 and B6-Wide.

These are the networks of the paper's ImageNet and JFT tables. Must not import
trainers or data.
"""

import math
import string
from typing import NamedTuple

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

_STEM = 32
_HEAD = 1280
_SQUEEZE = 0.25
_SMALL = 64  # images up to this size have early stride 1


class Preset(NamedTuple):
    """One size of the family, as in the released code.

    Attributes:
        width: Factor on the number of channels.
        depth: Factor on the number of blocks per stage.
        resolution: Height and width of the images in evaluation, in pixels.
    """

    width: float
    depth: float
    resolution: int


PRESETS = {
    "bs": Preset(0.5, 1.0, 224),
    "b0": Preset(1.0, 1.0, 224),
    "b1": Preset(1.0, 1.1, 240),
    "b2": Preset(1.1, 1.2, 260),
    "b3": Preset(1.2, 1.4, 300),
    "b4": Preset(1.4, 1.8, 380),
    "b5": Preset(1.6, 2.2, 456),
    "b6": Preset(1.8, 2.6, 528),
    "b7": Preset(2.0, 3.1, 600),
    "b8": Preset(2.2, 3.6, 672),
    "l2": Preset(4.3, 5.3, 600),
    "b6_wide": Preset(5.0, 2.6, 800),
}


class _Stage(NamedTuple):
    blocks: int
    size: int  # of the depthwise kernel
    filters: int
    stride: int
    expansion: int
    is_early: bool = False  # keeps the resolution of small images


_STAGES = (
    _Stage(1, 3, 16, 1, 1),
    _Stage(2, 3, 24, 2, 6, is_early=True),
    _Stage(2, 5, 40, 2, 6, is_early=True),
    _Stage(3, 3, 80, 2, 6),
    _Stage(3, 5, 112, 1, 6),
    _Stage(4, 5, 192, 2, 6),
    _Stage(1, 3, 320, 1, 6),
)


def efficientnet(
    width: float,
    depth: float,
    *,
    num_classes: int | None = None,
    input_shape: ImageShape = (224, 224, 3),
    include_top: bool = True,
    include_rescaling: bool = False,
    early_stride: int | None = None,
    dropout: float = 0.0,
    stochastic_depth: float = 0.0,
    batch_norm_momentum: float = 0.99,
    weights: Weights = None,
    dtype: DTypeLike | None = None,
    name: str | None = None,
) -> keras.Model:
    """Builds an EfficientNet (arXiv:1905.11946) of any width and depth.

    The network has seven stages of inverted bottlenecks with
    squeeze-and-excitation; the squeeze has a quarter of the block's INPUT
    channels. `PRESETS` has the sizes of the released code. Its L2 (4.3, 5.3)
    has the 480 M parameters of the paper. Its B6-Wide (5.0, 2.6) has 317 M,
    where the paper states 390 M; the values that give the paper's number are
    not published. The released code lists a dropout for each size but does not
    use it, so dropout and stochastic depth are 0 by default here, too.

    Layers with weights have the names of keras.applications (except `logits`)
    and compute the same, so that published weights fit.

    Args:
        width: Factor on the number of channels, rounded to multiples of 8.
        depth: Factor on the number of blocks per stage, rounded up.
        num_classes: Number of logits; not needed without a top.
        input_shape: Shape of one image, `(height, width, channels)`, in
            pixels; height and width may be `None`.
        include_top: Whether pooling, dropout and logits follow.
        include_rescaling: If `True`, the network takes pixels in `[0, 255]` and
            standardises them. If `False`, images must be standardised already:
            pixels in `[0, 1]`, minus ImageNet's mean, divided by its standard
            deviation, per channel. (A network that is trained from scratch may
            have any similar scale.)
        early_stride: Stride of the stem and of the second and third stage, 1
            or 2; `None` is 1 for images of at most 64 x 64 pixels, as in the
            released code for CIFAR-10 and SVHN, else 2.
        dropout: Fraction of the pooled features that training drops.
        stochastic_depth: Probability that training drops the last residual
            branch of an example; it falls linearly to 0 for earlier branches.
        batch_norm_momentum: Fraction of the moving statistics that one step
            keeps.
        weights: `None`, `"imagenet"` or the path of a weights file of
            keras.applications' network of this size (B0 to B7). A head with
            another number of classes is not loaded.
        dtype: Policy of all layers but the last; `None` is the global one.
        name: Name of the model; `None` makes one of width and depth.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits
        of shape `(batch, num_classes)`, float32 under any policy but float64.
        Without a top it ends in features of shape
        `(batch, rows, columns, 1280 * width)`.

    Raises:
        ValueError: If `width` or `depth` is not positive, a size is not a
            positive integer, `input_shape` is not of rank 3, `early_stride`
            is neither 1 nor 2, a rate is out of range, or `weights` are not
            published for this size or do not fit.
        OSError: If `weights` can not be found or fetched.

    >>> efficientnet(0.5, 1, num_classes=2, input_shape=(8, 8, 1)).output_shape
    (None, 2)
    """
    _check(width, depth, early_stride)
    check_top(include_top, num_classes)
    check_images(input_shape, is_rgb=include_rescaling or weights is not None)
    check_fraction("dropout", dropout)
    check_fraction("stochastic_depth", stochastic_depth)
    pretrained.check(weights, _PUBLISHED.get((width, depth)))
    build = Builder(dtype, momentum=batch_norm_momentum)
    inputs = x = build.images(input_shape)
    if include_rescaling:
        x = build.standardise(x)
    early = early_stride or _early_stride(input_shape)
    x = build.convolution(x, _filters(_STEM, width), 3, early, "stem_conv")
    x = _norm_swish(build, x, "stem_bn", "stem_activation")
    x = _stages(build, x, width, depth, early, stochastic_depth)
    x = build.convolution(x, _filters(_HEAD, width), 1, 1, "top_conv")
    x = _norm_swish(build, x, "top_bn", "top_activation")
    if include_top and num_classes is not None:
        x = build.top(x, num_classes, dropout)
    model = keras.Model(inputs, x, name=name or f"efficientnet_{width}_{depth}")
    pretrained.load(model, weights, _PUBLISHED.get((width, depth)))
    return model


def _stages(
    build: Builder,
    x: KerasTensor,
    width: float,
    depth: float,
    early: int,
    drop: float,
) -> KerasTensor:
    total = sum(_blocks(stage, depth) for stage in _STAGES)
    index = 0
    for number, stage in enumerate(_STAGES, start=1):
        for block in range(_blocks(stage, depth)):
            stride = early if stage.is_early else stage.stride
            x = _block(
                build,
                x,
                stage._replace(
                    filters=_filters(stage.filters, width),
                    stride=stride if block == 0 else 1,
                ),
                drop * index / total,
                f"block{number}{_letter(block)}",
            )
            index += 1
    return x


def _block(
    build: Builder, x: KerasTensor, stage: _Stage, drop: float, name: str
) -> KerasTensor:
    """One inverted bottleneck: expand, depthwise, squeeze-excite, project."""
    residual = x
    filters_in = x.shape[-1]
    if stage.expansion != 1:
        x = build.convolution(
            x, stage.expansion * filters_in, 1, 1, f"{name}_expand_conv"
        )
        x = _norm_swish(
            build, x, f"{name}_expand_bn", f"{name}_expand_activation"
        )
    x = build.depthwise(x, stage.size, stage.stride, f"{name}_dwconv")
    x = _norm_swish(build, x, f"{name}_bn", f"{name}_activation")
    x = _squeeze_excite(build, x, max(1, int(_SQUEEZE * filters_in)), name)
    x = build.convolution(x, stage.filters, 1, 1, f"{name}_project_conv")
    x = build.norm(x, f"{name}_project_bn")
    if stage.stride != 1 or stage.filters != filters_in:
        return x
    if drop > 0:
        x = keras.layers.Dropout(
            drop,
            noise_shape=(None, 1, 1, 1),
            dtype=build.policy,
            name=f"{name}_drop",
        )(x)
    return build.add([x, residual], f"{name}_add")


def _squeeze_excite(
    build: Builder, x: KerasTensor, squeezed: int, name: str
) -> KerasTensor:
    """Scales each channel by a function of all means (arXiv:1709.01507)."""
    weight = build.pool(x, f"{name}_se_squeeze", keepdims=True)
    for filters, function, step in (
        (squeezed, "swish", "reduce"),
        (x.shape[-1], "sigmoid", "expand"),
    ):
        weight = build.convolution(
            weight,
            filters,
            1,
            1,
            f"{name}_se_{step}",
            use_bias=True,
            activation=function,
        )
    return keras.layers.Multiply(dtype=build.policy, name=f"{name}_se_excite")(
        [x, weight]
    )


def _norm_swish(
    build: Builder, x: KerasTensor, norm: str, activation: str
) -> KerasTensor:
    return build.activation(build.norm(x, norm), "swish", activation)


def _filters(filters: int, width: float) -> int:
    """Returns the nearest multiple of 8 that is at least nine tenths."""
    wide = filters * width
    rounded = max(8, int(wide + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wide else rounded + 8


def _blocks(stage: _Stage, depth: float) -> int:
    return math.ceil(depth * stage.blocks)


def _letter(block: int) -> str:
    letters = string.ascii_lowercase
    return letters[block] if block < len(letters) else str(block + 1)


def _early_stride(input_shape: ImageShape) -> int:
    height, width, _ = input_shape
    if height is None or width is None:
        return 2
    return 1 if max(height, width) <= _SMALL else 2


def _check(width: float, depth: float, early_stride: int | None) -> None:
    for key, value in {"width": width, "depth": depth}.items():
        if not value > 0:
            raise ValueError(
                f"`{key}` must be positive. Received: {key}={value}"
            )
    if early_stride not in (None, 1, 2):
        raise ValueError(
            "`early_stride` must be 1, 2 or None. "
            f"Received: early_stride={early_stride}"
        )


_PUBLISHED = {
    (PRESETS[size].width, PRESETS[size].depth): pretrained.Published(
        f"EfficientNet{size.upper()}",
        f"efficientnet{size}.h5",
        f"efficientnet{size}_notop.h5",
    )
    for size in ("b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7")
}
