"""Kills runs at random moments, resumes them, and counts what was lost.

    python -m benchmarks.robustness.survival --kills 20
    python -m benchmarks.robustness.survival --kills 5 --strategy mirrored:2

Every process is `keras-mpl run` or `keras-mpl resume` of a small recipe with
one baseline, and dies by SIGKILL: some before their first new snapshot, most
after it, wherever they are. One run is killed several times in succession
until it finishes; then the next one begins. Each must end as the run that
nobody killed, bit for bit on one device (`TF_DETERMINISTIC_OPS=1`). It adds to
`benchmarks/results/survival.jsonl`, which `render.py` reads.
"""

import json
import os
import pathlib
import random
import shutil
import tempfile
import time

import numpy as np
from absl import app
from absl import flags

from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.strategy_flag import STRATEGY
from benchmarks.robustness.run_process import OVERRIDES
from benchmarks.robustness.run_process import RECIPE
from benchmarks.robustness.run_process import Process
from benchmarks.robustness.run_process import snapshots

NAME = "survival"
EARLY = 0.3  # share of kills before a process' first new snapshot

# Student's weights, and the metrics less their seconds.
Outcome = tuple[list[np.ndarray], list[Record]]

_KILLS = flags.DEFINE_integer("kills", 20, "How many, over all runs.")
_MOMENTS = flags.DEFINE_integer("moments", 0, "Seed of when to kill.")


def kill(process: Process, rng: random.Random, times: Record) -> Record | None:
    """Kills a process at a random moment.

    Args:
        process: It has just begun.
        rng: Draws the moment.
        times: Seconds of the parts of a run that nobody killed.

    Returns:
        What the process left; `None` if it ended before it was killed.
    """
    if rng.random() < EARLY:
        kind, ready, span = "early", process.has_begun, times["first"]
        if not process.is_resume:  # which has begun before it starts
            span -= times["begun"]
    else:
        kind, ready, span = "late", process.has_new_snapshot, times["rest"] / 4
    if process.wait_for(ready) is None:
        return None
    time.sleep(rng.uniform(0, span))
    if process.child.poll() is not None:
        return None
    process.child.kill()
    process.child.wait()
    if process.has_finished():
        return None
    left = snapshots(process.folder)
    return {
        "moment": kind,
        "command": "resume" if process.is_resume else "run",
        "seconds": round(time.perf_counter() - process.start, 2),
        "snapshots": left,
        "was_new": left != process.before,
        "was_writing": bool([*process.folder.glob("checkpoints/*/*.partial")]),
    }


def outcome(folder: pathlib.Path) -> Outcome:
    """Returns what a run came to."""
    import keras

    student = keras.models.load_model(folder / "student.keras", compile=False)
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    records = [
        {**json.loads(line), "seconds": 0, "data_wait_fraction": 0}
        for line in lines
    ]
    return [w.numpy() for w in student.weights], records


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
    """Kills a run again and again, `kills` times at most, then lets it end.

    Returns:
        What each kill left, and the output of the last process if it failed.
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
        print(len(killed), left["command"], left["snapshots"], flush=True)


def measure(kills: int, strategy: str, seed: int, root: pathlib.Path) -> Record:
    """Kills runs as often as asked and returns the record.

    Args:
        kills: How many, over all runs.
        strategy: The name of one.
        seed: Of the moments.
        root: The folder of the runs' folders.
    """
    rng, start = random.Random(seed), time.perf_counter()
    expected, times = undisturbed(root / "whole", strategy)
    runs: list[Record] = []
    left = kills
    while left > 0:
        folder = root / f"run-{len(runs)}"
        killed, failure = survive(folder, strategy, rng, times, left)
        left -= len(killed)
        gap, is_equal = None, False
        if not failure:
            gap, is_equal = difference(outcome(folder), expected)
        runs.append(
            {
                "kills": killed,
                "failed": failure,
                "largest_difference": gap,
                "metrics_are_equal": is_equal,
            }
        )
        print(len(killed), "kills:", gap, is_equal, failure, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "strategy": strategy,
        "recipe": RECIPE,
        "overrides": list(OVERRIDES),
        "seed": seed,
        "kills": kills,
        "runs": runs,
        "seconds_undisturbed": {k: round(v, 1) for k, v in times.items()},
        "seconds": round(time.perf_counter() - start, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def main(argv: list[str]) -> None:
    """Measures, and records it."""
    del argv
    with tempfile.TemporaryDirectory() as root:
        found = measure(
            _KILLS.value, STRATEGY.value, _MOMENTS.value, pathlib.Path(root)
        )
    import keras_mpl
    from keras_mpl import report

    append(NAME, [{**report.environment(keras_mpl.__version__), **found}])


if __name__ == "__main__":
    app.run(main)
