"""A step whose loss or gradient is not finite changes nothing.

Each step is on trial. Its parts name the scalars that must be finite: losses,
and the squared norm of every gradient, which the global norm is made of. What
the step changes is kept, and put back where one of them is not; what nothing
else in the step looks at is changed after the verdict. XLA can not raise from
inside a step, so what was found is noted in a variable, which `callbacks.Watch`
reads. Must not know any method.
"""

import contextlib
import functools
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any
from typing import Protocol

import keras
import tensorflow as tf

from keras_mpl.trainers.engine.tally import Tally
from keras_mpl.types import Tensor

TrainStep = Callable[[Any, Any], dict[str, Tensor]]


class Guarded(Protocol):
    """A model whose steps are on trial."""

    compiled: bool
    is_compiled_by_xla: bool
    step: Any
    tally: Tally

    def changed_by_a_step(self) -> list[keras.Variable]:
        """Variables that have to be put back after a step that is skipped."""


class Trial:
    """What one step has found about itself.

    Attributes:
        names: Of the scalars that must be finite.
        are_good: Whether each of them is, in vectors that follow each other.
        later: What to do after the verdict, which it is given.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.are_good: list[Tensor] = []
        self.later: list[Callable[[Tensor], None]] = []

    @staticmethod
    def is_wide(values: Iterable[Tensor]) -> bool:
        """Whether one of them is float64."""
        return any(value.dtype == tf.float64 for value in values)

    def is_good(self) -> Tensor:
        """Whether the step counts, shape `()`; equal on all replicas."""
        return tf.reduce_all(tf.concat([[True], *self.are_good], axis=0))


_PRESENT: ContextVar[Trial | None] = ContextVar("trial", default=None)


def watch(
    scalars: Mapping[str, Tensor], *, trusted: Tensor | bool = False
) -> None:
    """Names scalars that must be finite for the present step to count.

    Args:
        scalars: By name, shape `()` each, equal on all replicas.
        trusted: Where this holds, they count as finite: the scale of float16
            gradients has its own way with those that are not.
    """
    trial = _PRESENT.get()
    if trial is not None and scalars:
        dtype = "float64" if trial.is_wide(scalars.values()) else "float32"
        values = tf.stack([tf.cast(v, dtype) for v in scalars.values()])
        watch_all(list(scalars), values, trusted=trusted)


def watch_all(
    names: Sequence[str], values: Tensor, *, trusted: Tensor | bool = False
) -> None:
    """As `watch`, with the values in one tensor.

    Args:
        names: What each of them is.
        values: Shape `(len(names),)`, equal on all replicas.
        trusted: As for `watch`.
    """
    trial = _PRESENT.get()
    if trial is not None:
        trial.names += names
        trial.are_good.append(tf.math.is_finite(values) | trusted)


def watch_condition(name: str, holds: Tensor) -> None:
    """Names something that must hold for the present step to count.

    Args:
        name: What it is.
        holds: Boolean, shape `()`, equal on all replicas.
    """
    trial = _PRESENT.get()
    if trial is not None:
        trial.names.append(name)
        trial.are_good.append(holds[None])


def is_good() -> Tensor:
    """Whether the present step counts, as far as it is known; shape `()`."""
    trial = _PRESENT.get()
    return tf.constant(True) if trial is None else trial.is_good()


def after_verdict(change: Callable[[Tensor], None]) -> None:
    """Makes a change once it is known whether the present step counts.

    Nothing has to be kept for it, as it finds everything put back.

    Args:
        change: Given whether the step counts, shape `()`; it must change
            nothing where the step does not. Called at once outside of steps.
    """
    trial = _PRESENT.get()
    if trial is None:
        change(tf.constant(True))
    else:
        trial.later.append(change)


@contextlib.contextmanager
def apart() -> Iterator[Trial]:
    """Judges what is computed in this context by itself.

    For a branch of the graph, from which only its own outputs can be seen.
    """
    trial = Trial()
    token = _PRESENT.set(trial)
    try:
        yield trial
    finally:
        _PRESENT.reset(token)


def on_trial(train_step: TrainStep) -> TrainStep:
    """Makes a `train_step` change nothing where it is not finite.

    Args:
        train_step: Method of a `Guarded` model; it names what must be finite.

    Returns:
        The method that stands in its place.
    """

    @functools.wraps(train_step)
    def guarded(model: Guarded, data: Any) -> dict[str, Tensor]:
        if _PRESENT.get() is not None or not model.compiled:
            return train_step(model, data)  # a step inside of a step
        variables = model.changed_by_a_step()
        kept = [_read(variable) for variable in variables]
        step = tf.identity(model.step.value)
        trial = Trial()
        token = _PRESENT.set(trial)
        try:
            logs = train_step(model, data)
        finally:
            _PRESENT.reset(token)
        good = trial.is_good()
        _put_back(variables, kept, good, in_xla=model.is_compiled_by_xla)
        for change in trial.later:
            change(good)
        model.tally.note(trial.names, trial.are_good, good, step)
        return logs

    return guarded


def _read(variable: keras.Variable) -> Tensor:
    """A variable's value as it is now, by one operation where that does."""
    value = variable.value
    is_variable = isinstance(value, tf.Variable)
    return value.value() if is_variable else tf.identity(value)


def _put_back(
    variables: Sequence[keras.Variable],
    kept: Sequence[Tensor],
    good: Tensor,
    *,
    in_xla: bool,
) -> None:
    """Gives variables their old values unless the step was good.

    XLA fuses a choice of values with the update; without it, a branch that is
    not taken costs nothing. A branch can not be left on a replica's own, so
    all of them take it together.
    """

    def everywhere(
        strategy: tf.distribute.Strategy, kept: Sequence[Any], good: Any
    ) -> None:
        def each(put: Callable[..., None]) -> None:
            for variable, old in zip(variables, kept, strict=True):
                strategy.extended.update(
                    variable.value, put, args=(old, good), group=False
                )

        if in_xla:
            each(lambda v, old, good: v.assign(tf.where(good, v, old)))
            return

        def put_back() -> Tensor:
            each(lambda v, old, good: v.assign(old))
            return tf.constant(0)

        here = strategy.experimental_local_results(good)[0]
        tf.cond(here, lambda: tf.constant(0), put_back)

    context = tf.distribute.get_replica_context()
    if context is None:
        everywhere(tf.distribute.get_strategy(), kept, good)
    else:
        context.merge_call(everywhere, args=(list(kept), good))
