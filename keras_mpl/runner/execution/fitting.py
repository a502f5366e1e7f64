"""Trains one stage, from its beginning or from a snapshot of it.

A snapshot is written at every evaluation, and when the process is told to end.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_mpl import messages
from keras_mpl import names
from keras_mpl import report
from keras_mpl import trainers
from keras_mpl.recipes import Recipe
from keras_mpl.runner.building import stages
from keras_mpl.runner.building import strategies
from keras_mpl.runner.execution import preemption
from keras_mpl.runner.execution import snapshots
from keras_mpl.runner.execution import waiting


class _Checkpointing(keras.callbacks.Callback):
    """Writes snapshots while a stage trains."""

    def __init__(
        self,
        folder: Path,
        every: int,
        num_epochs: int,
        notice: preemption.Notice,
        log: report.MetricsLog,
    ):
        super().__init__()
        self._folder = folder
        self._every = every
        self._num_epochs = num_epochs
        self._has_ended = False
        self._notice = notice
        self._log = log

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._notice.is_given():
            step = int(keras.ops.convert_to_numpy(self.model.step))
            is_within = step % self._every and not self.model.stop_training
            if is_within:  # else its evaluation comes first
                self._end(self._write())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        is_last = epoch + 1 == self._num_epochs
        self._has_ended = is_last or self.model.stop_training
        if not self._has_ended:
            self._keep()

    def on_train_end(self, logs: Any = None) -> None:
        if self._has_ended:  # other callbacks may have put weights back
            self._keep()

    def _keep(self) -> None:
        if self._notice.is_given():
            self._end(self._write())
        elif not self.model.tally.skipped_in_a_row():
            self._write()  # a training that diverges keeps what was good

    def _write(self) -> Path:
        extra = {
            "seconds": self._log.seconds_so_far(),
            "has_ended": self._has_ended,
        }
        return snapshots.write(self._folder, self.model, extra)

    def _end(self, path: Path) -> None:
        if strategies.is_chief(self.model.distribute_strategy):
            messages.say(f"told to end at step {int(path.stem)}: {path}")
        raise preemption.Preempted(0)


class _ContinueEpoch(keras.callbacks.Callback):
    """Puts back the running means of an epoch that was interrupted."""

    def __init__(self, snapshot: snapshots.Snapshot):
        super().__init__()
        self._snapshot = snapshot

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        snapshots.restore(self.model, self._snapshot)  # Keras had reset them


def snapshot_folder(folder: Path, recipe: Recipe, number: int) -> Path:
    """Returns the folder of the snapshots of one stage, in a run folder.

    Args:
        folder: The run folder.
        recipe: The recipe that is trained.
        number: The stage's number, from 0.
    """
    name = names.as_part(recipe.name, "recipe.name")
    return folder / "checkpoints" / f"{name}-{number}"


def finish(
    folder: Path,
    recipe: Recipe,
    number: int,
    model: trainers.Method,
    answers: dict[str, np.ndarray],
) -> None:
    """Writes the last snapshot of a stage, with its answers on the test set."""
    extra = {"answers": snapshots.plain(answers)}
    snapshots.write(snapshot_folder(folder, recipe, number), model, extra)


def has_ended(snapshot: snapshots.Snapshot | None) -> bool:
    """Whether a snapshot is of a stage's end; a callback may have brought it.

    Its step may be an earlier one: that of weights that were put back.
    """
    return snapshot is not None and bool(snapshot.extra.get("has_ended"))


def train(
    stage: stages.Stage,
    stage_data: stages.StageData,
    snapshot: snapshots.Snapshot | None,
    *,
    every: int,
    folder: Path,
    notice: preemption.Notice,
    log: report.MetricsLog,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Trains a stage to its end, from a snapshot if there is one.

    A callback may end it before all its steps; it is not trained further then,
    even if the run is interrupted.

    Args:
        stage: What to train; in the state of the snapshot.
        stage_data: Its data.
        snapshot: Where it stands, or `None` at the beginning.
        every: Steps between two evaluations.
        folder: Where its snapshots go.
        notice: Whether to end early.
        log: Its record.
        callbacks: Others.

    Raises:
        Preempted: If there is notice; everything is on disk then.
    """
    if has_ended(snapshot):
        return
    num_epochs = stage.steps // every
    checkpointing = _Checkpointing(folder, every, num_epochs, notice, log)
    settings = {
        "validation_data": stage_data.data.validation(),
        "shuffle": False,
        "verbose": 0,
    }
    batches, first = waiting.measured(
        stage_data.batches, stage.model.distribute_strategy
    )  # it adds to what is logged
    done = snapshot.step if snapshot else 0
    log.seconds = snapshot.extra.get("seconds", 0.0) if snapshot else 0.0
    epoch, within = divmod(done, every)
    if snapshot and within:
        stage.model.fit(
            batches,
            initial_epoch=epoch,
            epochs=epoch + 1,
            steps_per_epoch=every - within,
            callbacks=[
                _ContinueEpoch(snapshot),
                *first,
                log,
                *callbacks,
                checkpointing,
            ],
            **settings,
        )
        if stage.model.stop_training:
            return
        epoch += 1
    if epoch < num_epochs:
        stage.model.fit(
            batches,
            initial_epoch=epoch,
            epochs=num_epochs,
            steps_per_epoch=every,
            callbacks=[*first, log, *callbacks, checkpointing],
            **settings,
        )
