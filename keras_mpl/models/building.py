"""What the image networks share: layers under one policy, head and checks.

Must not import any of the networks, trainers or data.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_mpl.models.normalization import BatchNorm

# Of the red, green and blue of ImageNet's pixels in [0, 1], as the released
# code and keras.applications have them.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_DEVIATION = (0.229, 0.224, 0.225)

_LAST = "channels_last"


class Builder:
    """Calls layers under one policy; every layer gets a name of its own.

    Convolutions start from `N(0, 2 / (kernel_area * filters))`, as released.

    Args:
        dtype: Policy of all layers but the last; `None` is the global one.
        momentum: How much of the moving statistics survives one step.
        epsilon: Added to variances.

    Raises:
        ValueError: If `momentum` is not in `[0, 1]`.

    Attributes:
        policy: The policy itself.
        outer_dtype: Of inputs and logits: float32, or float64 with float64.
    """

    def __init__(
        self, dtype: Any, *, momentum: float = 0.99, epsilon: float = 1e-3
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

    def images(self, input_shape: Sequence[int | None]) -> Any:
        """The input, of the outer type."""
        return keras.Input(
            tuple(input_shape), dtype=self.outer_dtype, name="images"
        )

    def convolution(
        self,
        x: Any,
        filters: int,
        size: int,
        stride: int,
        name: str,
        **options: Any,
    ) -> Any:
        """Without a bias, padded to keep its size, unless told otherwise."""
        return keras.layers.Conv2D(
            filters,
            size,
            strides=stride,
            **{"padding": "same", "use_bias": False, **options},
            data_format=_LAST,
            kernel_initializer=_fan_out(),
            dtype=self.policy,
            name=name,
        )(x)

    def depthwise(self, x: Any, size: int, stride: int, name: str) -> Any:
        """One filter per channel, no bias."""
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

    def norm(self, x: Any, name: str) -> Any:
        """Our `BatchNorm`."""
        return BatchNorm(
            self.momentum, self.epsilon, dtype=self.policy, name=name
        )(x)

    def activation(self, x: Any, function: str, name: str) -> Any:
        """A function of Keras by name."""
        return keras.layers.Activation(function, dtype=self.policy, name=name)(
            x
        )

    def pool(self, x: Any, name: str, *, keepdims: bool = False) -> Any:
        """The mean over all positions."""
        return keras.layers.GlobalAveragePooling2D(
            data_format=_LAST, keepdims=keepdims, dtype=self.policy, name=name
        )(x)

    def add(self, branches: list[Any], name: str) -> Any:
        """The sum of branches."""
        return keras.layers.Add(dtype=self.policy, name=name)(branches)

    def rescaling(
        self, x: Any, scale: Sequence[float], offset: Sequence[float], name: str
    ) -> Any:
        """`scale * x + offset`, per channel, before anything is narrowed."""
        return keras.layers.Rescaling(
            list(scale), list(offset), dtype=self.outer_dtype, name=name
        )(x)

    def standardised(self, x: Any) -> Any:
        """From pixels in `[0, 255]` to ImageNet's mean 0 and deviation 1."""
        pairs = list(zip(_IMAGENET_MEAN, _IMAGENET_DEVIATION, strict=True))
        scale = [1 / (255 * deviation) for _, deviation in pairs]
        offset = [-mean / deviation for mean, deviation in pairs]
        return self.rescaling(x, scale, offset, "rescaling")

    def top(self, x: Any, num_classes: int, dropout: float) -> Any:
        """Pools, drops, and ends in wide logits, `(batch, num_classes)`."""
        x = self.pool(x, "head_pool")
        return self.logits(x, num_classes, dropout, "head_dropout")

    def logits(
        self, x: Any, num_classes: int, dropout: float, dropout_name: str
    ) -> Any:
        """Drops and ends in wide logits, `(batch, num_classes)`."""
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


def _fan_out() -> Any:
    return keras.initializers.VarianceScaling(
        2.0, "fan_out", "untruncated_normal"
    )


def check_size(name: str, value: Any) -> None:
    """Checks that a size is a positive integer.

    Args:
        name: Of the argument, for the message.
        value: What was received.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(
            f"`{name}` must be a positive integer. Received: {name}={value}"
        )


def check_fraction(name: str, value: float) -> None:
    """Checks that a rate is in `[0, 1)`.

    Args:
        name: Of the argument, for the message.
        value: What was received.

    Raises:
        ValueError: If it is not.
    """
    if not 0 <= value < 1:
        raise ValueError(
            f"`{name}` must be in [0, 1). Received: {name}={value}"
        )


def check_top(include_top: bool, num_classes: int | None) -> None:
    """Checks that a network with a head is told of how many classes.

    Args:
        include_top: Whether it ends in logits.
        num_classes: Their number, not needed without.

    Raises:
        ValueError: If `num_classes` is no positive integer where it matters.
    """
    if include_top and num_classes is None:
        raise ValueError(
            "`num_classes` must be a positive integer unless "
            "`include_top=False`. Received: num_classes=None"
        )
    if num_classes is not None:
        check_size("num_classes", num_classes)


def check_images(
    input_shape: Sequence[int | None], *, is_rgb: bool = False
) -> None:
    """Checks the shape of one image.

    Args:
        input_shape: `(height, width, channels)`; height and width may be
            `None`.
        is_rgb: Whether there must be three channels.

    Raises:
        ValueError: If the rank is not 3, or the channels are not known or
            not as many as they must be.
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
