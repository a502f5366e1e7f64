"""Adds trainings that `run` made on another machine to the records.

    python -m benchmarks.replication.collect FOLDER/rows.jsonl

They become records of the form that `benchmarks.accuracy.length` writes. What
has a record is left out; `--results NEW_FOLDER`, given to
`benchmarks.tables.render` too, begins with none.
"""

import json
import pathlib

from absl import app

from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.records import read

NAME = "length_jax"
TUNING = f"{NAME}_tuning"


def record(made: Record) -> Record:
    """A training as `benchmarks.accuracy.length` would have recorded it."""
    curve = [
        {
            "stage": "train",
            "step": point["step"],
            "val_accuracy": point["accuracy"],
            "val_teacher_accuracy": point.get("teacher_accuracy"),
        }
        for point in made["curve"]
    ]
    kept = ("length", "row", "weight", "seed", "device", "versions", "seconds")
    origin = ("date", "commit", "dirty")
    found = {
        **{key: made[key] for key in (*kept, *origin)},
        "val_accuracy": made["val_accuracy"],
        "curve": curve,
    }
    if made["is_tuning"]:
        return found
    stage = {
        "stage": "train",
        "test_accuracy": made["test_accuracy"],
        "test_teacher_accuracy": made.get("test_teacher_accuracy"),
        "val_accuracy": made["val_accuracy"],
    }
    return {
        **found,
        "test_accuracy": made["test_finetuned"],
        "val_accuracy": made["val_finetuned"],
        "stages": [stage],
    }


def main(argv: list[str]) -> None:
    """Adds what has no record yet."""
    if len(argv) != 2 or not pathlib.Path(argv[1]).is_file():
        raise app.UsageError(
            "the file must be one that `benchmarks.replication.run` wrote. "
            f"Received: {' '.join(argv[1:]) or 'none'}"
        )
    key, number = ("length", "row", "weight", "seed"), {True: 0, False: 0}
    for line in pathlib.Path(argv[1]).read_text().splitlines():
        made = json.loads(line)
        target = TUNING if made["is_tuning"] else NAME
        known = {tuple(r[k] for k in key) for r in read(target)}
        is_new = tuple(made[k] for k in key) not in known
        if is_new:
            append(target, [record(made)])
        number[is_new] += 1
    print(f"{number[True]} added; {number[False]} have a record")


if __name__ == "__main__":
    app.run(main)
