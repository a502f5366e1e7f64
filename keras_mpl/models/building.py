"""What the networks share: options, layers under one policy, head, checks.

Must not import any of the networks, trainers or data.
"""

import math
import os
from collections.abc import Callable
from collections.abc import Sequence
from typing import Literal
from typing import TypeAlias
from typing import TypedDict
from typing import Unpack

import keras

from keras_mpl.models.normalization import BatchNorm
from keras_mpl.types import DTypeLike
from keras_mpl.types import Tensor

# A tensor of Keras' functional API: a placeholder while a network is built.
KerasTensor: TypeAlias = keras.KerasTensor
# Height, width and channels of an image; `None` is an unknown size.
ImageShape: TypeAlias = tuple[int | None, int | None, int]
# No weights, keras.applications' for ImageNet, or the path of a file of them.
Weights: TypeAlias = Literal["imagenet"] | str | os.PathLike[str] | None


class Options(TypedDict, total=False):
    """The options of all builders; each builder accepts some of them."""

    units: Sequence[int]
    input_shape: Sequence[int | None]
    include_top: bool
    include_rescaling: bool
    variant: Literal["v1.5", "v1"]
    stem_filters: int
    slope: float
    early_stride: int | None
    activation: str | Callable[[Tensor], Tensor]
    dropout: float
    stochastic_depth: float
    batch_norm_momentum: float
    weights: Weights
    dtype: DTypeLike | None
    kernel_initializer: str | keras.initializers.Initializer


class ConvolutionOptions(TypedDict, total=False):
    """The arguments of Keras' `Conv2D` that a caller may change."""

    padding: Literal["same", "valid"]
    use_bias: bool
    activation: str


# Mean and standard deviation of the red, green and blue of ImageNet's pixels in
# [0, 1], as in the released code and keras.applications.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_DEVIATION = (0.229, 0.224, 0.225)

_LAST = "channels_last"


class Builder:
    """Makes layers under one policy and applies them; each one has a name.

    Convolutions start from `N(0, 2 / (kernel_area * filters))`, as in the
    released code.

    Args:
        dtype: Policy of all layers but the last; `None` is the global one.
        momentum: Fraction of BatchNorm's moving statistics that one step keeps.
        epsilon: The number that BatchNorm adds to variances.

    Raises:
        ValueError: If `momentum` is not in `[0, 1]`.

    Attributes:
        policy: The policy of all layers but the last.
        outer_dtype: The dtype of inputs and logits: float64 under a policy of
            float64, else float32.
    """

    def __init__(
        self,
        dtype: DTypeLike | None,
        *,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
    ):
        self.policy = keras.dtype_policies.get(
            dtype or keras.config.dtype_policy()
        )
        if not 0 <= momentum <= 1:
            raise ValueError(
                "`batch_norm_momentum` must be in [0, 1]. "
                f"Received: batch_norm_momentum={momentum}"
            )
        self.momentum = momentum
        self.epsilon = epsilon
        is_double = self.policy.compute_dtype == "float64"
        self.outer_dtype = "float64" if is_double else "float32"

    def images(self, input_shape: Sequence[int | None]) -> KerasTensor:
        """Returns the network's input, of the outer dtype."""
        return keras.Input(
            tuple(input_shape), dtype=self.outer_dtype, name="images"
        )

    def convolution(
        self,
        x: KerasTensor,
        filters: int,
        size: int,
        stride: int,
        name: str,
        **options: Unpack[ConvolutionOptions],
    ) -> KerasTensor:
        """Applies a convolution; by default padded to equal size, no bias."""
        defaults: ConvolutionOptions = {"padding": "same", "use_bias": False}
        return keras.layers.Conv2D(
            filters,
            size,
            strides=stride,
            **{**defaults, **options},
            data_format=_LAST,
            kernel_initializer=_fan_out(),
            dtype=self.policy,
            name=name,
        )(x)

    def depthwise(
        self, x: KerasTensor, size: int, stride: int, name: str
    ) -> KerasTensor:
        """Applies a depthwise convolution without a bias."""
        return keras.layers.DepthwiseConv2D(
            size,
            strides=stride,
            padding="same",
            use_bias=False,
            data_format=_LAST,
            depthwise_initializer=_fan_out(),
            dtype=self.policy,
            name=name,
        )(x)

    def norm(self, x: KerasTensor, name: str) -> KerasTensor:
        """Applies this package's `BatchNorm`."""
        return BatchNorm(
            self.momentum, self.epsilon, dtype=self.policy, name=name
        )(x)

    def activation(
        self, x: KerasTensor, function: str, name: str
    ) -> KerasTensor:
        """Applies an activation function of Keras by its name."""
        return keras.layers.Activation(function, dtype=self.policy, name=name)(
            x
        )

    def pool(
        self, x: KerasTensor, name: str, *, keepdims: bool = False
    ) -> KerasTensor:
        """Takes the mean over all positions."""
        return keras.layers.GlobalAveragePooling2D(
            data_format=_LAST, keepdims=keepdims, dtype=self.policy, name=name
        )(x)

    def add(self, branches: list[KerasTensor], name: str) -> KerasTensor:
        """Adds the branches."""
        return keras.layers.Add(dtype=self.policy, name=name)(branches)

    def rescaling(
        self,
        x: KerasTensor,
        scale: Sequence[float],
        offset: Sequence[float],
        name: str,
    ) -> KerasTensor:
        """Applies `scale * x + offset` per channel, in the outer dtype."""
        return keras.layers.Rescaling(
            list(scale), list(offset), dtype=self.outer_dtype, name=name
        )(x)

    def standardise(self, x: KerasTensor) -> KerasTensor:
        """Standardises pixels in `[0, 255]` by ImageNet's statistics."""
        pairs = list(zip(_IMAGENET_MEAN, _IMAGENET_DEVIATION, strict=True))
        scale = [1 / (255 * deviation) for _, deviation in pairs]
        offset = [-mean / deviation for mean, deviation in pairs]
        return self.rescaling(x, scale, offset, "rescaling")

    def top(
        self, x: KerasTensor, num_classes: int, dropout: float
    ) -> KerasTensor:
        """Applies pooling, dropout and logits, `(batch, num_classes)`."""
        x = self.pool(x, "head_pool")
        return self.logits(x, num_classes, dropout, "head_dropout")

    def logits(
        self,
        x: KerasTensor,
        num_classes: int,
        dropout: float,
        dropout_name: str,
    ) -> KerasTensor:
        """Applies dropout and logits of the outer dtype."""
        if dropout > 0:
            x = keras.layers.Dropout(
                dropout, dtype=self.policy, name=dropout_name
            )(x)
        limit = 1.0 / math.sqrt(num_classes)
        return keras.layers.Dense(
            num_classes,
            kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
            dtype=self.outer_dtype,
            name="logits",
        )(x)


