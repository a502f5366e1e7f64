"""What can be wrong with a network, in one line each.

Every check runs at construction, before any long work, and says what was
expected and what came.
"""

import warnings
from typing import Any

import keras


def num_classes(name: str, network: object, *, is_trained: bool = True) -> int:
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
    width = output_width(network, name)
    if _ends_in_softmax(network):
        raise ValueError(
            f"`{name}` must end in logits; take its last softmax away. "
            f"Received: {name}={network.name!r}, which ends in softmax "
            "or sigmoid"
        )
    return width


def output_width(network: keras.Model, name: str = "network") -> int:
    """Counts the classes of a network by its output shape.

    Args:
        network: A built Keras model.
        name: The argument's name, for the message.

    Returns:
        Width of its one output, 2 or more.

    Raises:
        ValueError: If it has no output of shape `(batch, num_classes)`.
    """
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
        return shape[-1]
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
    shapes = [getattr(net, "input_shape", None) for net in (teacher, student)]
    if not _agree(*shapes):
        raise ValueError(
            "`teacher` and `student` must take the same inputs. "
            f"Received: inputs of shape {shapes[0]} and {shapes[1]}"
        )
    dtypes = loss_dtype(teacher), loss_dtype(student)
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


def _agree(shape: Any, other: Any) -> bool:
    """Whether two shapes can be those of one tensor; of others, who knows."""
    if not isinstance(shape, tuple) or not isinstance(other, tuple):
        return True
    sizes = (*shape, *other)
    if not all(size is None or isinstance(size, int) for size in sizes):
        return True
    return len(shape) == len(other) and all(
        None in pair or pair[0] == pair[1]
        for pair in zip(shape, other, strict=True)
    )


def without_activity_regularizers(name: str, network: keras.Model) -> None:
    """Checks that no layer of a network regularises its activities.

    Raises:
        ValueError: If one does.
    """
    for layer in network._flatten_layers():
        if getattr(layer, "activity_regularizer", None) is not None:
            raise ValueError(
                f"`{name}` must have no activity regulariser where "
                "`microbatch_size` is set. "
                f"Received: one in layer {layer.name!r}"
            )


def apart_on_replicas(name: str, network: keras.Model, count: int) -> None:
    """Warns if BatchNorm of each of several replicas is by itself.

    Args:
        name: The argument's name, for the message.
        network: The network.
        count: Number of replicas.
    """
    apart = [
        layer.name
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
        and not layer.synchronized
    ]
    if apart and count > 1:
        warnings.warn(
            f"`{name}` normalises the part of each of the {count} replicas by "
            "itself, and each keeps moving statistics of its own: the result "
            "is another one than on one device. BatchNormalization(..., "
            "synchronized=True) sees the whole batch. "
            f"Received: {', '.join(apart[:3])} in {network.name!r}",
            stacklevel=5,
        )


def loss_dtype(network: keras.Model) -> str:
    """The type a network's losses are computed in: float32, or float64."""
    dtypes = {weight.dtype for weight in network.weights}
    return "float64" if "float64" in dtypes else "float32"


def needs_loss_scale(network: keras.Model) -> bool:
    """Whether some layer computes in float16, whose gradients underflow."""
    return network.compute_dtype == "float16" or any(
        needs_loss_scale(layer) for layer in getattr(network, "layers", ())
    )
