"""A process of the command line that works on a run, to be ended early.

It is forked from a process that has imported TensorFlow and has not used it,
which saves the seconds of the import each time.
"""

import importlib
import multiprocessing
import os
import pathlib
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import IO

RECIPE = "digits_20"
LAST_STEPS = {"0": 60, "1": 20}  # of a training, and of its finetuning
OVERRIDES = (
    "baselines=digits_20_none",
    "train_steps=60",
    "eval_every_steps=5",
    "stages.finetune_steps=20",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=1",
    "model=mlp_64_64",
)
_POLL_SECONDS, _PATIENCE_SECONDS = 0.02, 3600
_IMPORTED = (
    "keras_mpl.runner",
    "matplotlib.backends.backend_agg",
    "sklearn.datasets",
)
_fork = multiprocessing.get_context("fork")


def prepare() -> None:
    """Imports what every process needs."""
    for name in _IMPORTED:
        importlib.import_module(name)


class Process:
    """A process of the command line that works on a run folder.

    Args:
        folder: Of the run, which is resumed if it is there.
        strategy: The name of one, as `keras-mpl run` takes it.
    """

    def __init__(self, folder: pathlib.Path, strategy: str):
        self.folder, self.start = folder, time.perf_counter()
        self.is_resume = (folder / "config.json").exists()
        words = ["resume", str(folder)]
        if not self.is_resume:
            settings = [w for s in OVERRIDES for w in ("--set", s)]
            words = ["run", RECIPE, *settings, "--output", str(folder)]
            words += ["--strategy", strategy, "--deterministic"]
        self.before = snapshots(folder)
        self.child, self.log = launch(words)

    def wait_for(self, is_there: Callable[[], bool]) -> float | None:
        """Returns the seconds until it is there; `None` if it ends first."""
        while not is_there():
            if not self.child.is_alive():
                return None
            if time.perf_counter() - self.start > _PATIENCE_SECONDS:
                self.child.kill()
                raise SystemExit(f"no progress in {self.folder}")
            time.sleep(_POLL_SECONDS)
        return time.perf_counter() - self.start

    def has_begun(self) -> bool:
        """Whether a kill leaves something that can be resumed."""
        return (self.folder / "config.json").exists()

    def has_finished(self) -> bool:
        """Whether the run has its result."""
        return (self.folder / "result.json").exists()

    def has_new_snapshot(self) -> bool:
        """Whether the process has written a snapshot."""
        return snapshots(self.folder) != self.before

    def has_ended_a_stage(self) -> bool:
        """Whether the process has written the last snapshot of a stage."""
        return ended(snapshots(self.folder)) != ended(self.before)

    def send(self, name: str) -> float:
        """Sends a signal; returns the seconds until the process is gone."""
        sent = time.perf_counter()
        if self.child.pid is not None:
            os.kill(self.child.pid, signal.Signals[name])
        self.child.join(_PATIENCE_SECONDS)
        return time.perf_counter() - sent

    def output(self) -> str:
        """Returns all that the process has printed."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def end(self) -> str:
        """Lets the process end; returns its last output if it failed."""
        self.child.join(_PATIENCE_SECONDS)
        if self.has_finished():
            return ""
        return f"exit code {self.child.exitcode}: {self.output()[-2000:]}"


def launch(words: list[str]) -> tuple[ForkProcess, IO[bytes]]:
    """Starts the command line; returns its process and what it prints."""
    log = tempfile.TemporaryFile()
    child = _fork.Process(target=_command_line, args=(words, log.fileno()))
    child.start()
    return child, log


def _command_line(words: list[str], log: int) -> None:
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from keras_mpl import cli

    sys.exit(cli.main(words))


def snapshots(folder: pathlib.Path) -> list[str]:
    """Returns the names of a run's snapshots, with their stages."""
    found = folder.glob("checkpoints/*/*.zip")
    return sorted(f"{path.parent.name}/{path.stem}" for path in found)


def ended(names: list[str]) -> set[str]:
    """Returns the stages that have their last snapshot.

    >>> sorted(ended(["a-0/000000060", "a-1/000000015", "b-0/000000055"]))
    ['a-0']
    """
    return {name.partition("/")[0] for name in names if _is_last(name)}


def _is_last(name: str) -> bool:
    stage, _, step = name.partition("/")
    return int(step) == LAST_STEPS[stage.rpartition("-")[2]]
