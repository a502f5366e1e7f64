"""What can be wrong with an optimizer or with how `fit` calls it.

Every check runs in `compile` or at the start of `fit`, and says what was
expected and what came.
"""

import contextlib
import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_mpl.types import OptimizerLike

# What users of Keras give to `compile`, and which argument does it here.
_INSTEAD = {
    "loss": "the method has its own, whose terms are arguments of its class, "
    "as `label_smoothing`",
    "loss_weights": "the weights of a method's terms are arguments of its "
    "class, as `consistency_weight`",
    "optimizer": "each network that learns has its own, {own}",
    "weighted_metrics": "`metrics` follow sample weights in validation",
}
_OWN_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


def optimizer(name: str, value: OptimizerLike) -> keras.optimizers.Optimizer:
    """Reads an optimizer argument, refusing what would break the step.

    Args:
        name: The argument's name, for the message.
        value: An optimizer, its name or its config.

    Returns:
        The optimizer.

    Raises:
        ValueError: If it keeps its own average of the weights, for which
            `ema_decay` is there, or if its rate, momentum or decay can not be
            used.
    """
    found = None
    with contextlib.suppress(ValueError):
        found = keras.optimizers.get(value)
    if not isinstance(found, keras.optimizers.Optimizer):
        raise ValueError(
            f"`{name}` must be a Keras optimizer, its name or its config. "
            f"Received: {name}={value!r}"
        )
    inner = getattr(found, "inner_optimizer", found)
    _rate(name, inner)
    for setting in ("momentum", "beta_1", "beta_2"):
        number = getattr(inner, setting, 0.0)
        if isinstance(number, (int, float)) and not 0 <= number < 1:
            raise ValueError(
                f"`{name}` must have a {setting} in [0, 1). "
                f"Received: {setting}={number}"
            )
    decay = inner.weight_decay
    if isinstance(decay, (int, float)) and not 0 <= decay < math.inf:
        raise ValueError(
            f"`{name}` must have a weight_decay of 0 or more, and finite. "
            f"Received: weight_decay={decay}"
        )
    if getattr(inner, "use_ema", False):
        raise ValueError(
            f"`{name}` must not set `use_ema`: the model averages the student "
            f"itself (`ema_decay`). Received: {name}={type(inner).__name__} "
            "with use_ema=True"
        )
    return found


def _rate(name: str, inner: keras.optimizers.Optimizer) -> None:
    """Checks the learning rate of the next step."""
    rate = float(keras.ops.convert_to_numpy(inner.learning_rate))
    if not 0 <= rate < math.inf:
        raise ValueError(
            f"`{name}` must have a learning rate of 0 or more, and finite. "
            f"Received: learning_rate={rate}"
        )


def no_others(expected: set[str], given: Mapping[str, Any]) -> None:
    """Checks that `compile` is given the optimizers of a method, and no more.

    Raises:
        ValueError: If one is missing, or is called otherwise.
    """
    for name, instead in _INSTEAD.items():
        if given.get(name) is not None:
            own = ", ".join(f"`{one}`" for one in sorted(expected))
            raise ValueError(
                f"`{name}` must not be given to `compile`: "
                f"{instead.format(own=own)}. "
                f"Received: {name}={given[name]!r}"
            )
    names = set(given) - set(_INSTEAD)
    if names != expected:
        raise ValueError(
            f"`compile` must be given {sorted(expected)}. "
            f"Received: {sorted(given)}"
        )


def max_skipped_steps(value: int | None) -> None:
    """Checks how many steps in a row may be skipped.

    Raises:
        ValueError: If it is neither an integer above 0 nor `None`.
    """
    is_int = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (is_int and value > 0):
        raise ValueError(
            "`max_skipped_steps` must be 1 or more, or None. "
            f"Received: max_skipped_steps={value!r}"
        )


def steps_per_execution(value: int) -> None:
    """Checks the number of steps per call from Python.

    Raises:
        ValueError: If it is below 1.
    """
    is_int = isinstance(value, int) and not isinstance(value, bool)
    if not is_int or value < 1:
        raise ValueError(
            "`steps_per_execution` must be 1 or more. "
            f"Received: steps_per_execution={value!r}"
        )


def whole_executions(steps_per_epoch: int | None, per_call: int) -> None:
    """Checks that an epoch ends with a call; Keras would overshoot it.

    Raises:
        ValueError: If `steps_per_epoch` is no multiple of `per_call`.
    """
    if steps_per_epoch is not None and steps_per_epoch % per_call:
        raise ValueError(
            "`steps_per_epoch` must be a multiple of `steps_per_execution`. "
            f"Received: steps_per_epoch={steps_per_epoch}, "
            f"steps_per_execution={per_call}"
        )


