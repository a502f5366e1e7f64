"""Ends runs at random moments, resumes them, and counts what was lost.

    python -m benchmarks.robustness.survival --kills 20
    python -m benchmarks.robustness.survival --kills 10 --strategy mirrored:2

Every process is `keras-mpl run` or `keras-mpl resume` of a small recipe with
one baseline, each trained and then finetuned. It gets SIGKILL, SIGTERM or
SIGINT: before its first new snapshot, after it, or as a stage ends. One run is
ended several times in succession until it finishes; then the next one begins.
Each must end as the run that was left alone, bit for bit (`--deterministic`).
It adds to `benchmarks/results/survival.jsonl`,
which `render.py` reads.
"""

import json
import os
import pathlib
import random
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator

import numpy as np
from absl import app
from absl import flags

from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.strategy_flag import STRATEGY
from benchmarks.robustness import run_process
from benchmarks.robustness.run_process import OVERRIDES
from benchmarks.robustness.run_process import RECIPE
from benchmarks.robustness.run_process import Process
from benchmarks.robustness.run_process import snapshots

NAME = "survival"
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
MOMENTS = ("early", "late", "boundary")

# Student's weights, and the metrics less their seconds.
Outcome = tuple[list[np.ndarray], list[Record]]

_KILLS = flags.DEFINE_integer("kills", 20, "How many, over all runs.")
_MOMENTS = flags.DEFINE_integer("moments", 0, "Seed of when to end, and how.")


def kill(process: Process, rng: random.Random, times: Record) -> Record | None:
    """Ends a process at a random moment.

    Args:
        process: It has just begun.
        rng: Draws signal and moment.
        times: Seconds of the parts of a run that was left alone.

    Returns:
        What the process left; `None` if it ended by itself before.
    """
    name, moment = rng.choice(SIGNALS), rng.choice(MOMENTS)
    ready, span = {
        "early": (process.has_begun, times["first"]),
        "late": (process.has_new_snapshot, times["rest"] / 4),
        "boundary": (process.has_ended_a_stage, 0.1),
    }[moment]
    if moment == "early" and not process.is_resume:
        span -= times["begun"]  # it has begun before it starts otherwise
    if process.wait_for(ready) is None:
        return None
    time.sleep(rng.uniform(0, span))
    if not process.child.is_alive():
        return None
    seconds = process.send(name)
    if process.has_finished():
        return None
    left = snapshots(process.folder)
    return {
        "signal": name,
        "moment": moment,
        "command": "resume" if process.is_resume else "run",
        "seconds": round(time.perf_counter() - process.start, 2),
        "seconds_to_end": round(seconds, 2),
        "exit_code": process.child.exitcode,
        "had_traceback": "Traceback" in process.output(),
        "snapshots": left,
        "was_new": left != process.before,
        "was_writing": bool([*process.folder.glob("checkpoints/*/snapshot-*")]),
    }


def outcome(folder: pathlib.Path) -> Outcome:
    """Returns what a run came to; it does not use TensorFlow."""
    import h5py

    weights: list[np.ndarray] = []

    def keep(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            weights.append(np.asarray(item))

    with (
        zipfile.ZipFile(folder / "student.keras") as archive,
        archive.open("model.weights.h5") as file,
        h5py.File(file) as content,
    ):
        content.visititems(keep)
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    records = [
        {**json.loads(line), "seconds": 0, "data_wait_fraction": 0}
        for line in lines
    ]
    return weights, records


def difference(found: Outcome, expected: Outcome) -> tuple[float, bool]:
    """Returns the largest one of a weight, and whether metrics are equal."""
    pairs = zip(found[0], expected[0], strict=True)
    return (
        float(max(abs(a - b).max() for a, b in pairs)),
        found[1] == expected[1],
    )


def undisturbed(
    folder: pathlib.Path, strategy: str
) -> tuple[Outcome, dict[str, float]]:
    """Lets a run end; returns its outcome and the seconds of its parts."""
    process = Process(folder, strategy)
    begun = process.wait_for(process.has_begun)
    first = process.wait_for(process.has_new_snapshot)
    failure = process.end()
    if failure or begun is None or first is None:
        raise SystemExit(failure or "The run must write a snapshot.")
    end = time.perf_counter() - process.start
    return outcome(folder), {
        "begun": begun,
        "first": first,
        "rest": end - first,
    }


def survive(
    folder: pathlib.Path,
    strategy: str,
    rng: random.Random,
    times: Record,
    kills: int,
) -> tuple[list[Record], str]:
    """Ends a run again and again, `kills` times at most, then lets it end.

    Returns:
        What each end left, and the output of the last process if it failed.
    """
    killed: list[Record] = []
    while True:
        process = Process(folder, strategy)
        left = None
        if len(killed) < kills:
            left = kill(process, rng, times)
        if left is None:
            return killed, process.end()
        killed.append(left)
        print(json.dumps(left), flush=True)


def measure(
    kills: int, strategy: str, seed: int, root: pathlib.Path
) -> Iterator[Record]:
    """Ends runs as often as asked; yields a record of each run.

    Args:
        kills: How many, over all runs.
        strategy: The name of one.
        seed: Of the moments.
        root: The folder of the runs' folders.
    """
    rng = random.Random(seed)
    run_process.prepare()
    expected, times = undisturbed(root / "whole", strategy)
    left = kills
    while left > 0:
        start, folder = time.perf_counter(), root / "run"
        killed, failure = survive(folder, strategy, rng, times, left)
        left -= len(killed)
        gap, is_equal = None, False
        if not failure:
            gap, is_equal = difference(outcome(folder), expected)
        shutil.rmtree(folder, ignore_errors=True)
        yield {
            "strategy": strategy,
            "recipe": RECIPE,
            "overrides": list(OVERRIDES),
            "seed": seed,
            "kills": len(killed),
            "runs": [
                {
                    "kills": killed,
                    "failed": failure,
                    "largest_difference": gap,
                    "metrics_are_equal": is_equal,
                }
            ],
            "seconds_undisturbed": {k: round(v, 1) for k, v in times.items()},
            "seconds": round(time.perf_counter() - start, 1),
            "load": round(os.getloadavg()[0], 1),
        }


def main(argv: list[str]) -> None:
    """Measures, and records each run as it ends."""
    del argv
    import keras_mpl
    from keras_mpl import report

    about = report.environment(keras_mpl.__version__)
    with tempfile.TemporaryDirectory() as root:
        for found in measure(
            _KILLS.value, STRATEGY.value, _MOMENTS.value, pathlib.Path(root)
        ):
            print(found["kills"], "ends:", found["runs"][0], flush=True)
            append(NAME, [{**about, **found}])


if __name__ == "__main__":
    app.run(main)
