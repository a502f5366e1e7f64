"""Whether a training is as long as its settings suppose; warnings, no errors.

A user may mean to go on later, so nothing is refused.
"""

import contextlib
import warnings
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from keras_mpl.types import OptimizerLike

# Where in a training, and after it, a rate is looked at: as parts of it.
_LATE, _AFTER = 0.9, (1, 2, 4, 16)


class LengthWarning(UserWarning):
    """A training is longer or shorter than one of its settings supposes."""


def check(
    model: Any,
    optimizers: Mapping[str, OptimizerLike],
    x: Any,
    steps_per_epoch: int | None,
    given: Mapping[str, Any],
) -> None:
    """Warns if a `fit` that begins is no length for its settings.

    Args:
        model: A method.
        optimizers: Those of its networks, by the names of these.
        x: The batches. Nothing is said where their number is not known.
        steps_per_epoch: As `fit` has it.
        given: The other arguments of `fit`.
    """
    if steps_per_epoch is None and isinstance(x, tf.data.Dataset):
        steps_per_epoch = max(int(x.cardinality()), 0)
    epochs = given.get("epochs", 1) - given.get("initial_epoch", 0)
    steps = (steps_per_epoch or 0) * max(epochs, 0)
    if steps:
        for name, optimizer in optimizers.items():
            _check_schedule(name, optimizer, steps)
        _check_ramp(model, steps)


def is_too_short(steps: int, ramp_steps: int) -> bool:
    """Whether a training ends before half of its consistency's ramp.

    >>> is_too_short(500, 40_000), is_too_short(500, 0)
    (True, False)
    """
    return 2 * steps < ramp_steps


def _check_ramp(model: Any, steps: int) -> None:
    """Warns if a training that begins is too short for its ramp."""
    ramp_steps = getattr(model, "consistency_ramp_steps", 0)
    has_begun = int(keras.ops.convert_to_numpy(model.step)) > 0
    if not has_begun and is_too_short(steps, ramp_steps):
        _warn(
            f"`consistency_ramp_steps` is {ramp_steps:,} in a training of "
            f"{steps:,} steps: the consistency loss never has its weight. "
            f"A quarter of the training is {steps // 4:,}"
        )


def _check_schedule(name: str, optimizer: Any, steps: int) -> None:
    """Warns if a schedule has come to 0 for good before the training ends."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    schedule = getattr(inner, "_learning_rate", None)
    if not isinstance(
        schedule, keras.optimizers.schedules.LearningRateSchedule
    ):
        return
    begun = int(keras.ops.convert_to_numpy(inner.iterations))
    updates = steps // (inner.gradient_accumulation_steps or 1)
    parts = (_LATE, *_AFTER)
    rates = [float(schedule(begun + int(part * updates))) for part in parts]
    if updates and not any(rates):
        _warn(
            f"the {name}'s learning rate is 0 at step "
            f"{begun + int(_LATE * updates):,}, where this training goes on "
            f"to step {begun + updates:,}: its schedule ends before"
        )


def _warn(message: str) -> None:
    warnings.warn(message, LengthWarning, stacklevel=5)


@contextlib.contextmanager
def unsaid() -> Iterator[None]:
    """Keeps `fit` from these warnings: a run looks at its recipe itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LengthWarning)
        yield
