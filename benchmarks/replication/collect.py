"""Adds trainings that `run` made on another machine to the records.

    python -m benchmarks.replication.collect rows.jsonl

They become records of the form that `benchmarks.accuracy.length` writes, with
the commit of this checkout, which must be that of the programs that ran.
"""

import datetime
import json
import pathlib

from absl import app

import benchmarks
from benchmarks.common.records import Record
from benchmarks.common.records import append
from benchmarks.common.records import read
from keras_mpl.report.folder import code_version

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
    found = {
        **{key: made[key] for key in kept},
        "date": datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
        **code_version(pathlib.Path(benchmarks.__file__).parent),
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
    [place] = argv[1:]
    key = ("length", "row", "weight", "seed")
    for line in pathlib.Path(place).read_text().splitlines():
        made = json.loads(line)
        target = TUNING if made["is_tuning"] else NAME
        known = {tuple(r[k] for k in key) for r in read(target)}
        if tuple(made[k] for k in key) not in known:
            append(target, [record(made)])


if __name__ == "__main__":
    app.run(main)
