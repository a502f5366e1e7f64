"""`wrn_10_1` in JAX: a function of weights and moving statistics.

Weights are a dict by the names of the package's layers, such as
`stem_conv/kernel`; statistics likewise, such as `head_norm/moving_mean`.
"""

from typing import NamedTuple
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax import lax

Array: TypeAlias = jax.Array
Weights: TypeAlias = dict[str, Array]

EPSILON, MOMENTUM, SLOPE = 1e-3, 0.99, 0.1


class Network(NamedTuple):
    """What a network is made of.

    Attributes:
        weights: Trained, by name.
        statistics: BatchNorm's moving means and variances, by name.
    """

    weights: Weights
    statistics: Weights


def named(variables: Weights) -> Network:
    """Divides variables by name into weights and statistics."""
    parts: tuple[Weights, Weights] = ({}, {})
    for name, value in variables.items():
        parts["/moving_" in name][name] = value
    return Network(*parts)


def answers(network: Network, inputs: Array) -> Array:
    """Logits as the network answers, by its moving statistics."""
    logits, _ = _pass(network, inputs, is_training=False)
    return logits


def trained(network: Network, inputs: Array) -> tuple[Array, Weights]:
    """Logits by the batch's statistics, and the moving ones after it."""
    return _pass(network, inputs, is_training=True)


def _pass(
    network: Network, inputs: Array, *, is_training: bool
) -> tuple[Array, Weights]:
    weights, statistics = network.weights, dict(network.statistics)

    def convolved(x: Array, name: str, stride: int = 1) -> Array:
        return lax.conv_general_dilated(
            x,
            weights[f"{name}/kernel"],
            (stride, stride),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )

    def norm_relu(x: Array, name: str) -> Array:
        name = f"{name}_norm"
        moving = f"{name}/moving_mean", f"{name}/moving_variance"
        found = tuple(statistics[key] for key in moving)
        if is_training:
            old, found = found, (x.mean((0, 1, 2)), x.var((0, 1, 2)))
            for key, was, now in zip(moving, old, found, strict=True):
                step = (1 - MOMENTUM) * (now - was)
                statistics[key] = lax.stop_gradient(was + step)
        mean, variance = found
        scale = weights[f"{name}/gamma"] * lax.rsqrt(variance + EPSILON)
        x = (x - mean) * scale + weights[f"{name}/beta"]
        return jnp.where(x > 0, x, SLOPE * x)

    x = convolved(inputs, "stem_conv")
    for stage in (1, 2, 3):
        name, stride = f"stage{stage}_block1", 1 if stage == 1 else 2
        inner = norm_relu(x, f"{name}_1")
        if stage > 1:
            x = convolved(inner, f"{name}_shortcut", stride)
        inner = convolved(inner, f"{name}_1_conv", stride)
        inner = norm_relu(inner, f"{name}_2")
        x += convolved(inner, f"{name}_2_conv")
    x = norm_relu(x, "head").mean(axis=(1, 2))
    return x @ weights["logits/kernel"] + weights["logits/bias"], statistics
