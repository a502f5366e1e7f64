"""What can be wrong with an optimizer or with how `fit` calls it.

Every check runs in `compile` or at the start of `fit`, and says what was
expected and what came.
"""

import keras

from keras_mpl.types import OptimizerLike


def optimizer(name: str, value: OptimizerLike) -> keras.optimizers.Optimizer:
    """Reads an optimizer argument, refusing what would break the step.

    Args:
        name: The argument's name, for the message.
        value: An optimizer, its name or its config.

    Returns:
        The optimizer.

    Raises:
        ValueError: If it keeps its own average of the weights; `ema_decay`
            is there for that.
    """
    found = keras.optimizers.get(value)
    if getattr(found, "use_ema", False):
        raise ValueError(
            f"`{name}` must not set `use_ema`: the model averages the student "
            f"itself (`ema_decay`). Received: {name}={type(found).__name__} "
            "with use_ema=True"
        )
    return found


def steps_per_execution(value: int) -> None:
    """Checks the number of steps per call from Python.

    Raises:
        ValueError: If it is below 1.
    """
    if value < 1:
        raise ValueError(
            "`steps_per_execution` must be 1 or more. "
            f"Received: steps_per_execution={value}"
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


def built_for(
    name: str, value: keras.optimizers.Optimizer, network: keras.Model
) -> None:
    """Builds an optimizer for a network's weights.

    Raises:
        ValueError: If it was built for another network's.
    """
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
    for setting in ("clipnorm", "clipvalue", "global_clipnorm"):
        if getattr(inner, setting, None) is not None:
            return f"SGD with its own {setting} (set `clip_norm` instead)"
    if getattr(inner, "gradient_accumulation_steps", None):
        return "SGD with gradient accumulation"
    return None
