"""One network's forward pass, backward pass and step of its optimizer.

Free functions with all they need as arguments; the methods in this package
put them in order. Must not know any method.
"""

import contextlib
import inspect
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import seeds
from keras_mpl.trainers import replicas

Tensor = Any


def forward(
    network: keras.Model,
    inputs: Any,
    key: Tensor,
    *,
    move_statistics: bool = True,
    weights: list[Tensor] | None = None,
) -> Tensor:
    """Calls a network in training mode with draws that follow from a key.

    Dropout and the like draw from the key in place of their own state, which
    is left alone: the same key gives the same masks.

    Args:
        network: The network to call.
        inputs: What it takes, `(batch, ...)`.
        key: Key of the draws, int32, shape `(2,)`.
        move_statistics: Whether moving statistics (BatchNorm's) follow.
        weights: What to take for its trainable weights; their own if `None`.

    Returns:
        Logits, at least float32, shape `(batch, num_classes)`.
    """
    states = [v for v in network.variables if _is_seed(v)]
    drawn = [
        tf.cast(seeds.fold(key, number), state.dtype)
        for number, state in enumerate(states)
    ]
    mapping = list(zip(states, drawn, strict=True))
    if weights is not None:
        mapping += zip(network.trainable_variables, weights, strict=True)
    training = {"training": True} if _takes_training(network) else {}
    with keras.StatelessScope(state_mapping=mapping) as scope:
        logits = network(inputs, **training)
    for variable in network.non_trainable_variables if move_statistics else ():
        value = scope.get_current_value(variable)
        if value is not None and not _is_seed(variable):
            variable.assign(value)
    return losses.widen(logits)


def forward_joined(
    network: keras.Model,
    views: Sequence[Any],
    key: Tensor,
    *,
    move_statistics: bool = True,
) -> list[Tensor]:
    """Calls a network once, in training mode, on several views together.

    BatchNorm sees all of them as one batch, as in the released code of UDA,
    FixMatch and Meta Pseudo Labels.

    Args:
        network: The network to call.
        views: What it takes, alike but for the number of rows.
        key: Key of the draws, int32, shape `(2,)`.
        move_statistics: Whether moving statistics (BatchNorm's) follow.

    Returns:
        Per view its logits, at least float32, shape `(rows, num_classes)`.
    """
    joined = tf.nest.map_structure(lambda *v: tf.concat(v, axis=0), *views)
    logits = forward(network, joined, key, move_statistics=move_statistics)
    sizes = [tf.shape(tf.nest.flatten(view)[0])[0] for view in views]
    return tf.split(logits, sizes)


def wide_dtype(network: keras.Model) -> str:
    """The type a network's losses are computed in: float32, or float64."""
    dtypes = {weight.dtype for weight in network.weights}
    return "float64" if "float64" in dtypes else "float32"


def needs_loss_scale(network: keras.Model) -> bool:
    """Whether some layer computes in float16, whose gradients underflow."""
    return network.compute_dtype == "float16" or any(
        needs_loss_scale(layer) for layer in getattr(network, "layers", ())
    )


def _is_seed(variable: Any) -> bool:
    return bool(variable.name == "seed_generator_state")


def _takes_training(network: keras.Model) -> bool:
    parameters = inspect.signature(network.call).parameters
    return "training" in parameters or any(
        p.kind is p.VAR_KEYWORD for p in parameters.values()
    )


