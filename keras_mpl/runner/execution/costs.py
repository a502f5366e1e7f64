"""What a training costs, as it is measured while it trains."""

import time
from typing import Any
from typing import NamedTuple

import keras


class Cost(NamedTuple):
    """Seconds of a stage, as far as they are known.

    Attributes:
        start: Until its first steps are done, most of it to compile them.
        step: Of one step.
        evaluation: Of one evaluation on validation, with its snapshot.
    """

    start: float | None = None
    step: float | None = None
    evaluation: float | None = None


class Clock(keras.callbacks.Callback):
    """Measures what a stage costs, from its first steps on.

    The first call of steps, and the first evaluation, compile something and
    are not counted; the newest steps count alone. The clock must stand before
    other callbacks of batches.

    Attributes:
        cost: What is known so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cost = Cost()
        self._seconds: float = 0
        self._steps = 0
        self._began = time.perf_counter()
        self._last: tuple[float, int] | None = None
        self._evaluations = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Measures what was between the last steps and these."""
        now = time.perf_counter()
        if self._last is not None:
            self._evaluations += 1
            if self._evaluations > 1:
                seconds = now - self._last[0]
                self.cost = self.cost._replace(evaluation=seconds)
            self._last = (now, 0)
        self._seconds = self._steps = 0  # a pause counts once, and is over

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Counts the steps of a call, if it compiled nothing."""
        now, done = time.perf_counter(), batch + 1
        if self._last is None:
            self.cost = self.cost._replace(start=now - self._began)
        else:
            self._seconds += now - self._last[0]
            self._steps += done - self._last[1]
            self.cost = self.cost._replace(step=self._seconds / self._steps)
        self._last = (now, done)
