"""What can be wrong with networks, optimizers and settings, in one line each.

Every check runs before any long work, at construction or in `compile`, and
says what was expected and what came.
"""

from typing import Any

import keras

from keras_mpl.trainers import passes


def num_classes(name: str, network: Any, *, is_trained: bool = True) -> int:
    """Checks that a network is built and gives logits; counts its classes.

    Args:
        name: The argument's name, for the message.
        network: What the user gave as `teacher` or `student`.
        is_trained: Whether it needs weights that can be trained.

    Returns:
        Width of the network's output.

    Raises:
        ValueError: If it is no built Keras model with one output of shape
            `(batch, num_classes)`, if nothing in it is trainable, or if it
            ends in softmax.
    """
    if not isinstance(network, keras.Model):
        raise ValueError(
            f"`{name}` must be a `keras.Model`. "
            f"Received: {name}={network!r} of type {type(network).__name__}"
        )
    if not network.built or not network.weights:
        raise ValueError(
            f"`{name}` must be built: give it an `Input`, or call it once on "
            f"a batch. Received: the unbuilt model {network.name!r}"
        )
    if is_trained and not network.trainable_weights:
        raise ValueError(
            f"`{name}` must have trainable weights. "
            f"Received: {name}={network.name!r}, which is frozen"
        )
    shape = _output_shape(name, network)
    if _ends_in_softmax(network):
        raise ValueError(
            f"`{name}` must end in logits; take its last softmax away. "
            f"Received: {name}={network.name!r}, which ends in softmax "
            "or sigmoid"
        )
    return shape[-1]


def _output_shape(name: str, network: keras.Model) -> tuple[int, ...]:
    try:
        shape = network.output_shape
    except (AttributeError, ValueError):
        shape = _symbolic_output_shape(network)
    if (
        isinstance(shape, tuple)
        and len(shape) == 2
        and isinstance(shape[-1], int)
        and shape[-1] >= 2
    ):
        return shape
    raise ValueError(
        f"`{name}` must have one output of shape (batch, num_classes), 2 "
        "classes or more. "
        f"Received: {name}={network.name!r} with output shape {shape}"
    )


def _symbolic_output_shape(network: keras.Model) -> Any:
    """Finds the output shape of a subclassed model from its build shapes."""
    shapes = (network.get_build_config() or {}).get("input_shape")
    if shapes is None:
        return None
    specs = _symbolic(shapes, network.input_dtype)
    return tuple(network.compute_output_spec(specs).shape)


def _symbolic(shapes: Any, dtype: str) -> Any:
    """Symbolic tensors in the structure of nested shapes."""
    if isinstance(shapes, dict):
        return {key: _symbolic(shape, dtype) for key, shape in shapes.items()}
    if any(isinstance(size, (tuple, list, dict)) for size in shapes):
        return [_symbolic(shape, dtype) for shape in shapes]
    return keras.KerasTensor(shapes, dtype=dtype)


def _ends_in_softmax(network: Any) -> bool:
    """Whether the last layer is softmax; of a subclass, nobody can tell."""
    while outputs := getattr(network, "outputs", None):
        network = outputs[0]._keras_history.operation
    activation = getattr(network, "activation", None)
    return isinstance(network, keras.layers.Softmax) or activation in (
        keras.activations.softmax,
        keras.activations.sigmoid,
    )


def separate(
    teacher: keras.Model, student: keras.Model, *, is_fixed: bool = False
) -> None:
    """Checks that two networks agree on classes and share no weights.

    Args:
        teacher: The network that labels.
        student: The network that learns.
        is_fixed: Whether the teacher stays as it is.

    Raises:
        ValueError: If they do not.
    """
    counts = (
        num_classes("teacher", teacher, is_trained=not is_fixed),
        num_classes("student", student),
    )
    if counts[0] != counts[1]:
        raise ValueError(
            "`teacher` and `student` must have the same number of classes. "
            f"Received: {counts[0]} and {counts[1]}"
        )
    dtypes = passes.wide_dtype(teacher), passes.wide_dtype(student)
    if dtypes[0] != dtypes[1]:
        raise ValueError(
            "`teacher` and `student` must both be float64, or neither. "
            f"Received: losses in {dtypes[0]} and {dtypes[1]}"
        )
    if {id(w) for w in teacher.weights} & {id(w) for w in student.weights}:
        raise ValueError(
            "`teacher` and `student` must be separate models. "
            "Received: two models that share weights"
        )


def optimizer(name: str, value: Any) -> keras.optimizers.Optimizer:
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
