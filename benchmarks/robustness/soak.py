"""Trains for hours and watches what the process holds.

    python -m benchmarks.robustness.soak --minutes 120 --folder soak

One process trains a recipe, with an evaluation and a snapshot every
`eval_every_steps` steps, and writes the report of a finished run again and
again. Twice a minute it counts its memory, open files and threads, and the
processor time of a step. SIGTERM ends it, as a cluster would. It appends to
`benchmarks/results/soak.jsonl`, which `render.py` reads.
"""

import json
import os
import pathlib
import signal
import threading
import time
from collections.abc import Callable

from absl import app
from absl import flags

from benchmarks.common.long_flags import FOLDER
from benchmarks.common.long_flags import MINUTES
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.robustness.held import summary

NAME = "soak"
RECIPE = "digits_20"
LENGTH = ("train_steps=1000000", "eval_every_steps=50")
OVERRIDES = ("baselines=", *LENGTH)
REPORTED = (  # the finished run, whose report is written again and again
    "baselines=digits_20_supervised",
    "train_steps=20",
    "eval_every_steps=10",
    "student.warmup_steps=5",
    "teacher.warmup_steps=5",
)
_EVERY_SECONDS = 30
_SAMPLES_PER_REPORT = 4


class Watch(threading.Thread):
    """Counts what this process holds until it is time, and then ends it.

    Args:
        folder: Of the run that trains.
        samples: The file that the counts are added to.
        write_report: Writes a report.
        seconds: How long to watch.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        samples: pathlib.Path,
        write_report: Callable[[], object],
        seconds: float,
    ):
        super().__init__(daemon=True)
        self._folder, self._samples = folder, samples
        self._write_report, self._seconds = write_report, seconds
        self.reports = 0

    def run(self) -> None:
        """Watches; SIGTERM to this process is its last act."""
        try:
            self._watch()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def _watch(self) -> None:
        start, number = time.perf_counter(), 0
        while time.perf_counter() - start < self._seconds:
            time.sleep(_EVERY_SECONDS)
            number += 1
            if number % _SAMPLES_PER_REPORT == 0:
                self._write_report()
                self.reports += 1
            counts = {"seconds": round(time.perf_counter() - start, 1)}
            counts |= {**held(), "step": step(self._folder)}
            with self._samples.open("a") as file:
                file.write(json.dumps(counts) + "\n")


def held() -> Record:
    """Returns what this process holds now, on Linux."""
    status = pathlib.Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in status)
    return {
        "memory_mib": round(int(fields["VmRSS"].split()[0]) / 1024, 1),
        "threads": int(fields["Threads"]),
        "open_files": len(os.listdir("/proc/self/fd")),
        "cpu_seconds": round(time.process_time(), 2),
    }


def step(folder: pathlib.Path) -> int:
    """Returns the step of a run's last evaluation; 0 before the first."""
    path = folder / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0


def soak(root: pathlib.Path, minutes: float) -> Record:
    """Trains for so many minutes, and returns the record."""
    import keras_mpl
    from keras_mpl import report
    from keras_mpl import runner

    done = runner.run(RECIPE, output=root / "done", overrides=REPORTED)
    folder, samples = root / "run", root / "samples.jsonl"
    watch = Watch(
        folder, samples, lambda: runner.write_report(done.folder), 60 * minutes
    )
    watch.start()
    try:
        runner.run(RECIPE, output=folder, overrides=OVERRIDES)
    except SystemExit as end:
        print(f"ended with code {end.code}", flush=True)
    counts = [json.loads(line) for line in samples.read_text().splitlines()]
    files = [path for path in folder.rglob("*.zip") if path.is_file()]
    return {
        **report.environment(keras_mpl.__version__),
        "recipe": RECIPE,
        "overrides": list(OVERRIDES),
        "minutes": round(counts[-1]["seconds"] / 60, 1),
        "reports": watch.reports,
        "evaluations": counts[-1]["step"] // 50,
        "snapshots_on_disk": len(files),
        "load": round(os.getloadavg()[0], 1),
        **summary(counts),
    }


def main(argv: list[str]) -> None:
    """Soaks, and records it."""
    del argv
    root = pathlib.Path(FOLDER.value)
    root.mkdir(parents=True)
    record = soak(root, MINUTES.value)
    print(json.dumps(record, indent=1), flush=True)
    append(NAME, [record])


if __name__ == "__main__":
    flags.mark_flag_as_required("folder")
    app.run(main)
