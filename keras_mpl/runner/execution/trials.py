"""Measures what a stage of a run costs, by trying a few of its steps."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from keras_mpl.runner.building import assembly
from keras_mpl.runner.building import stages
from keras_mpl.runner.execution import snapshots
from keras_mpl.runner.execution.costs import Clock
from keras_mpl.runner.execution.costs import Cost
from keras_mpl.trainers.checks import lengths as length_checks

_TRIED = (4, 2.0, 60)  # at least so many steps and seconds, at most such steps
_BATCHES = 10  # of validation, to measure an evaluation


class _Enough(keras.callbacks.Callback):
    """Ends a try after some steps."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self._count:
            self._began = time.perf_counter()
        self._count += 1
        fewest, seconds, _ = _TRIED
        passed = time.perf_counter() - self._began
        if self._count > fewest and passed > seconds:
            self.model.stop_training = True


def measured(
    stage: stages.Stage,
    loaded: assembly.Loaded,
    sizes: Mapping[str, int],
    folder: Path,
) -> Cost:
    """Measures what a stage costs; it is trained by that, and of no use.

    Args:
        stage: The stage, one step per execution.
        loaded: The data of the run.
        sizes: The numbers of validation and of test examples.
        folder: A folder for a snapshot.
    """
    clock = Clock()
    with length_checks.unsaid():
        stage.model.fit(
            stage.make_data(folder).batches,
            epochs=1,
            steps_per_epoch=_TRIED[-1],
            callbacks=[clock, _Enough()],
            shuffle=False,
            verbose=0,
        )
    evaluation = _evaluation(stage.model, loaded, sizes["validation"])
    began = time.perf_counter()
    snapshots.write(folder / "tried", stage.model, {})
    evaluation += time.perf_counter() - began
    return clock.cost._replace(evaluation=evaluation)


def _evaluation(model: Any, loaded: assembly.Loaded, size: int) -> float:
    """Returns the seconds of an evaluation, by some of its batches."""
    data = loaded.validation()
    given = data if isinstance(data, tuple) else (data,)
    batch = 32 if isinstance(data, tuple) else 500
    batches = math.ceil(size / batch)
    tried = min(batches, _BATCHES)
    model.evaluate(*given, steps=1, verbose=0)  # compiled
    began = time.perf_counter()
    model.evaluate(*given, steps=tried, verbose=0)
    return (time.perf_counter() - began) * batches / tried
