"""Keras callbacks of a run: the progress bar, and a record per evaluation.

An epoch of Keras is here the interval between two evaluations. Both callbacks
show and record it as steps.
"""

# ruff: noqa: D102 (Keras documents these methods)

import contextlib
import errno
import math
import sys
import time
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import keras
import tensorflow as tf

from keras_mpl import names
from keras_mpl.report.folder import append_record

# The metrics that Keras hands to a callback.
Logs: TypeAlias = Mapping[str, float] | None

_SHOWN_METRICS = ("student_loss", "val_accuracy")


class MetricsLog(keras.callbacks.Callback):
    """Records every evaluation in `metrics.jsonl` and for TensorBoard.

    Steps are counted over all stages of the recipe, and seconds from the start
    of the stage.

    Args:
        folder: The run folder.
        recipe: Name of the recipe.
        eval_every_steps: Number of steps between two evaluations.
        stage: Name of the stage.
        first_step: Number of steps of the earlier stages.

    Attributes:
        seconds: Wall-clock time of the stage up to its last evaluation. Set it
            before training when an interrupted run is resumed.
    """

    def __init__(
        self,
        folder: Path,
        recipe: str,
        eval_every_steps: int,
        *,
        stage: str = "train",
        first_step: int = 0,
    ):
        super().__init__()
        self.seconds = 0.0
        self._path = folder / "metrics.jsonl"
        self._board = folder / "tensorboard" / names.as_part(recipe, "recipe")
        self._recipe = recipe
        self._stage = stage
        self._first_step = first_step
        self._eval_every_steps = eval_every_steps

    def seconds_so_far(self) -> float:
        """Returns the stage's wall-clock time, before interruptions, too."""
        return self.seconds + time.perf_counter() - self._start

    def on_train_begin(self, logs: Logs = None) -> None:
        self._start = time.perf_counter()
        with self._naming(self._board):
            self._writer = tf.summary.create_file_writer(str(self._board))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.seconds = self.seconds_so_far()
        self._start = time.perf_counter()
        step = self._first_step + (epoch + 1) * self._eval_every_steps
        values = {k: float(f"{v:.7g}") for k, v in (logs or {}).items()}
        record = {
            "recipe": self._recipe,
            "stage": self._stage,
            "step": step,
            "seconds": round(self.seconds, 3),
            **{k: v if math.isfinite(v) else None for k, v in values.items()},
        }
        append_record(self._path, record)
        with self._naming(self._board), self._writer.as_default():
            for key, value in values.items():
                tf.summary.scalar(key, value, step=step)

    def on_train_end(self, logs: Logs = None) -> None:
        with self._naming(self._board):
            self._writer.close()

    @contextlib.contextmanager
    def _naming(self, path: Path) -> Iterator[None]:
        """Lets an error of the disk name what could not be written."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        except tf.errors.OpError as error:
            reason = error.message.partition("\n")[0]
            raise OSError(errno.EIO, reason, str(path)) from error


class Progress(keras.callbacks.Callback):
    """Shows Keras' progress bar over all the steps of one training.

    Without a terminal, it prints one line per evaluation instead.

    Args:
        train_steps: Number of steps of the training.
        eval_every_steps: Number of steps between two evaluations.
    """

    def __init__(self, train_steps: int, eval_every_steps: int):
        super().__init__()
        self._train_steps = train_steps
        self._eval_every_steps = eval_every_steps
        self._latest: dict[str, float] = {}
        self._is_live = sys.stdout.isatty() or "ipykernel" in sys.modules

    def on_train_begin(self, logs: Logs = None) -> None:
        self._start = time.perf_counter()
        self._bar = keras.utils.Progbar(
            self._train_steps, stateful_metrics=_SHOWN_METRICS, unit_name="step"
        )

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._first_step = epoch * self._eval_every_steps

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._update(logs)
        if self._is_live:
            step = self._first_step + batch + 1
            self._bar.update(step, [*self._latest.items()], finalize=False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._update(logs)
        step = self._first_step + self._eval_every_steps
        if self._is_live:
            self._bar.update(step, [*self._latest.items()])
            return
        values = "  ".join(f"{k} {v:.4f}" for k, v in self._latest.items())
        seconds = time.perf_counter() - self._start
        print(
            f"  step {step}/{self._train_steps}  {values}  {seconds:.0f} s",
            flush=True,
        )

    def _update(self, logs: Logs) -> None:
        logs = logs or {}
        for key in _SHOWN_METRICS:
            if key in logs:
                self._latest[key] = float(logs[key])
