"""Feedback that is measured at some steps only, and is nothing in between."""

import tensorflow as tf

from keras_mpl.feedback import Feedback
from keras_mpl.feedback import Signal
from keras_mpl.feedback import StudentUpdate
from keras_mpl.replicas import Logs
from keras_mpl.trainers.engine import guard
from keras_mpl.types import Tensor


def measured(
    feedback: Feedback, update: StudentUpdate, *, is_due: Tensor
) -> Signal:
    """Measures a step's feedback where it is due.

    The two branches cost what they compute: in a step between, neither the
    labelled gradient nor the credit is computed.

    Args:
        feedback: What measures.
        update: The student's step.
        is_due: Whether it is measured, shape `()`.

    Returns:
        The signal; all of it is 0 where it is not due, its logs too.
    """
    dtype = update.targets.dtype

    def now() -> dict[str, Tensor]:
        with guard.apart() as trial:
            signal = feedback.measure(update)
            is_good = trial.is_good()
        fields = {
            "credit": signal.credit,
            "scale": signal.scale,
            "advantage": signal.advantage,
        }
        logs = {**signal.logs.summed, **signal.logs.shared}
        return {
            "is_good": is_good,
            **{k: tf.cast(v, dtype) for k, v in _given(fields).items()},
            **{f"log/{k}": tf.cast(v, "float32") for k, v in logs.items()},
        }

    def nothing() -> dict[str, Tensor]:
        zero = tf.zeros([], dtype)
        fields = {"advantage": zero}
        if feedback.has_credit:
            credit = tf.zeros_like(update.targets)
            fields = {"credit": credit, "scale": zero}
        logs = {f"log/{name}": tf.zeros([]) for name in feedback.logged}
        return {"is_good": tf.constant(True), **fields, **logs}

    found = tf.cond(is_due, now, nothing)
    guard.watch_condition("the labelled gradient", found.pop("is_good"))
    logs = {
        name.removeprefix("log/"): found.pop(name)
        for name in list(found)
        if name.startswith("log/")
    }
    return Signal(update.targets, Logs({}, logs), **found)


def _given(fields: dict[str, Tensor | None]) -> dict[str, Tensor]:
    return {name: value for name, value in fields.items() if value is not None}
