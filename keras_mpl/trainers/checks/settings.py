"""What can be wrong with a setting, said in one line each."""

import math
import numbers
import typing
from collections.abc import Callable
from collections.abc import Sequence
from typing import TypeGuard

import keras
import numpy as np


def number(name: str, value: object) -> None:
    """Checks a setting that is a finite number, not a schedule.

    Raises:
        ValueError: If it is not.
    """
    if not _is_number(value):
        raise ValueError(
            f"`{name}` must be a number. Received: {name}={value!r}"
        )
    if math.isinf(value):
        raise ValueError(f"`{name}` must be finite. Received: {name}={value}")


def _is_number(value: object) -> TypeGuard[float]:
    is_bool = isinstance(value, (bool, np.bool_))
    return isinstance(value, numbers.Real) and not is_bool


def seed(value: object) -> None:
    """Checks a seed.

    Raises:
        ValueError: If it is neither an integer nor `None`.
    """
    is_int = isinstance(value, numbers.Integral) and _is_number(value)
    if value is not None and not is_int:
        raise ValueError(
            f"`seed` must be an integer, or None. Received: seed={value!r}"
        )


def fraction(name: str, value: float) -> None:
    """Checks a setting in `[0, 1)`.

    Raises:
        ValueError: If it is not.
    """
    number(name, value)
    if not 0 <= value < 1:
        raise ValueError(
            f"`{name}` must be in [0, 1). Received: {name}={value}"
        )


def not_negative(name: str, value: object) -> None:
    """Checks a setting that is a number of 0 or more, or a schedule.

    Raises:
        ValueError: If it is not.
    """
    if isinstance(value, keras.optimizers.schedules.LearningRateSchedule):
        return
    if not _is_number(value):
        raise ValueError(
            f"`{name}` must be a number or a `LearningRateSchedule`. "
            f"Received: {name}={value!r}"
        )
    if not 0 <= float(value) < math.inf:
        raise ValueError(
            f"`{name}` must be 0 or more, and finite. Received: {name}={value}"
        )


def probability(name: str, value: float) -> None:
    """Checks a setting in `[0, 1]`.

    Raises:
        ValueError: If it is not.
    """
    number(name, value)
    if not 0 <= value <= 1:
        raise ValueError(
            f"`{name}` must be in [0, 1]. Received: {name}={value}"
        )


def positive(name: str, value: float) -> None:
    """Checks a setting above 0.

    Raises:
        ValueError: If it is not.
    """
    number(name, value)
    if not value > 0:
        raise ValueError(f"`{name}` must be positive. Received: {name}={value}")


def one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    """Checks a setting that is one of a few values.

    Raises:
        ValueError: If it is not.
    """
    if value not in allowed:
        raise ValueError(
            f"`{name}` must be one of {list(allowed)}. "
            f"Received: {name}={value!r}"
        )


def flag(name: str, value: object) -> None:
    """Checks a setting that is true or false.

    Raises:
        ValueError: If it is neither.
    """
    one_of(name, value, (True, False))


def choice(names: object) -> Callable[[str, object], None]:
    """Makes the check of a setting that is one of a `Literal`'s names."""
    allowed = typing.get_args(names)
    return lambda name, value: one_of(name, value, allowed)


def constant(name: str, value: object) -> None:
    """Checks a setting that is a number of 0 or more, and no schedule.

    Raises:
        ValueError: If it is not.
    """
    number(name, value)
    not_negative(name, value)


def positive_integer(name: str, value: object) -> None:
    """Checks a count of 1 or more.

    Raises:
        ValueError: If it is none.
    """
    is_int = isinstance(value, numbers.Integral) and _is_number(value)
    if not is_int or int(value) < 1:  # type: ignore[call-overload]
        raise ValueError(
            f"`{name}` must be a positive integer. Received: {name}={value!r}"
        )


def every_step_on_replicas(feedback_every_steps: int, replicas: int) -> None:
    """Checks that several replicas measure the feedback at every step.

    A branch of the graph can not exchange tensors between replicas.

    Raises:
        ValueError: If they do not.
    """
    if replicas > 1 and feedback_every_steps > 1:
        raise ValueError(
            "`feedback_every_steps` must be 1 on several replicas. Received: "
            f"feedback_every_steps={feedback_every_steps} on {replicas}"
        )


def microbatch_size(name: str, value: int | None) -> None:
    """Checks a number of examples, or `None`.

    Raises:
        ValueError: If it is neither.
    """
    if value is None:
        return
    is_int = isinstance(value, numbers.Integral) and _is_number(value)
    if not is_int or value < 1:
        raise ValueError(
            f"`{name}` must be a positive integer, or None for all "
            f"examples at once. Received: {name}={value!r}"
        )


def clip_norm(value: float | None) -> None:
    """Checks the largest gradient norm let through.

    Raises:
        ValueError: If it is neither positive nor `None`.
    """
    if value is None:
        return
    number("clip_norm", value)
    if not value > 0:
        raise ValueError(
            "`clip_norm` must be positive, or None for no clipping. "
            f"Received: clip_norm={value}"
        )
