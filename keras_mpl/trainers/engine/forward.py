"""Calls a network in training mode, with draws that follow from a key."""

import collections
import contextlib
import inspect
from collections.abc import Iterator
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Literal

import keras
import tensorflow as tf

from keras_mpl import losses
from keras_mpl import seeds
from keras_mpl.batch import Batch
from keras_mpl.trainers.engine import statistics
from keras_mpl.types import Inputs
from keras_mpl.types import Tensor

# Whether BatchNorm sees the weak view together with the other inputs.
WeakView = Literal["joint", "apart"]

# What layers added in the calls so far: activity regularisers and `add_loss`.
_ADDED: ContextVar[list[Tensor] | None] = ContextVar("added", default=None)


@contextlib.contextmanager
def collecting() -> Iterator[None]:
    """Keeps the losses that layers add while the context lasts."""
    token = _ADDED.set([])
    try:
        yield
    finally:
        _ADDED.reset(token)


def added_losses() -> list[Tensor]:
    """What layers added to the loss in this context, shape `()` each."""
    return _ADDED.get() or []


def forward(
    network: keras.Model,
    inputs: Inputs,
    key: Tensor,
    *,
    training: bool = True,
    move_statistics: bool = True,
    weights: list[Tensor] | None = None,
    step: Tensor | None = None,
) -> Tensor:
    """Calls a network, with draws that follow from a key.

    Dropout and the like draw from the key in place of their own state, which
    is left alone: the same key gives the same masks.

    Args:
        network: The network to call.
        inputs: What it takes, `(batch, ...)`.
        key: Key of the draws, int32, shape `(2,)`.
        training: Whether it is called in training mode, or as in inference:
            by its moving statistics, which stay, and without dropout.
        move_statistics: Whether moving statistics (BatchNorm's) follow.
        weights: What to take for its trainable weights; their own if `None`.
        step: Steps that the network has learned: its moving statistics follow
            faster at first. `None`: they follow as their layers have it.

    Returns:
        Logits, at least float32, shape `(batch, num_classes)`.

    Raises:
        ValueError: If a layer assigns its own trainable weights.
    """
    states = [v for v in network.variables if _is_seed(v)]
    drawn = [
        tf.cast(seeds.fold_in(key, number), state.dtype)
        for number, state in enumerate(states)
    ]
    mapping = list(zip(states, drawn, strict=True))
    if weights is not None:
        mapping += zip(network.trainable_variables, weights, strict=True)
    mode = {"training": training} if _takes_training(network) else {}
    further = seeds.fold_in(key, len(states))
    with _Counting(mapping, further, collect_losses=True) as scope:
        logits = network(inputs, **mode)
    _refuse_own_moves(network, scope)
    added = _ADDED.get()
    if added is not None:
        added += scope.losses
    if move_statistics:
        _assign(network, scope, step)
    return losses.at_least_float32(logits)


class _Counting(keras.StatelessScope):
    """Keeps what a pass assigns, and how often it assigned each variable.

    Args:
        mapping: Variables, and what to take for their values.
        key: Key of the draws whose seeds belong to no layer, int32, `(2,)`.
        **settings: Those of `keras.StatelessScope`.

    Attributes:
        counts: By the `id` of the variable.
    """

    def __init__(
        self,
        mapping: list[tuple[keras.Variable, Tensor]],
        key: Tensor,
        **settings: bool,
    ):
        super().__init__(mapping, **settings)
        self.counts: collections.Counter[int] = collections.Counter()
        self._key = key
        self._drawn = 0

    def get_current_value(self, variable: keras.Variable) -> Tensor | None:
        """Returns the value in this pass, as Keras asks for it.

        A seed that belongs to no layer, such as that of `keras.random` without
        one, would not move on: it follows from the key, too.
        """
        found = super().get_current_value(variable)
        if found is None and _is_seed(variable):
            state = seeds.fold_in(self._key, self._drawn)
            self._drawn += 1
            found = tf.cast(state, variable.dtype)
            self.state_mapping[id(variable)] = found
        return found

    def add_update(self, update: tuple[keras.Variable, Tensor]) -> None:
        """Takes the new value of a variable, as Keras calls it."""
        self.counts[id(update[0])] += 1
        super().add_update(update)