def exact_optimizer(value: keras.optimizers.Optimizer) -> None:
    """Checks that the weights after a step are known as a linear function.

    Args:
        value: The student's optimizer.

    Raises:
        ValueError: If its step is not `S - s u` plus what does not depend on
            the gradient `u`.
    """
    reason = not_linear(value)
    if reason:
        raise ValueError(
            '`feedback_scale="exact"` must have keras.optimizers.SGD, plain, '
            "with momentum or Nesterov, as `student_optimizer`; "
            f'`feedback_scale="cosine"` takes any. Received: {reason}'
        )


def no_constraints(network: keras.Model) -> None:
    """Checks that nothing moves the student's weights after the optimizer.

    Raises:
        ValueError: If a weight has a constraint.
    """
    for weight in network.trainable_variables:
        if weight.constraint is not None:
            raise ValueError(
                '`feedback_scale="exact"` must have a student whose weights '
                "have no constraints, as its step is then not linear; "
                '`feedback_scale="cosine"` takes any. '
                f"Received: {type(weight.constraint).__name__} on {weight.path}"
            )


def no_accumulation(name: str, value: keras.optimizers.Optimizer) -> None:
    """Checks that weights move at every step.

    Raises:
        ValueError: If gradients are accumulated over several steps.
    """
    inner = getattr(value, "inner_optimizer", value)
    if steps := getattr(inner, "gradient_accumulation_steps", None):
        raise ValueError(
            f"`{name}` must move the weights at every step where feedback is "
            "the loss before it less the loss after it. "
            f"Received: gradient_accumulation_steps={steps}"
        )


def accumulates_on_replicas(
    name: str, value: keras.optimizers.Optimizer
) -> None:
    """Checks that Keras can accumulate gradients under this strategy.

    Its branch between the two kinds of steps can not hold what replicas do
    together, unless they need not meet for it, as on GPUs.

    Raises:
        ValueError: If gradients are accumulated where it can not.
    """
    inner = getattr(value, "inner_optimizer", value)
    steps = getattr(inner, "gradient_accumulation_steps", None)
    can = tf.__internal__.distribute.strategy_supports_no_merge_call()
    if steps and not can:
        raise ValueError(
            f"`{name}` must not accumulate gradients on the replicas of this "
            "strategy, where Keras can not. "
            f"Received: gradient_accumulation_steps={steps}"
        )


def no_own_clip_on_replicas(
    name: str, value: keras.optimizers.Optimizer, count: int
) -> None:
    """Checks that an optimizer does not clip what replicas add up after it.

    Keras would clip each replica's part, and add up the clipped ones.

    Args:
        name: The argument's name, for the message.
        value: The optimizer.
        count: Number of replicas.

    Raises:
        ValueError: If it clips, and there are several.
    """
    inner = getattr(value, "inner_optimizer", value)
    for setting in _OWN_CLIPS:
        bound = getattr(inner, setting, None)
        if count > 1 and bound is not None:
            raise ValueError(
                f"`{name}` must not clip by itself on {count} replicas, each "
                f"of which would be given as much: set `clip_norm` instead. "
                f"Received: {setting}={bound}"
            )


def as_compiled(name: str, network: keras.Model, known: Sequence[int]) -> None:
    """Checks that a network has the trainable weights it was compiled with.

    Args:
        name: The argument's name, for the message.
        network: The network.
        known: Identities of those that it had.

    Raises:
        ValueError: If layers were frozen, or let free, since then.
    """
    now = [id(weight) for weight in network.trainable_variables]
    if now != list(known):
        raise ValueError(
            f"`{name}` must have the trainable weights that it had at "
            "`compile`; compile again after layers are frozen or let free. "
            f"Received: {len(now)} trainable weights, {len(known)} then"
        )


def built_for(
    name: str, value: keras.optimizers.Optimizer, network: keras.Model
) -> None:
    """Builds an optimizer for a network's weights.

    Raises:
        ValueError: If it was built for another network's.
    """
    if not value.built:
        value.build(network.trainable_variables)
    inner = getattr(value, "inner_optimizer", value)
    known = {id(variable) for variable in inner._trainable_variables}
    if not known.issuperset(map(id, network.trainable_variables)):
        raise ValueError(
            f"`{name}` must be a new optimizer, or one that was built for "
            f"this network. Received: {value.name!r}, built for another one"
        )


def not_linear(value: keras.optimizers.Optimizer) -> str | None:
    """Says why an optimizer's step is no linear function of its gradient.

    Args:
        value: The student's optimizer.

    Returns:
        The reason in words; `None` for plain SGD of any momentum.
    """
    inner = getattr(value, "inner_optimizer", value)
    if type(inner) is not keras.optimizers.SGD:
        return f"{type(inner).__name__}, whose step is not linear"
    for setting in _OWN_CLIPS:
        if getattr(inner, setting, None) is not None:
            return f"SGD with its own {setting} (set `clip_norm` instead)"
    if getattr(inner, "gradient_accumulation_steps", None):
        return "SGD with gradient accumulation"
    return None
