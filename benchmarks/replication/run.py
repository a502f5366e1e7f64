"""Trains the rows of the curve over length in JAX, one after the other.

    cd FOLDER && python -m benchmarks.replication.run --to=rows.jsonl

FOLDER is what `prepare` wrote; this needs JAX (`jax[cuda13]` for a GPU), NumPy
and Pillow alone. Several
processes may share `--to` on one machine: each takes the next training that no
other one is at, and `--rows` and `--lengths` say which it may take. One that
was killed begins anew when it is taken again. The weight of the default kind is
chosen on validation, among those of `length_rows`, before its rows are trained.
"""

import argparse
import datetime
import itertools
import json
import os
import pathlib
import platform
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

import jax

from benchmarks.common.claims import claimed
from benchmarks.replication import training
from benchmarks.replication.arrays import ORIGIN
from benchmarks.replication.training import Record

ROWS = (
    *("exact", "none", "uda", "supervised", "default"),
    *("fixmatch", "none_labels", "exact_labels"),
)
WEIGHTS, TUNED_AT, TUNING_SEEDS = (0.03, 0.1, 0.3), 3000, (100,)
LENGTHS = (1000, 3000, 10_000)
# What answers the question soonest comes first: lengths, seeds, rows.
ORDER = (
    (LENGTHS, (0, 1, 2), ROWS),
    (LENGTHS, (3, 4), ROWS),
)


class Job(NamedTuple):
    """A training: see `training.trained`."""

    row: str
    length: int
    seed: int
    weight: float | None = None
    is_tuning: bool = False

    @property
    def name(self) -> str:
        """Names it in messages and files."""
        weight = "" if self.weight is None else f"-{self.weight:g}"
        return f"{self.length}-{self.row}{weight}-seed{self.seed}"

    def is_in(self, recorded: list[Record]) -> bool:
        """Whether it has a record among these."""
        return tuple(self) in {
            tuple(r[field] for field in self._fields) for r in recorded
        }


def jobs(recorded: list[Record]) -> Iterator[Job]:
    """Yields the trainings in order; a row without its weight is left out."""
    for weight, seed in itertools.product(WEIGHTS, TUNING_SEEDS):
        yield Job("default", TUNED_AT, seed, weight, is_tuning=True)
    chosen = chosen_weight(recorded)
    for lengths, seeds, rows in ORDER:
        for length, seed, row in itertools.product(lengths, seeds, rows):
            own = chosen if row == "default" else None
            if row != "default" or own is not None:
                yield Job(row, length, seed, own)


def chosen_weight(recorded: list[Record]) -> float | None:
    """The weight that did best on validation; `None` if one is not tried."""
    tried = {
        weight: [
            r["val_accuracy"]
            for r in recorded
            if (r["is_tuning"], r["weight"]) == (True, weight)
            and r["seed"] in TUNING_SEEDS
        ]
        for weight in WEIGHTS
    }
    if any(len(found) < len(TUNING_SEEDS) for found in tried.values()):
        return None
    return max(WEIGHTS, key=lambda weight: statistics.mean(tried[weight]))


def _read(path: pathlib.Path) -> list[Record]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def main() -> None:
    """Trains what no other process has taken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, default=".")
    parser.add_argument("--to", type=pathlib.Path, required=True)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument(
        "--lengths", nargs="+", type=int, choices=LENGTHS, default=LENGTHS
    )
    options = parser.parse_args()
    # Several processes share a GPU only if none takes all of its memory.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    data = training.load(options.data)
    origin = json.loads((options.data / ORIGIN).read_text())
    print(f"on {_device()}, of {str(origin['commit'])[:10]}", flush=True)
    while True:
        known = _read(options.to)
        missing = [
            job
            for job in jobs(known)
            if job.row in options.rows
            and (job.is_tuning or job.length in options.lengths)
            and not job.is_in(known)
        ]
        if _train_one(missing, data, options.to, origin):
            continue
        if "default" not in options.rows or chosen_weight(known) is not None:
            break
        time.sleep(1)  # another process still tries a weight
    print(f"{len(missing)} trainings are left to other processes")


def _device() -> str:
    [device, *_] = jax.devices()
    return str(device.device_kind)


def _train_one(
    missing: list[Job], data: training.Data, to: pathlib.Path, origin: Record
) -> bool:
    """Makes the first training that no process is at; whether there is one."""
    for job in missing:
        with claimed(to.with_suffix(".claims") / job.name) as is_ours:
            if is_ours and not job.is_in(_read(to)):
                _train(job, data, to, origin)
                return True
    return False


def _train(
    job: Job, data: training.Data, to: pathlib.Path, origin: Record
) -> None:
    found = training.trained(
        job.row,
        job.length,
        job.seed,
        data,
        weight=job.weight,
        is_tuning=job.is_tuning,
    )
    now = datetime.datetime.now(datetime.UTC)
    versions = {"jax": jax.__version__, "python": platform.python_version()}
    found |= {
        **origin,
        "date": now.isoformat("T", "seconds"),
        "device": _device(),
        "versions": versions,
    }
    with to.open("a") as file:
        file.write(json.dumps(found) + "\n")
    brief = found.get("test_finetuned", found["val_accuracy"])
    print(f"{job.name}: {brief:.4f} in {found['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
