"""Schedules of learning rates and weights: warm-up, cosine, ramps.

Every schedule is a function of the step alone. This module imports nothing of
the package but `types`.
"""

import math

import keras
from keras import ops

from keras_mpl.types import Schedulable
from keras_mpl.types import Tensor
from keras_mpl.types import TensorLike

__all__ = ["WarmupCosine", "linear_ramp", "sigmoid_ramp", "value_at"]


@keras.saving.register_keras_serializable(package="keras_mpl")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Waits at 0, warms up linearly, then falls along half a cosine to 0.

    The formula is that of the released code. With `s = step - wait_steps`, the
    rate is 0 for `s < 0`, `peak_lr (s + 1) / warmup_steps` for
    `s < warmup_steps`, and
    `peak_lr (1 + cos(pi (s - warmup_steps) / horizon)) / 2` after that, where
    `horizon = train_steps - warmup_steps - wait_steps`.

    Attributes:
        peak_lr: The highest learning rate.
        train_steps: Step at which the rate reaches 0 again.
        warmup_steps: Number of steps of the linear rise.
        wait_steps: Number of steps at rate 0 before the rise. A student that
            waits gives its teacher time to learn first.

    Raises:
        ValueError: If `peak_lr` or a number of steps is negative, `peak_lr` is
            not finite, or `train_steps` is not more than
            `warmup_steps + wait_steps`.

    >>> schedule = WarmupCosine(1.0, train_steps=14, warmup_steps=4)
    >>> [round(float(schedule(step)), 3) for step in (0, 3, 4, 9, 14)]
    [0.25, 1.0, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        peak_lr: float,
        *,
        train_steps: int,
        warmup_steps: int = 0,
        wait_steps: int = 0,
        name: str = "warmup_cosine",
    ):
        super().__init__()
        is_rate = peak_lr >= 0 and math.isfinite(peak_lr)
        if min(warmup_steps, wait_steps) < 0 or not is_rate:
            raise ValueError(
                "`peak_lr`, `warmup_steps` and `wait_steps` must be 0 or "
                f"more, and finite. Received: peak_lr={peak_lr}, "
                f"warmup_steps={warmup_steps}, wait_steps={wait_steps}"
            )
        if train_steps <= warmup_steps + wait_steps:
            raise ValueError(
                "`train_steps` must be more than `warmup_steps + wait_steps`. "
                f"Received: train_steps={train_steps}, "
                f"warmup_steps={warmup_steps}, wait_steps={wait_steps}"
            )
        self.peak_lr = peak_lr
        self.train_steps = train_steps
        self.warmup_steps = warmup_steps
        self.wait_steps = wait_steps
        self.name = name

    def __call__(self, step: TensorLike) -> Tensor:
        """Returns the learning rate at a step, float32, shape `()`."""
        step = ops.cast(step, "float32") - self.wait_steps
        horizon = self.train_steps - self.warmup_steps - self.wait_steps
        progress = ops.clip((step - self.warmup_steps) / horizon, 0.0, 1.0)
        cosine = 0.5 * (1.0 + ops.cos(math.pi * progress))
        warm = (step + 1.0) / max(self.warmup_steps, 1)
        rate = ops.where(step < self.warmup_steps, warm, cosine)
        return self.peak_lr * ops.where(step < 0, ops.zeros_like(rate), rate)

    def get_config(self) -> dict[str, float | str]:
        """Returns the constructor's arguments."""
        return {
            "peak_lr": self.peak_lr,
            "train_steps": self.train_steps,
            "warmup_steps": self.warmup_steps,
            "wait_steps": self.wait_steps,
            "name": self.name,
        }


def linear_ramp(step: TensorLike, ramp_steps: int) -> Tensor:
    """Rises from 0 to 1 over `ramp_steps`: `min(1, step / ramp_steps)`.

    Args:
        step: Integer step, shape `()`.
        ramp_steps: Number of steps of the rise; with 0 the result is 1.

    Returns:
        Fraction, float32, shape `()`.

    >>> [float(linear_ramp(step, 4)) for step in (0, 1, 4, 9)]
    [0.0, 0.25, 1.0, 1.0]
    """
    if ramp_steps <= 0:
        return ops.ones((), "float32")
    return ops.minimum(ops.cast(step, "float32") / ramp_steps, 1.0)


def sigmoid_ramp(step: TensorLike, ramp_steps: int) -> Tensor:
    """Rises from 0.0067 to 1 along `exp(-5 (1 - step / ramp_steps)^2)`.

    This is the ramp of Mean Teacher (arXiv:1703.01780, Sec. 3.1).

    Args:
        step: Integer step, shape `()`.
        ramp_steps: Number of steps of the rise; with 0 the result is 1.

    Returns:
        Fraction, float32, shape `()`.

    >>> [round(float(sigmoid_ramp(step, 4)), 4) for step in (0, 2, 4, 9)]
    [0.0067, 0.2865, 1.0, 1.0]
    """
    remaining = 1.0 - linear_ramp(step, ramp_steps)
    return ops.exp(-5.0 * remaining * remaining)


def value_at(weight: Schedulable, step: TensorLike) -> float | Tensor:
    """Returns the value of a constant or scheduled weight at a step.

    Args:
        weight: A number, or a schedule: a callable of the step.
        step: Integer step, shape `()`.

    Returns:
        The number itself, or the value of the schedule, shape `()`.

    >>> value_at(3.0, 7)
    3.0
    """
    return weight(step) if callable(weight) else weight
