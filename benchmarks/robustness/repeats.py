"""Repeats equal runs: how far they end apart, and how far with determinism.

    python -m benchmarks.robustness.repeats

Five processes train a recipe with one seed as it is, and as many with
`--deterministic`; on one device, and on two mirrored replicas (two parts of
the CPU). It appends to `benchmarks/results/repeats.jsonl`, which `render.py`
reads.
"""

import json
import os
import pathlib
import tempfile
import time

import numpy as np
from absl import app
from absl import flags

from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.robustness import run_process
from benchmarks.robustness.survival import outcome

NAME = "repeats"
RECIPE = "digits_20"
OVERRIDES = (
    "baselines=",
    "train_steps=60",
    "eval_every_steps=30",
    "student.warmup_steps=0",
    "teacher.warmup_steps=0",
    "unlabeled_ratio=2",
)
CASES = (
    ("none", False),
    ("mirrored:2", False),
    ("none", True),
    ("mirrored:2", True),
)

_REPEATS = flags.DEFINE_integer("repeats", 5, "Runs of each case.")


def run(folder: pathlib.Path, strategy: str, is_deterministic: bool) -> None:
    """Trains once, in a process of its own."""
    words = ["run", RECIPE, "--output", str(folder), "--strategy", strategy]
    words += [word for item in OVERRIDES for word in ("--set", item)]
    words += ["--deterministic"] if is_deterministic else []
    child, log = run_process.launch(words)
    child.join()
    if child.exitcode:
        log.seek(0)
        raise SystemExit(log.read().decode(errors="replace")[-2000:])


def spread(folders: list[pathlib.Path]) -> Record:
    """Compares runs with the first of them."""
    weights = [outcome(folder)[0] for folder in folders]
    results = [
        json.loads((folder / "result.json").read_text()) for folder in folders
    ]
    accuracies = [result["rows"][-1]["test_accuracy"] for result in results]
    gaps = [
        max(
            float(abs(ours - first).max() / abs(first).max())
            for ours, first in zip(other, weights[0], strict=True)
            if abs(first).max() > 0
        )
        for other in weights[1:]
    ]
    return {
        "largest_difference": max(gaps),
        "equal": sum(gap == 0 for gap in gaps) + 1,
        "test_accuracies": accuracies,
        "points": round(100 * float(np.ptp(accuracies)), 2),
    }


def main(argv: list[str]) -> None:
    """Runs all cases, and records what they come to."""
    del argv
    run_process.prepare()
    rows: list[Record] = []
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as root:
        for strategy, is_deterministic in CASES:
            folders = []
            for number in range(_REPEATS.value):
                name = f"{strategy}-{is_deterministic}-{number}"
                folders.append(pathlib.Path(root, name.replace(":", "-")))
                run(folders[-1], strategy, is_deterministic)
            rows.append(
                {
                    "strategy": strategy,
                    "deterministic": is_deterministic,
                    "repeats": len(folders),
                    **spread(folders),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    import keras_mpl
    from keras_mpl import report

    record = {
        **report.environment(keras_mpl.__version__),
        "recipe": RECIPE,
        "overrides": list(OVERRIDES),
        "seconds": round(time.perf_counter() - start, 1),
        "load": round(os.getloadavg()[0], 1),
        "rows": rows,
    }
    append(NAME, [record])


if __name__ == "__main__":
    app.run(main)
