"""Calls a step on every replica, several times per call from Python.

Keras' own loop can not: on several replicas it allows one step per call
(keras#19246), and over several workers it reduces scalar logs along an axis
that they do not have.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

Logs = dict[str, Any]
Function = Callable[[Any], Logs]


def is_needed(strategy: tf.distribute.Strategy) -> bool:
    """Whether steps run on more than one replica, here or elsewhere."""
    return int(strategy.num_replicas_in_sync) > 1


def training(
    step: Function,
    strategy: tf.distribute.Strategy,
    *,
    steps: int,
    is_eager: bool,
) -> Function:
    """Makes the function that Keras' `fit` calls.

    Args:
        step: From a replica's part of a batch to scalars that are equal on
            every replica.
        strategy: Where it runs.
        steps: How often it runs per call, in one graph; the data must have
            that many batches left.
        is_eager: Whether to leave it uncompiled.

    Returns:
        From a distributed iterator to the last step's scalars; raises
        `StopIteration` where the data end, as Keras expects it.
    """
    once = _once(step, strategy)

    def several(iterator: Any) -> Logs:
        for _ in tf.range(steps - 1):
            once(iterator)
        return once(iterator)

    return _ending(several if is_eager else tf.function(several))


def measuring(
    step: Function,
    strategy: tf.distribute.Strategy,
    *,
    steps: int,
    is_eager: bool,
) -> Function:
    """Makes the function that Keras' `evaluate` calls.

    Data to measure on may end within a call, so the loop is in Python.

    Args:
        step: As in `training`, and so are the other arguments.
        strategy: Where it runs.
        steps: How often it runs per call, at most.
        is_eager: Whether to leave it uncompiled.

    Returns:
        As in `training`.
    """
    once = _once(step, strategy)
    one = _ending(once if is_eager else tf.function(once))

    def function(iterator: Any) -> Logs:
        logs = one(iterator)
        for _ in range(steps - 1):
            try:
                logs = one(iterator)
            except StopIteration:
                break
        return logs

    return function


def _once(step: Function, strategy: tf.distribute.Strategy) -> Function:
    plain = tf.autograph.experimental.do_not_convert(step)

    local = strategy.experimental_local_results

    def once(iterator: Any) -> Logs:
        data = next(iterator)
        with tf.control_dependencies(local(tf.nest.flatten(data)[0])):
            logs = strategy.run(plain, args=(data,))  # not where there are none
        return {name: local(value)[0] for name, value in logs.items()}

    return once


def _ending(function: Function) -> Function:
    def until_the_end(iterator: Any) -> Logs:
        try:
            return function(iterator)
        except tf.errors.OutOfRangeError as error:
            raise StopIteration from error

    return until_the_end


class ReplicatedModel(keras.Model):
    """A model whose steps are called as above where Keras can not call them."""

    train_function: Any
    test_function: Any

    @property
    def is_compiled_by_xla(self) -> bool:
        """Whether a step is: it can not raise then. On a TPU it always is."""
        strategy = self.distribute_strategy
        is_on_tpu = isinstance(strategy, tf.distribute.TPUStrategy)
        return is_on_tpu or bool(self.jit_compile)

    def make_train_function(self, force: bool = False) -> None:
        """Makes what `fit` calls; on several replicas not as Keras does."""
        if not is_needed(self.distribute_strategy):
            super().make_train_function(force)
        elif force or self.train_function is None:
            self.train_function = self._on_replicas(training, self.train_step)

    def make_test_function(self, force: bool = False) -> None:
        """Makes what `evaluate` calls; see `make_train_function`."""
        if not is_needed(self.distribute_strategy):
            super().make_test_function(force)
        elif force or self.test_function is None:
            self.test_function = self._on_replicas(measuring, self.test_step)

    def _on_replicas(self, make: Any, step: Any) -> Any:
        return make(
            step,
            self.distribute_strategy,
            steps=self.steps_per_execution,
            is_eager=self.run_eagerly,
        )