@contextlib.contextmanager
def watching(network: keras.Model) -> Iterator[tf.GradientTape]:
    """Opens a tape that watches one network's trainable weights alone."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([v.value for v in network.trainable_variables])
        yield tape


def scaled_loss(
    loss: Tensor, network: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Tensor:
    """Adds a network's own weight regularisers; applies the loss scale.

    Args:
        loss: This replica's part of the global loss, shape `()`.
        network: Its `losses` are added once over all replicas.
        optimizer: Its `scale_loss` keeps float16 gradients from underflow.

    Returns:
        What to differentiate, shape `()`.
    """
    for penalty in network.losses:
        loss += tf.cast(penalty, loss.dtype) / replicas.count()
    return optimizer.scale_loss(loss)


def loss_scale(optimizer: keras.optimizers.Optimizer) -> Tensor:
    """What `optimizer.scale_loss` multiplies with, float32, shape `()`."""
    return tf.cast(optimizer.scale_loss(tf.ones([])), "float32")


def step_size(
    optimizer: keras.optimizers.Optimizer, gradient: list[Tensor]
) -> Tensor:
    """How far the next step goes along its gradient: `s` in `S' = S - s u`.

    To be read BEFORE the step, which moves the schedule on. The learning rate
    for SGD with or without momentum; `lr (1 + momentum)` for Keras' Nesterov.
    Only the sign has a meaning for other optimizers.

    Args:
        optimizer: The student's.
        gradient: What it is about to be given.

    Returns:
        Scalar, shape `()`; 0 during wait steps, and where a gradient that is
        not finite will make loss scaling skip the step.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    norm = losses.global_norm(gradient)
    size = tf.cast(inner.learning_rate, norm.dtype)
    if getattr(inner, "nesterov", False) and hasattr(inner, "momentum"):
        size *= 1.0 + inner.momentum
    return tf.where(tf.math.is_finite(norm), size, tf.zeros_like(size))


def gradients(
    tape: tf.GradientTape, loss: Tensor, network: keras.Model
) -> list[Tensor]:
    """Differentiates a loss by a network's trainable weights.

    Args:
        tape: The tape on which `loss` was computed.
        loss: Scalar, shape `()`.
        network: The network watched.

    Returns:
        One dense tensor per weight, of its shape and type, this replica's
        part; zeros where the loss does not depend on a weight.
    """
    weights = network.trainable_variables
    found = tape.gradient(loss, [weight.value for weight in weights])
    return [
        tf.zeros(weight.shape, weight.dtype)
        if gradient is None
        else tf.convert_to_tensor(gradient)
        for gradient, weight in zip(found, weights, strict=True)
    ]


def reduced(
    parts: list[Tensor], optimizer: keras.optimizers.Optimizer
) -> list[Tensor]:
    """Undoes the loss scale and adds the replicas' parts of a gradient.

    Args:
        parts: Gradients of a `scaled_loss`, this replica's.
        optimizer: The one whose scale was applied.

    Returns:
        The gradient of the global loss, at least float32, on every replica.
    """
    scale = loss_scale(optimizer)
    wide = [losses.widen(part) for part in parts]
    return replicas.add([part / tf.cast(scale, part.dtype) for part in wide])


class Descent(NamedTuple):
    """What one step of gradient descent was given.

    Attributes:
        regularised: The gradient with L2 added, before the clip.
        norm: Global norm of `regularised`, shape `()`.
        factor: What the clip multiplied with, shape `()`.
    """

    regularised: list[Tensor]
    norm: Tensor
    factor: Tensor


def descend(
    network: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    gradient: list[Tensor],
    *,
    weight_decay: float,
    clip_norm: float | None,
) -> Descent:
    """Adds L2, clips by the global norm and lets the optimizer step.

    Keras' `apply_gradients` sums over replicas once more, so it is given the
    all-reduced gradient divided by their number.

    Args:
        network: Its trainable weights are changed in place.
        optimizer: Built for these weights.
        gradient: Of the global loss, one tensor per weight.
        weight_decay: Coefficient of `w` in the gradient; the scale and offset
            of normalisation layers (`gamma`, `beta`) are left out.
        clip_norm: Largest global norm let through, or `None`.

    Returns:
        What the optimizer was given, for the feedback.
    """
    weights = network.trainable_variables
    regularised = [
        g + tf.cast(weight_decay, g.dtype) * tf.cast(weight.value, g.dtype)
        if weight_decay and weight.name not in ("gamma", "beta")
        else g
        for g, weight in zip(gradient, weights, strict=True)
    ]
    norm = losses.global_norm(regularised)
    factor = losses.clip_factor(norm, clip_norm)
    share = factor * tf.cast(loss_scale(optimizer), factor.dtype)
    share /= replicas.count()
    given = [g * tf.cast(share, g.dtype) for g in regularised]
    optimizer.apply_gradients(list(zip(given, weights, strict=True)))
    return Descent(regularised, norm, factor)
