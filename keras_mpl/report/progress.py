"""Keras callbacks of a run: the progress bar, and a record per evaluation.

An epoch of Keras is here the interval between two evaluations. Both callbacks
show and record it as steps.
"""

# ruff: noqa: D102 (Keras documents these methods)

import contextlib
import errno
import math
import shutil
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import keras
import tensorflow as tf

from keras_mpl import names
from keras_mpl.report import durations
from keras_mpl.report.folder import append_record

# The metrics that Keras hands to a callback.
Logs: TypeAlias = Mapping[str, float] | None

# What the bar calls a metric, and its names for student and teacher.
_SHOWN_PAIRS = (
    ("loss", "student_loss", "teacher_loss"),
    ("val", "val_accuracy", "val_teacher_accuracy"),
)
_BAR = 20  # characters


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
        self._left_out = 0  # steps of the interval that were not made

    def seconds_so_far(self) -> float:
        """Returns the stage's wall-clock time, before interruptions, too."""
        return self.seconds + time.perf_counter() - self._start

    def on_train_begin(self, logs: Logs = None) -> None:
        self._start = time.perf_counter()
        with self._naming(self._board):
            self._writer = tf.summary.create_file_writer(str(self._board))

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        # A callback may end training within the interval.
        self._left_out = (self.params["steps"] or batch + 1) - batch - 1

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.seconds = self.seconds_so_far()
        self._start = time.perf_counter()
        planned = (epoch + 1) * self._eval_every_steps
        step = self._first_step + planned - self._left_out
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
    """Shows how far one training is: a live bar, or one line per evaluation.

    The bar is for a terminal and a notebook; without either, or into a file,
    it prints a line at every evaluation.

    Args:
        train_steps: Number of steps of the training.
        eval_every_steps: Number of steps between two evaluations.
        first_step: Number of steps that are done already.
        examples_per_step: How many a step learns from; 0 shows no rate.
        noun: What they are, in the plural.
        seconds_left: Returns the time until all is done, where it is known.
        forecast: Returns a line to print once, as soon as there is one.
        say: Takes the lines where there is no bar; they are printed if `None`.
        has_bar: False for lines on a terminal and in a notebook, too.
    """

    def __init__(
        self,
        train_steps: int,
        eval_every_steps: int,
        *,
        first_step: int = 0,
        examples_per_step: int = 0,
        noun: str = "examples",
        seconds_left: Callable[[], float | None] = lambda: None,
        forecast: Callable[[], str | None] = lambda: None,
        say: Callable[[str], None] | None = None,
        has_bar: bool = True,
    ):
        super().__init__()
        self._train_steps = train_steps
        self._eval_every_steps = eval_every_steps
        self._done = first_step
        self._examples_per_step = examples_per_step
        self._noun = noun
        self._seconds_left = seconds_left
        self._forecast = forecast
        self._has_said = False
        self._latest: dict[str, float] = {}
        self._width = 0
        self._print = say or _print
        is_live = sys.stdout.isatty() or "ipykernel" in sys.modules
        self._is_live = has_bar and is_live

    def on_train_begin(self, logs: Logs = None) -> None:
        self._start = time.perf_counter()
        self._rate: float | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._first_step = max(epoch * self._eval_every_steps, self._done)
        self._since = (time.perf_counter(), 0)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._step = self._first_step + batch + 1
        self._update(logs)
        self._measure(batch + 1)
        self._say()
        if self._is_live:
            self._show(self._step)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._update(logs)
        if self._is_live:
            self._show(self._step)
        else:
            self._print(self._line(self._step))

    def on_train_end(self, logs: Logs = None) -> None:
        if self._is_live:
            _print("")

    def _say(self) -> None:
        if self._has_said or (line := self._forecast()) is None:
            return
        if self._is_live:
            _print("\r" + f"  {line}".ljust(self._width))
        else:
            self._print(f"  {line}")
        self._has_said = True

    def _measure(self, steps: int) -> None:
        """Measures the rate of this epoch, without what is compiled first."""
        now = time.perf_counter()
        if self._rate is None:
            self._rate, self._since = 0.0, (now, steps)
        elif now > self._since[0]:
            self._rate = (steps - self._since[1]) / (now - self._since[0])

    def _show(self, step: int) -> None:
        """Draws the bar anew on its line, as much of it as there is room."""
        parts = [f"step {step}/{self._train_steps}", *self._left()]
        for name, student, teacher in _SHOWN_PAIRS:
            if student in self._latest:
                text = f"{name} {self._latest[student]:.3f}"
                if teacher in self._latest:
                    text += f" (teacher {self._latest[teacher]:.3f})"
                parts.append(text)
        line = "  ".join(["", *parts, *self._speed()])
        filled = _BAR * step // self._train_steps
        bar = f"  [{'=' * filled}{'.' * (_BAR - filled)}]"
        columns = shutil.get_terminal_size().columns - 1
        if len(bar) + len(line) <= columns:
            line = bar + line
        line = line[:columns]
        _print(f"\r{line.ljust(self._width)}", end="")
        self._width = len(line)

    def _line(self, step: int) -> str:
        """Returns the line of an evaluation, with the names of its metrics."""
        values = [f"{k} {v:.4f}" for k, v in self._latest.items()]
        seconds = durations.short(time.perf_counter() - self._start)
        time_said = ", ".join([seconds, *self._left()])
        at = f"step {step}/{self._train_steps}"
        return "  ".join(["", at, *values, *self._speed(), time_said])

    def _left(self) -> list[str]:
        left = self._seconds_left()
        return [] if left is None else [f"{durations.short(left)} left"]

    def _speed(self) -> list[str]:
        rate = (self._rate or 0) * self._examples_per_step
        return [f"{rate:,.0f} {self._noun}/s"] if rate else []

    def _update(self, logs: Logs) -> None:
        logs = logs or {}
        for key in (key for _, *keys in _SHOWN_PAIRS for key in keys):
            if key in logs:
                self._latest[key] = float(logs[key])


def _print(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()