def _refuse_own_moves(network: keras.Model, scope: _Counting) -> None:
    """Raises if a layer assigned a weight that an optimizer moves."""
    for variable in network.trainable_variables:
        if id(variable) in scope.counts:
            raise ValueError(
                "a network must leave its trainable weights to its optimizer: "
                "what a layer assigns to them by itself, as "
                "SpectralNormalization does, would be lost. "
                f"Received: {network.name!r}, which assigns {variable.path}"
            )


def _assign(
    network: keras.Model, scope: _Counting, step: Tensor | None
) -> None:
    """Keeps what a pass has made of the variables that no optimizer moves."""
    momenta = {} if step is None else statistics.momenta(network)
    times: dict[tuple[float, int], Tensor] = {}
    for variable in network.non_trainable_variables:
        value = scope.get_current_value(variable)
        if value is None or _is_seed(variable):
            continue
        momentum = momenta.get(id(variable))
        if momentum is not None:
            at = momentum, scope.counts[id(variable)]
            if at not in times:
                times[at] = statistics.times(momentum, step, calls=at[1])
            old = variable.value
            value = old + tf.cast(times[at], value.dtype) * (value - old)
        variable.assign(value)


def forward_joined(
    network: keras.Model,
    views: Sequence[Inputs],
    key: Tensor,
    *,
    move_statistics: bool = True,
    step: Tensor | None = None,
) -> list[Tensor]:
    """Calls a network once, in training mode, on several views together.

    BatchNorm sees all of them as one batch, as in the released code of UDA,
    FixMatch and Meta Pseudo Labels.

    Args:
        network: The network to call.
        views: What it takes, alike but for the number of rows.
        key: Key of the draws, int32, shape `(2,)`.
        move_statistics: Whether moving statistics (BatchNorm's) follow.
        step: See `forward`.

    Returns:
        Per view its logits, at least float32, shape `(rows, num_classes)`.
    """
    logits = forward(
        network,
        joined(views),
        key,
        move_statistics=move_statistics,
        step=step,
    )
    return tf.split(logits, row_counts(views))


def forward_views(
    network: keras.Model,
    batch: Batch,
    key: Tensor,
    *,
    weak_view: WeakView,
    step: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Calls a network, in training mode, on all views of a batch.

    Args:
        network: The network to call.
        batch: One step's input.
        key: Key of the draws, int32, shape `(2,)`.
        weak_view: Whether the weak view is seen in one batch with the others,
            or `"apart"`, in a pass through which no gradient goes.
        step: See `forward`.

    Returns:
        Logits of the labelled inputs, of the weak and of the strong view.
    """
    labeled, weak = batch.labeled_inputs, batch.weak_inputs
    strong = batch.strong_inputs
    if weak_view == "joint":
        return tuple(
            forward_joined(network, (labeled, weak, strong), key, step=step)
        )
    targets = forward(network, weak, seeds.fold_in(key, 0), step=step)
    others = forward_joined(network, (labeled, strong), key, step=step)
    return others[0], tf.stop_gradient(targets), others[1]


def joined(views: Sequence[Inputs]) -> Inputs:
    """Several views as one, the rows of the first one first."""
    return tf.nest.map_structure(lambda *v: tf.concat(v, axis=0), *views)


def row_counts(views: Sequence[Inputs]) -> list[Tensor]:
    """Number of rows of each view, int32, shape `()` each."""
    return [tf.shape(tf.nest.flatten(view)[0])[0] for view in views]


def _is_seed(variable: keras.Variable) -> bool:
    return bool(variable.name == "seed_generator_state")


def _takes_training(network: keras.Model) -> bool:
    parameters = inspect.signature(network.call).parameters
    return "training" in parameters or any(
        p.kind is p.VAR_KEYWORD for p in parameters.values()
    )
