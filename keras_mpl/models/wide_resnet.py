"""Wide residual networks, of any depth and width, down to 8 x 8 images.

Answers what the networks of the paper's CIFAR-10 and SVHN tables are made of.
Must not import trainers or data.
"""

import math
from typing import Any

import keras

from keras_mpl.models.normalization import BatchNorm

_LAYERS_PER_BLOCK = 6  # two convolutions in each of three stages


def wide_resnet(
    depth: int,
    width: int,
    *,
    num_classes: int,
    input_shape: tuple[int, int, int] = (32, 32, 3),
    stem_filters: int = 16,
    slope: float = 0.1,
    dropout: float = 0.0,
    dtype: Any = None,
    name: str | None = None,
) -> keras.Model:
    """Builds a pre-activation wide residual network (arXiv:1605.07146).

    Three stages of `(depth - 4) / 6` blocks with `16 * width`, `32 * width`
    and `64 * width` channels and strides 1, 2 and 2; leaky ReLU; a 1x1
    convolution as shortcut where the shape changes. Convolutions start from
    `N(0, 2 / (kernel_area * filters))` and have no bias.

    The defaults are the network of the FixMatch lineage: WRN-28-2 with 10
    classes has 1,467,610 trainable parameters. The released code of Meta
    Pseudo Labels differs: `stem_filters=16 * width` (1,472,170) and
    `slope=0.2`.

    Args:
        depth: Number of convolutions, three shortcuts counted; `6 n + 4` for
            `n` blocks per stage.
        width: Factor on the number of channels.
        num_classes: Number of logits.
        input_shape: Shape of one image, `(height, width, channels)`, in
            pixels.
        stem_filters: Channels after the first convolution.
        slope: Of the leaky ReLU for negative inputs.
        dropout: Fraction of the pooled features that training drops.
        dtype: Policy of all layers but the last; `None` is the global one.
        name: Of the model; `wrn_<depth>_<width>` if `None`.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits
        of shape `(batch, num_classes)`, float32 under any policy but float64.

    Raises:
        ValueError: If a size is not a positive integer, `depth` is not
            `6 n + 4`, `input_shape` is not of rank 3, `slope` is negative, or
            `dropout` is not in `[0, 1)`.

    >>> wide_resnet(10, 1, num_classes=2, input_shape=(8, 8, 1)).output_shape
    (None, 2)
    """
    _check(depth, width, num_classes, input_shape, stem_filters)
    _check_fractions(slope, dropout)
    policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
    build = _Builder(policy, slope)
    inputs = keras.Input(input_shape, dtype=build.outer_dtype, name="images")
    x = build.convolution(inputs, stem_filters, 3, 1, "stem_conv")
    for stage in range(3):
        filters = 16 * width * 2**stage
        for block in range((depth - 4) // _LAYERS_PER_BLOCK):
            stride = 2 if stage > 0 and block == 0 else 1
            prefix = f"stage{stage + 1}_block{block + 1}"
            x = build.block(x, filters, stride, prefix)
    x = build.activation(x, "head")
    x = keras.layers.GlobalAveragePooling2D(dtype=policy, name="head_pool")(x)
    if dropout > 0:
        x = keras.layers.Dropout(dropout, dtype=policy, name="head_dropout")(x)
    logits = build.logits(x, num_classes)
    return keras.Model(inputs, logits, name=name or f"wrn_{depth}_{width}")


class _Builder:
    """Calls layers under one policy; every layer gets a name of its own."""

    def __init__(self, policy: Any, slope: float):
        self.policy = policy
        self.slope = slope
        is_double = policy.compute_dtype == "float64"
        self.outer_dtype = "float64" if is_double else "float32"

    def convolution(
        self, x: Any, filters: int, size: int, stride: int, name: str
    ) -> Any:
        return keras.layers.Conv2D(
            filters,
            size,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.VarianceScaling(
                2.0, "fan_out", "untruncated_normal"
            ),
            dtype=self.policy,
            name=name,
        )(x)

    def activation(self, x: Any, prefix: str) -> Any:
        x = BatchNorm(dtype=self.policy, name=f"{prefix}_norm")(x)
        return keras.layers.LeakyReLU(
            negative_slope=self.slope, dtype=self.policy, name=f"{prefix}_relu"
        )(x)

    def block(self, x: Any, filters: int, stride: int, prefix: str) -> Any:
        activated = self.activation(x, f"{prefix}_1")
        shortcut = x
        if stride != 1 or x.shape[-1] != filters:
            shortcut = self.convolution(
                activated, filters, 1, stride, f"{prefix}_shortcut"
            )
        x = self.convolution(activated, filters, 3, stride, f"{prefix}_1_conv")
        x = self.activation(x, f"{prefix}_2")
        x = self.convolution(x, filters, 3, 1, f"{prefix}_2_conv")
        return keras.layers.Add(dtype=self.policy, name=f"{prefix}_add")(
            [shortcut, x]
        )

    def logits(self, x: Any, num_classes: int) -> Any:
        limit = 1.0 / math.sqrt(num_classes)
        return keras.layers.Dense(
            num_classes,
            kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
            dtype=self.outer_dtype,
            name="logits",
        )(x)


def _check(
    depth: int,
    width: int,
    num_classes: int,
    input_shape: tuple[int, int, int],
    stem_filters: int,
) -> None:
    sizes = {
        "width": width,
        "num_classes": num_classes,
        "stem_filters": stem_filters,
    }
    for key, value in sizes.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(
                f"`{key}` must be a positive integer. Received: {key}={value}"
            )
    is_whole = isinstance(depth, int) and (depth - 4) % _LAYERS_PER_BLOCK == 0
    if not is_whole or depth < 10:
        raise ValueError(
            "`depth` must be 6 n + 4 with n >= 1, such as 10, 16, 22 or 28. "
            f"Received: depth={depth}"
        )
    if len(input_shape) != 3:
        raise ValueError(
            "`input_shape` must be (height, width, channels). "
            f"Received: input_shape={input_shape}"
        )


def _check_fractions(slope: float, dropout: float) -> None:
    if slope < 0:
        raise ValueError(
            f"`slope` must not be negative. Received: slope={slope}"
        )
    if not 0 <= dropout < 1:
        raise ValueError(
            f"`dropout` must be in [0, 1). Received: dropout={dropout}"
        )
