"""Callbacks of `fit`'s own: it stops on divergence, and shows few figures.

It also tells callbacks of Keras in which direction a figure is better. Must
not know any method.
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
    direction: Callable[[str], Direction | None],
) -> Any:
    """Adds the callbacks of `fit`'s own to those that the user gave.

    Args:
        given: A callback, a list of them, Keras' `CallbackList` or `None`.
        is_shown: Whether there is a progress line.
        direction: From a name in the logs to where it is better.

    Returns:
        What Keras takes.
    """
    if isinstance(given, keras.callbacks.CallbackList):
        given.append(Watch())
        return given
    listed = list(given) if isinstance(given, (list, tuple)) else [given]
    listed = [callback for callback in listed if callback is not None]
    for callback in listed:
        if getattr(callback, "mode", None) == "auto":
            found = direction(getattr(callback, "monitor", ""))
            callback.mode = found or callback.mode
    bars = [c for c in listed if isinstance(c, keras.callbacks.ProgbarLogger)]
    own = [Progress()] if is_shown and not bars else []
    return [Watch(), *listed, *own]