def _fan_out() -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(
        2.0, "fan_out", "untruncated_normal"
    )


def check_size(name: str, value: object) -> None:
    """Checks that a size is a positive integer.

    Args:
        name: Name of the argument, for the message.
        value: The value that was received.

    Raises:
        ValueError: If it is not a positive integer.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(
            f"`{name}` must be a positive integer. Received: {name}={value}"
        )


def check_fraction(name: str, value: float) -> None:
    """Checks that a rate is in `[0, 1)`.

    Args:
        name: Name of the argument, for the message.
        value: The value that was received.

    Raises:
        ValueError: If it is not in `[0, 1)`.
    """
    if not 0 <= value < 1:
        raise ValueError(
            f"`{name}` must be in [0, 1). Received: {name}={value}"
        )


def check_top(include_top: bool, num_classes: int | None) -> None:
    """Checks that the number of classes is given where there are logits.

    Args:
        include_top: Whether the network ends in logits.
        num_classes: Number of logits; it may be `None` without a top.

    Raises:
        ValueError: If `num_classes` is missing or not a positive integer.
    """
    if include_top and num_classes is None:
        raise ValueError(
            "`num_classes` must be a positive integer unless "
            "`include_top=False`. Received: num_classes=None"
        )
    if num_classes is not None:
        check_size("num_classes", num_classes)
        if include_top and num_classes == 1:
            raise ValueError(
                "`num_classes` must be 2 or more; two classes are two logits. "
                "Received: num_classes=1"
            )


def check_images(
    input_shape: Sequence[int | None], *, is_rgb: bool = False
) -> None:
    """Checks the shape of one image.

    Args:
        input_shape: `(height, width, channels)`; height and width may be
            `None`.
        is_rgb: Whether there must be three channels.

    Raises:
        ValueError: If the rank is not 3, or if the number of channels is
            unknown or wrong.
    """
    is_image = len(input_shape) == 3 and input_shape[-1] is not None
    if not is_image or (is_rgb and input_shape[-1] != 3):
        last = "3" if is_rgb else "channels"
        why = (
            ", the three colours of ImageNet, with `weights` or "
            "`include_rescaling`"
            if is_rgb
            else ""
        )
        raise ValueError(
            f"`input_shape` must be (height, width, {last}){why}. "
            f"Received: input_shape={input_shape}"
        )
