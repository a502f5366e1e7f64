"""Callbacks of `fit`'s own: it stops on divergence, and shows few figures.

They also let callbacks of Keras move the rates of all optimizers, and tell
them in which direction a figure is better. Must not know any method.
"""

# ruff: noqa: D102 (Keras documents these methods)

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Literal

import keras

Direction = Literal["max", "min"]
_OF_TRAINING = ("loss", "accuracy")


class Watch(keras.callbacks.Callback):
    """Ends a training whose steps are skipped, or whose labels are wrong.

    It reads what the step before the last one has noted, so that an
    accelerator need not wait for Python, and at the end of an epoch all.
    """

    def on_train_begin(self, logs: Any = None) -> None:
        self._latest: Any = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._latest is not None:
            self.model.tally.check(self._latest)
        self._latest = self.model.tally.latest()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.tally.check(self.model.tally.latest())


class Rates(keras.callbacks.Callback):
    """Moves the rates of the other optimizers with the student's.

    Callbacks of Keras know one optimizer, `model.optimizer`, which is the
    student's. Where one of them has moved its rate, before an epoch or after
    it, the others' follow, so that their ratio stays. A rate that is a
    schedule follows nothing, and neither does one that was moved in the same
    moment by somebody else.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ratios: dict[str, float] = {}  # to the student's rate

    def on_train_begin(self, logs: Any = None) -> None:
        self._seen = self._now()
        for name in self._seen:
            self._learn(name)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._follow()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._follow()

    def _follow(self) -> None:
        before, self._seen = self._seen, self._now()
        if before == self._seen or "student" not in self._seen:
            return
        for name, rate in self._seen.items():
            if rate != before.get(name):
                self._learn(name)
            elif name in self._ratios:
                optimizer = getattr(self.model, f"{name}_optimizer")
                optimizer.learning_rate = (
                    self._ratios[name] * self._seen["student"]
                )
        self._seen = self._now()

    def _learn(self, name: str) -> None:
        """Takes the ratio as it is; at a rate of 0, that of before stays."""
        if self._seen.get("student"):
            self._ratios[name] = self._seen[name] / self._seen["student"]

    def _now(self) -> dict[str, float]:
        """The rates that can be set, by the network's name."""
        optimizers = {
            name: getattr(self.model, f"{name}_optimizer")
            for name in self.model.trained_networks
        }
        return {
            name: float(keras.ops.convert_to_numpy(one.learning_rate))
            for name, one in optimizers.items()
            if _can_be_set(one)
        }


def _can_be_set(optimizer: Any) -> bool:
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return isinstance(inner._learning_rate, keras.Variable)


class Progress(keras.callbacks.ProgbarLogger):
    """Keras' progress bar, of at most six figures.

    The loss, the accuracy, the skipped steps if there are any, and the first
    three of validation; the history, and callbacks, have all.
    """

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, shown(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, shown(logs or {}))


def shown(logs: Mapping[str, Any]) -> dict[str, Any]:
    """The six figures of a progress line, or fewer.

    >>> list(shown({"loss": 1.0, "feedback": 0.1, "skipped_steps": 0.0}))
    ['loss']
    """
    names = [name for name in _OF_TRAINING if name in logs]
    if float(logs.get("skipped_steps", 0.0)):
        names.append("skipped_steps")
    validated = [name for name in logs if name.startswith("val_")]
    of_student = [n for n in validated if n.startswith("val_student_")]
    names += [n for n in validated if n not in of_student][:3]
    return {name: logs[name] for name in names}


def prepared(
    given: Any,
    *,
    is_shown: bool,
    rates: Rates,
    direction: Callable[[str], Direction | None],
) -> Any:
    """Adds the callbacks of `fit`'s own to those that the user gave.

    Args:
        given: A callback, a list of them, Keras' `CallbackList` or `None`.
        is_shown: Whether there is a progress line.
        rates: Comes last, to see what the others did.
        direction: From a name in the logs to where it is better.

    Returns:
        What Keras takes.
    """
    if isinstance(given, keras.callbacks.CallbackList):
        given = given.callbacks
    listed = list(given) if isinstance(given, (list, tuple)) else [given]
    listed = [callback for callback in listed if callback is not None]
    for callback in listed:
        if getattr(callback, "mode", None) == "auto":
            found = direction(getattr(callback, "monitor", ""))
            callback.mode = found or callback.mode
    bars = [c for c in listed if isinstance(c, keras.callbacks.ProgbarLogger)]
    own = [Progress()] if is_shown and not bars else []
    return [Watch(), *listed, *own, rates]
