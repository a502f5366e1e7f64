"""Trains a stage from wherever it stands, and leaves where it stands on disk.

Snapshots are taken at every evaluation, and where the process is told to end.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from keras_mpl import report
from keras_mpl.recipes import Recipe
from keras_mpl.runner import snapshots
from keras_mpl.runner import stages
from keras_mpl.runner import strategies


class Preempted(SystemExit):
    """The process was told to end, and what it had done is on disk."""


class Notice:
    """Whether this process or another worker's was told to end (SIGTERM)."""

    def __init__(self, place: Any) -> None:
        self._is_given = False
        self._any_worker = strategies.agreement(place)

    def give(self, *_: Any) -> None:
        """Remembers it; a signal handler."""
        self._is_given = True

    def is_heard(self) -> bool:
        """Whether to end now; workers ask at the same step, and agree."""
        return self._any_worker(self._is_given)


@contextmanager
def heeding(place: Any) -> Iterator[Notice]:
    """Turns SIGTERM into a notice for a while.

    Only in the main thread, which alone can handle signals.
    """
    notice = Notice(place)
    if threading.current_thread() is not threading.main_thread():
        yield notice
        return
    before = signal.signal(signal.SIGTERM, notice.give)
    try:
        yield notice
    finally:
        signal.signal(signal.SIGTERM, before)


class _Keeper(keras.callbacks.Callback):
    """Writes snapshots while a stage trains."""

    def __init__(
        self, folder: Path, every: int, notice: Notice, log: report.MetricsLog
    ):
        super().__init__()
        self._folder = folder
        self._every = every
        self._notice = notice
        self._log = log

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._notice.is_heard():
            step = int(keras.ops.convert_to_numpy(self.model.step))
            if step % self._every:  # else its evaluation comes first
                self._end(self._write())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        path = self._write()
        if self._notice.is_heard():
            self._end(path)

    def _write(self) -> Path:
        extra = {"seconds": self._log.seconds_so_far()}
        return snapshots.write(self._folder, self.model, extra)

    def _end(self, path: Path) -> None:
        if strategies.is_chief(self.model.distribute_strategy):
            print(f"told to end at step {int(path.stem)}: {path}", flush=True)
        raise Preempted(0)


class _EpochGoesOn(keras.callbacks.Callback):
    """Puts back the running means of an epoch that was interrupted."""

    def __init__(self, snapshot: snapshots.Snapshot):
        super().__init__()
        self._snapshot = snapshot

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        snapshots.restore(self.model, self._snapshot)  # Keras had reset them


def place(folder: Path, recipe: Recipe, number: int) -> Path:
    """Folder of the snapshots of a recipe's stage, in a run folder."""
    return folder / "checkpoints" / f"{recipe.name}-{number}"


def finish(
    folder: Path,
    recipe: Recipe,
    number: int,
    model: Any,
    answers: dict[str, Any],
) -> None:
    """Keeps a stage that is done, and what it says of the test images."""
    extra = {"answers": snapshots.plain(answers)}
    snapshots.write(place(folder, recipe, number), model, extra)


def train(
    stage: stages.Stage,
    given: stages.Given,
    snapshot: snapshots.Snapshot | None,
    *,
    every: int,
    folder: Path,
    notice: Notice,
    log: report.MetricsLog,
    callbacks: list[Any],
) -> None:
    """Trains a stage to its end, from a snapshot if there is one.

    Args:
        stage: What to train; in the state of the snapshot.
        given: Its data.
        snapshot: Where it stands, or `None` at the beginning.
        every: Steps between two evaluations.
        folder: Where its snapshots go.
        notice: Whether to end early.
        log: Its record.
        callbacks: Others.

    Raises:
        Preempted: If there is notice; everything is on disk then.
    """
    keeper = _Keeper(folder, every, notice, log)
    settings = {
        "validation_data": given.data.validation(),
        "shuffle": False,
        "verbose": 0,
    }
    done = snapshot.step if snapshot else 0
    log.seconds = snapshot.extra["seconds"] if snapshot else 0.0
    epoch, within = divmod(done, every)
    if snapshot and within:
        stage.model.fit(
            given.batches,
            initial_epoch=epoch,
            epochs=epoch + 1,
            steps_per_epoch=every - within,
            callbacks=[_EpochGoesOn(snapshot), log, *callbacks, keeper],
            **settings,
        )
        epoch += 1
    if epoch < stage.steps // every:
        stage.model.fit(
            given.batches,
            initial_epoch=epoch,
            epochs=stage.steps // every,
            steps_per_epoch=every,
            callbacks=[log, *callbacks, keeper],
            **settings,
        )
