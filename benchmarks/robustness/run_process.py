"""A process of the command line that works on a run, to be killed."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

RECIPE = "topics_20"
OVERRIDES = (
    "baselines=topics_20_none",
    "train_steps=200",
    "eval_every_steps=10",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
)
_POLL_SECONDS, _PATIENCE_SECONDS = 0.02, 900


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
            words += ["--strategy", strategy]
        self.before = snapshots(folder)
        self.log = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "keras_mpl", *words],
            env={**os.environ, "TF_DETERMINISTIC_OPS": "1"},
            stdout=self.log,
            stderr=self.log,
        )

    def wait_for(self, is_there: Callable[[], bool]) -> float | None:
        """Returns the seconds until it is there; `None` if it ends first."""
        while not is_there():
            if self.child.poll() is not None:
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

    def end(self) -> str:
        """Lets the process end; returns its last output if it failed."""
        code = self.child.wait(_PATIENCE_SECONDS)
        if self.has_finished():
            return ""
        self.log.seek(0)
        output = self.log.read().decode(errors="replace")
        return f"exit code {code}: {output[-2000:]}"


def snapshots(folder: pathlib.Path) -> list[str]:
    """Returns the names of a run's snapshots, with their stages."""
    found = folder.glob("checkpoints/*/*.zip")
    return sorted(f"{path.parent.name}/{path.stem}" for path in found)
